/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page with a card for each hit; html/search.js shows it. */

#include "html-page.h"
#include "plugin/gstclipjson.h"
#include "search-output.h"

static gboolean
add_hit (JsonBuilder *builder, ClvIndex *index, const ClvIndexHit *hit,
    GError **error)
{
  g_autoptr (GError) failed = NULL;
  g_autoptr (GBytes) jpeg =
      clv_index_get_thumbnail (index, hit->moment, &failed);

  if (failed != NULL) {
    g_propagate_error (error, g_steal_pointer (&failed));
    return FALSE;
  }
  json_builder_begin_object (builder);
  html_page_add_media (builder, hit->media);
  gst_clip_json_add_number (builder, "start", hit->start);
  gst_clip_json_add_number (builder, "end", hit->end);
  gst_clip_json_add_number (builder, "score", hit->score);
  html_page_add_picture (builder, jpeg);
  json_builder_set_member_name (builder, "tags");
  json_builder_begin_array (builder);
  for (guint i = 0; hit->tags[i] != NULL; i++)
    json_builder_add_string_value (builder, hit->tags[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return TRUE;
}

gboolean
search_print_html (FILE *out, ClvIndex *index, GPtrArray *hits,
    const gchar *query, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) data = NULL;
  g_autofree gchar *about =
      g_strdup_printf ("%u hits in %s, model %s; scores are cosines", hits->len,
          clv_index_get_path (index), clv_index_get_model_name (index));

  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "title", query);
  gst_clip_json_add_text (builder, "about", about);
  json_builder_set_member_name (builder, "hits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < hits->len; i++)
    if (!add_hit (builder, index, hits->pdata[i], error))
      return FALSE;
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  data = json_builder_get_root (builder);
  html_page_write (out, "search.js", data);
  return TRUE;
}

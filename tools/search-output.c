/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "search-output.h"

#include <errno.h>

#include "clv-tool.h"
#include "plugin/gstclipjson.h"
#include "tag-writer.h"

void
search_print_table (FILE *out, GPtrArray *hits)
{
  if (hits->len == 0) {
    fprintf (out, "nothing was found\n");
    return;
  }
  fprintf (out, "%-5s  %-12s  %-12s  %-12s  %s\n", "score", "start", "end",
      "best", "media");
  for (guint i = 0; i < hits->len; i++) {
    const ClvIndexHit *hit = hits->pdata[i];
    g_autofree gchar *start = tag_format_time (hit->start, FALSE);
    g_autofree gchar *end = tag_format_time (hit->end, FALSE);
    g_autofree gchar *best = tag_format_time (hit->best, FALSE);
    g_autofree gchar *media = tool_printable (hit->media);
    g_autofree gchar *joined = g_strjoinv (", ", hit->tags);
    g_autofree gchar *tags = tool_printable (joined);

    fprintf (out, "%5.3f  %-12s  %-12s  %-12s  %s%s%s%s\n", hit->score, start,
        end, best, media, *tags != '\0' ? "  (" : "", tags,
        *tags != '\0' ? ")" : "");
  }
}

static void
add_hit (JsonBuilder *builder, const ClvIndexHit *hit, const gchar *thumbnail,
    gboolean has_thumbnails)
{
  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "media", hit->media);
  gst_clip_json_add_number (builder, "start", hit->start);
  gst_clip_json_add_number (builder, "end", hit->end);
  gst_clip_json_add_number (builder, "best", hit->best);
  gst_clip_json_add_number (builder, "score", hit->score);
  json_builder_set_member_name (builder, "moments");
  json_builder_add_int_value (builder, hit->n_moments);
  json_builder_set_member_name (builder, "tags");
  json_builder_begin_array (builder);
  for (guint t = 0; hit->tags[t] != NULL; t++)
    json_builder_add_string_value (builder, hit->tags[t]);
  json_builder_end_array (builder);
  if (has_thumbnails)
    gst_clip_json_add_text (builder, "thumbnail", thumbnail);
  json_builder_end_object (builder);
}

void
search_print_json (
    FILE *out, ClvIndex *index, GPtrArray *hits, GPtrArray *thumbnails)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *text = NULL;

  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "index", clv_index_get_path (index));
  gst_clip_json_add_text (builder, "model", clv_index_get_model_name (index));
  json_builder_set_member_name (builder, "hits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < hits->len; i++)
    add_hit (builder, hits->pdata[i],
        thumbnails != NULL ? thumbnails->pdata[i] : NULL, thumbnails != NULL);
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  fprintf (out, "%s\n", text);
}

GPtrArray *
search_write_thumbnails (
    ClvIndex *index, GPtrArray *hits, const gchar *directory, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (g_mkdir_with_parents (directory, 0777) != 0) {
    const gint code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        directory, g_strerror (code));
    return NULL;
  }
  for (guint i = 0; i < hits->len; i++) {
    const ClvIndexHit *hit = hits->pdata[i];
    g_autoptr (GError) failed = NULL;
    g_autoptr (GBytes) bytes =
        clv_index_get_thumbnail (index, hit->moment, &failed);
    g_autofree gchar *base = g_strdup_printf ("%u.jpg", i + 1);
    g_autofree gchar *path = g_build_filename (directory, base, NULL);
    gconstpointer data;
    gsize size;

    if (failed != NULL) {
      g_propagate_error (error, g_steal_pointer (&failed));
      return NULL;
    }
    if (bytes == NULL) {
      g_ptr_array_add (names, NULL);
      continue;
    }
    data = g_bytes_get_data (bytes, &size);
    if (!g_file_set_contents (path, data, (gssize) size, error))
      return NULL;
    g_ptr_array_add (names, g_steal_pointer (&path));
  }
  return g_steal_pointer (&names);
}

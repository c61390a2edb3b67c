/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipjson.h"

#include <json-glib/json-glib.h>

static void
add_text (JsonBuilder *builder, const gchar *name, const gchar *text)
{
  g_autofree gchar *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  json_builder_set_member_name (builder, name);
  if (valid != NULL)
    json_builder_add_string_value (builder, valid);
  else
    json_builder_add_null_value (builder);
}

static void
add_number (JsonBuilder *builder, const gchar *name, gdouble value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

static void
add_times (JsonBuilder *builder, const GstClipJsonFrame *frame)
{
  json_builder_set_member_name (builder, "time");
  if (frame->time >= 0)
    json_builder_add_double_value (builder, frame->time);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "pts");
  if (GST_CLOCK_TIME_IS_VALID (frame->pts))
    json_builder_add_int_value (builder, (gint64) frame->pts);
  else
    json_builder_add_null_value (builder);
}

static void
add_tag (JsonBuilder *builder, const ClvLabel *label, const ClvScore *score)
{
  json_builder_begin_object (builder);
  add_text (builder, "label", label->label);
  add_text (builder, "group", label->group);
  add_number (builder, "score", score->score);
  add_number (builder, "smoothed", score->smoothed);
  add_number (builder, "cosine", score->cosine);
  json_builder_set_member_name (builder, "active");
  json_builder_add_boolean_value (builder, score->active);
  json_builder_end_object (builder);
}

gchar *
gst_clip_json_line (const GstClipJsonFrame *frame)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_int_value (builder, GST_CLIP_JSON_VERSION);
  add_text (builder, "media", frame->media);
  add_text (builder, "model", frame->model);
  add_times (builder, frame);
  json_builder_set_member_name (builder, "tags");
  json_builder_begin_array (builder);
  for (guint i = 0; i < clv_prompts_get_n_labels (frame->prompts); i++)
    add_tag (
        builder, clv_prompts_get_label (frame->prompts, i), &frame->scores[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return g_strconcat (text, "\n", NULL);
}

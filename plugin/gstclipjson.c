/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipjson.h"

void
gst_clip_json_add_text (
    JsonBuilder *builder, const gchar *name, const gchar *text)
{
  g_autofree gchar *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  json_builder_set_member_name (builder, name);
  if (valid != NULL)
    json_builder_add_string_value (builder, valid);
  else
    json_builder_add_null_value (builder);
}

void
gst_clip_json_add_number (
    JsonBuilder *builder, const gchar *name, gdouble value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
gst_clip_json_add_times (JsonBuilder *builder, gdouble time, GstClockTime pts)
{
  json_builder_set_member_name (builder, "time");
  if (time >= 0)
    json_builder_add_double_value (builder, time);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "pts");
  if (GST_CLOCK_TIME_IS_VALID (pts))
    json_builder_add_int_value (builder, (gint64) pts);
  else
    json_builder_add_null_value (builder);
}

static void
add_tag (JsonBuilder *builder, const ClvLabel *label, const ClvScore *score)
{
  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "label", label->label);
  gst_clip_json_add_text (builder, "group", label->group);
  gst_clip_json_add_number (builder, "score", score->score);
  gst_clip_json_add_number (builder, "smoothed", score->smoothed);
  gst_clip_json_add_number (builder, "cosine", score->cosine);
  json_builder_set_member_name (builder, "active");
  json_builder_add_boolean_value (builder, score->active);
  json_builder_end_object (builder);
}

static void
add_tags (JsonBuilder *builder, ClvPrompts *prompts, const ClvScore *scores)
{
  json_builder_set_member_name (builder, "tags");
  json_builder_begin_array (builder);
  for (guint i = 0; scores != NULL && i < clv_prompts_get_n_labels (prompts);
       i++)
    add_tag (builder, clv_prompts_get_label (prompts, i), &scores[i]);
  json_builder_end_array (builder);
}

static void
add_integer (JsonBuilder *builder, const gchar *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
gst_clip_json_add_place (JsonBuilder *builder, const GstClipRegion *region)
{
  add_integer (builder, "x", region->x);
  add_integer (builder, "y", region->y);
  add_integer (builder, "width", region->width);
  add_integer (builder, "height", region->height);
  if (region->column >= 0) {
    add_integer (builder, "column", region->column);
    add_integer (builder, "row", region->row);
  } else {
    gst_clip_json_add_text (
        builder, "type", g_quark_to_string (region->roi_type));
    add_integer (builder, "id", region->roi_id);
  }
}

static void
add_region (JsonBuilder *builder, ClvPrompts *prompts,
    const GstClipJsonRegion *described)
{
  json_builder_begin_object (builder);
  gst_clip_json_add_place (builder, &described->region);
  add_tags (builder, prompts, described->scores);
  json_builder_end_object (builder);
}

gchar *
gst_clip_json_finish (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  return json_to_string (root, FALSE);
}

gchar *
gst_clip_json_line (const GstClipJsonFrame *frame)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree gchar *text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_int_value (builder, GST_CLIP_JSON_VERSION);
  gst_clip_json_add_text (builder, "media", frame->media);
  gst_clip_json_add_text (builder, "model", frame->model);
  gst_clip_json_add_times (builder, frame->time, frame->pts);
  add_tags (builder, frame->prompts, frame->scores);
  if (frame->n_regions > 0) {
    json_builder_set_member_name (builder, "regions");
    json_builder_begin_array (builder);
    for (guint i = 0; i < frame->n_regions; i++)
      add_region (builder, frame->prompts, &frame->regions[i]);
    json_builder_end_array (builder);
  }
  json_builder_end_object (builder);

  text = gst_clip_json_finish (builder);
  return g_strconcat (text, "\n", NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishevent.h"

#include "gstclipjson.h"

/* By the clock on the wall, in milliseconds as RFC 3339 has it. */
static void
add_now (JsonBuilder *builder)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *seconds = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_autofree gchar *text = g_strdup_printf (
      "%s.%03dZ", seconds, g_date_time_get_microsecond (now) / 1000);

  gst_clip_json_add_text (builder, "at", text);
}

gchar *
gst_clip_publish_event_to_json (const GstClipPublishChange *change,
    const gchar *id, const gchar *source, const gchar *media)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_int_value (builder, GST_CLIP_PUBLISH_EVENT_VERSION);
  gst_clip_json_add_text (builder, "id", id);
  gst_clip_json_add_text (builder, "event", change->start ? "start" : "stop");
  gst_clip_json_add_text (builder, "source", source);
  gst_clip_json_add_text (builder, "media", media);
  gst_clip_json_add_text (builder, "model", change->model);
  gst_clip_json_add_text (builder, "label", change->label);
  gst_clip_json_add_text (builder, "group", change->group);
  add_now (builder);
  gst_clip_json_add_times (builder, change->time, change->pts);
  gst_clip_json_add_number (builder, "duration", change->duration);
  gst_clip_json_add_number (builder, "score", change->score);
  gst_clip_json_add_number (builder, "peak", change->peak);
  if (change->region != NULL) {
    json_builder_set_member_name (builder, "region");
    json_builder_begin_object (builder);
    gst_clip_json_add_place (builder, change->region);
    json_builder_end_object (builder);
  }
  json_builder_end_object (builder);
  return gst_clip_json_finish (builder);
}

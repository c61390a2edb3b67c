/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishhome.h"

#include "gstclipjson.h"

/* As long as it can be told from others. */
#define DIGEST_LENGTH 12

/* In topics only these are allowed; a digest tells apart what is the same then. */
static gchar *
make_id (const gchar *what, const gchar *source, const gchar *group,
    const gchar *label)
{
  g_autofree gchar *all = g_strjoin ("\n", source, group, label, NULL);
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, all, -1);
  g_autofree gchar *name = g_strdup (what);

  g_strcanon (name,
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", '_');
  return g_strdup_printf ("clv_%.32s_%.*s", name, DIGEST_LENGTH, digest);
}

static gchar *
make_sensor_id (const GstClipPublishSensor *sensor)
{
  return make_id (sensor->label, sensor->source, sensor->group, sensor->label);
}

gchar *
gst_clip_publish_home_topic (
    const gchar *prefix, const GstClipPublishSensor *sensor)
{
  g_autofree gchar *id = make_sensor_id (sensor);

  return g_strdup_printf ("%s/binary_sensor/%s/config", prefix, id);
}

/* All labels of a source are one device. */
static void
add_device (JsonBuilder *builder, const GstClipPublishSensor *sensor)
{
  g_autofree gchar *id = make_id (sensor->source, sensor->source, NULL, NULL);

  json_builder_set_member_name (builder, "device");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "identifiers");
  json_builder_begin_array (builder);
  json_builder_add_string_value (builder, id);
  json_builder_end_array (builder);
  gst_clip_json_add_text (builder, "name", sensor->source);
  gst_clip_json_add_text (builder, "manufacturer", "clv");
  gst_clip_json_add_text (builder, "model", sensor->model);
  gst_clip_json_add_text (builder, "sw_version", VERSION);
  json_builder_end_object (builder);
}

static void
add_origin (JsonBuilder *builder)
{
  json_builder_set_member_name (builder, "origin");
  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "name", "clv");
  gst_clip_json_add_text (builder, "sw_version", VERSION);
  json_builder_end_object (builder);
}

gchar *
gst_clip_publish_home_config (const GstClipPublishSensor *sensor)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree gchar *id = make_sensor_id (sensor);

  json_builder_begin_object (builder);
  gst_clip_json_add_text (builder, "name", sensor->label);
  gst_clip_json_add_text (builder, "unique_id", id);
  gst_clip_json_add_text (builder, "state_topic", sensor->state);
  gst_clip_json_add_text (builder, "payload_on", "ON");
  gst_clip_json_add_text (builder, "payload_off", "OFF");
  gst_clip_json_add_text (builder, "availability_topic", sensor->availability);
  gst_clip_json_add_text (builder, "payload_available", "online");
  gst_clip_json_add_text (builder, "payload_not_available", "offline");
  if (sensor->event != NULL)
    gst_clip_json_add_text (builder, "json_attributes_topic", sensor->event);
  json_builder_set_member_name (builder, "qos");
  json_builder_add_int_value (builder, sensor->qos);
  add_device (builder, sensor);
  add_origin (builder);
  json_builder_end_object (builder);
  return gst_clip_json_finish (builder);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What Home Assistant is told, so that it shows each label as a binary sensor: its MQTT
 * discovery, one component a message.
 * https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and
 * https://www.home-assistant.io/integrations/binary_sensor.mqtt/ */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const gchar *source;
  const gchar *group;
  const gchar *label;
  const gchar *model;        /* short name */
  const gchar *state;        /* topics; with ON and OFF */
  const gchar *event;        /* or NULL: none are sent */
  const gchar *availability; /* with online and offline */
  guint qos;
} GstClipPublishSensor;

/* Returns: (transfer full): the topic of its configuration; there an empty payload makes
 * Home Assistant forget it. */
gchar *gst_clip_publish_home_topic (
    const gchar *prefix, const GstClipPublishSensor *sensor);

/* Returns: (transfer full): its configuration, a JSON object. */
gchar *gst_clip_publish_home_config (const GstClipPublishSensor *sensor);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clippublish's properties: their values and their texts. Nothing here locks; the
 * element does. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_CLIP_PUBLISH_PROP_STATS 1

/* The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_PUBLISH_EVENTS = 1 << 0,
  GST_CLIP_PUBLISH_STATES = 1 << 1,
  GST_CLIP_PUBLISH_FRAMES = 1 << 2,
} GstClipPublishWhat;

#define GST_TYPE_CLIP_PUBLISH_WHAT (gst_clip_publish_what_get_type ())
GType gst_clip_publish_what_get_type (void);

/* Of texts NULL is that nothing was given. */
typedef struct {
  gchar *uri;
  gchar *source;
  GstClipPublishWhat publish;
  gchar *topic;
  gchar *state_topic;
  gchar *frame_topic;
  gchar *availability_topic;
  gchar *discovery_prefix;
  guint mqtt_qos;
  gchar *client_id;
  gchar *user;
  gchar *password;
  gchar *ca_file;
  gchar *cert_file;
  gchar *key_file;
  guint64 queue_size;
  gchar *spool;
  guint64 spool_size;
  GstClockTime flush_timeout;
} GstClipPublishSettings;

void gst_clip_publish_settings_init (GstClipPublishSettings *self);
void gst_clip_publish_settings_clear (GstClipPublishSettings *self);

/* A deep copy, to be cleared. */
void gst_clip_publish_settings_copy (
    const GstClipPublishSettings *self, GstClipPublishSettings *ret_copy);

void gst_clip_publish_settings_install (GObjectClass *klass);

/* FALSE for an id that is none of ours. */
gboolean gst_clip_publish_settings_set (
    GstClipPublishSettings *self, guint id, const GValue *value);
gboolean gst_clip_publish_settings_get (
    const GstClipPublishSettings *self, guint id, GValue *value);

G_END_DECLS

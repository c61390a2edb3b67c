/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is sent: immutable, with counted references. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gchar *topic;
  gchar *key; /* Kafka's; or NULL */
  gchar *payload;
  gsize payload_size; /* without the zero behind it */
  gboolean retain;    /* MQTT's */
} GstClipPublishMessage;

/* Takes the strings. */
GstClipPublishMessage *gst_clip_publish_message_new (
    gchar *topic, gchar *key, gchar *payload, gboolean retain);
GstClipPublishMessage *gst_clip_publish_message_ref (
    GstClipPublishMessage *self);
void gst_clip_publish_message_unref (GstClipPublishMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    GstClipPublishMessage, gst_clip_publish_message_unref)

/* What it counts where sizes are limited, in bytes. */
gsize gst_clip_publish_message_get_size (const GstClipPublishMessage *self);

G_END_DECLS

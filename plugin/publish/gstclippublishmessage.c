/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishmessage.h"

#include <string.h>

/* Of one that is empty: about what it takes in memory or as a row. */
#define OVERHEAD 64

GstClipPublishMessage *
gst_clip_publish_message_new (
    gchar *topic, gchar *key, gchar *payload, gboolean retain)
{
  GstClipPublishMessage *self = g_atomic_rc_box_new0 (GstClipPublishMessage);

  self->topic = topic;
  self->key = key;
  self->payload = payload;
  self->payload_size = strlen (payload);
  self->retain = retain;
  return self;
}

GstClipPublishMessage *
gst_clip_publish_message_ref (GstClipPublishMessage *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  GstClipPublishMessage *self = data;

  g_free (self->topic);
  g_free (self->key);
  g_free (self->payload);
}

void
gst_clip_publish_message_unref (GstClipPublishMessage *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

gsize
gst_clip_publish_message_get_size (const GstClipPublishMessage *self)
{
  return strlen (self->topic) + (self->key != NULL ? strlen (self->key) : 0) +
         self->payload_size + OVERHEAD;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishqueue.h"

void
gst_clip_publish_queue_init (GstClipPublishQueue *self, gsize max_size)
{
  g_queue_init (&self->messages);
  self->size = 0;
  self->max_size = max_size;
}

void
gst_clip_publish_queue_clear (GstClipPublishQueue *self)
{
  g_queue_clear_full (
      &self->messages, (GDestroyNotify) gst_clip_publish_message_unref);
  self->size = 0;
}

guint
gst_clip_publish_queue_push (
    GstClipPublishQueue *self, GstClipPublishMessage *message)
{
  guint n_gone = 0;

  g_queue_push_tail (&self->messages, message);
  self->size += gst_clip_publish_message_get_size (message);
  while (self->size > self->max_size) {
    gst_clip_publish_message_unref (gst_clip_publish_queue_pop (self));
    n_gone++;
  }
  return n_gone;
}

GstClipPublishMessage *
gst_clip_publish_queue_pop (GstClipPublishQueue *self)
{
  GstClipPublishMessage *message = g_queue_pop_head (&self->messages);

  if (message != NULL)
    self->size -= gst_clip_publish_message_get_size (message);
  return message;
}

guint
gst_clip_publish_queue_return (GstClipPublishQueue *self, GPtrArray *messages)
{
  guint n_gone = 0;

  for (guint i = messages->len; i-- > 0;) {
    GstClipPublishMessage *message = messages->pdata[i];
    const gsize size = gst_clip_publish_message_get_size (message);

    if (n_gone > 0 || self->size + size > self->max_size) {
      gst_clip_publish_message_unref (message);
      n_gone++;
      continue;
    }
    g_queue_push_head (&self->messages, message);
    self->size += size;
  }
  g_ptr_array_set_size (messages, 0);
  return n_gone;
}

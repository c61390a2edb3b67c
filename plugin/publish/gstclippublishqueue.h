/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages in memory, first in first out, of limited size. Where there is no room
 * the oldest go. Nothing here locks. */

#pragma once

#include "gstclippublishmessage.h"

G_BEGIN_DECLS

typedef struct {
  GQueue messages;
  gsize size; /* bytes */
  gsize max_size;
} GstClipPublishQueue;

void gst_clip_publish_queue_init (GstClipPublishQueue *self, gsize max_size);
void gst_clip_publish_queue_clear (GstClipPublishQueue *self);

/* Takes the message. Returns how many messages had to go for it; itself, where it is
 * larger than the queue may be. */
guint gst_clip_publish_queue_push (
    GstClipPublishQueue *self, GstClipPublishMessage *message);

/* Returns: (transfer full) (nullable): the oldest */
GstClipPublishMessage *gst_clip_publish_queue_pop (GstClipPublishQueue *self);

/* Puts messages that were popped back in front, unless newer ones need the room.
 * Takes them, in their order. Returns how many had to go. */
guint gst_clip_publish_queue_return (
    GstClipPublishQueue *self, GPtrArray *messages);

G_END_DECLS

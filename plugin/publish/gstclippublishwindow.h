/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages that are under way, in their order. They leave in that order, too: who is
 * acknowledged waits for those before it. Nothing here locks. */

#pragma once

#include "gstclippublishmessage.h"

G_BEGIN_DECLS

typedef struct {
  GQueue slots;
  GList *unsent; /* the first that is to be sent; NULL: none */
  guint size;
} GstClipPublishWindow;

void gst_clip_publish_window_init (GstClipPublishWindow *self, guint size);
void gst_clip_publish_window_clear (GstClipPublishWindow *self);

gboolean gst_clip_publish_window_is_full (const GstClipPublishWindow *self);

/* Takes the message; `id` is above those before it. */
void gst_clip_publish_window_push (
    GstClipPublishWindow *self, guint64 id, GstClipPublishMessage *message);

/* Returns: (transfer full) (nullable): the first that is to be sent, and counts as
 * sent from now on. */
GstClipPublishMessage *gst_clip_publish_window_take (
    GstClipPublishWindow *self, guint64 *ret_id);

/* All that are not acknowledged are to be sent. */
void gst_clip_publish_window_rewind (GstClipPublishWindow *self);

/* Whether a message of that number was waited for. */
gboolean gst_clip_publish_window_done (GstClipPublishWindow *self, guint64 id);

/* Forgets what is acknowledged with all before it. Returns the last of them, 0: none. */
guint64 gst_clip_publish_window_leave (GstClipPublishWindow *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the element has to tell, in order, and told without a lock: a receiver may
 * seek or wait for other threads there and then.
 *
 * Who changes tags puts what there is to tell in here while it holds its locks,
 * and sends after it has let them go. One thread at a time sends; what others, or
 * a receiver, put in meanwhile is sent by that one, after what it has begun. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstClipTagOutbox GstClipTagOutbox;

GstClipTagOutbox *gst_clip_tag_outbox_new (void);
GstClipTagOutbox *gst_clip_tag_outbox_ref (GstClipTagOutbox *self);
void gst_clip_tag_outbox_unref (GstClipTagOutbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstClipTagOutbox, gst_clip_tag_outbox_unref)

/* Any thread; sends nothing. Takes the message: @element will post it. */
void gst_clip_tag_outbox_add_message (
    GstClipTagOutbox *self, GstElement *element, GstMessage *message);

/* Any thread; sends nothing. Takes the structure: @element will emit
 * tags-changed with it. */
void gst_clip_tag_outbox_add_changed (
    GstClipTagOutbox *self, GstElement *element, GstStructure *tags);

/* Any thread, without a lock that a receiver may wait for. Sends what is in it,
 * unless a thread is at it already, maybe this one. */
void gst_clip_tag_outbox_send (GstClipTagOutbox *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls back when a batch has waited long enough. By the element's clock, or the
 * system's where it has none. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstClipTagTimer GstClipTagTimer;

/* Called by the timer's thread, without a lock. */
typedef void (*GstClipTagTimerFunc) (gpointer data, guint64 batch);

/* @element: borrowed. The thread starts with the first use. */
GstClipTagTimer *gst_clip_tag_timer_new (
    GstElement *element, GstClipTagTimerFunc func, gpointer data);

/* Ends the thread, after the call that it may be in; arm() starts it again. */
void gst_clip_tag_timer_stop (GstClipTagTimer *self);

void gst_clip_tag_timer_free (GstClipTagTimer *self);

/* Calls back for @batch in @delay; an earlier order is forgotten. A thread that
 * cannot be made never calls. */
void gst_clip_tag_timer_arm (
    GstClipTagTimer *self, guint64 batch, GstClockTime delay);
void gst_clip_tag_timer_disarm (GstClipTagTimer *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What downstream says about lateness. Plain data, nothing locks. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* {0}: downstream has said nothing. Times are running times. */
typedef struct {
  gboolean heard;        /* downstream shows frames by a clock, and says so */
  GstClockTime earliest; /* what lies before comes too late; 0: nothing does */
  gdouble proportion;
} GstClipTagQos;

/* Takes what a QOS event says. */
void gst_clip_tag_qos_update (GstClipTagQos *self, GstEvent *event);

/* Is this buffer late? One without a timestamp never is. */
gboolean gst_clip_tag_qos_is_late (
    const GstClipTagQos *self, const GstSegment *segment, GstBuffer *buffer);

/* (transfer full): says that @buffer is late, and how many buffers were scored
 * and how many were not as they were late. */
GstMessage *gst_clip_tag_qos_message (const GstClipTagQos *self,
    GstElement *element, const GstSegment *segment, GstBuffer *buffer,
    guint64 n_processed, guint64 n_late);

G_END_DECLS

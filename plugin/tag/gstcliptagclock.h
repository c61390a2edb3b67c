/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the frames of one stream are in time. Plain data, nothing locks. */

#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* The scorer's clock is the stream time in seconds, negated where playback runs
 * backwards, so that it never decreases. {0} is the clock before the first
 * frame. */
typedef struct {
  gboolean has_time; /* otherwise no frame has come yet */
  gboolean has_pts;  /* of the last frame: its time is its own */
  gdouble direction; /* 1 or -1 */
  gdouble time;      /* of the last frame */
  gdouble frame_duration;
  gdouble step; /* between the last two frames; 0: not known */
} GstClipTagClock;

/* How a frame comes after the one before it. */
typedef enum {
  GST_CLIP_TAG_FOLLOWS,
  GST_CLIP_TAG_AFTER_PAUSE, /* long after: nobody knows what was in between */
  GST_CLIP_TAG_STEPPED_BACK,
} GstClipTagSequence;

/* Moves to the next frame: its time is its timestamp in @segment, without one
 * the end of the frame before. */
GstClipTagSequence gst_clip_tag_clock_advance (GstClipTagClock *self,
    const GstSegment *segment, GstBuffer *buffer, const GstVideoInfo *info);

/* From seconds; what lies before 0 is 0. */
GstClockTime gst_clip_tag_clock_to_ns (gdouble seconds);

G_END_DECLS

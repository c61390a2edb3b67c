/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which frames are worth an inference. Plain data, nothing locks. */

#pragma once

#include "gstcliptagclock.h"
#include "gstcliptagthumb.h"
#include "gstcliptagtiming.h"

G_BEGIN_DECLS

typedef enum {
  GST_CLIP_TAG_INFER,
  GST_CLIP_TAG_SKIP_INTERVAL,  /* by inference-interval */
  GST_CLIP_TAG_SKIP_RATE,      /* by max-rate */
  GST_CLIP_TAG_SKIP_LATE,      /* by QoS */
  GST_CLIP_TAG_SKIP_UNCHANGED, /* by change-threshold */
  GST_CLIP_TAG_SKIP_BROKEN,    /* after an error, until the next try */
} GstClipTagVerdict;

/* What is remembered of the last frame that was inferred. {0}: there is none,
 * and the next frame is inferred whatever the properties say. */
typedef struct {
  gboolean valid;
  guint64 index; /* frames since the start */
  gdouble time;  /* seconds, of GstClipTagClock */
  gboolean must; /* it was to be inferred whatever it looks like */
  guint regions; /* gst_clip_tag_regions_hash() */
  GstClipTagThumb thumb;
} GstClipTagMark;

/* Judges a frame by its index and time, and makes its thumbnail where the
 * verdict depends on it, or will for the frames after it. @late: downstream says
 * that it comes too late. A frame that is to be inferred, as far as can be told
 * here, is compared once more on the device, unless it must be. */
GstClipTagVerdict gst_clip_tag_gate_judge (const GstClipTagTiming *timing,
    const GstClipTagMark *last, GstClipTagMark *frame, gboolean late,
    const GstVideoInfo *info, GstBuffer *buffer);

/* For the log. */
const gchar *gst_clip_tag_verdict_to_string (GstClipTagVerdict verdict);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptaggate.h"

/* Timestamps are rounded to nanoseconds: every third frame of 30 a second is
 * not closer than a tenth of a second. */
#define ROUNDING_SECONDS 1e-6

static gboolean
is_too_soon (const GstClipTagTiming *timing, gdouble seconds)
{
  return timing->max_rate > 0 &&
         seconds < 1 / timing->max_rate - ROUNDING_SECONDS;
}

static gboolean
must_refresh (const GstClipTagTiming *timing, gdouble seconds)
{
  const gdouble refresh = (gdouble) timing->refresh_interval / GST_SECOND;

  return refresh > 0 && seconds >= refresh - ROUNDING_SECONDS;
}

static gboolean
is_unchanged (const GstClipTagTiming *timing, const GstClipTagMark *last,
    const GstClipTagMark *frame)
{
  return last->thumb.valid && frame->thumb.valid &&
         last->regions == frame->regions &&
         gst_clip_tag_thumb_compare (&last->thumb, &frame->thumb) <
             timing->change_threshold;
}

GstClipTagVerdict
gst_clip_tag_gate_judge (const GstClipTagTiming *timing,
    const GstClipTagMark *last, GstClipTagMark *frame, gboolean late,
    const GstVideoInfo *info, GstBuffer *buffer)
{
  frame->thumb.valid = FALSE;
  frame->must = TRUE;
  if (last->valid) {
    if (frame->index - last->index < timing->interval)
      return GST_CLIP_TAG_SKIP_INTERVAL;
    if (is_too_soon (timing, frame->time - last->time))
      return GST_CLIP_TAG_SKIP_RATE;
    if (late)
      return GST_CLIP_TAG_SKIP_LATE;
  }
  if (timing->change_threshold <= 0)
    return GST_CLIP_TAG_INFER;

  /* A frame that cannot be mapped is for the device to look at. */
  gst_clip_tag_thumb_make (&frame->thumb, info, buffer);
  frame->must = !last->valid || must_refresh (timing, frame->time - last->time);
  return !frame->must && is_unchanged (timing, last, frame)
             ? GST_CLIP_TAG_SKIP_UNCHANGED
             : GST_CLIP_TAG_INFER;
}

const gchar *
gst_clip_tag_verdict_to_string (GstClipTagVerdict verdict)
{
  static const gchar *const names[] = {
    [GST_CLIP_TAG_INFER] = "to infer",
    [GST_CLIP_TAG_SKIP_INTERVAL] = "between two by inference-interval",
    [GST_CLIP_TAG_SKIP_RATE] = "too soon by max-rate",
    [GST_CLIP_TAG_SKIP_LATE] = "late",
    [GST_CLIP_TAG_SKIP_UNCHANGED] = "unchanged",
    [GST_CLIP_TAG_SKIP_BROKEN] = "left out after an error",
  };

  return names[verdict];
}

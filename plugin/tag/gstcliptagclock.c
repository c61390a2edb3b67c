/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagclock.h"

/* A timestamp that steps back by less is jitter; by more, a new beginning. */
#define MAX_JITTER_SECONDS 1.0

/* Frames that are missing for longer, and for more than ten frames of the usual
 * distance, are a pause: a camera that was away, and not one that takes a picture
 * a minute. */
#define MAX_GAP_SECONDS 10.0
#define MAX_GAP_FRAMES  10

GstClockTime
gst_clip_tag_clock_to_ns (gdouble seconds)
{
  return seconds <= 0 ? 0 : (GstClockTime) (seconds * GST_SECOND + 0.5);
}

/* Where a frame without a timestamp is: after the one before it. */
static gdouble
expected_time (const GstClipTagClock *self, const GstSegment *segment)
{
  if (self->has_time)
    return self->time + self->frame_duration;
  if (segment->format == GST_FORMAT_TIME &&
      GST_CLOCK_TIME_IS_VALID (segment->time))
    return (gdouble) segment->time / GST_SECOND;
  return 0;
}

/* Stream time in seconds at which the frame begins to be seen; FALSE where it does
 * not tell. Backwards that is its end. */
static gboolean
time_of_buffer (const GstSegment *segment, GstBuffer *buffer, gdouble duration,
    gdouble *ret_time)
{
  guint64 position, stream_time;
  gint sign;

  if (segment->format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID (buffer))
    return FALSE;
  position = GST_BUFFER_PTS (buffer);
  if (segment->rate < 0) {
    position += gst_clip_tag_clock_to_ns (duration);
    if (GST_CLOCK_TIME_IS_VALID (segment->stop))
      position = MIN (position, segment->stop);
  }
  sign = gst_segment_to_stream_time_full (
      segment, GST_FORMAT_TIME, position, &stream_time);
  if (sign == 0)
    return FALSE;
  *ret_time = sign * (gdouble) stream_time / GST_SECOND;
  return TRUE;
}

static gdouble
duration_of_buffer (GstBuffer *buffer, const GstVideoInfo *info)
{
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    return (gdouble) GST_BUFFER_DURATION (buffer) / GST_SECOND;
  if (GST_VIDEO_INFO_FPS_N (info) > 0)
    return (gdouble) GST_VIDEO_INFO_FPS_D (info) / GST_VIDEO_INFO_FPS_N (info);
  return 0;
}

static gboolean
is_after_pause (const GstClipTagClock *self, gdouble time)
{
  const gdouble usual = MAX (self->frame_duration, self->step);
  const gdouble gap = time - (self->time + self->frame_duration);

  return usual > 0 && gap > MAX (MAX_GAP_SECONDS, MAX_GAP_FRAMES * usual);
}

GstClipTagSequence
gst_clip_tag_clock_advance (GstClipTagClock *self, const GstSegment *segment,
    GstBuffer *buffer, const GstVideoInfo *info)
{
  GstClipTagSequence sequence = GST_CLIP_TAG_FOLLOWS;
  const gdouble duration = duration_of_buffer (buffer, info);
  gdouble time;

  self->direction =
      segment->format == GST_FORMAT_TIME && segment->rate < 0 ? -1 : 1;
  self->has_pts = time_of_buffer (segment, buffer, duration, &time);
  time = self->has_pts ? time * self->direction : expected_time (self, segment);
  if (self->has_time && time < self->time - MAX_JITTER_SECONDS)
    sequence = GST_CLIP_TAG_STEPPED_BACK;
  else if (self->has_time && is_after_pause (self, time))
    sequence = GST_CLIP_TAG_AFTER_PAUSE;
  if (self->has_time && sequence != GST_CLIP_TAG_STEPPED_BACK) {
    time = MAX (time, self->time);
    self->step = time > self->time ? time - self->time : self->step;
  }
  self->time = time;
  self->has_time = TRUE;
  self->frame_duration = duration;
  return sequence;
}

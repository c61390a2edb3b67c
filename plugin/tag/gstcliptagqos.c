/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagqos.h"

/* As GstBaseTransform has it: a buffer at the timestamp of the event was late by
 * diff, so one that is to be in time lies at least so much later. */
void
gst_clip_tag_qos_update (GstClipTagQos *self, GstEvent *event)
{
  GstClockTimeDiff diff;
  GstClockTime timestamp;

  self->heard = TRUE;
  gst_event_parse_qos (event, NULL, &self->proportion, &diff, &timestamp);
  if (!GST_CLOCK_TIME_IS_VALID (timestamp) ||
      (diff < 0 && timestamp < (GstClockTime) -diff))
    self->earliest = 0;
  else
    self->earliest = timestamp + diff;
}

static GstClockTime
running_time (const GstSegment *segment, GstBuffer *buffer)
{
  if (segment->format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
}

gboolean
gst_clip_tag_qos_is_late (
    const GstClipTagQos *self, const GstSegment *segment, GstBuffer *buffer)
{
  GstClockTime time;

  if (self->earliest == 0)
    return FALSE;
  time = running_time (segment, buffer);
  return GST_CLOCK_TIME_IS_VALID (time) && time < self->earliest;
}

GstMessage *
gst_clip_tag_qos_message (const GstClipTagQos *self, GstElement *element,
    const GstSegment *segment, GstBuffer *buffer, guint64 n_processed,
    guint64 n_late)
{
  GstClockTime time = running_time (segment, buffer);
  GstMessage *message = gst_message_new_qos (GST_OBJECT (element), FALSE, time,
      gst_segment_to_stream_time (
          segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)),
      GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer));

  gst_message_set_qos_values (message, GST_CLOCK_DIFF (time, self->earliest),
      self->proportion, 1000000);
  gst_message_set_qos_stats (message, GST_FORMAT_BUFFERS, n_processed, n_late);
  return message;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagstream.h"

/* A timestamp that steps back by less is jitter; by more, a new beginning. */
#define MAX_JITTER_SECONDS 1.0

void
gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element)
{
  *self = (GstClipTagStream){
    .element = element,
    .events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent)),
    .direction = 1,
  };
}

static void
drop_prompts (GstClipTagStream *self)
{
  g_clear_object (&self->model);
  g_clear_object (&self->scorer);
  g_clear_pointer (&self->top_k, gst_clip_top_k_free);
  g_clear_pointer (&self->scores, g_free);
}

void
gst_clip_tag_stream_clear (GstClipTagStream *self)
{
  drop_prompts (self);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->result, gst_clip_result_unref);
}

void
gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  g_object_ref (prompts); /* may be the scorer's */
  drop_prompts (self);
  self->model = g_object_ref (model);
  self->scorer =
      clv_scorer_new (prompts, clv_model_get_logit_scale (model), smoothing);
  self->scores = g_new0 (ClvScore, clv_prompts_get_n_labels (prompts));
  if (top_k > 0)
    self->top_k = gst_clip_top_k_new (prompts, top_k);
  g_object_unref (prompts);
}

static GstClockTime
to_clock_time (gdouble seconds)
{
  return seconds <= 0 ? 0 : (GstClockTime) (seconds * GST_SECOND + 0.5);
}

static void
post_event (
    GstClipTagStream *self, const GstSegment *segment, const ClvTagEvent *event)
{
  const ClvLabel *label = clv_prompts_get_label (
      clv_scorer_get_prompts (self->scorer), event->index);
  GstClockTime stream_time = to_clock_time (event->time * self->direction);
  GstClockTime pts = GST_CLOCK_TIME_NONE;

  if (self->has_pts)
    pts = gst_segment_position_from_stream_time (
        segment, GST_FORMAT_TIME, stream_time);

  gst_element_post_message (self->element,
      gst_message_new_element (GST_OBJECT (self->element),
          gst_structure_new ("clip-tag", "label", G_TYPE_STRING, label->label,
              "group", G_TYPE_STRING, label->group, "event", G_TYPE_STRING,
              event->start ? "start" : "stop", "pts", G_TYPE_UINT64, pts,
              "stream-time", G_TYPE_UINT64, stream_time, "score", G_TYPE_DOUBLE,
              (gdouble) event->score, "peak", G_TYPE_DOUBLE,
              (gdouble) event->peak, "mean", G_TYPE_DOUBLE,
              (gdouble) event->mean, "duration", G_TYPE_UINT64,
              to_clock_time (event->time - event->started), NULL)));
}

static void
post_events (GstClipTagStream *self, const GstSegment *segment)
{
  for (guint i = 0; self->post_messages && i < self->events->len; i++)
    post_event (self, segment, &g_array_index (self->events, ClvTagEvent, i));
  g_array_set_size (self->events, 0);
}

void
gst_clip_tag_stream_close (GstClipTagStream *self, const GstSegment *segment)
{
  gdouble time = self->time + self->frame_duration;

  if (self->scorer == NULL || !self->has_time)
    return;
  clv_scorer_close (self->scorer, time, self->events);
  if (self->top_k != NULL)
    gst_clip_top_k_close (self->top_k, time, self->events);
  post_events (self, segment);
}

void
gst_clip_tag_stream_restart (GstClipTagStream *self, const GstSegment *segment)
{
  gst_clip_tag_stream_close (self, segment);
  self->has_time = FALSE;
}

/* Where a frame without a timestamp is: after the one before it. */
static gdouble
expected_time (GstClipTagStream *self, const GstSegment *segment)
{
  if (self->has_time)
    return self->time + self->frame_duration;
  if (segment->format == GST_FORMAT_TIME &&
      GST_CLOCK_TIME_IS_VALID (segment->time))
    return (gdouble) segment->time / GST_SECOND;
  return 0;
}

/* Seconds on the scorer's clock; FALSE where the frame does not tell. */
static gboolean
time_of_buffer (const GstSegment *segment, GstBuffer *buffer, gdouble *ret_time)
{
  guint64 stream_time;
  gint sign;

  if (segment->format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID (buffer))
    return FALSE;
  sign = gst_segment_to_stream_time_full (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer), &stream_time);
  if (sign == 0)
    return FALSE;
  *ret_time = sign * (gdouble) stream_time / GST_SECOND;
  return TRUE;
}

static void
advance (GstClipTagStream *self, const GstSegment *segment, GstBuffer *buffer,
    const GstVideoInfo *info)
{
  gdouble direction =
      segment->format == GST_FORMAT_TIME && segment->rate < 0 ? -1 : 1;
  gdouble time;

  self->has_pts = time_of_buffer (segment, buffer, &time);
  time = self->has_pts ? time * direction : expected_time (self, segment);
  if (self->has_time && time < self->time) {
    if (self->time - time > MAX_JITTER_SECONDS)
      gst_clip_tag_stream_close (self, segment);
    else
      time = self->time;
  }

  self->direction = direction;
  self->time = time;
  self->has_time = TRUE;
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    self->frame_duration = (gdouble) GST_BUFFER_DURATION (buffer) / GST_SECOND;
  else if (GST_VIDEO_INFO_FPS_N (info) > 0)
    self->frame_duration =
        (gdouble) GST_VIDEO_INFO_FPS_D (info) / GST_VIDEO_INFO_FPS_N (info);
  else
    self->frame_duration = 0;
}

static void
score (GstClipTagStream *self, const GstSegment *segment, GstClockTime pts,
    const gfloat *embedding)
{
  clv_scorer_score (
      self->scorer, embedding, self->time, self->scores, self->events);
  if (self->top_k != NULL)
    gst_clip_top_k_apply (self->top_k, self->scores, self->time, self->events);
  post_events (self, segment);

  g_clear_pointer (&self->result, gst_clip_result_unref);
  self->result = gst_clip_result_new (clv_scorer_get_prompts (self->scorer),
      clv_model_get_name (self->model), clv_model_get_id (self->model), pts,
      self->scores, self->attach_embedding ? embedding : NULL,
      clv_model_get_embedding_width (self->model));
  self->result_time = self->time;
}

void
gst_clip_tag_stream_tag (GstClipTagStream *self, const GstSegment *segment,
    const GstVideoInfo *info, GstBuffer *buffer, const gfloat *embedding)
{
  gdouble age;

  advance (self, segment, buffer, info);
  if (embedding != NULL)
    score (self, segment, GST_BUFFER_PTS (buffer), embedding);
  age = MAX (self->time - self->result_time, 0) * GST_SECOND;
  gst_buffer_add_clip_meta (
      buffer, self->result, embedding != NULL, (GstClockTime) (age + 0.5));
}

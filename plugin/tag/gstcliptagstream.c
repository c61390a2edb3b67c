/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagstream.h"

#include "gstcliptagactions.h"

void
gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element)
{
  *self = (GstClipTagStream){
    .element = element,
    .outbox = gst_clip_tag_outbox_new (),
    .events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent)),
    .clock = { .direction = 1 },
  };
}

static void
drop_prompts (GstClipTagStream *self)
{
  g_clear_object (&self->model);
  g_clear_object (&self->scorer);
  g_clear_pointer (&self->scores, g_free);
}

void
gst_clip_tag_stream_clear (GstClipTagStream *self)
{
  drop_prompts (self);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->outbox, gst_clip_tag_outbox_unref);
  g_clear_pointer (&self->result, gst_clip_result_unref);
}

void
gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  g_object_ref (prompts); /* may be the scorer's */
  drop_prompts (self);
  self->model = g_object_ref (model);
  self->scorer = clv_scorer_new (
      prompts, clv_model_get_logit_scale (model), smoothing, top_k);
  self->scores = g_new0 (ClvScore, clv_prompts_get_n_labels (prompts));
  g_object_unref (prompts);
}

/* Of a moment on the scorer's clock. */
static GstClockTime
get_times (GstClipTagStream *self, const GstSegment *segment, gdouble time,
    GstClockTime *ret_pts)
{
  GstClockTime stream_time =
      gst_clip_tag_clock_to_ns (time * self->clock.direction);

  *ret_pts = GST_CLOCK_TIME_NONE;
  if (self->clock.has_pts)
    *ret_pts = gst_segment_position_from_stream_time (
        segment, GST_FORMAT_TIME, stream_time);
  return stream_time;
}

static void
tell_event (
    GstClipTagStream *self, const GstSegment *segment, const ClvTagEvent *event)
{
  const ClvLabel *label = clv_prompts_get_label (
      clv_scorer_get_prompts (self->scorer), event->index);
  GstClockTime pts;
  GstClockTime stream_time = get_times (self, segment, event->time, &pts);

  gst_clip_tag_outbox_add_message (self->outbox, self->element,
      gst_message_new_element (GST_OBJECT (self->element),
          gst_structure_new ("clip-tag", "label", G_TYPE_STRING, label->label,
              "group", G_TYPE_STRING, label->group, "event", G_TYPE_STRING,
              event->start ? "start" : "stop", "pts", G_TYPE_UINT64, pts,
              "stream-time", G_TYPE_UINT64, stream_time, "score", G_TYPE_DOUBLE,
              (gdouble) event->score, "peak", G_TYPE_DOUBLE,
              (gdouble) event->peak, "mean", G_TYPE_DOUBLE,
              (gdouble) event->mean, "duration", G_TYPE_UINT64,
              gst_clip_tag_clock_to_ns (event->time - event->started), NULL)));
}

/* What changed by `time`; scores: NULL where nothing holds any more. */
static void
tell_events (GstClipTagStream *self, const GstSegment *segment, gdouble time,
    const ClvScore *scores)
{
  const gboolean changed = self->events->len > 0;
  GstClockTime pts, stream_time;
  GstStructure *tags;

  for (guint i = 0; self->post_messages && i < self->events->len; i++)
    tell_event (self, segment, &g_array_index (self->events, ClvTagEvent, i));
  g_array_set_size (self->events, 0);
  if (!changed)
    return;
  stream_time = get_times (self, segment, time, &pts);
  tags = gst_clip_tag_actions_describe_changed (self->element,
      clv_scorer_get_prompts (self->scorer), scores, pts, stream_time);
  if (tags != NULL)
    gst_clip_tag_outbox_add_changed (self->outbox, self->element, tags);
}

void
gst_clip_tag_stream_close (GstClipTagStream *self, const GstSegment *segment)
{
  gdouble time = self->clock.time + self->clock.frame_duration;

  if (self->scorer == NULL || !self->clock.has_time)
    return;
  clv_scorer_close (self->scorer, time, self->events);
  tell_events (self, segment, time, NULL);
}

void
gst_clip_tag_stream_forget (GstClipTagStream *self)
{
  g_clear_pointer (&self->result, gst_clip_result_unref);
  self->clock.has_time = FALSE;
}

void
gst_clip_tag_stream_score (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, GstClockTime pts, const gfloat *embedding)
{
  self->clock = *clock;
  clv_scorer_score (
      self->scorer, embedding, clock->time, self->scores, self->events);
  tell_events (self, segment, clock->time, self->scores);

  g_clear_pointer (&self->result, gst_clip_result_unref);
  self->result = gst_clip_result_new (clv_scorer_get_prompts (self->scorer),
      clv_model_get_name (self->model), clv_model_get_id (self->model), pts,
      self->scores, self->attach_embedding ? embedding : NULL,
      clv_model_get_embedding_width (self->model));
  self->result_time = clock->time;
}

void
gst_clip_tag_attach (GstBuffer *buffer, GstClipResult *result,
    gdouble result_time, gdouble time, gboolean fresh, gboolean unchanged)
{
  gst_buffer_add_clip_meta (buffer, result, fresh, unchanged,
      gst_clip_tag_clock_to_ns (time - result_time));
}

gboolean
gst_clip_tag_stream_tag (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, GstBuffer *buffer, const gfloat *embedding,
    gboolean unchanged)
{
  self->clock = *clock;
  if (embedding != NULL)
    gst_clip_tag_stream_score (
        self, segment, clock, GST_BUFFER_PTS (buffer), embedding);
  if (self->result == NULL)
    return FALSE;
  gst_clip_tag_attach (buffer, self->result, self->result_time, clock->time,
      embedding != NULL, unchanged);
  return TRUE;
}

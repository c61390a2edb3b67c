/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagstream.h"

#include <math.h>

#include "gstclipresult.h"
#include "gstcliptagencode.h"
#include "gstcliptagheatmaps.h"
#include "gstcliptagtell.h"

void
gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element)
{
  *self = (GstClipTagStream){
    .element = element,
    .outbox = gst_clip_tag_outbox_new (),
    .events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent)),
    .subjects = gst_clip_tag_subjects_new (),
    .clock = { .direction = 1 },
  };
}

static void
drop_prompts (GstClipTagStream *self)
{
  g_clear_object (&self->model);
  g_clear_object (&self->scoring.prompts);
  g_clear_pointer (&self->scores, g_free);
  g_ptr_array_set_size (self->subjects, 0);
}

void
gst_clip_tag_stream_clear (GstClipTagStream *self)
{
  drop_prompts (self);
  g_clear_pointer (&self->subjects, g_ptr_array_unref);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->outbox, gst_clip_tag_outbox_unref);
  g_clear_pointer (&self->results, g_hash_table_unref);
}

void
gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  g_object_ref (prompts); /* may be ours */
  drop_prompts (self);
  self->model = g_object_ref (model);
  self->scoring.prompts = prompts;
  self->scoring.logit_scale = clv_model_get_logit_scale (model);
  self->scoring.smoothing = smoothing;
  self->scoring.top_k = top_k;
  self->scores = g_new0 (ClvScore, clv_prompts_get_n_labels (prompts));
}

/* What the subject's scorer has to tell, by `time`; scores: NULL where nothing
 * holds any more. */
static void
tell (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagSubject *subject, gdouble time, const ClvScore *scores)
{
  const GstClipTagTold told = {
    .element = self->element,
    .prompts = self->scoring.prompts,
    .region = subject->serial == GST_CLIP_TAG_WHOLE ? NULL : &subject->place,
    .clock = &self->clock,
    .segment = segment,
  };

  if (self->events->len > 0)
    gst_clip_tag_tell (
        &told, self->events, self->post_messages, time, scores, self->outbox);
  g_array_set_size (self->events, 0);
}

typedef void (*EndFunc) (ClvScorer *scorer, gdouble time, GArray *events);

static void
end_subject (GstClipTagStream *self, const GstSegment *segment,
    GstClipTagSubject *subject, gdouble time, EndFunc end)
{
  end (subject->scorer, time, self->events);
  tell (self, segment, subject, time, NULL);
}

static void
end_tags (GstClipTagStream *self, const GstSegment *segment, EndFunc end)
{
  gdouble time = self->clock.time + self->clock.frame_duration;

  if (!self->clock.has_time)
    return;
  for (guint i = 0; i < self->subjects->len; i++)
    end_subject (
        self, segment, g_ptr_array_index (self->subjects, i), time, end);
}

void
gst_clip_tag_stream_close (GstClipTagStream *self, const GstSegment *segment)
{
  end_tags (self, segment, clv_scorer_close);
}

void
gst_clip_tag_stream_pause (GstClipTagStream *self, const GstSegment *segment)
{
  end_tags (self, segment, clv_scorer_pause);
  for (guint i = 0; i < self->subjects->len; i++) {
    GstClipTagSubject *subject = g_ptr_array_index (self->subjects, i);

    g_clear_pointer (&subject->result, gst_clip_result_unref);
  }
  g_clear_pointer (&self->results, g_hash_table_unref);
  self->clock.has_time = FALSE;
}

void
gst_clip_tag_stream_forget (GstClipTagStream *self)
{
  g_ptr_array_set_size (self->subjects, 0);
  g_clear_pointer (&self->results, g_hash_table_unref);
  self->clock.has_time = FALSE;
}

/* Where they were asked for. */
static void
add_heatmaps (GstClipTagStream *self, GstClipResult *result,
    const GstClipTagRegion *region, GPtrArray *requests)
{
  guint row;
  ClvFuture *answer =
      gst_clip_tag_encode_find (requests, (guint) region->row, &row);

  gst_clip_result_take_heatmaps (
      result, gst_clip_tag_draw_heatmaps (answer, row, self->model,
                  self->scoring.prompts, self->scores));
}

static void
score_region (GstClipTagStream *self, const GstSegment *segment,
    GstClockTime pts, const GstClipTagRegion *region, GPtrArray *requests)
{
  const guint width = clv_model_get_embedding_width (self->model);
  const gfloat *embedding =
      gst_clip_tag_encode_get (requests, (guint) region->row, width);
  GstClipTagSubject *subject =
      gst_clip_tag_subjects_find (self->subjects, region->serial);

  subject->place = region->place;
  subject->pending = FALSE;
  clv_scorer_score (
      subject->scorer, embedding, self->clock.time, self->scores, self->events);
  tell (self, segment, subject, self->clock.time, self->scores);

  g_clear_pointer (&subject->result, gst_clip_result_unref);
  subject->result = gst_clip_result_new (self->scoring.prompts,
      clv_model_get_name (self->model), clv_model_get_id (self->model), pts,
      self->scores, self->attach_embedding ? embedding : NULL, width);
  if (region->serial == GST_CLIP_TAG_WHOLE)
    add_heatmaps (self, subject->result, region, requests);
  subject->result_time = self->clock.time;
}

static void
update_results (GstClipTagStream *self)
{
  g_clear_pointer (&self->results, g_hash_table_unref);
  self->results = gst_clip_tag_results_new ();
  for (guint i = 0; i < self->subjects->len; i++) {
    const GstClipTagSubject *subject = g_ptr_array_index (self->subjects, i);

    if (subject->result != NULL)
      gst_clip_tag_results_add (self->results, subject->serial, subject->result,
          subject->result_time);
  }
}

/* The frame has come. Tags of regions that are lost end with the frame in which
 * they were last, and the results are new ones. */
static gboolean
pass (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, const GArray *regions)
{
  gboolean lost = FALSE;

  self->clock = *clock;
  gst_clip_tag_subjects_see (self->subjects, regions, clock->time);
  for (guint i = self->subjects->len; i > 0; i--) {
    GstClipTagSubject *subject = g_ptr_array_index (self->subjects, i - 1);

    if (!gst_clip_tag_subject_is_lost (subject, clock->time))
      continue;
    end_subject (self, segment, subject, subject->seen + clock->frame_duration,
        clv_scorer_close);
    g_ptr_array_remove_index (self->subjects, i - 1);
    lost = TRUE;
  }
  if (lost)
    update_results (self);
  return lost;
}

void
gst_clip_tag_stream_score (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, GstClockTime pts, const GArray *regions,
    GPtrArray *requests)
{
  pass (self, segment, clock, regions);
  for (guint i = 0; i < regions->len; i++) {
    const GstClipTagRegion *region =
        &g_array_index (regions, GstClipTagRegion, i);

    if (region->row >= 0)
      score_region (self, segment, pts, region, requests);
  }
  self->results_time = clock->time;
  update_results (self);
}

/* Its result has other scores from now on. */
static void
rescore (GstClipTagStream *self, GstClipTagSubject *subject)
{
  g_autoptr (GstClipResult) old = g_steal_pointer (&subject->result);
  GstClipHeatmaps *heatmaps = gst_clip_result_get_heatmaps (old);

  subject->result = gst_clip_result_new (self->scoring.prompts, old->model_name,
      old->model_id, old->pts, self->scores, old->embedding,
      old->embedding_width);
  if (heatmaps != NULL)
    gst_clip_result_take_heatmaps (
        subject->result, gst_clip_heatmaps_ref (heatmaps));
}

gboolean
gst_clip_tag_stream_hold (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, const GArray *regions)
{
  gboolean changed = pass (self, segment, clock, regions);

  for (guint i = 0; i < regions->len; i++) {
    const GstClipTagRegion *region =
        &g_array_index (regions, GstClipTagRegion, i);
    GstClipTagSubject *subject =
        gst_clip_tag_subjects_find (self->subjects, region->serial);

    /* A region that was left out then may look like anything now. */
    if (subject == NULL || subject->result == NULL ||
        subject->result_time != self->results_time ||
        !clv_scorer_hold (
            subject->scorer, clock->time, self->scores, self->events))
      continue;
    tell (self, segment, subject, clock->time, self->scores);
    rescore (self, subject);
    changed = TRUE;
  }
  if (changed)
    update_results (self);
  return changed;
}

gboolean
gst_clip_tag_stream_tag (GstClipTagStream *self, const GstSegment *segment,
    const GstClipTagClock *clock, GstBuffer *buffer, const GArray *regions,
    GPtrArray *requests, gboolean unchanged)
{
  const gdouble since = unchanged ? self->results_time : (gdouble) NAN;

  if (requests != NULL)
    gst_clip_tag_stream_score (
        self, segment, clock, GST_BUFFER_PTS (buffer), regions, requests);
  else if (unchanged)
    gst_clip_tag_stream_hold (self, segment, clock, regions);
  else
    pass (self, segment, clock, regions);
  return gst_clip_tag_attach (buffer, regions, self->results, clock->time,
      since, self->attach_analytics);
}

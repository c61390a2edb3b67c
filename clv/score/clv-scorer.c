/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-scorer.h>

#include <math.h>

#include "clv-cosine.h"
#include "clv-prompts-private.h"
#include "clv-tag-state.h"

struct _ClvScorer {
  GObject parent_instance;

  ClvPrompts *prompts;
  gfloat logit_scale;
  gdouble smoothing;
  gboolean has_time;
  gdouble last_time;
  gfloat *cosines;     /* (P) */
  ClvTagState *states; /* one for each label */
};

G_DEFINE_FINAL_TYPE (ClvScorer, clv_scorer, G_TYPE_OBJECT)

static void
clv_scorer_finalize (GObject *object)
{
  ClvScorer *self = CLV_SCORER (object);

  g_clear_object (&self->prompts);
  g_free (self->cosines);
  g_free (self->states);
  G_OBJECT_CLASS (clv_scorer_parent_class)->finalize (object);
}

static void
clv_scorer_class_init (ClvScorerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = clv_scorer_finalize;
}

static void
clv_scorer_init (ClvScorer *self)
{
}

ClvScorer *
clv_scorer_new (ClvPrompts *prompts, gfloat logit_scale, gdouble smoothing)
{
  ClvScorer *self;

  g_return_val_if_fail (CLV_IS_PROMPTS (prompts), NULL);
  g_return_val_if_fail (clv_prompts_get_matrix (prompts, NULL) != NULL, NULL);

  self = g_object_new (CLV_TYPE_SCORER, NULL);
  self->prompts = g_object_ref (prompts);
  self->logit_scale = logit_scale;
  self->smoothing = smoothing;
  self->cosines = g_new0 (gfloat, clv_prompts_get_n_rows (prompts));
  self->states = g_new0 (ClvTagState, clv_prompts_get_n_labels (prompts));
  return self;
}

ClvPrompts *
clv_scorer_get_prompts (ClvScorer *self)
{
  return self->prompts;
}

/* A time that no frame can have is that of the frame before. */
static gdouble
usable_time (ClvScorer *self, gdouble time)
{
  if (isfinite (time))
    return time;
  return self->has_time ? self->last_time : 0;
}

/* The weight of a new score in an exponential mean whose time constant is
 * `smoothing`: 1 − exp (−dt / smoothing), the step response of a first-order
 * low-pass. Two steps of dt/2 with one score are one step of dt. */
static gfloat
smoothing_weight (ClvScorer *self, gdouble time)
{
  gdouble dt = self->has_time ? MAX (time - self->last_time, 0) : 0;

  if (!(self->smoothing > 0))
    return 1;
  return (gfloat) -expm1 (-dt / self->smoothing);
}

/* exp (logit_i) / Σ_j exp (logit_j) over the rows [first, end) of one group,
 * negatives included; the maximum is subtracted first, so nothing overflows. */
static void
score_softmax (ClvScorer *self, guint first, guint end, ClvScore *ret_scores)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  const gdouble scale = self->logit_scale;
  gdouble sum = 0;
  gfloat highest = self->cosines[first];

  for (guint i = first; i < end; i++)
    highest = MAX (highest, self->cosines[i]);
  for (guint i = first; i < end; i++) {
    gdouble e = exp (scale * ((gdouble) self->cosines[i] - highest));

    sum += e;
    if (rows[i].label >= 0)
      ret_scores[rows[i].label].score = (gfloat) e;
  }
  for (guint i = first; i < end; i++) {
    if (rows[i].label >= 0)
      ret_scores[rows[i].label].score /= (gfloat) sum;
  }
}

/* 1 / (1 + exp (−(logit − log Σ_n exp (logit_n)))) over the negatives n of the
 * label, which are the rows after it; without any, the plain sigmoid. With them
 * it is the softmax of the label against its negatives. */
static void
score_sigmoid (ClvScorer *self, guint first, guint end, ClvScore *ret_scores)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  const gdouble scale = self->logit_scale;

  for (guint i = first; i < end;) {
    guint row = i++;
    gfloat highest = i < end && rows[i].label < 0 ? self->cosines[i] : 0;
    gdouble logit = scale * self->cosines[row];
    gdouble sum = 0;
    guint j;

    for (j = i; j < end && rows[j].label < 0; j++)
      highest = MAX (highest, self->cosines[j]);
    for (; i < j; i++)
      sum += exp (scale * ((gdouble) self->cosines[i] - highest));
    if (sum > 0)
      logit -= scale * highest + log (sum);
    ret_scores[rows[row].label].score = (gfloat) (1 / (1 + exp (-logit)));
  }
}

static void
score_group (ClvScorer *self, guint first, guint end, ClvScore *ret_scores)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  ClvScoring scoring =
      clv_prompts_get_label (self->prompts, (guint) rows[first].label)->scoring;

  for (guint i = first; i < end; i++) {
    if (rows[i].label < 0)
      continue;
    ret_scores[rows[i].label] = (ClvScore){
      .cosine = self->cosines[i],
      .logit = self->cosines[i] * self->logit_scale,
      .score = self->cosines[i],
    };
  }
  if (scoring == CLV_SCORING_SOFTMAX)
    score_softmax (self, first, end, ret_scores);
  else if (scoring == CLV_SCORING_SIGMOID)
    score_sigmoid (self, first, end, ret_scores);
}

static void
report (ClvTagEvent *event, guint index, GArray *events)
{
  event->index = index;
  if (events != NULL)
    g_array_append_val (events, *event);
}

void
clv_scorer_score (ClvScorer *self, const gfloat *embedding, gdouble time,
    ClvScore *ret_scores, GArray *events)
{
  guint n_rows = clv_prompts_get_n_rows (self->prompts);
  guint n_labels = clv_prompts_get_n_labels (self->prompts);
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  guint width;
  const gfloat *matrix = clv_prompts_get_matrix (self->prompts, &width);
  gfloat weight;

  clv_cosine (matrix, n_rows, width, embedding, self->cosines);
  for (guint first = 0, end; first < n_rows; first = end) {
    for (end = first + 1; end < n_rows && rows[end].group == rows[first].group;)
      end++;
    score_group (self, first, end, ret_scores);
  }

  time = usable_time (self, time);
  weight = smoothing_weight (self, time);
  for (guint i = 0; i < n_labels; i++) {
    const ClvLabel *label = clv_prompts_get_label (self->prompts, i);
    ClvTagState *state = &self->states[i];
    ClvTagEvent event;

    clv_tag_state_smooth (state, ret_scores[i].score, weight);
    if (!isfinite (ret_scores[i].score))
      ret_scores[i] = (ClvScore){ 0 };
    else if (clv_tag_state_step (state, label, time, &event))
      report (&event, i, events);
    ret_scores[i].smoothed = state->smoothed;
    ret_scores[i].active = state->phase == CLV_TAG_ON;
  }
  self->last_time = time;
  self->has_time = TRUE;
}

void
clv_scorer_close (ClvScorer *self, gdouble time, GArray *events)
{
  time = usable_time (self, time);
  for (guint i = 0; i < clv_prompts_get_n_labels (self->prompts); i++) {
    ClvTagEvent event;

    if (clv_tag_state_close (&self->states[i], time, &event))
      report (&event, i, events);
  }
  self->has_time = FALSE;
}

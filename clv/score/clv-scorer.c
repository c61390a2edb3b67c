/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-scorer.h>

#include <math.h>

#include "clv-baseline.h"
#include "clv-cosine.h"
#include "clv-prompts-private.h"
#include "clv-score-group.h"
#include "clv-tag-state.h"

/* Time constant of a stream's baselines, and how much of a stream must be seen
 * before they are believed. */
#define BASELINE_SECONDS 120.0
#define WARM_UP_SECONDS  4.0
#define WARM_UP_FRAMES   16

/* One frame after a long gap does not say more than sixteen. */
#define MAX_BASELINE_WEIGHT (1.0 / 16)

/* How much slower the baseline of a label that holds moves. */
#define ACTIVE_BASELINE_WEIGHT (1.0 / 16)

struct _ClvScorer {
  GObject parent_instance;

  ClvPrompts *prompts;
  gfloat logit_scale;
  gdouble smoothing;
  guint top_k; /* 0: all */
  gboolean has_time;
  gdouble last_time;
  gboolean settled;       /* the same cosines change nothing any more */
  guint64 n_settled;      /* calls since, which the means do not know of yet */
  GArray *groups;         /* ClvScoreGroup */
  gfloat *cosines;        /* (P) */
  gdouble *values;        /* (P): logits or z */
  gfloat *contrasts;      /* (P): see clv-baseline.h */
  ClvBaseline *baselines; /* (P) */
  guint64 n_learnt;       /* frames that are in the baselines */
  gdouble learnt_seconds;
  ClvTagState *states; /* one for each label */
};

G_DEFINE_FINAL_TYPE (ClvScorer, clv_scorer, G_TYPE_OBJECT)

static void
clv_scorer_finalize (GObject *object)
{
  ClvScorer *self = CLV_SCORER (object);

  g_clear_object (&self->prompts);
  g_array_unref (self->groups);
  g_free (self->cosines);
  g_free (self->values);
  g_free (self->contrasts);
  g_free (self->baselines);
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
  self->groups = g_array_new (FALSE, FALSE, sizeof (ClvScoreGroup));
}

static void
find_groups (ClvScorer *self)
{
  const guint n_rows = clv_prompts_get_n_rows (self->prompts);
  guint width;
  const gfloat *matrix = clv_prompts_get_matrix (self->prompts, &width);

  for (guint first = 0; first < n_rows;) {
    ClvScoreGroup group = clv_score_group_find (self->prompts, first);

    g_array_append_val (self->groups, group);
    if (group.calibration == CLV_CALIBRATION_MODEL)
      clv_baseline_contrasts (matrix, width, group.first, group.first_null,
          group.end, self->contrasts);
    first = group.end;
  }
}

ClvScorer *
clv_scorer_new (
    ClvPrompts *prompts, gfloat logit_scale, gdouble smoothing, guint top_k)
{
  ClvScorer *self;
  guint n_rows;

  g_return_val_if_fail (CLV_IS_PROMPTS (prompts), NULL);
  g_return_val_if_fail (clv_prompts_get_matrix (prompts, NULL) != NULL, NULL);

  self = g_object_new (CLV_TYPE_SCORER, NULL);
  self->prompts = g_object_ref (prompts);
  self->logit_scale = logit_scale;
  self->smoothing = smoothing;
  self->top_k = top_k;
  n_rows = clv_prompts_get_n_rows (prompts);
  self->cosines = g_new0 (gfloat, n_rows);
  self->values = g_new0 (gdouble, n_rows);
  self->contrasts = g_new0 (gfloat, n_rows);
  self->baselines = g_new0 (ClvBaseline, n_rows);
  self->states = g_new0 (ClvTagState, clv_prompts_get_n_labels (prompts));
  find_groups (self);
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

/* Times of frames add up to a little less than what was asked for. */
static gboolean
is_warm (ClvScorer *self)
{
  return self->n_learnt >= WARM_UP_FRAMES &&
         self->learnt_seconds >= WARM_UP_SECONDS - 1e-6;
}

/* A still picture has no spread; what a spread is worth less than is one logit,
 * which is what the model itself was trained to tell apart. */
static gdouble
stream_floor (ClvScorer *self)
{
  return 1 / (gdouble) self->logit_scale;
}

/* The weight of a new score in an exponential mean whose time constant is
 * `smoothing`: 1 − exp (−dt / smoothing), the step response of a first-order
 * low-pass. Two steps of dt/2 with one score are one step of dt. */
static gfloat
smoothing_weight (ClvScorer *self, gdouble dt)
{
  if (!(self->smoothing > 0))
    return 1;
  return (gfloat) -expm1 (-dt / self->smoothing);
}

static gdouble
stream_z (ClvScorer *self, guint row)
{
  if (is_warm (self))
    return clv_baseline_z (
        &self->baselines[row], self->cosines[row], stream_floor (self));
  return isfinite (self->cosines[row]) ? 0 : NAN;
}

/* Logits, or how far the cosines stand out from their baselines. */
static void
fill_values (ClvScorer *self, const ClvScoreGroup *group)
{
  /* A tenth of what makes a logit: less is rounding, not a spread. */
  const gdouble floor = 0.1 / self->logit_scale;

  switch (group->calibration) {
    case CLV_CALIBRATION_MODEL:
      clv_baseline_of_picture (self->cosines, self->contrasts, group->first,
          group->first_null, group->end, floor, self->values);
      break;
    case CLV_CALIBRATION_STREAM:
      for (guint i = group->first; i < group->first_null; i++)
        self->values[i] = stream_z (self, i);
      break;
    case CLV_CALIBRATION_NONE:
    default:
      for (guint i = group->first; i < group->first_null; i++)
        self->values[i] = (gdouble) self->logit_scale * self->cosines[i];
      break;
  }
}

/* Lets the baselines follow, slowly those of labels that hold: otherwise what
 * lasts would soon be its own baseline. */
static void
learn (ClvScorer *self, const ClvScoreGroup *group, gdouble dt)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  gdouble weight = MIN (-expm1 (-dt / BASELINE_SECONDS), MAX_BASELINE_WEIGHT);

  for (guint i = group->first; i < group->first_null; i++) {
    gdouble w = MAX (weight, 1.0 / (gdouble) (self->n_learnt + 1));
    gboolean holds =
        rows[i].label >= 0 && self->states[rows[i].label].phase != CLV_TAG_OFF;

    if (is_warm (self) && (holds || self->values[i] >= CLV_EVEN_Z_STREAM))
      w *= ACTIVE_BASELINE_WEIGHT;
    /* While it warms up nobody knows what is a short event. */
    clv_baseline_learn (&self->baselines[i], self->cosines[i], w,
        is_warm (self) ? stream_floor (self) : INFINITY);
  }
}

static void
score_groups (ClvScorer *self, gdouble dt, ClvScore *ret_scores)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (self->prompts);
  const guint n_rows = clv_prompts_get_n_rows (self->prompts);
  gboolean finite = TRUE;

  for (guint i = 0; i < n_rows; i++) {
    finite = finite && isfinite (self->cosines[i]);
    if (rows[i].label >= 0)
      ret_scores[rows[i].label] = (ClvScore){
        .cosine = self->cosines[i],
        .logit = self->cosines[i] * self->logit_scale,
      };
  }
  for (guint i = 0; i < self->groups->len; i++) {
    const ClvScoreGroup *group =
        &g_array_index (self->groups, ClvScoreGroup, i);

    fill_values (self, group);
    clv_score_group (group, rows, self->values, ret_scores);
    if (group->calibration == CLV_CALIBRATION_STREAM && finite)
      learn (self, group, dt);
  }
  if (finite) {
    self->n_learnt++;
    self->learnt_seconds += dt;
  }
}

static void
report (ClvTagEvent *event, guint index, GArray *events)
{
  event->index = index;
  if (events != NULL)
    g_array_append_val (events, *event);
}

/* Among the top_k of its group, by what is smoothed. */
static gboolean
is_among_best (ClvScorer *self, guint index, const ClvLabel *label)
{
  const gfloat smoothed = self->states[index].smoothed;
  guint n_better = 0;

  if (self->top_k == 0 || smoothed < label->off_threshold)
    return TRUE; /* it does not matter */
  for (guint i = 0; i < clv_prompts_get_n_labels (self->prompts); i++) {
    const ClvTagState *other = &self->states[i];

    if (!other->has_value || other->smoothed < smoothed ||
        (other->smoothed == smoothed && i >= index) ||
        clv_prompts_get_label (self->prompts, i)->group_index !=
            label->group_index)
      continue;
    n_better++;
    if (n_better == self->top_k)
      return FALSE;
  }
  return TRUE;
}

static gboolean
learns (ClvScorer *self)
{
  for (guint i = 0; i < self->groups->len; i++)
    if (g_array_index (self->groups, ClvScoreGroup, i).calibration ==
        CLV_CALIBRATION_STREAM)
      return TRUE;
  return FALSE;
}

static void
count_settled (ClvScorer *self)
{
  for (guint i = 0;
       self->n_settled > 0 && i < clv_prompts_get_n_labels (self->prompts); i++)
    clv_tag_state_repeat (&self->states[i], self->n_settled);
  self->n_settled = 0;
}

/* From the cosines that are there to scores, tags and events. */
static void
advance (ClvScorer *self, gdouble time, ClvScore *ret_scores, GArray *events)
{
  guint n_labels = clv_prompts_get_n_labels (self->prompts);
  gdouble dt = self->has_time ? MAX (time - self->last_time, 0) : 0;
  gfloat weight = smoothing_weight (self, dt);

  count_settled (self);
  score_groups (self, dt, ret_scores);
  self->settled = !learns (self);
  for (guint i = 0; i < n_labels; i++)
    clv_tag_state_smooth (&self->states[i], ret_scores[i].score, weight);
  for (guint i = 0; i < n_labels; i++) {
    const ClvLabel *label = clv_prompts_get_label (self->prompts, i);
    ClvTagState *state = &self->states[i];
    ClvTagEvent event;

    if (!isfinite (ret_scores[i].score))
      ret_scores[i] = (ClvScore){ 0 };
    else if (clv_tag_state_step (
                 state, label, is_among_best (self, i, label), time, &event))
      report (&event, i, events);
    self->settled = self->settled && clv_tag_state_is_settled (
                                         state, label, ret_scores[i].score);
    ret_scores[i].smoothed = state->smoothed;
    ret_scores[i].active = state->phase == CLV_TAG_ON;
  }
  self->last_time = time;
  self->has_time = TRUE;
}

void
clv_scorer_score (ClvScorer *self, const gfloat *embedding, gdouble time,
    ClvScore *ret_scores, GArray *events)
{
  guint n_rows = clv_prompts_get_n_rows (self->prompts);
  guint width;
  const gfloat *matrix = clv_prompts_get_matrix (self->prompts, &width);

  clv_cosine (matrix, n_rows, width, embedding, self->cosines);
  advance (self, usable_time (self, time), ret_scores, events);
}

GArray *
clv_scorer_score_bytes (
    ClvScorer *self, GBytes *embedding, gdouble time, GError **error)
{
  guint n_labels = clv_prompts_get_n_labels (self->prompts);
  guint width = clv_prompts_get_width (self->prompts);
  GArray *scores;

  if (g_bytes_get_size (embedding) != width * sizeof (gfloat)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "embedding: wanted %u floats, found %" G_GSIZE_FORMAT " bytes", width,
        g_bytes_get_size (embedding));
    return NULL;
  }
  scores =
      g_array_set_size (g_array_new (FALSE, TRUE, sizeof (ClvScore)), n_labels);
  clv_scorer_score (self, g_bytes_get_data (embedding, NULL), time,
      (ClvScore *) scores->data, NULL);
  return scores;
}

gboolean
clv_scorer_hold (
    ClvScorer *self, gdouble time, ClvScore *ret_scores, GArray *events)
{
  time = usable_time (self, time);
  if (!self->has_time)
    return FALSE;
  if (!self->settled) {
    advance (self, time, ret_scores, events);
    return TRUE;
  }
  self->last_time = MAX (self->last_time, time);
  self->n_settled++;
  return FALSE;
}

typedef gboolean (*EndFunc) (
    ClvTagState *state, gdouble time, ClvTagEvent *ret_event);

static void
end_tags (ClvScorer *self, EndFunc end, gdouble time, GArray *events)
{
  time = usable_time (self, time);
  count_settled (self);
  for (guint i = 0; i < clv_prompts_get_n_labels (self->prompts); i++) {
    ClvTagEvent event;

    if (end (&self->states[i], time, &event))
      report (&event, i, events);
  }
  self->has_time = FALSE;
}

void
clv_scorer_close (ClvScorer *self, gdouble time, GArray *events)
{
  end_tags (self, clv_tag_state_close, time, events);
  self->n_learnt = 0;
  self->learnt_seconds = 0;
}

void
clv_scorer_pause (ClvScorer *self, gdouble time, GArray *events)
{
  end_tags (self, clv_tag_state_pause, time, events);
}

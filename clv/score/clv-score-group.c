/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-score-group.h"

#include <math.h>

/* log (sum exp (v)) over what is added, as sum * exp (highest). */
typedef struct {
  gdouble highest;
  gdouble sum;
} LogSum;

static void
add (LogSum *self, gdouble value)
{
  if (value <= self->highest) {
    self->sum += exp (value - self->highest);
  } else {
    self->sum = self->sum * exp (self->highest - value) + 1;
    self->highest = value;
  }
}

/* exp (value) / exp (*self) */
static gdouble
share (const LogSum *self, gdouble value)
{
  return exp (value - self->highest) / self->sum;
}

static LogSum
start (const ClvScoreGroup *self)
{
  LogSum sum = { -INFINITY, 0 };

  if (self->calibration == CLV_CALIBRATION_MODEL)
    add (&sum, CLV_EVEN_Z_MODEL);
  else if (self->calibration == CLV_CALIBRATION_STREAM)
    add (&sum, CLV_EVEN_Z_STREAM);
  return sum;
}

ClvScoreGroup
clv_score_group_find (ClvPrompts *prompts, guint first)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (prompts);
  const guint n_rows = clv_prompts_get_n_rows (prompts);
  const ClvLabel *label =
      clv_prompts_get_label (prompts, (guint) rows[first].label);
  ClvScoreGroup self = {
    .first = first,
    .scoring = label->scoring,
    .calibration = label->calibration,
  };
  guint i = first;

  while (i < n_rows && rows[i].group == rows[first].group &&
         (rows[i].label >= 0 || rows[i].against >= 0))
    i++;
  self.first_background = i;
  while (i < n_rows && rows[i].group == rows[first].group && !rows[i].is_null)
    i++;
  self.first_null = i;
  while (i < n_rows && rows[i].group == rows[first].group)
    i++;
  self.end = i;
  return self;
}

static void
score_softmax (const ClvScoreGroup *self, const ClvPromptRow *rows,
    const gdouble *values, ClvScore *ret_scores)
{
  LogSum sum = start (self);

  for (guint i = self->first; i < self->first_null; i++)
    add (&sum, values[i]);
  for (guint i = self->first; i < self->first_background; i++) {
    if (rows[i].label >= 0)
      ret_scores[rows[i].label].score = (gfloat) share (&sum, values[i]);
  }
}

static void
score_sigmoid (const ClvScoreGroup *self, const ClvPromptRow *rows,
    const gdouble *values, ClvScore *ret_scores)
{
  LogSum common = start (self);

  for (guint i = self->first_background; i < self->first_null; i++)
    add (&common, values[i]);
  for (guint i = self->first; i < self->first_background;) {
    const guint row = i++;
    LogSum sum = common;

    for (; i < self->first_background && rows[i].label < 0; i++)
      add (&sum, values[i]);
    if (sum.sum == 0)
      add (&sum, 0);
    add (&sum, values[row]);
    ret_scores[rows[row].label].score = (gfloat) share (&sum, values[row]);
  }
}

/* Negatives do not compete here. */
static void
score_cosine (const ClvScoreGroup *self, const ClvPromptRow *rows,
    const gdouble *values, ClvScore *ret_scores)
{
  for (guint i = self->first; i < self->first_background; i++) {
    LogSum sum = start (self);
    ClvScore *score = &ret_scores[MAX (rows[i].label, 0)];

    if (rows[i].label < 0)
      continue;
    add (&sum, values[i]);
    score->score = self->calibration == CLV_CALIBRATION_NONE
                       ? score->cosine
                       : (gfloat) share (&sum, values[i]);
  }
}

void
clv_score_group (const ClvScoreGroup *self, const ClvPromptRow *rows,
    const gdouble *values, ClvScore *ret_scores)
{
  if (self->scoring == CLV_SCORING_SOFTMAX)
    score_softmax (self, rows, values, ret_scores);
  else if (self->scoring == CLV_SCORING_SIGMOID)
    score_sigmoid (self, rows, values, ret_scores);
  else
    score_cosine (self, rows, values, ret_scores);
}

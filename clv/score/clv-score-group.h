/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores of the labels of one group. With v the logits, or z for a group with a
 * calibration, whose baseline b then competes too (docs/prompts.md):
 *
 *   softmax  exp (v_i) / (exp (b) + sum_j exp (v_j)), j over the group
 *   sigmoid  exp (v_i) / (exp (b) + exp (v_i) + sum_j exp (v_j)), j over the
 *            label's negatives and the group's background; with neither and no
 *            calibration 1 / (1 + exp (-v_i)), as if b were 0
 *   cosine   the cosine; with a calibration exp (v_i) / (exp (b) + exp (v_i))
 *
 * All sums are taken relative to the highest exponent, so nothing overflows. */

#pragma once

#include <clv/clv-scorer.h>

#include "clv-prompts-private.h"

G_BEGIN_DECLS

/* z at which a label and the baseline are even: half of the scores. */
#define CLV_EVEN_Z_MODEL  2.0
#define CLV_EVEN_Z_STREAM 3.0

/* Rows of a group: labels with their negatives, then background phrases, then
 * null phrases. */
typedef struct {
  guint first;
  guint first_background;
  guint first_null;
  guint end;
  ClvScoring scoring;
  ClvCalibration calibration;
} ClvScoreGroup;

/* The group whose first row is `first`. */
ClvScoreGroup clv_score_group_find (ClvPrompts *prompts, guint first);

/* Sets .score of the group's labels, whose .cosine is set; NAN for values that
 * are. */
void clv_score_group (const ClvScoreGroup *self, const ClvPromptRow *rows,
    const gdouble *values, ClvScore *ret_scores);

G_END_DECLS

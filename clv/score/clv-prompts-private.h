/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The matrix of an encoded prompt set, for the scorer. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* One row of the matrix: a label, or a negative that only competes. */
typedef struct {
  guint group;
  gint label;  /* index of the label this row reports, -1 for a negative */
  gint against; /* negative: the label it belongs to */
} ClvPromptRow;

/* Rows are sorted by group. P rows of D floats of unit length. */
guint clv_prompts_get_n_rows (ClvPrompts *self);
const ClvPromptRow *clv_prompts_get_rows (ClvPrompts *self);
guint clv_prompts_get_n_groups (ClvPrompts *self);
const gfloat *clv_prompts_get_matrix (ClvPrompts *self, guint *ret_width);

G_END_DECLS

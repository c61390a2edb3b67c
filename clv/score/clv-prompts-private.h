/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a prompt set is made of, for the scorer and for the files here. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* One row of the matrix: a label, or a negative that only competes. */
typedef struct {
  guint group;
  gint label;   /* index of the label this row reports, -1 for a negative */
  gint against; /* negative: the label it belongs to; otherwise -1 */
} ClvPromptRow;

/* What a row is the mean of: each text in each template. */
typedef struct {
  gchar **texts;
  GPtrArray *templates; /* of gchar *, shared between rows */
} ClvPromptTexts;

/* Filled by the builder, then by clv_prompts_encode(), then never again. */
struct _ClvPrompts {
  GObject parent_instance;

  guint64 generation;
  GPtrArray *groups; /* names */
  GArray *labels;    /* ClvLabel: owns .label, borrows .group */
  GArray *rows;      /* ClvPromptRow */
  GArray *row_texts; /* ClvPromptTexts */

  gfloat *matrix; /* (P, D); NULL until encoded */
  guint width;    /* D */
  gchar *model_id;
};

/* Rows are sorted by group, labels are in the order of their indices, and the
 * negatives of a label follow it. P rows of D floats of unit length. */
guint clv_prompts_get_n_rows (ClvPrompts *self);
const ClvPromptRow *clv_prompts_get_rows (ClvPrompts *self);
guint clv_prompts_get_n_groups (ClvPrompts *self);

/* NULL until the set is encoded. */
const gfloat *clv_prompts_get_matrix (ClvPrompts *self, guint *ret_width);

G_END_DECLS

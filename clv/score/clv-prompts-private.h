/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a prompt set is made of, for the scorer and for the files here. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* One row of the matrix: a label; or a negative of one label, or a background
 * phrase of the group, which only compete; or a null phrase, which is only
 * measured. */
typedef struct {
  guint group;
  gint label;       /* index of the label this row reports, otherwise -1 */
  gint against;     /* negative: the label it belongs to; otherwise -1 */
  gboolean is_null; /* a null phrase, for CLV_CALIBRATION_MODEL */
} ClvPromptRow;

/* What a row is the mean of: each text in each template, and pictures. */
typedef struct {
  gchar **texts;        /* may be empty where there are images */
  GPtrArray *templates; /* of gchar *, shared between rows */
  gchar **images;       /* absolute paths, or NULL */
  gdouble image_weight; /* share of the pictures, 0 to 1 */
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
 * negatives of a label follow it; at the end of a group come its background
 * phrases, then null phrases. P rows of D floats of unit length. */
guint clv_prompts_get_n_rows (ClvPrompts *self);
const ClvPromptRow *clv_prompts_get_rows (ClvPrompts *self);
guint clv_prompts_get_n_groups (ClvPrompts *self);

/* NULL until the set is encoded. */
const gfloat *clv_prompts_get_matrix (ClvPrompts *self, guint *ret_width);

G_END_DECLS

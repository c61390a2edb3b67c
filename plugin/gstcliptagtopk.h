/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of the labels that a scorer finds active, lets only the k best of each group
 * through, and corrects the start and stop events to match. */

#pragma once

#include <clv/clv-scorer.h>

G_BEGIN_DECLS

typedef struct _GstClipTopK GstClipTopK;

/* k: at least 1. Keeps a reference on the set. */
GstClipTopK *gst_clip_top_k_new (ClvPrompts *prompts, guint k);
void gst_clip_top_k_free (GstClipTopK *self);

/* After clv_scorer_score() with the same arguments: clears @active of labels
 * that are not among the best by smoothed score, and replaces @events by those
 * of what is left. */
void gst_clip_top_k_apply (
    GstClipTopK *self, ClvScore *scores, gdouble time, GArray *events);

/* After clv_scorer_close(): replaces @events by the ends of what is active. */
void gst_clip_top_k_close (GstClipTopK *self, gdouble time, GArray *events);

G_END_DECLS

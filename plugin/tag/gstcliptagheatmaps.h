/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which labels of a frame get a heat map. */

#pragma once

#include <clv/clv-engine.h>
#include <clv/clv-scorer.h>

#include "gstclipheatmap.h"

G_BEGIN_DECLS

/* Of the labels of a frame. A map costs patches × D multiplications, which is
 * little, but a set may have thousands of labels. */
#define GST_CLIP_TAG_MAX_HEATMAPS 8

/* The maps of frame `row` of an answered request: of the active labels, best first,
 * then of those with the highest smoothed scores; at most GST_CLIP_TAG_MAX_HEATMAPS.
 * NULL where patches were not asked for. One allocation. */
GstClipHeatmaps *gst_clip_tag_draw_heatmaps (ClvFuture *answer, guint row,
    ClvModel *model, ClvPrompts *prompts, const ClvScore *scores);

G_END_DECLS

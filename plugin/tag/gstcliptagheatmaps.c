/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagheatmaps.h"

#include <math.h>

static gboolean
is_before (const ClvScore *a, const ClvScore *b)
{
  if (a->active != b->active)
    return a->active;
  return isnan (b->smoothed) ? !isnan (a->smoothed) : a->smoothed > b->smoothed;
}

/* Keeps the best in order; of equal ones the first given is before. */
static guint
choose (const ClvScore *scores, guint n_scores,
    guint ret_labels[GST_CLIP_TAG_MAX_HEATMAPS])
{
  guint n = 0;

  for (guint i = 0; i < n_scores; i++) {
    guint place = n;

    while (place > 0 && is_before (&scores[i], &scores[ret_labels[place - 1]]))
      place--;
    if (place == GST_CLIP_TAG_MAX_HEATMAPS)
      continue;
    n = MIN (n + 1, GST_CLIP_TAG_MAX_HEATMAPS);
    for (guint k = n - 1; k > place; k--)
      ret_labels[k] = ret_labels[k - 1];
    ret_labels[place] = i;
  }
  return n;
}

GstClipHeatmaps *
gst_clip_tag_draw_heatmaps (ClvFuture *answer, guint row, ClvModel *model,
    ClvPrompts *prompts, const ClvScore *scores)
{
  const gfloat *patches = clv_future_get_patches (answer);
  const ClvFrame *frame = clv_future_get_frame (answer, row);
  const gsize floats = (gsize) clv_model_get_n_patches (model) *
                       clv_model_get_embedding_width (model);
  guint labels[GST_CLIP_TAG_MAX_HEATMAPS], n;
  ClvPatchGrid grid;

  if (patches == NULL || !clv_patch_grid_init (&grid, model, frame, NULL))
    return NULL;
  n = choose (scores, clv_prompts_get_n_labels (prompts), labels);
  return gst_clip_heatmaps_new (prompts, labels, n, patches + row * floats,
      &grid, frame->crop_width, frame->crop_height);
}

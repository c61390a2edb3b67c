/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-heatmap.h>

#include <math.h>

#include "clv-cosine.h"
#include "clv-prompts-private.h"
#include "model/clv-model-private.h"
#include "ref/clv-resize.h"

gboolean
clv_patch_grid_init (ClvPatchGrid *ret_grid, ClvModel *model,
    const ClvFrame *frame, GError **error)
{
  const ClvModelConfig *config = clv_model_get_config (model);
  const guint side = config->image_size / config->patch_size;
  ClvPatchGrid grid = { .columns = side, .rows = side };

  if (!clv_resize_find (frame, &config->preprocess, config->image_size,
          side * config->patch_size, &grid.x, &grid.y, &grid.width,
          &grid.height, error))
    return FALSE;
  *ret_grid = grid;
  return TRUE;
}

/* The label's row of the prompt matrix. */
static const gfloat *
find_row (ClvPrompts *prompts, guint label)
{
  const ClvPromptRow *rows = clv_prompts_get_rows (prompts);
  const guint n = clv_prompts_get_n_rows (prompts);
  guint width, row = 0;
  const gfloat *matrix = clv_prompts_get_matrix (prompts, &width);

  while (row < n && rows[row].label != (gint) label)
    row++;
  return row < n && matrix != NULL ? matrix + (gsize) row * width : NULL;
}

void
clv_heatmap_draw (ClvPrompts *prompts, guint label, const gfloat *patches,
    guint n_patches, guint8 *ret_grey, gfloat *ret_low, gfloat *ret_high)
{
  const gfloat *row = find_row (prompts, label);
  const guint width = clv_prompts_get_width (prompts);
  gfloat low = INFINITY, high = -INFINITY, cosine;

  g_return_if_fail (row != NULL && n_patches > 0);

  for (guint i = 0; i < n_patches; i++) {
    clv_cosine (patches + (gsize) i * width, 1, width, row, &cosine);
    low = MIN (low, cosine);
    high = MAX (high, cosine);
  }
  for (guint i = 0; i < n_patches; i++) {
    clv_cosine (patches + (gsize) i * width, 1, width, row, &cosine);
    ret_grey[i] =
        high > low ? (guint8) (255 * (cosine - low) / (high - low) + 0.5f) : 0;
  }
  *ret_low = low;
  *ret_high = high;
}

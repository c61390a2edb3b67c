/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where in a picture a phrase fits: from the embeddings of its patches to small
 * grey pictures. */

#pragma once

#include <clv/clv-frame.h>
#include <clv/clv-model.h>
#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/**
 * ClvPatchGrid:
 * @columns: patches in a row
 * @rows: rows of patches
 * @x: left edge of the first column, in pixels of the visible part of a frame
 * @y: upper edge of the first row
 * @width: of all columns
 * @height: of all rows
 *
 * Where a model's patches lie in a frame. A model whose preprocessing crops the
 * picture sees only its middle: the grid is as large as that. Pixels that are left
 * of the model's input because its patches do not fill it are not in the grid.
 * Beyond the frame's edges where the model's crop is larger than the picture.
 */
typedef struct {
  guint columns;
  guint rows;
  gdouble x;
  gdouble y;
  gdouble width;
  gdouble height;
} ClvPatchGrid;

/**
 * clv_patch_grid_init:
 * @ret_grid: (out caller-allocates): untouched on failure
 * @model: whose patches
 * @frame: its size, crop and pixel aspect ratio count
 *
 * Any thread; allocates nothing.
 *
 * Returns: %TRUE on success; %FALSE with %CLV_ERROR_UNSUPPORTED for frames that the
 *   model cannot take
 */
gboolean clv_patch_grid_init (ClvPatchGrid *ret_grid, ClvModel *model,
    const ClvFrame *frame, GError **error);

/**
 * clv_heatmap_draw: (skip)
 * @prompts: encoded
 * @label: index of the label
 * @patches: one picture's, (n_patches, D), of clv_future_get_patches()
 * @n_patches: rows of @patches, clv_model_get_n_patches()
 * @ret_grey: (out caller-allocates): n_patches levels
 * @ret_low: (out): the cosine that is 0 in @ret_grey: the lowest one
 * @ret_high: (out): the cosine that is 255: the highest one
 *
 * The cosine of each patch with the label, spread over all levels: level g is
 * @ret_low + g / 255 * (@ret_high - @ret_low), to half a level. A picture in which
 * nothing stands out is spread as one in which something does: @ret_high - @ret_low
 * tells. Negatives and background phrases of the label's group have no part in it.
 * Any thread; allocates nothing.
 */
void clv_heatmap_draw (ClvPrompts *prompts, guint label, const gfloat *patches,
    guint n_patches, guint8 *ret_grey, gfloat *ret_low, gfloat *ret_high);

G_END_DECLS

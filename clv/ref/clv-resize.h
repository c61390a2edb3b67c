/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the pixels of the model's input come from: target size, crop, and the
 * filter weights of both axes. Host side; the twin and the op use the same
 * tables, and the golden test compares them with PIL. */

#pragma once

#include <clv/clv-frame.h>

#include "model/clv-model-config.h"

G_BEGIN_DECLS

#define CLV_RESIZE_BITS 22 /* fractional bits of a weight, as in PIL */

/* One axis. Output i of the crop is the sum of n_taps[i] samples from
 * first[i] on, with the weights from weights[i * max_taps] on; where the crop
 * reaches beyond the picture, n_taps[i] is 0 and the result is 0. */
typedef struct {
  guint n_in;
  guint n_out; /* S, after the crop */
  guint max_taps;
  guint in_start; /* the samples that any output needs: in_start … in_end-1 */
  guint in_end;
  guint *first;
  guint *n_taps;
  gint32 *weights;
} ClvResizeAxis;

typedef struct {
  ClvResizeAxis x;
  ClvResizeAxis y;
} ClvResizePlan;

/* The visible part of a frame: crop_width and crop_height, or all of it. */
void clv_frame_visible_size (
    const ClvFrame *frame, guint *ret_width, guint *ret_height);

/* Where the first n_used × n_used pixels of the model's input lie in the visible part
 * of the frame, in its pixels; beyond its edges where the crop is larger than the
 * picture. FALSE as below. */
gboolean clv_resize_find (const ClvFrame *frame,
    const ClvPreprocessConfig *config, guint image_size, guint n_used,
    gdouble *ret_x, gdouble *ret_y, gdouble *ret_width, gdouble *ret_height,
    GError **error);

/* FALSE with CLV_ERROR_UNSUPPORTED where the rules of `config` do not end in
 * image_size × image_size. `ret_plan` needs no clearing then. */
gboolean clv_resize_plan_init (ClvResizePlan *ret_plan, const ClvFrame *frame,
    const ClvPreprocessConfig *config, guint image_size, GError **error);
void clv_resize_plan_clear (ClvResizePlan *self);

G_END_DECLS

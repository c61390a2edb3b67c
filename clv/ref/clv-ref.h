/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plain C versions of every kernel. They exist to be read and to be compared
 * with: no SIMD, no threads, sums in double. Rows are dense here: the stride is
 * the number of columns.
 *
 * Letters, here and in the shaders:
 *   B batch   T tokens   C channels   H heads   D = C / H   M rows
 *   N outputs   K inputs */

#pragma once

#include <clv/clv-frame.h>

#include "clv-span.h"
#include "model/clv-model-config.h"

G_BEGIN_DECLS

void clv_ref_layernorm (gfloat *y, const gfloat *x, const gfloat *gain,
    const gfloat *bias, guint T, guint C, gfloat eps);

/* bias and residual may be NULL. */
void clv_ref_gemm (gfloat *y, const gfloat *x, const gfloat *w,
    const gfloat *bias, const gfloat *residual, guint M, guint N, guint K,
    ClvActivation activation);

/* y (·, H·D) and q (·, H·D): the queries; kv (·, 2·H·D): k, then v, of the keys.
 * q and kv may be columns of wider rows, q_stride and kv_stride floats apart. Rows of y
 * that are in no span stay as they are. */
void clv_ref_attention (gfloat *y, const gfloat *q, guint q_stride,
    const gfloat *kv, guint kv_stride, const ClvSpan *spans, guint n_spans,
    guint H, guint D, gboolean causal);

void clv_ref_gather_rows (
    gfloat *y, const gfloat *x, const guint32 *rows, guint n_rows, guint C);

void clv_ref_assemble_tokens (gfloat *y, const gfloat *patches,
    const gfloat *table, guint B, guint T, guint C);

void clv_ref_l2norm (gfloat *y, const gfloat *x, guint M, guint C);

/* rgb (height, width, 3): the visible part of a frame in 8 bits. */
void clv_ref_to_rgb (guint8 *rgb, const ClvFrame *frame);

/* pixels (3, S, S) of one frame, normalised; S is image_size. The patches of
 * clv-preprocess.h are these pixels in another order. FALSE for a frame that
 * clv_frame_check() refuses and for a size that clv_resize_plan_init() does. */
gboolean clv_ref_preprocess (gfloat *pixels, const ClvFrame *frame,
    const ClvPreprocessConfig *config, guint image_size, GError **error);

/* cells (16, 16): mean brightness, 0 to 1, of the cells of the first E rows and
 * columns of such pixels. */
void clv_ref_brightness (gfloat *cells, const gfloat *pixels,
    const ClvPreprocessConfig *config, guint S, guint E);

G_END_DECLS

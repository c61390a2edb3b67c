/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One function per op. Each checks shapes, picks the kernel variant of the
 * device, and records the dispatch.
 *
 * Activations are float32 matrices (M, C) whose rows are clv_row_stride (C)
 * floats apart; the floats between C and the stride are zero and stay zero.
 * Activation buffers have a texel view of VK_FORMAT_R32G32B32A32_SFLOAT and
 * CLV_ROWS_SLACK more rows than they need, so that kernels may read (never
 * write) past the last row.
 *
 * Letters: B batch, T tokens, C channels, H heads, D = C / H, M = B · T rows,
 * N outputs, K inputs. */

#pragma once

#include "model/clv-model-config.h"
#include "ref/clv-span.h"
#include "vulkan/clv-commands.h"

G_BEGIN_DECLS

#define CLV_ROW_ALIGN  32
#define CLV_ROWS_SLACK 64

static inline guint
clv_row_stride (guint columns)
{
  return (columns + CLV_ROW_ALIGN - 1) / CLV_ROW_ALIGN * CLV_ROW_ALIGN;
}

/* Makes a zeroed activation buffer for (rows, columns). */
gboolean clv_activation_init (ClvBuffer *ret_buffer, ClvDevice *device,
    const gchar *name, guint rows, guint columns, GError **error);

/* The same, with zeros only behind the columns: for rows of which few may ever be used,
 * and which are written before they are read. A host's memory is then not touched. */
gboolean clv_activation_init_unfilled (ClvBuffer *ret_buffer, ClvDevice *device,
    const gchar *name, guint rows, guint columns, GError **error);

typedef enum {
  CLV_STORAGE_F32,
  CLV_STORAGE_F16,
} ClvStorage;

/* Packed weights of one linear layer on the device, for the gemm variant that
 * the device uses. */
typedef struct {
  guint n;
  guint k;
  ClvStorage storage;
  guint variant; /* index in the table of gemm.c */
  ClvBuffer weights;
  ClvBuffer bias;
} ClvLinear;

/* weights (N, K) row-major; bias (N) or NULL. Values are rounded to `storage`
 * once, here. */
gboolean clv_linear_init (ClvLinear *self, ClvDevice *device, const gchar *name,
    const gfloat *weights, const gfloat *bias, guint n, guint k,
    ClvStorage storage, GError **error);

/* The same in two steps. First the layer with its buffers, which commands can be
 * recorded with; then what is in them. */
gboolean clv_linear_make (ClvLinear *self, ClvDevice *device, const gchar *name,
    guint n, guint k, ClvStorage storage, GError **error);

/* Reads rows first to first+n-1 of weights (N, K), dense. */
typedef void (*ClvReadRowsFunc) (
    gpointer data, guint first, guint n, gfloat *ret_rows);

/* Several threads may fill several layers. On failure the layer is to be cleared, as
 * any other. */
gboolean clv_linear_fill (ClvLinear *self, const gchar *name,
    ClvReadRowsFunc read, gpointer data, const gfloat *bias, GError **error);
void clv_linear_clear (ClvLinear *self);

/* y (M, N) = act (x (M, K) · Wᵀ + bias) [+ residual (M, N)]. residual may be NULL, and
 * may be y. */
void clv_op_gemm (ClvCommands *cmds, const ClvLinear *linear,
    const ClvBuffer *x, const ClvBuffer *residual, const ClvBuffer *y, guint m,
    ClvActivation activation);

/* y (M, C) = (x - mean) / sqrt (var + eps) · gain + bias; gain, bias (C) in
 * plain buffers of float32, C floats. y may be x. */
void clv_op_layernorm (ClvCommands *cmds, const ClvBuffer *x,
    const ClvBuffer *gain, const ClvBuffer *bias, const ClvBuffer *y, guint m,
    guint c, gfloat eps);

/* Where attention finds its rows. */
typedef struct {
  /* Either the same buffer (rows, 3·H·D) that holds q, k, v in columns 0, H·D and
   * 2·H·D; or (n_queries, H·D), and (n_keys, 2·H·D) that holds k, then v. q is
   * already scaled by 1/sqrt (D). */
  const ClvBuffer *q, *kv;
  guint n_queries, n_keys;
  const ClvBuffer *spans; /* (n_spans) ClvSpan, read when the commands run */
  guint n_spans;
  guint heads;
  guint head_width; /* D */
  gboolean causal;  /* row t of kv is seen by the rows of q from t on only */
} ClvAttention;

/* y (n_queries, H·D) = softmax (q kᵀ) v per span and head. Rows in no span stay as
 * they are. */
void clv_op_attention (
    ClvCommands *cmds, const ClvAttention *shape, const ClvBuffer *y);

/* y (n_rows, C): row i = x row rows[i] (indices in a buffer of guint32). */
void clv_op_gather_rows (ClvCommands *cmds, const ClvBuffer *x,
    const ClvBuffer *rows, const ClvBuffer *y, guint n_rows, guint c);

/* The tokens of pictures: y (B·T, C), T = 1 + P:
 *   y[b, 0] = class_row                     (class embedding + position 0)
 *   y[b, 1 + p] = patches[b · P + p] + position[1 + p]
 * patches (B·P, C); table (T, C): row 0 is class_row, the others positions. */
void clv_op_assemble_tokens (ClvCommands *cmds, const ClvBuffer *patches,
    const ClvBuffer *table, const ClvBuffer *y, guint batch, guint tokens,
    guint c);

/* y (M, C) = x / |x|₂ by row. */
void clv_op_l2norm (ClvCommands *cmds, const ClvBuffer *x, const ClvBuffer *y,
    guint m, guint c);

G_END_DECLS

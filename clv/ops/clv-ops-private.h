/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ops with the variant given, for clv_ops_check() and the kernel tests. */

#pragma once

#include "clv-ops.h"
#include "clv-variants.h"

G_BEGIN_DECLS

/* Dense (rows, columns) on the host to rows of clv_row_stride() on the device, with
 * zeros between `columns` and the stride. Blocking. */
gboolean clv_rows_upload (ClvBuffer *self, const gfloat *dense, guint rows,
    guint columns, GError **error);

/* Fails the recording, and returns FALSE, unless the buffer holds (rows, columns),
 * with CLV_ROWS_SLACK more rows if `slack`. */
gboolean clv_op_wants_rows (ClvCommands *cmds, const gchar *op,
    const gchar *what, const ClvBuffer *buffer, guint rows, guint columns,
    gboolean slack);

gboolean clv_linear_init_variant (ClvLinear *self, ClvDevice *device,
    const gchar *name, const gfloat *weights, const gfloat *bias, guint n,
    guint k, const ClvVariant *variant, GError **error);

/* How large the tiles of a gemm kernel for GPUs are. */
typedef enum {
  CLV_GEMM_AUTO, /* by the shape */
  CLV_GEMM_SMALL,
  CLV_GEMM_LARGE,
} ClvGemmSize;

/* FALSE where the variant has no such tiles, or the device no room for them. */
gboolean clv_gemm_has_size (
    const ClvDeviceLimits *limits, const ClvVariant *variant, ClvGemmSize size);

/* clv_op_gemm() with a given size of tiles, which the device must have; the
 * lanes family ignores it. The variant is in the ClvLinear. */
void clv_gemm_record (ClvCommands *cmds, const ClvLinear *linear,
    const ClvBuffer *x, const ClvBuffer *residual, const ClvBuffer *y, guint m,
    ClvActivation activation, ClvGemmSize size);

void clv_layernorm_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *gain, const ClvBuffer *bias,
    const ClvBuffer *y, guint m, guint c, gfloat eps);
void clv_attention_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvAttention *shape, const ClvBuffer *y);
void clv_gather_rows_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *rows, const ClvBuffer *y, guint n_rows,
    guint c);
void clv_assemble_tokens_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *patches, const ClvBuffer *table, const ClvBuffer *y,
    guint batch, guint tokens, guint c);
void clv_l2norm_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *y, guint m, guint c);

G_END_DECLS

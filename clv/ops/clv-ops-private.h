/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ops with the variant given, for clv_ops_check() and the kernel tests. */

#pragma once

#include "clv-ops.h"
#include "clv-variants.h"

G_BEGIN_DECLS

/* Dense (rows, columns) on the host to and from rows of clv_row_stride() on the
 * device. Blocking. Upload writes zeros between `columns` and the stride. */
gboolean clv_rows_upload (ClvBuffer *self, const gfloat *dense, guint rows,
    guint columns, GError **error);
gboolean clv_rows_download (ClvBuffer *self, gfloat *ret_dense, guint rows,
    guint columns, GError **error);

/* Fails the recording, and returns FALSE, unless the buffer holds (rows, columns),
 * with CLV_ROWS_SLACK more rows if `slack`. */
gboolean clv_op_wants_rows (ClvCommands *cmds, const gchar *op,
    const gchar *what, const ClvBuffer *buffer, guint rows, guint columns,
    gboolean slack);

gboolean clv_linear_init_variant (ClvLinear *self, ClvDevice *device,
    const gchar *name, const gfloat *weights, const gfloat *bias, guint n,
    guint k, const ClvVariant *variant, GError **error);

/* clv_op_gemm() needs none of this: the variant is in the ClvLinear. */

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

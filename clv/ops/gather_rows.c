/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

#define LOCAL_SIZE 8 /* vec4; rows are a multiple of it */

void
clv_gather_rows_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *rows, const ClvBuffer *y, guint n_rows,
    guint c)
{
  const guint32 stride4 = clv_row_stride (c) / 4;
  const ClvBuffer *const buffers[] = { y, x, rows };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 3,
    .push_bytes = sizeof stride4,
  };

  if (!clv_op_wants_rows (cmds, "gather_rows", "y", y, n_rows, c, FALSE))
    return;
  clv_commands_dispatch (
      cmds, &params, buffers, &stride4, stride4 / LOCAL_SIZE, n_rows, 1);
}

void
clv_op_gather_rows (ClvCommands *cmds, const ClvBuffer *x,
    const ClvBuffer *rows, const ClvBuffer *y, guint n_rows, guint c)
{
  GError *error = NULL;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_GATHER_ROWS, TRUE, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_gather_rows_record (cmds, variant, x, rows, y, n_rows, c);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

#define LOCAL_SIZE 8 /* vec4; rows are a multiple of it */

void
clv_assemble_tokens_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *patches, const ClvBuffer *table, const ClvBuffer *y,
    guint batch, guint tokens, guint c)
{
  const guint32 stride4 = clv_row_stride (c) / 4;
  const ClvBuffer *const buffers[] = { y, patches, table };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 3,
    .push_bytes = sizeof stride4,
  };

  if (!clv_op_wants_rows (cmds, "assemble_tokens", "patches", patches,
          batch * (tokens - 1), c, FALSE) ||
      !clv_op_wants_rows (
          cmds, "assemble_tokens", "table", table, tokens, c, FALSE) ||
      !clv_op_wants_rows (
          cmds, "assemble_tokens", "y", y, batch * tokens, c, FALSE))
    return;
  clv_commands_dispatch (
      cmds, &params, buffers, &stride4, stride4 / LOCAL_SIZE, tokens, batch);
}

void
clv_op_assemble_tokens (ClvCommands *cmds, const ClvBuffer *patches,
    const ClvBuffer *table, const ClvBuffer *y, guint batch, guint tokens,
    guint c)
{
  GError *error = NULL;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_ASSEMBLE_TOKENS, TRUE, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_assemble_tokens_record (
        cmds, variant, patches, table, y, batch, tokens, c);
}

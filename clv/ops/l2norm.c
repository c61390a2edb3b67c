/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

void
clv_l2norm_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *y, guint m, guint c)
{
  const ClvBuffer *const buffers[] = { y, x };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 2,
    .spec = { c },
    .n_spec = 1,
  };

  if (!clv_op_wants_rows (cmds, "l2norm", "x", x, m, c, FALSE) ||
      !clv_op_wants_rows (cmds, "l2norm", "y", y, m, c, FALSE))
    return;
  clv_commands_dispatch (cmds, &params, buffers, NULL, m, 1, 1);
}

void
clv_op_l2norm (
    ClvCommands *cmds, const ClvBuffer *x, const ClvBuffer *y, guint m, guint c)
{
  GError *error = NULL;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_L2NORM, TRUE, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_l2norm_record (cmds, variant, x, y, m, c);
}

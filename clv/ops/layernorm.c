/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

#define LANES_ROWS 5 /* TM of layernorm_lanes.comp */

void
clv_layernorm_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *x, const ClvBuffer *gain, const ClvBuffer *bias,
    const ClvBuffer *y, guint m, guint c, gfloat eps)
{
  const gboolean lanes = variant->family == CLV_FAMILY_LANES;
  const guint width =
      clv_device_get_limits (clv_commands_get_device (cmds))->subgroup_size;
  const ClvBuffer *const buffers[] = { y, gain, bias, x };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = lanes ? 3 : 4,
    .n_texels = lanes ? 1 : 0,
    .push_bytes = lanes ? sizeof m : 0,
    .local_size = lanes ? width : 0,
    .subgroup_size = lanes ? width : 0,
    .spec = { c, clv_spec_float (eps) },
    .n_spec = 2,
  };

  if (!clv_op_wants_rows (cmds, "layernorm", "x", x, m, c, lanes) ||
      !clv_op_wants_rows (cmds, "layernorm", "y", y, m, c, FALSE))
    return;
  clv_commands_dispatch (cmds, &params, buffers, &m,
      lanes ? (m + LANES_ROWS - 1) / LANES_ROWS : m, 1, 1);
}

void
clv_op_layernorm (ClvCommands *cmds, const ClvBuffer *x, const ClvBuffer *gain,
    const ClvBuffer *bias, const ClvBuffer *y, guint m, guint c, gfloat eps)
{
  GError *error = NULL;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_LAYERNORM, TRUE, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_layernorm_record (cmds, variant, x, gain, bias, y, m, c, eps);
}

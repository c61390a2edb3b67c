/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linear.h"

/* Rows of a tile of gemm_lanes.comp: the largest that pays on the widest range
 * of drivers, and smaller ones for a few pooled rows or a short prompt. Each is a
 * pipeline of its own. */
static guint
lanes_tile_rows (guint m)
{
  static const guint sizes[] = { 1, 4, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (m <= sizes[i])
      return sizes[i];
  return 17;
}

static void
record_lanes (ClvCommands *cmds, const ClvLinear *linear,
    const ClvBuffer *const buffers[5], gboolean has_residual, guint m,
    ClvActivation activation)
{
  ClvDevice *device = clv_commands_get_device (cmds);
  const ClvVariant *variant = &clv_variants[linear->variant];
  const ClvLinearLayout layout =
      clv_linear_layout (device, variant, linear->n, linear->k);
  const guint tile_rows = lanes_tile_rows (m);
  const struct {
    guint32 m, y_stride4, x_stride4, k_index;
  } push = { m, clv_row_stride (linear->n) / 4, clv_row_stride (linear->k) / 4,
    layout.n / 4 };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 3,
    .n_texels = 2,
    .push_bytes = sizeof push,
    .local_size = layout.width,
    .subgroup_size = layout.width,
    .spec = { tile_rows, activation, has_residual },
    .n_spec = 3,
  };

  clv_commands_dispatch (cmds, &params, buffers, &push,
      (m + tile_rows - 1) / tile_rows,
      layout.n / MAX (CLV_GEMM_LANES_COLUMNS, layout.width * 4), 1);
}

void
clv_gemm_record (ClvCommands *cmds, const ClvLinear *linear, const ClvBuffer *x,
    const ClvBuffer *residual, const ClvBuffer *y, guint m,
    ClvActivation activation, ClvGemmSize size)
{
  /* An unread binding still needs a buffer. */
  const ClvBuffer *const buffers[5] = { y, &linear->bias,
    residual != NULL ? residual : y, x, &linear->weights };

  if (!clv_op_wants_rows (cmds, "gemm", "x", x, m, linear->k, TRUE) ||
      !clv_op_wants_rows (cmds, "gemm", "y", y, m, linear->n, FALSE) ||
      !clv_op_wants_rows (
          cmds, "gemm", "residual", buffers[2], m, linear->n, FALSE))
    return;
  if (clv_variants[linear->variant].family == CLV_FAMILY_LANES)
    record_lanes (cmds, linear, buffers, residual != NULL, m, activation);
  else
    clv_gemm_record_tiles (
        cmds, linear, buffers, residual != NULL, m, activation, size);
}

void
clv_op_gemm (ClvCommands *cmds, const ClvLinear *linear, const ClvBuffer *x,
    const ClvBuffer *residual, const ClvBuffer *y, guint m,
    ClvActivation activation)
{
  clv_gemm_record (cmds, linear, x, residual, y, m, activation, CLV_GEMM_AUTO);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

/* Queries of a workgroup of attention_lanes.comp; divides the 50 rows of a B/32. */
#define LANES_QUERIES 10
/* Beyond this head width its registers are not worth having. */
#define LANES_MAX_WIDTH 256

static void
record_lanes (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *const buffers[2], guint batch, guint tokens, guint heads,
    guint head_width, gboolean causal)
{
  const guint width =
      clv_device_get_limits (clv_commands_get_device (cmds))->subgroup_size;
  const struct {
    guint32 tokens, qkv_stride4, y_stride4, n_seen;
  } push = { tokens, clv_row_stride (3 * heads * head_width) / 4,
    clv_row_stride (heads * head_width) / 4, causal ? 0 : tokens };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 1,
    .n_texels = 1,
    .push_bytes = sizeof push,
    .local_size = width,
    .subgroup_size = width,
    .spec = { head_width / 4, LANES_QUERIES },
    .n_spec = 2,
  };

  clv_commands_dispatch (cmds, &params, buffers, &push,
      (tokens + LANES_QUERIES - 1) / LANES_QUERIES, heads, batch);
}

static void
record_tile (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *const buffers[2], guint batch, guint tokens, guint heads,
    guint head_width, gboolean causal)
{
  const struct {
    guint32 tokens, qkv_stride, y_stride, n_seen;
  } push = { tokens, clv_row_stride (3 * heads * head_width),
    clv_row_stride (heads * head_width), causal ? 0 : tokens };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 2,
    .push_bytes = sizeof push,
    .spec = { head_width },
    .n_spec = 1,
  };

  clv_commands_dispatch (cmds, &params, buffers, &push, tokens, heads, batch);
}

void
clv_attention_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *qkv, const ClvBuffer *y, guint batch, guint tokens,
    guint heads, guint head_width, gboolean causal)
{
  const ClvBuffer *const buffers[2] = { y, qkv };
  const guint m = batch * tokens, c = heads * head_width;

  if (!clv_op_wants_rows (cmds, "attention", "qkv", qkv, m, 3 * c, TRUE) ||
      !clv_op_wants_rows (cmds, "attention", "y", y, m, c, FALSE))
    return;
  if (variant->family == CLV_FAMILY_LANES)
    record_lanes (
        cmds, variant, buffers, batch, tokens, heads, head_width, causal);
  else
    record_tile (
        cmds, variant, buffers, batch, tokens, heads, head_width, causal);
}

void
clv_op_attention (ClvCommands *cmds, const ClvBuffer *qkv, const ClvBuffer *y,
    guint batch, guint tokens, guint heads, guint head_width, gboolean causal)
{
  GError *error = NULL;
  const gboolean allow_lanes =
      head_width % 4 == 0 && head_width <= LANES_MAX_WIDTH;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_ATTENTION, allow_lanes, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_attention_record (
        cmds, variant, qkv, y, batch, tokens, heads, head_width, causal);
}

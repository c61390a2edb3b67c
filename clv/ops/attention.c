/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

/* Beyond this head width the registers of attention_lanes.comp are not worth
 * having. */
#define LANES_MAX_WIDTH 256

/* Columns of the buffers of q, of kv, and the first of k. */
typedef struct {
  guint q, kv, k;
} Columns;

static Columns
columns_of (const ClvAttention *shape)
{
  const guint c = shape->heads * shape->head_width;

  return shape->q == shape->kv ? (Columns){ 3 * c, 3 * c, c }
                               : (Columns){ c, 2 * c, 0 };
}

static void
record_lanes (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *const buffers[4], const ClvAttention *shape)
{
  const Columns columns = columns_of (shape);
  const guint width =
      clv_device_get_limits (clv_commands_get_device (cmds))->subgroup_size;
  const struct {
    guint32 q_stride4, kv_stride4, k_column4, y_stride4, ahead;
  } push = { clv_row_stride (columns.q) / 4, clv_row_stride (columns.kv) / 4,
    columns.k / 4, clv_row_stride (shape->heads * shape->head_width) / 4,
    shape->causal ? 0 : G_MAXINT32 };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 2,
    .n_texels = 2,
    .push_bytes = sizeof push,
    .local_size = width,
    .subgroup_size = width,
    .spec = { shape->head_width / 4, CLV_SPAN_QUERIES },
    .n_spec = 2,
  };

  clv_commands_dispatch (
      cmds, &params, buffers, &push, shape->n_spans, shape->heads, 1);
}

static void
record_tile (ClvCommands *cmds, const ClvVariant *variant,
    const ClvBuffer *const buffers[4], const ClvAttention *shape)
{
  const Columns columns = columns_of (shape);
  const struct {
    guint32 q_stride, kv_stride, k_column, y_stride, ahead;
  } push = { clv_row_stride (columns.q), clv_row_stride (columns.kv), columns.k,
    clv_row_stride (shape->heads * shape->head_width),
    shape->causal ? 0 : G_MAXINT32 };
  const ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 4,
    .push_bytes = sizeof push,
    .spec = { shape->head_width, CLV_SPAN_QUERIES },
    .n_spec = 2,
  };

  clv_commands_dispatch (
      cmds, &params, buffers, &push, shape->n_spans, shape->heads, 1);
}

static gboolean
wants_spans (ClvCommands *cmds, const ClvAttention *shape)
{
  const gsize want = shape->n_spans * sizeof (ClvSpan);

  if (shape->n_spans > 0 && shape->spans->size_bytes >= want)
    return TRUE;
  clv_commands_fail (
      cmds, g_error_new (CLV_ERROR, CLV_ERROR_FAILED,
                "attention: %u spans: wanted at least one and %" G_GSIZE_FORMAT
                " bytes, the buffer has %" G_GSIZE_FORMAT,
                shape->n_spans, want, shape->spans->size_bytes));
  return FALSE;
}

void
clv_attention_record (ClvCommands *cmds, const ClvVariant *variant,
    const ClvAttention *shape, const ClvBuffer *y)
{
  const Columns columns = columns_of (shape);
  const ClvBuffer *const buffers[4] = { y, shape->spans, shape->q, shape->kv };

  if (!clv_op_wants_rows (cmds, "attention", "q", shape->q, shape->n_queries,
          columns.q, TRUE) ||
      !clv_op_wants_rows (cmds, "attention", "kv", shape->kv, shape->n_keys,
          columns.kv, TRUE) ||
      !clv_op_wants_rows (cmds, "attention", "y", y, shape->n_queries,
          shape->heads * shape->head_width, FALSE) ||
      !wants_spans (cmds, shape))
    return;
  if (variant->family == CLV_FAMILY_LANES)
    record_lanes (cmds, variant, buffers, shape);
  else
    record_tile (cmds, variant, buffers, shape);
}

void
clv_op_attention (
    ClvCommands *cmds, const ClvAttention *shape, const ClvBuffer *y)
{
  GError *error = NULL;
  const gboolean allow_lanes =
      shape->head_width % 4 == 0 && shape->head_width <= LANES_MAX_WIDTH;
  const ClvVariant *variant = clv_variant_pick (
      clv_commands_get_device (cmds), CLV_OP_ATTENTION, allow_lanes, &error);

  if (variant == NULL)
    clv_commands_fail (cmds, error);
  else
    clv_attention_record (cmds, variant, shape, y);
}

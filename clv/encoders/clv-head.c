/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-head.h"

#include <string.h>

gboolean
clv_head_init (ClvHead *self, ClvWeights *weights, const gchar *norm,
    const gchar *projection, const ClvTowerConfig *config, guint embedding,
    GError **error)
{
  self->width = config->width;
  self->embedding = embedding;
  self->eps = config->eps;
  return clv_weights_load_norm (
             weights, norm, config->width, &self->norm, error) &&
         clv_weights_add_linear (weights, projection, embedding, config->width,
             FALSE, &self->projection, error);
}

void
clv_head_clear (ClvHead *self)
{
  clv_norm_clear (&self->norm);
  clv_linear_clear (&self->projection);
}

gboolean
clv_head_embeds_init (const ClvHead *self, ClvDevice *device, guint rows,
    ClvBuffer *ret_embeds, GError **error)
{
  return clv_activation_init (
      ret_embeds, device, "embeds", rows, self->embedding, error);
}

gboolean
clv_head_result_init (const ClvHead *self, ClvDevice *device, guint rows,
    ClvBuffer *ret_result, GError **error)
{
  return clv_buffer_init (ret_result, device, "result", CLV_MEMORY_READBACK,
      (gsize) rows * clv_row_stride (self->embedding) * sizeof (gfloat),
      VK_FORMAT_UNDEFINED, error);
}

void
clv_head_record (const ClvHead *self, ClvCommands *cmds, const ClvBuffer *x,
    const ClvBuffer *embeds, const ClvBuffer *result, guint first, guint n)
{
  const gsize row_bytes = clv_row_stride (self->embedding) * sizeof (gfloat);

  clv_commands_push_label (cmds, "head");
  clv_op_layernorm (cmds, x, &self->norm.gain, &self->norm.bias, x, n,
      self->width, self->eps);
  clv_op_gemm (
      cmds, &self->projection, x, NULL, embeds, n, CLV_ACTIVATION_NONE);
  clv_op_l2norm (cmds, embeds, embeds, n, self->embedding);
  clv_commands_copy (cmds, embeds, 0, result, first * row_bytes, n * row_bytes);
  clv_commands_pop_label (cmds);
}

void
clv_head_read (const ClvHead *self, const ClvBuffer *result, guint i,
    gfloat *ret_embedding)
{
  const gfloat *rows = result->map;

  memcpy (ret_embedding, rows + (gsize) i * clv_row_stride (self->embedding),
      self->embedding * sizeof (gfloat));
}

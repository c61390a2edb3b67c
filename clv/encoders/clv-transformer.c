/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-transformer.h"

#include <math.h>
#include <string.h>

struct _ClvTransformerLayer {
  ClvNorm norm1;
  ClvLinear qkv; /* of the last block k and v only */
  ClvLinear q;   /* of the last block */
  ClvLinear out;
  ClvNorm norm2;
  ClvLinear fc1;
  ClvLinear fc2;
};

/* Of the projections of attention. 1/sqrt (D) is folded into q (Vaswani et al.,
 * eq. 1: the scores are q·k / sqrt (D), and q is linear in its weights). */
typedef enum { PART_Q, PART_K, PART_V, PART_Q_AS_K, N_PARTS } Part;

/* Some of them, one behind the other, as one layer. */
static gboolean
add_parts (ClvLinear *ret_linear, ClvWeights *weights, const gchar *prefix,
    const ClvTowerConfig *config, const Part *parts, guint n_parts,
    GError **error)
{
  static const gchar *const names[N_PARTS] = { "q_proj", "k_proj", "v_proj",
    "q_proj" };
  const guint c = config->width;
  const gfloat scale = 1.0 / sqrt ((gdouble) c / config->n_heads);
  g_autofree gchar *name = g_strconcat (prefix, ".self_attn.qkv", NULL);
  g_autoptr (GPtrArray) prefixes = g_ptr_array_new_with_free_func (g_free);
  ClvWeightsPart list[CLV_WEIGHTS_MAX_PARTS];

  for (guint i = 0; i < n_parts; i++) {
    g_ptr_array_add (
        prefixes, g_strconcat (prefix, ".self_attn.", names[parts[i]], NULL));
    list[i] = (ClvWeightsPart){ g_ptr_array_index (prefixes, i),
      parts[i] == PART_Q ? scale : 1 };
  }
  return clv_weights_add_parts (
      weights, name, list, n_parts, c, c, ret_linear, error);
}

/* q, k and v as one layer, in the last block q apart. */
static gboolean
add_qkv (ClvTransformerLayer *layer, ClvWeights *weights, const gchar *prefix,
    const ClvTowerConfig *config, gboolean last, GError **error)
{
  static const Part parts[] = { PART_Q, PART_K, PART_V };

  if (!last)
    return add_parts (&layer->qkv, weights, prefix, config, parts, 3, error);
  return add_parts (&layer->q, weights, prefix, config, parts, 1, error) &&
         add_parts (&layer->qkv, weights, prefix, config, parts + 1, 2, error);
}

static gboolean
load_layer (ClvTransformerLayer *layer, ClvWeights *weights,
    const gchar *prefix, const ClvTowerConfig *config, gboolean last,
    GError **error)
{
  const guint c = config->width, mlp = config->mlp_width;
  g_autofree gchar *norm1 = g_strconcat (prefix, ".layer_norm1", NULL);
  g_autofree gchar *norm2 = g_strconcat (prefix, ".layer_norm2", NULL);
  g_autofree gchar *out = g_strconcat (prefix, ".self_attn.out_proj", NULL);
  g_autofree gchar *fc1 = g_strconcat (prefix, ".mlp.fc1", NULL);
  g_autofree gchar *fc2 = g_strconcat (prefix, ".mlp.fc2", NULL);

  return clv_weights_load_norm (weights, norm1, c, &layer->norm1, error) &&
         add_qkv (layer, weights, prefix, config, last, error) &&
         clv_weights_add_linear (
             weights, out, c, c, TRUE, &layer->out, error) &&
         clv_weights_load_norm (weights, norm2, c, &layer->norm2, error) &&
         clv_weights_add_linear (
             weights, fc1, mlp, c, TRUE, &layer->fc1, error) &&
         clv_weights_add_linear (
             weights, fc2, c, mlp, TRUE, &layer->fc2, error);
}

gboolean
clv_transformer_load_local (ClvTransformer *self, ClvWeights *weights,
    const gchar *prefix, GError **error)
{
  static const Part parts[] = { PART_Q, PART_Q_AS_K, PART_V };
  g_autofree gchar *name = g_strdup_printf (
      "%s.encoder.layers.%u", prefix, self->config.n_layers - 1);

  if (add_parts (&self->qqv, weights, name, &self->config, parts, 3, error) &&
      clv_weights_fill (weights, error))
    return TRUE;
  clv_linear_clear (&self->qqv);
  return FALSE;
}

gboolean
clv_transformer_init (ClvTransformer *self, ClvWeights *weights,
    const gchar *prefix, const ClvTowerConfig *config, gboolean causal,
    GError **error)
{
  self->config = *config;
  self->causal = causal;
  self->layers = g_new0 (ClvTransformerLayer, config->n_layers);
  for (guint i = 0; i < config->n_layers; i++) {
    g_autofree gchar *name =
        g_strdup_printf ("%s.encoder.layers.%u", prefix, i);

    if (!load_layer (&self->layers[i], weights, name, config,
            i + 1 == config->n_layers, error))
      return FALSE;
  }
  return TRUE;
}

void
clv_transformer_clear (ClvTransformer *self)
{
  for (guint i = 0; self->layers != NULL && i < self->config.n_layers; i++) {
    ClvTransformerLayer *layer = &self->layers[i];

    clv_norm_clear (&layer->norm1);
    clv_linear_clear (&layer->qkv);
    clv_linear_clear (&layer->q);
    clv_linear_clear (&layer->out);
    clv_norm_clear (&layer->norm2);
    clv_linear_clear (&layer->fc1);
    clv_linear_clear (&layer->fc2);
  }
  clv_linear_clear (&self->qqv);
  g_clear_pointer (&self->layers, g_free);
}

gboolean
clv_activations_init (ClvActivations *self, ClvDevice *device,
    const ClvTowerConfig *config, guint rows, guint sequences, GError **error)
{
  const guint c = config->width;

  self->rows = rows;
  return clv_activation_init (&self->x, device, "x", rows, c, error) &&
         clv_activation_init (&self->h, device, "h", rows, c, error) &&
         clv_activation_init (&self->qkv, device, "qkv", rows, 3 * c, error) &&
         clv_activation_init (
             &self->mlp, device, "mlp", rows, config->mlp_width, error) &&
         clv_activation_init (
             &self->pooled, device, "pooled", sequences, c, error) &&
         clv_activation_init (
             &self->pooled_h, device, "pooled h", sequences, c, error) &&
         clv_activation_init (
             &self->pooled_q, device, "pooled q", sequences, c, error);
}

void
clv_activations_clear (ClvActivations *self)
{
  clv_buffer_clear (&self->x);
  clv_buffer_clear (&self->h);
  clv_buffer_clear (&self->qkv);
  clv_buffer_clear (&self->mlp);
  clv_buffer_clear (&self->pooled);
  clv_buffer_clear (&self->pooled_h);
  clv_buffer_clear (&self->pooled_q);
  self->rows = 0;
}

guint
clv_activations_max_rows (ClvDevice *device, const ClvTowerConfig *config)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);
  const guint64 widest = MAX (
      clv_row_stride (3 * config->width), clv_row_stride (config->mlp_width));
  const guint64 floats = MIN (limits->max_storage_bytes / sizeof (gfloat),
      limits->max_texel_elements * 4);
  const guint64 rows = floats / widest;

  return rows > CLV_ROWS_SLACK ? MIN (rows - CLV_ROWS_SLACK, G_MAXINT32) : 0;
}

/* x += out (h); x += fc2 (act (fc1 (LN (x)))): what follows attention, of m rows. */
static void
record_rest (const ClvTransformer *self, const ClvTransformerLayer *layer,
    ClvCommands *cmds, const ClvBuffer *x, const ClvBuffer *h,
    const ClvBuffer *mlp, guint m)
{
  const ClvTowerConfig *config = &self->config;

  clv_op_gemm (cmds, &layer->out, h, x, x, m, CLV_ACTIVATION_NONE);
  clv_op_layernorm (cmds, x, &layer->norm2.gain, &layer->norm2.bias, h, m,
      config->width, config->eps);
  clv_op_gemm (cmds, &layer->fc1, h, NULL, mlp, m, config->activation);
  clv_op_gemm (cmds, &layer->fc2, mlp, x, x, m, CLV_ACTIVATION_NONE);
}

/* h (m, C) = attention of h, each row over those of its sequence. */
static void
record_attention (const ClvTransformer *self, const ClvLinear *qkv,
    ClvCommands *cmds, const ClvActivations *a, const ClvSequences *sequences,
    const ClvSequencesShape *shape)
{
  const ClvTowerConfig *config = &self->config;
  const guint m = shape->rows;
  const ClvAttention attention = {
    .q = &a->qkv,
    .kv = &a->qkv,
    .n_queries = m,
    .n_keys = m,
    .spans = &sequences->spans,
    .n_spans = shape->spans,
    .heads = config->n_heads,
    .head_width = config->width / config->n_heads,
    .causal = self->causal,
  };

  clv_op_gemm (cmds, qkv, &a->h, NULL, &a->qkv, m, CLV_ACTIVATION_NONE);
  clv_op_attention (cmds, &attention, &a->h);
}

static void
record_layer (const ClvTransformer *self, const ClvTransformerLayer *layer,
    ClvCommands *cmds, const ClvActivations *a, const ClvSequences *sequences,
    const ClvSequencesShape *shape)
{
  const ClvTowerConfig *config = &self->config;
  const guint m = shape->rows;

  clv_op_layernorm (cmds, &a->x, &layer->norm1.gain, &layer->norm1.bias, &a->h,
      m, config->width, config->eps);
  record_attention (self, &layer->qkv, cmds, a, sequences, shape);
  record_rest (self, layer, cmds, &a->x, &a->h, &a->mlp, m);
}

/* The spans of the pooled rows end where each of them stops seeing. */
static void
record_last_layer (const ClvTransformer *self, const ClvTransformerLayer *layer,
    ClvCommands *cmds, const ClvActivations *a, const ClvSequences *sequences,
    const ClvSequencesShape *shape)
{
  const ClvTowerConfig *config = &self->config;
  const guint m = shape->rows, n = shape->sequences, c = config->width;
  const ClvAttention attention = {
    .q = &a->pooled_q,
    .kv = &a->qkv,
    .n_queries = n,
    .n_keys = m,
    .spans = &sequences->pooled_spans,
    .n_spans = n,
    .heads = config->n_heads,
    .head_width = c / config->n_heads,
  };

  clv_op_layernorm (cmds, &a->x, &layer->norm1.gain, &layer->norm1.bias, &a->h,
      m, c, config->eps);
  clv_op_gemm (cmds, &layer->qkv, &a->h, NULL, &a->qkv, m, CLV_ACTIVATION_NONE);
  clv_op_gather_rows (cmds, &a->x, &sequences->pooled_rows, &a->pooled, n, c);
  clv_op_gather_rows (cmds, &a->h, &sequences->pooled_rows, &a->pooled_h, n, c);
  clv_op_gemm (cmds, &layer->q, &a->pooled_h, NULL, &a->pooled_q, n,
      CLV_ACTIVATION_NONE);
  clv_op_attention (cmds, &attention, &a->pooled_h);
  record_rest (self, layer, cmds, &a->pooled, &a->pooled_h, &a->mlp, n);
}

void
clv_transformer_record (const ClvTransformer *self, ClvCommands *cmds,
    const ClvActivations *a, const ClvSequences *sequences,
    const ClvSequencesShape *shape)
{
  const guint n_layers = self->config.n_layers;

  for (guint i = 0; i < n_layers; i++) {
    const ClvTransformerLayer *layer = &self->layers[i];
    g_autofree gchar *label = g_strdup_printf ("layer %u", i);

    clv_commands_push_label (cmds, label);
    if (i + 1 < n_layers)
      record_layer (self, layer, cmds, a, sequences, shape);
    else
      record_last_layer (self, layer, cmds, a, sequences, shape);
    clv_commands_pop_label (cmds);
  }
}

/* The last block has left its normalised input in h; x is of no use any more. */
void
clv_transformer_record_local (const ClvTransformer *self, ClvCommands *cmds,
    const ClvActivations *a, const ClvSequences *sequences,
    const ClvSequencesShape *shape)
{
  const ClvTransformerLayer *last = &self->layers[self->config.n_layers - 1];

  clv_commands_push_label (cmds, "local");
  record_attention (self, &self->qqv, cmds, a, sequences, shape);
  clv_op_gemm (
      cmds, &last->out, &a->h, NULL, &a->x, shape->rows, CLV_ACTIVATION_NONE);
  clv_commands_pop_label (cmds);
}

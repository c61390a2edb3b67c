/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text tower.
 *
 *   texts → ids → token + position embedding (B·T, C) → causal transformer →
 *   the row of each end token → head
 *
 * The tower is causal: no row sees the rows behind it, so only the rows up to
 * the end token are computed, and what stands behind them in a batch of longer
 * texts changes nothing. Transformers' CLIPTextTransformer. */

#include <clv/clv-text-encoder.h>

#include "clv-head.h"
#include "ops/clv-ops-check.h"

#include <string.h>

#define MAX_TEXTS 32
#define MAX_ROWS  1024
#define ROW_STEP  8

/* One prepared text. */
typedef struct {
  guint32 *ids;
  guint n; /* rows to compute: up to and with the pooled one */
  guint index;
} Text;

struct _ClvTextEncoder {
  GObject parent;

  ClvDevice *device;
  ClvModel *model;
  guint max_rows;
  guint n_positions;

  gfloat *positions; /* (n_positions, C), on the host */
  ClvBuffer input;   /* (max_rows, C), written by the host */
  ClvTransformer transformer;
  ClvActivations activations;
  ClvHead head;
  GHashTable *commands; /* (batch << 16 | tokens) to ClvCommands */
};

G_DEFINE_FINAL_TYPE (ClvTextEncoder, clv_text_encoder, G_TYPE_OBJECT)

static gboolean
load (ClvTextEncoder *self, const ClvWeights *weights,
    const ClvModelConfig *config, GError **error)
{
  const guint c = config->text.width;
  const gsize input_floats = (gsize) self->max_rows * clv_row_stride (c);

  self->positions = clv_weights_read (
      weights, "text_model.embeddings.position_embedding", ".weight", error);
  return self->positions != NULL &&
         clv_buffer_init (&self->input, self->device, "text input",
             CLV_MEMORY_UPLOAD, input_floats * sizeof (gfloat),
             VK_FORMAT_UNDEFINED, error) &&
         clv_transformer_init (&self->transformer, weights, "text_model",
             &config->text, TRUE, error) &&
         clv_activations_init (&self->activations, self->device, &config->text,
             self->max_rows, error) &&
         clv_head_init (&self->head, weights, "text_model.final_layer_norm",
             "text_projection", &config->text,
             clv_model_get_embedding_width (weights->model), MAX_TEXTS, error);
}

ClvTextEncoder *
clv_text_encoder_new (
    ClvDevice *device, ClvModel *model, ClvPrecision precision, GError **error)
{
  g_autoptr (ClvTextEncoder) self = g_object_new (CLV_TYPE_TEXT_ENCODER, NULL);
  const ClvModelConfig *config = clv_model_get_config (model);
  const ClvWeights weights = {
    .device = device,
    .model = model,
    .storage =
        precision == CLV_PRECISION_FP16 ? CLV_STORAGE_F16 : CLV_STORAGE_F32,
  };
  const guint limit = clv_activations_max_rows (device, &config->text);

  self->device = g_object_ref (device);
  self->model = g_object_ref (model);
  self->n_positions = config->n_positions;
  self->max_rows = MIN (limit, MAX (MAX_ROWS, config->n_positions));
  if (self->max_rows < config->n_positions) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "model \"%s\": the activations of one text of %u tokens are larger "
        "than a storage buffer of this device",
        clv_model_get_name (model), config->n_positions);
    return NULL;
  }
  if (!clv_ops_check (device, error))
    return NULL;
  if (!load (self, &weights, config, error)) {
    g_prefix_error (
        error, "model \"%s\", text tower: ", clv_model_get_name (model));
    return NULL;
  }
  clv_device_save_cache (device);
  return g_steal_pointer (&self);
}

static void
clv_text_encoder_finalize (GObject *object)
{
  ClvTextEncoder *self = CLV_TEXT_ENCODER (object);

  g_clear_pointer (&self->commands, g_hash_table_unref);
  clv_head_clear (&self->head);
  clv_activations_clear (&self->activations);
  clv_transformer_clear (&self->transformer);
  clv_buffer_clear (&self->input);
  g_clear_pointer (&self->positions, g_free);
  g_clear_object (&self->model);
  g_clear_object (&self->device);

  G_OBJECT_CLASS (clv_text_encoder_parent_class)->finalize (object);
}

static void
clv_text_encoder_class_init (ClvTextEncoderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clv_text_encoder_finalize;
}

static void
clv_text_encoder_init (ClvTextEncoder *self)
{
  self->commands = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) clv_commands_free);
}

guint
clv_text_encoder_get_width (ClvTextEncoder *self)
{
  return self->head.embedding;
}

/* The pooled position. Configs written before the end token's id was known say
 * 2 and mean the highest id; later ones the first id that is the end token's
 * (Transformers, CLIPTextTransformer.forward). */
static guint
pooled_position (const ClvModelConfig *config, const guint32 *ids, guint n)
{
  guint highest = 0;

  if (config->eos_token_id == 2) {
    for (guint i = 1; i < n; i++)
      if (ids[i] > ids[highest])
        highest = i;
    return highest;
  }
  for (guint i = 0; i < n; i++)
    if (ids[i] == config->eos_token_id)
      return i;
  return 0;
}

static gint
compare_lengths (gconstpointer a, gconstpointer b)
{
  const Text *x = a, *y = b;

  return x->n != y->n ? (gint) x->n - (gint) y->n
                      : (gint) x->index - (gint) y->index;
}

static void
text_clear (gpointer data)
{
  g_free (((Text *) data)->ids);
}

/* All texts as ids, the shortest first, so that a batch pads little. */
static GArray *
tokenize (ClvTextEncoder *self, const gchar *const *texts, guint n_texts)
{
  const ClvModelConfig *config = clv_model_get_config (self->model);
  GArray *list = g_array_sized_new (FALSE, FALSE, sizeof (Text), n_texts);

  g_array_set_clear_func (list, text_clear);
  for (guint i = 0; i < n_texts; i++) {
    Text text = { .index = i };
    guint n;

    text.ids = clv_model_tokenize (self->model, texts[i], &n);
    text.n = pooled_position (config, text.ids, n) + 1;
    g_array_append_val (list, text);
  }
  g_array_sort (list, compare_lengths);
  return list;
}

static ClvCommands *
get_commands (ClvTextEncoder *self, guint batch, guint tokens, GError **error)
{
  const gpointer key = GUINT_TO_POINTER (batch << 16 | tokens);
  const ClvActivations *a = &self->activations;
  const gsize bytes = (gsize) batch * tokens *
                      clv_row_stride (self->transformer.config.width) *
                      sizeof (gfloat);
  g_autofree gchar *name = NULL;
  ClvCommands *cmds = g_hash_table_lookup (self->commands, key);

  if (cmds != NULL)
    return cmds;
  name = g_strdup_printf ("text encoder, %u texts of %u tokens", batch, tokens);
  cmds = clv_commands_new (self->device, name, error);
  if (cmds == NULL)
    return NULL;
  clv_commands_copy (cmds, &self->input, 0, &a->x, 0, bytes);
  clv_transformer_record (&self->transformer, cmds, a, batch, tokens);
  clv_head_record (&self->head, cmds, &a->x, batch);
  if (!clv_commands_end (cmds, error)) {
    clv_commands_free (cmds);
    return NULL;
  }
  g_hash_table_insert (self->commands, key, cmds);
  return cmds;
}

/* Row b·T + t is the token's embedding plus the position's. */
static void
write_input (ClvTextEncoder *self, const Text *text, guint slot, guint tokens)
{
  const guint c = self->transformer.config.width;
  const guint stride = clv_row_stride (c);
  gfloat *rows = (gfloat *) self->input.map + (gsize) slot * tokens * stride;

  for (guint t = 0; t < tokens; t++, rows += stride) {
    const gfloat *position = self->positions + (gsize) t * c;

    if (t >= text->n) {
      memset (rows, 0, c * sizeof (gfloat));
      continue;
    }
    clv_model_get_token_row (self->model, text->ids[t], rows);
    for (guint i = 0; i < c; i++)
      rows[i] += position[i];
  }
}

/* A power of two: the fewer sizes there are, the fewer recordings. */
static guint
round_batch (guint n)
{
  guint batch = 1;

  while (batch < n)
    batch *= 2;
  return batch;
}

/* Encodes the texts from `first` on that fit in one run; tells how many. */
static gboolean
encode_batch (ClvTextEncoder *self, const GArray *list, guint first,
    gfloat *ret_embeddings, guint *ret_n, GError **error)
{
  guint32 *pooled = self->head.rows.map;
  guint n = 0, tokens = 1, batch;
  ClvCommands *cmds;

  while (n < MAX_TEXTS && first + n < list->len) {
    const Text *text = &g_array_index (list, Text, first + n);
    const guint longer =
        MIN (self->n_positions, (text->n + ROW_STEP - 1) / ROW_STEP * ROW_STEP);

    if (n > 0 && round_batch (n + 1) * longer > self->max_rows)
      break;
    tokens = longer;
    n++;
  }
  batch = round_batch (n);
  cmds = get_commands (self, batch, tokens, error);
  if (cmds == NULL)
    return FALSE;

  for (guint i = 0; i < batch; i++) {
    const Text *text = &g_array_index (list, Text, first + MIN (i, n - 1));

    write_input (self, text, i, tokens);
    pooled[i] = i * tokens + text->n - 1;
  }
  if (!clv_commands_run (cmds, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    const guint index = g_array_index (list, Text, first + i).index;

    clv_head_read (
        &self->head, i, ret_embeddings + (gsize) index * self->head.embedding);
  }
  *ret_n = n;
  return TRUE;
}

gboolean
clv_text_encoder_encode (ClvTextEncoder *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error)
{
  g_autoptr (GArray) list = tokenize (self, texts, n_texts);
  guint n;

  for (guint first = 0; first < n_texts; first += n)
    if (!encode_batch (self, list, first, ret_embeddings, &n, error))
      return FALSE;
  return TRUE;
}

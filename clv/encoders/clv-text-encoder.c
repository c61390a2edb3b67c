/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text tower.
 *
 *   texts → ids → token + position embedding (M, C) → causal transformer →
 *   the row of each end token → head
 *
 * The tower is causal: no row sees the rows behind it, so only the rows up to
 * the end token are computed. Texts of any lengths lie row behind row in one
 * batch. Transformers' CLIPTextTransformer. */

#include "clv-text-encoder-private.h"

#include "clv-head.h"
#include "ops/clv-ops-check.h"

#include <string.h>

/* Of one run. Many rows make few reads of the weights; beyond some hundred,
 * nothing is won. */
#define MAX_TEXTS      CLV_TEXT_ENCODER_MAX_TEXTS
#define MAX_ROWS       512
#define MAX_RECORDINGS 64

/* One prepared text. */
typedef struct {
  guint32 *ids;
  guint n; /* rows to compute: up to and with the pooled one */
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
  ClvSequences sequences; /* of the run */
  ClvHead head;
  ClvBuffer embeds;
  ClvBuffer result;
  GHashTable *commands; /* by name, which tells the shape */
};

G_DEFINE_FINAL_TYPE (ClvTextEncoder, clv_text_encoder, G_TYPE_OBJECT)

static gboolean
load (ClvTextEncoder *self, ClvWeights *weights, const ClvModelConfig *config,
    GError **error)
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
             self->max_rows, MAX_TEXTS, error) &&
         clv_sequences_init (&self->sequences, self->device, self->max_rows,
             MAX_TEXTS, error) &&
         clv_head_init (&self->head, weights, "text_model.final_layer_norm",
             "text_projection", &config->text,
             clv_model_get_embedding_width (weights->model), error) &&
         clv_head_embeds_init (
             &self->head, self->device, MAX_TEXTS, &self->embeds, error) &&
         clv_head_result_init (
             &self->head, self->device, MAX_TEXTS, &self->result, error) &&
         clv_weights_fill (weights, error);
}

ClvTextEncoder *
clv_text_encoder_new (
    ClvDevice *device, ClvModel *model, ClvPrecision precision, GError **error)
{
  g_autoptr (ClvTextEncoder) self = g_object_new (CLV_TYPE_TEXT_ENCODER, NULL);
  const ClvModelConfig *config = clv_model_get_config (model);
  const ClvStorage storage =
      precision == CLV_PRECISION_FP16 ? CLV_STORAGE_F16 : CLV_STORAGE_F32;
  g_auto (ClvWeights) weights = { 0 };
  const guint limit = clv_activations_max_rows (device, &config->text);

  self->device = g_object_ref (device);
  self->model = g_object_ref (model);
  clv_weights_init (&weights, device, model, storage);
  self->n_positions = config->n_positions;
  self->max_rows = MIN (limit, MAX (MAX_ROWS, config->n_positions));
  if (self->max_rows < config->n_positions) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "model \"%s\": the activations of one text of %u tokens are larger "
        "than a storage buffer of this device",
        clv_model_get_name (model), config->n_positions);
    return NULL;
  }
  if (!clv_ops_check (device, storage, error))
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
  clv_buffer_clear (&self->result);
  clv_buffer_clear (&self->embeds);
  clv_head_clear (&self->head);
  clv_activations_clear (&self->activations);
  clv_sequences_clear (&self->sequences);
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
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) clv_commands_free);
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

static void
text_clear (gpointer data)
{
  g_free (((Text *) data)->ids);
}

static GArray *
tokenize (ClvTextEncoder *self, const gchar *const *texts, guint n_texts)
{
  const ClvModelConfig *config = clv_model_get_config (self->model);
  GArray *list = g_array_sized_new (FALSE, FALSE, sizeof (Text), n_texts);

  g_array_set_clear_func (list, text_clear);
  for (guint i = 0; i < n_texts; i++) {
    Text text;
    guint n;

    text.ids = clv_model_tokenize (self->model, texts[i], &n);
    text.n = pooled_position (config, text.ids, n) + 1;
    g_array_append_val (list, text);
  }
  return list;
}

/* Few sizes make few recordings: 1, 4, then steps of 8 up to 64 and of 32. */
static guint
round_size (guint n, guint limit)
{
  const guint step = n <= 1 ? 1 : n <= 4 ? 4 : n <= 64 ? 8 : 32;

  return MIN ((n + step - 1) / step * step, limit);
}

static ClvCommands *
get_commands (
    ClvTextEncoder *self, const ClvSequencesShape *shape, GError **error)
{
  const ClvActivations *a = &self->activations;
  const gsize bytes = (gsize) shape->rows *
                      clv_row_stride (self->transformer.config.width) *
                      sizeof (gfloat);
  g_autofree gchar *name =
      g_strdup_printf ("text encoder, %u texts in %u rows and %u spans",
          shape->sequences, shape->rows, shape->spans);
  ClvCommands *cmds = g_hash_table_lookup (self->commands, name);

  if (cmds != NULL)
    return cmds;
  cmds = clv_commands_new (self->device, name, error);
  if (cmds == NULL)
    return NULL;
  clv_commands_copy (cmds, &self->input, 0, &a->x, 0, bytes);
  clv_transformer_record (&self->transformer, cmds, a, &self->sequences, shape);
  clv_head_record (&self->head, cmds, &a->pooled, &self->embeds, &self->result,
      0, shape->sequences);
  if (!clv_commands_end (cmds, error)) {
    clv_commands_free (cmds);
    return NULL;
  }
  if (g_hash_table_size (self->commands) >= MAX_RECORDINGS)
    g_hash_table_remove_all (self->commands);
  g_hash_table_insert (self->commands, g_steal_pointer (&name), cmds);
  return cmds;
}

/* The token's embedding plus the position's, from row `first` on. */
static void
write_input (ClvTextEncoder *self, const Text *text, guint first)
{
  const guint c = self->transformer.config.width;
  const guint stride = clv_row_stride (c);
  gfloat *rows = (gfloat *) self->input.map + (gsize) first * stride;

  for (guint t = 0; t < text->n; t++, rows += stride) {
    const gfloat *position = self->positions + (gsize) t * c;

    clv_model_get_token_row (self->model, text->ids[t], rows);
    for (guint i = 0; i < c; i++)
      rows[i] += position[i];
  }
}

/* Zeros in rows that no text has: what an earlier run left there is finite too,
 * but a result should not depend on it in any way. */
static void
clear_input (ClvTextEncoder *self, guint first, guint end)
{
  const gsize row_bytes =
      clv_row_stride (self->transformer.config.width) * sizeof (gfloat);

  memset ((guint8 *) self->input.map + first * row_bytes, 0,
      (end - first) * row_bytes);
}

/* Puts the texts from `first` on that fit into one run. */
static guint
pack_texts (ClvTextEncoder *self, const GArray *list, guint first)
{
  ClvSequences *sequences = &self->sequences;
  guint n = 0;

  clv_sequences_reset (sequences);
  while (n < MAX_TEXTS && first + n < list->len) {
    const Text *text = &g_array_index (list, Text, first + n);

    if (sequences->used.rows + text->n > self->max_rows)
      break;
    write_input (self, text, sequences->used.rows);
    clv_sequences_add (sequences, text->n, text->n - 1, text->n);
    n++;
  }
  return n;
}

/* Encodes the texts from `first` on that fit in one run; tells how many. */
static gboolean
encode_batch (ClvTextEncoder *self, const GArray *list, guint first,
    gfloat *ret_embeddings, guint *ret_n, GError **error)
{
  ClvSequences *sequences = &self->sequences;
  const guint n = pack_texts (self, list, first);
  const ClvSequencesShape *used = &sequences->used;
  const ClvSequencesShape *capacity = &sequences->capacity;
  const ClvSequencesShape shape = { round_size (used->rows, capacity->rows),
    round_size (used->spans, capacity->spans),
    round_size (used->sequences, capacity->sequences) };
  ClvCommands *cmds = get_commands (self, &shape, error);

  if (cmds == NULL)
    return FALSE;
  clear_input (self, used->rows, shape.rows);
  clv_sequences_pad (sequences, &shape);
  if (!clv_commands_run (cmds, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    clv_head_read (&self->head, &self->result, i,
        ret_embeddings + (gsize) (first + i) * self->head.embedding);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vision tower.
 *
 *   frames → patches (B·P, 3·p²) → patch embedding (B·P, C) → + class token and
 *   positions (B·T, C) → pre_layrnorm → transformer → class tokens → head
 *
 * Dosovitskiy et al. 2021, fig. 1; Transformers' CLIPVisionTransformer. */

#define G_LOG_DOMAIN "clv"

#include "clv-image-encoder-private.h"

#include "base/clv-frame-written.h"
#include "base/clv-heap.h"
#include "clv-head.h"
#include "ops/clv-brightness.h"
#include "ops/clv-ops-check.h"
#include "ops/clv-preprocess.h"

#include <string.h>

/* What belongs to a batch. */
typedef struct {
  ClvBuffer patches;      /* (max_chunk · P, 3 · p²) */
  ClvBuffer result;       /* (max_chunk, D) */
  ClvBuffer local_result; /* (max_chunk · T, D); made when it is first wanted */
  gboolean wants_local;
  /* With local rows or without, by batch size. */
  ClvCommands *commands[2][CLV_PREPROCESS_SLOTS + 1];
} Set;

struct _ClvImageEncoder {
  GObject parent;

  ClvDevice *device;
  ClvModel *model;
  ClvStorage storage;
  guint n_patches; /* P of one picture */
  guint n_tokens;  /* T = P + 1 */
  guint max_chunk; /* pictures in one batch */
  guint max_room;  /* of these in one pass: what memory was there for */

  Set sets[CLV_IMAGE_ENCODER_SETS]; /* made when they are first used */
  ClvPreprocessor *preprocessor;
  ClvBrightness brightness;
  ClvBuffer embedded; /* (activations, C) */
  ClvBuffer table;    /* (T, C): class token and positions */
  ClvLinear patch_embedding;
  ClvNorm pre_norm;
  ClvTransformer transformer;
  ClvActivations activations; /* grow with the largest batch seen */
  ClvSequences sequences;     /* max_chunk pictures; n of them are its front */
  ClvHead head;
  ClvBuffer embeds;       /* (max_chunk, D) */
  ClvBuffer local_embeds; /* (activations, D); while local rows are wanted */
  gfloat *embeddings; /* (CLV_MAX_BATCH, D): of all chunks, before the caller */
};

G_DEFINE_FINAL_TYPE (ClvImageEncoder, clv_image_encoder, G_TYPE_OBJECT)

/* Each picture is T tokens that see each other; the class token is read. */
static gboolean
make_sequences (ClvImageEncoder *self, GError **error)
{
  const guint tokens = self->n_tokens;

  if (!clv_sequences_init (&self->sequences, self->device,
          self->max_chunk * tokens, self->max_chunk, error))
    return FALSE;
  for (guint i = 0; i < self->max_chunk; i++)
    clv_sequences_add (&self->sequences, tokens, 0, tokens);
  return TRUE;
}

/* Row 0 is class embedding + position 0, a constant; the other rows are the
 * positions of the patches. */
static gboolean
load_table (
    ClvImageEncoder *self, const ClvWeights *weights, guint c, GError **error)
{
  const guint stride = clv_row_stride (c);
  g_autofree gfloat *class_token = clv_weights_read (
      weights, "vision_model.embeddings", ".class_embedding", error);
  g_autofree gfloat *positions = NULL;
  g_autofree gfloat *table = g_new0 (gfloat, (gsize) self->n_tokens * stride);

  if (class_token == NULL)
    return FALSE;
  positions = clv_weights_read (
      weights, "vision_model.embeddings.position_embedding", ".weight", error);
  if (positions == NULL)
    return FALSE;
  for (guint t = 0; t < self->n_tokens; t++)
    memcpy (table + (gsize) t * stride, positions + (gsize) t * c,
        c * sizeof (gfloat));
  for (guint i = 0; i < c; i++)
    table[i] += class_token[i];
  return clv_activation_init (
             &self->table, self->device, "tokens", self->n_tokens, c, error) &&
         clv_buffer_upload (&self->table, 0, table,
             (gsize) self->n_tokens * stride * sizeof (gfloat), error);
}

/* TRUE at once if it was done before. */
static gboolean
init_set (ClvImageEncoder *self, Set *set, GError **error)
{
  const ClvLinear *embedding = &self->patch_embedding;

  if (set->result.map != NULL)
    return TRUE;
  clv_buffer_clear (&set->patches);
  return clv_activation_init_unfilled (&set->patches, self->device, "patches",
             self->max_chunk * self->n_patches, embedding->k, error) &&
         clv_head_result_init (
             &self->head, self->device, self->max_chunk, &set->result, error);
}

static void
forget_commands (ClvImageEncoder *self)
{
  for (guint set = 0; set < CLV_IMAGE_ENCODER_SETS; set++)
    for (guint i = 0; i <= CLV_PREPROCESS_SLOTS; i++) {
      g_clear_pointer (&self->sets[set].commands[FALSE][i], clv_commands_free);
      g_clear_pointer (&self->sets[set].commands[TRUE][i], clv_commands_free);
    }
}

static void
clv_image_encoder_finalize (GObject *object)
{
  ClvImageEncoder *self = CLV_IMAGE_ENCODER (object);

  /* What still runs is waited for where its commands are freed. */
  forget_commands (self);
  clv_brightness_clear (&self->brightness);
  g_clear_pointer (&self->preprocessor, clv_preprocessor_free);
  for (guint i = 0; i < CLV_IMAGE_ENCODER_SETS; i++) {
    clv_buffer_clear (&self->sets[i].patches);
    clv_buffer_clear (&self->sets[i].result);
    clv_buffer_clear (&self->sets[i].local_result);
  }
  g_clear_pointer (&self->embeddings, g_free);
  clv_head_clear (&self->head);
  clv_buffer_clear (&self->embeds);
  clv_buffer_clear (&self->local_embeds);
  clv_activations_clear (&self->activations);
  clv_sequences_clear (&self->sequences);
  clv_transformer_clear (&self->transformer);
  clv_norm_clear (&self->pre_norm);
  clv_linear_clear (&self->patch_embedding);
  clv_buffer_clear (&self->table);
  clv_buffer_clear (&self->embedded);
  g_clear_object (&self->model);
  g_clear_object (&self->device);

  G_OBJECT_CLASS (clv_image_encoder_parent_class)->finalize (object);
}

static void
clv_image_encoder_class_init (ClvImageEncoderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clv_image_encoder_finalize;
}

static void
clv_image_encoder_init (ClvImageEncoder *self)
{
}

guint
clv_image_encoder_get_width (ClvImageEncoder *self)
{
  return self->head.embedding;
}

/* As many rows as the activations have. */
static gboolean
make_local_embeds (ClvImageEncoder *self, GError **error)
{
  return clv_head_embeds_init (&self->head, self->device,
      self->activations.rows, &self->local_embeds, error);
}

/* Room for so many pictures in a pass. Recordings hold the old buffers: they go
 * too. */
static gboolean
replace_room (ClvImageEncoder *self, guint room, GError **error)
{
  forget_commands (self);
  clv_activations_clear (&self->activations);
  clv_buffer_clear (&self->embedded);
  clv_buffer_clear (&self->local_embeds);
  if (clv_activations_init (&self->activations, self->device,
          &self->transformer.config, room * self->n_tokens, room, error) &&
      clv_activation_init (&self->embedded, self->device, "embedded",
          room * self->n_patches, self->transformer.config.width, error) &&
      (self->transformer.qqv.n == 0 || make_local_embeds (self, error)))
    return TRUE;
  clv_activations_clear (&self->activations);
  return FALSE;
}

/* Room for `batch` pictures, or as many as there is memory for. More are not tried
 * again: nothing may be replaced under a batch that is being encoded, and none is
 * only where a batch is the largest so far. */
static gboolean
make_room (ClvImageEncoder *self, guint batch, GError **error)
{
  const guint before = self->activations.rows / self->n_tokens;
  const guint wanted = MIN (batch, self->max_room);
  guint room = wanted;
  g_autoptr (GError) cause = NULL;

  if (room <= before)
    return TRUE;
  while (!replace_room (self, room, &cause)) {
    if (room == 1 || !g_error_matches (cause, CLV_ERROR, CLV_ERROR_NO_MEMORY)) {
      g_propagate_prefixed_error (
          error, g_steal_pointer (&cause), "a batch of %u: ", batch);
      return FALSE;
    }
    g_clear_error (&cause);
    room = MAX (room / 2, room > before ? before : 1);
    self->max_room = room;
  }
  if (room < wanted)
    g_warning (
        "%s: no memory to encode %u pictures at a time: it is %u from now on",
        clv_device_get_info (self->device)->name, wanted, room);
  return TRUE;
}

/* Pictures `first` to first+n-1 of the set. Those of the passes before are done with,
 * and so is the front of the patches. */
static void
record_pass (ClvImageEncoder *self, ClvCommands *cmds, const Set *set,
    gboolean local, guint first, guint n)
{
  const ClvActivations *a = &self->activations;
  const ClvTowerConfig *config = &self->transformer.config;
  const ClvSequencesShape shape = { n * self->n_tokens,
    n * clv_sequences_count_spans (self->n_tokens), n };
  const gsize picture_bytes = (gsize) self->n_patches *
                              clv_row_stride (self->patch_embedding.k) *
                              sizeof (gfloat);

  clv_commands_push_label (cmds, "embeddings");
  if (first > 0)
    clv_commands_copy (cmds, &set->patches, first * picture_bytes,
        &set->patches, 0, n * picture_bytes);
  clv_op_gemm (cmds, &self->patch_embedding, &set->patches, NULL,
      &self->embedded, n * self->n_patches, CLV_ACTIVATION_NONE);
  clv_op_assemble_tokens (cmds, &self->embedded, &self->table, &a->h, n,
      self->n_tokens, config->width);
  clv_op_layernorm (cmds, &a->h, &self->pre_norm.gain, &self->pre_norm.bias,
      &a->x, n * self->n_tokens, config->width, config->eps);
  clv_commands_pop_label (cmds);
  clv_transformer_record (
      &self->transformer, cmds, a, &self->sequences, &shape);
  clv_head_record (
      &self->head, cmds, &a->pooled, &self->embeds, &set->result, first, n);
  if (!local)
    return;
  clv_transformer_record_local (
      &self->transformer, cmds, a, &self->sequences, &shape);
  clv_head_record (&self->head, cmds, &a->x, &self->local_embeds,
      &set->local_result, first * self->n_tokens, n * self->n_tokens);
}

static ClvCommands *
record (ClvImageEncoder *self, const Set *set, gboolean local, guint batch,
    GError **error)
{
  const guint room = self->activations.rows / self->n_tokens;
  g_autofree gchar *name = g_strdup_printf (
      "image encoder, batch %u%s", batch, local ? " and patches" : "");
  g_autoptr (ClvCommands) cmds = clv_commands_new (self->device, name, error);

  if (cmds == NULL)
    return NULL;
  for (guint first = 0; first < batch; first += room)
    record_pass (self, cmds, set, local, first, MIN (room, batch - first));
  if (!clv_commands_end (cmds, error))
    return NULL;
  clv_device_save_cache (self->device);
  clv_heap_trim ();
  return g_steal_pointer (&cmds);
}

/* What one picture needs is there before the first comes, and its kernels are made
 * while the weights are read. */
static gboolean
prepare_picture (ClvImageEncoder *self, GError **error)
{
  g_autoptr (ClvCommands) ahead = NULL;

  if (!init_set (self, &self->sets[0], error) || !make_room (self, 1, error))
    return FALSE;
  ahead = clv_commands_new_ahead (self->device);
  record_pass (self, ahead, &self->sets[0], FALSE, 0, 1);
  return TRUE;
}

static gboolean
load (ClvImageEncoder *self, const ClvModelConfig *config, GError **error)
{
  const guint c = config->vision.width;
  const guint k = 3 * config->patch_size * config->patch_size;
  g_auto (ClvWeights) weights = { 0 };

  clv_weights_init (&weights, self->device, self->model, self->storage);
  return make_sequences (self, error) &&
         load_table (self, &weights, c, error) &&
         clv_weights_add_linear (&weights,
             "vision_model.embeddings.patch_embedding", c, k, FALSE,
             &self->patch_embedding, error) &&
         clv_weights_load_norm (&weights, "vision_model.pre_layrnorm", c,
             &self->pre_norm, error) &&
         clv_transformer_init (&self->transformer, &weights, "vision_model",
             &config->vision, FALSE, error) &&
         clv_head_init (&self->head, &weights, "vision_model.post_layernorm",
             "visual_projection", &config->vision,
             clv_model_get_embedding_width (self->model), error) &&
         clv_head_embeds_init (&self->head, self->device, self->max_chunk,
             &self->embeds, error) &&
         prepare_picture (self, error) && clv_weights_fill (&weights, error);
}

ClvImageEncoder *
clv_image_encoder_new (
    ClvDevice *device, ClvModel *model, ClvPrecision precision, GError **error)
{
  g_autoptr (ClvImageEncoder) self =
      g_object_new (CLV_TYPE_IMAGE_ENCODER, NULL);
  const ClvModelConfig *config = clv_model_get_config (model);

  self->device = g_object_ref (device);
  self->model = g_object_ref (model);
  self->storage =
      precision == CLV_PRECISION_FP16 ? CLV_STORAGE_F16 : CLV_STORAGE_F32;
  self->n_patches = clv_model_get_n_patches (model);
  self->n_tokens = self->n_patches + 1;
  self->max_chunk = MIN (CLV_PREPROCESS_SLOTS,
      clv_activations_max_rows (device, &config->vision) / self->n_tokens);
  if (self->max_chunk == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "model \"%s\": the activations of one picture of %u tokens are larger "
        "than a storage buffer of this device",
        clv_model_get_name (model), self->n_tokens);
    return NULL;
  }

  self->max_room = self->max_chunk;
  if (!clv_ops_check (device, self->storage, error) ||
      !clv_preprocess_check (device, error))
    return NULL;
  if (!load (self, config, error)) {
    g_prefix_error (
        error, "model \"%s\", vision tower: ", clv_model_get_name (model));
    return NULL;
  }
  self->embeddings =
      g_new (gfloat, (gsize) CLV_MAX_BATCH * self->head.embedding);
  self->preprocessor =
      clv_preprocessor_new (device, config, &self->sets[0].patches, error);
  if (self->preprocessor == NULL)
    return NULL;
  clv_preprocessor_add_patches (self->preprocessor, &self->sets[1].patches);
  clv_brightness_init (&self->brightness, device, config);
  clv_device_save_cache (device);
  return g_steal_pointer (&self);
}

guint
clv_image_encoder_get_max_batch (ClvImageEncoder *self)
{
  return self->max_chunk;
}

gboolean
clv_image_encoder_load (ClvImageEncoder *self, guint set, guint slot,
    const ClvFrame *frame, GError **error)
{
  g_return_val_if_fail (set < CLV_IMAGE_ENCODER_SETS, FALSE);
  g_return_val_if_fail (slot < self->max_chunk, FALSE);

  if (slot == 0)
    self->sets[set].wants_local = FALSE;
  return init_set (self, &self->sets[set], error) &&
         clv_preprocessor_submit (self->preprocessor, frame, set, slot, error);
}

/* TRUE at once if it was done before. */
static gboolean
load_local (ClvImageEncoder *self, GError **error)
{
  g_auto (ClvWeights) weights = { 0 };

  if (self->transformer.qqv.n > 0)
    return TRUE;
  clv_weights_init (&weights, self->device, self->model, self->storage);
  return clv_transformer_load_local (
      &self->transformer, &weights, "vision_model", error);
}

gboolean
clv_image_encoder_want_patches (
    ClvImageEncoder *self, guint set, GError **error)
{
  Set *batch = &self->sets[set];

  if (!load_local (self, error) ||
      (self->local_embeds.device == NULL && self->activations.rows > 0 &&
          !make_local_embeds (self, error)) ||
      (batch->local_result.map == NULL &&
          !clv_head_result_init (&self->head, self->device,
              self->max_chunk * self->n_tokens, &batch->local_result, error)))
    return FALSE;
  batch->wants_local = TRUE;
  return TRUE;
}

gboolean
clv_image_encoder_look_at (ClvImageEncoder *self, guint set, guint slot,
    gfloat *ret_cells, GError **error)
{
  return clv_brightness_measure (
      &self->brightness, &self->sets[set].patches, set, slot, ret_cells, error);
}

gboolean
clv_image_encoder_start (
    ClvImageEncoder *self, guint set, guint n, GError **error)
{
  Set *batch = &self->sets[set];
  const gboolean local = batch->wants_local;
  ClvCommands **commands = &batch->commands[local][n];

  if (!make_room (self, n, error))
    goto fail;
  if (*commands == NULL)
    *commands = record (self, batch, local, n, error);
  if (*commands != NULL && clv_commands_submit (*commands, NULL, error))
    return TRUE;

fail:
  clv_image_encoder_drop (self);
  return FALSE;
}

/* Nothing runs behind the pictures that would tell when they are there. */
void
clv_image_encoder_drop (ClvImageEncoder *self)
{
  clv_preprocessor_wait (self->preprocessor, NULL);
}

gboolean
clv_image_encoder_finish (
    ClvImageEncoder *self, guint set, guint n, GError **error)
{
  Set *batch = &self->sets[set];

  return clv_commands_wait (batch->commands[batch->wants_local][n], error);
}

void
clv_image_encoder_read (
    ClvImageEncoder *self, guint set, guint slot, gfloat *ret_embedding)
{
  clv_head_read (&self->head, &self->sets[set].result, slot, ret_embedding);
}

/* The rows of the patches lie behind that of the class token. */
void
clv_image_encoder_read_patches (
    ClvImageEncoder *self, guint set, guint slot, gfloat *ret_patches)
{
  const guint first = slot * self->n_tokens + 1;

  for (guint i = 0; i < self->n_patches; i++)
    clv_head_read (&self->head, &self->sets[set].local_result, first + i,
        ret_patches + (gsize) i * self->head.embedding);
}

/* Pictures that fit in one run. */
static gboolean
encode_chunk (ClvImageEncoder *self, const ClvFrame *frames, guint n,
    gfloat *ret_embeddings, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!clv_frame_wait_written (&frames[i], CLV_FRAME_WRITTEN_MS, error) ||
        !clv_image_encoder_load (self, 0, i, &frames[i], error)) {
      clv_image_encoder_drop (self);
      return FALSE;
    }
  if (!clv_image_encoder_start (self, 0, n, error) ||
      !clv_image_encoder_finish (self, 0, n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    clv_image_encoder_read (
        self, 0, i, ret_embeddings + (gsize) i * self->head.embedding);
  return TRUE;
}

gboolean
clv_image_encoder_encode (ClvImageEncoder *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error)
{
  const gsize width = self->head.embedding;

  for (guint first = 0; first < n_frames; first += self->max_chunk)
    if (!encode_chunk (self, frames + first,
            MIN (self->max_chunk, n_frames - first),
            self->embeddings + first * width, error))
      return FALSE;
  memcpy (ret_embeddings, self->embeddings, n_frames * width * sizeof (gfloat));
  return TRUE;
}

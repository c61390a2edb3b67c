/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-engine.h>

#include <clv/clv-image-encoder.h>
#include <clv/clv-text-encoder.h>

#include "clv-engine-queue.h"
#include "clv-engine-registry.h"
#include "vulkan/clv-device-private.h"

/* Frames of different streams in one batch: beyond this a batch gains little
 * and the first of it waits long. */
#define MAX_SHARED_BATCH 16

/* Texts between two batches of frames: what the encoder takes in one run. */
#define TEXT_SLICE 32

struct _ClvEngine {
  GObject parent_instance;

  ClvModel *model;
  ClvDevice *device;
  ClvPrecision precision; /* never auto */
  gchar *text_key;        /* what text embeddings depend on */
  ClvEngineQueue *queue;

  /* Used by the thread of the queue alone. */
  ClvImageEncoder *image_encoder;
  ClvTextEncoder *text_encoder; /* NULL until text is first encoded */
};

G_DEFINE_FINAL_TYPE (ClvEngine, clv_engine, G_TYPE_OBJECT)

static void
clv_engine_finalize (GObject *object)
{
  ClvEngine *self = CLV_ENGINE (object);

  g_clear_pointer (&self->queue, clv_engine_queue_free);
  g_clear_object (&self->image_encoder);
  g_clear_object (&self->text_encoder);
  g_clear_object (&self->model);
  g_clear_object (&self->device);
  g_free (self->text_key);
  G_OBJECT_CLASS (clv_engine_parent_class)->finalize (object);
}

static void
clv_engine_class_init (ClvEngineClass *class)
{
  G_OBJECT_CLASS (class)->finalize = clv_engine_finalize;
}

static void
clv_engine_init (ClvEngine *self)
{
}

/* A lost device does not come back; whoever asks next gets a new one. */
static void
forget_if_lost (ClvEngine *self, const GError *error)
{
  if (!g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST))
    return;
  clv_registry_forget (self);
  clv_registry_forget (self->device);
}

static gboolean
encode_frames (gpointer data, const ClvFrame *frames, guint n_frames,
    gfloat *ret_embeddings, GError **error)
{
  ClvEngine *self = data;

  return clv_image_encoder_encode (
      self->image_encoder, frames, n_frames, ret_embeddings, error);
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, GError **error)
{
  ClvEngine *self = data;

  if (self->text_encoder == NULL)
    self->text_encoder = clv_text_encoder_new (
        self->device, self->model, self->precision, error);
  return self->text_encoder != NULL &&
         clv_text_encoder_encode (
             self->text_encoder, texts, n_texts, ret_embeddings, error);
}

/* What AUTO is on a device. On lavapipe float16 weights are as fast as float32
 * ones within the noise (ViT-B/32, batches of 1 and 8), so there is nothing to
 * gain for what they lose; no other device has been measured. */
static ClvPrecision
choose_precision (ClvDevice *device, ClvPrecision wanted)
{
  if (wanted != CLV_PRECISION_AUTO)
    return wanted;
  return CLV_PRECISION_FP32;
}

typedef struct {
  const gchar *directory;
  ClvDevice *device;
  ClvPrecision precision;
} Recipe;

static gpointer
make_engine (gpointer user_data, GError **error)
{
  const Recipe *recipe = user_data;
  g_autoptr (ClvEngine) self = g_object_new (CLV_TYPE_ENGINE, NULL);
  ClvEngineWork work = {
    .encode_frames = encode_frames,
    .encode_texts = encode_texts,
    .data = self,
    .max_batch = MAX_SHARED_BATCH,
    .text_slice = TEXT_SLICE,
  };

  self->device = g_object_ref (recipe->device);
  self->precision = recipe->precision;
  self->model = clv_model_load (recipe->directory, error);
  if (self->model == NULL)
    return NULL;
  self->image_encoder =
      clv_image_encoder_new (self->device, self->model, self->precision, error);
  if (self->image_encoder == NULL)
    return NULL;
  self->text_key = g_strdup_printf ("%s-%s", clv_model_get_id (self->model),
      self->precision == CLV_PRECISION_FP16 ? "fp16" : "fp32");
  work.width = clv_model_get_embedding_width (self->model);
  self->queue = clv_engine_queue_new (&work);
  return g_steal_pointer (&self);
}

ClvEngine *
clv_engine_get (const gchar *model, const gchar *device, ClvPrecision precision,
    GError **error)
{
  g_autofree gchar *found = NULL;
  g_autofree gchar *directory = NULL;
  g_autofree gchar *key = NULL;
  g_autoptr (ClvDevice) opened = NULL;
  g_autoptr (GError) cause = NULL;
  ClvEngine *engine;
  Recipe recipe;

  g_return_val_if_fail (model != NULL, NULL);

  found = clv_model_find (model, error);
  if (found == NULL)
    return NULL;
  directory = g_canonicalize_filename (found, NULL);
  opened = clv_registry_get_device (device, error);
  if (opened == NULL)
    return NULL;
  recipe.directory = directory;
  recipe.device = opened;
  recipe.precision = choose_precision (opened, precision);
  key = g_strdup_printf ("engine\n%s\n%s\n%d", directory,
      clv_device_get_info (opened)->uuid, recipe.precision);
  engine = clv_registry_get (key, make_engine, &recipe, &cause);
  if (engine == NULL) {
    if (g_error_matches (cause, CLV_ERROR, CLV_ERROR_DEVICE_LOST))
      clv_registry_forget (opened);
    g_propagate_error (error, g_steal_pointer (&cause));
  }
  return engine;
}

ClvModel *
clv_engine_get_model (ClvEngine *self)
{
  return self->model;
}

ClvDevice *
clv_engine_get_device (ClvEngine *self)
{
  return self->device;
}

ClvPrecision
clv_engine_get_precision (ClvEngine *self)
{
  return self->precision;
}

gboolean
clv_engine_encode_frames (ClvEngine *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error)
{
  g_autoptr (GError) cause = NULL;

  g_return_val_if_fail (n_frames >= 1 && n_frames <= CLV_MAX_BATCH, FALSE);

  /* Before it is in a batch with frames of others. */
  for (guint i = 0; i < n_frames; i++) {
    if (!clv_frame_check (&frames[i], error))
      return FALSE;
  }
  if (clv_engine_queue_frames (
          self->queue, frames, n_frames, ret_embeddings, &cause))
    return TRUE;
  forget_if_lost (self, cause);
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

gboolean
clv_engine_encode_texts (ClvEngine *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (clv_engine_queue_texts (
          self->queue, texts, n_texts, ret_embeddings, &cause))
    return TRUE;
  forget_if_lost (self, cause);
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gboolean
encode_for_prompts (const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, gpointer user_data, GError **error)
{
  return clv_engine_encode_texts (
      user_data, texts, n_texts, ret_embeddings, error);
}

gboolean
clv_engine_encode_prompts (ClvEngine *self, ClvPrompts *prompts, GError **error)
{
  return clv_prompts_encode (prompts, self->text_key,
      clv_model_get_embedding_width (self->model), encode_for_prompts, self,
      error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-engine.h>

#include <clv/clv-image-encoder.h>

#include "clv-engine-registry.h"
#include "clv-engine-work.h"
#include "vulkan/clv-device-private.h"

#include <string.h>

struct _ClvEngine {
  GObject parent_instance;

  ClvEngineCore *core;
};

G_DEFINE_FINAL_TYPE (ClvEngine, clv_engine, G_TYPE_OBJECT)

static void
clv_engine_finalize (GObject *object)
{
  ClvEngine *self = CLV_ENGINE (object);

  g_clear_pointer (&self->core, clv_engine_core_free);
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

  self->core = clv_engine_core_new (
      recipe->directory, recipe->device, recipe->precision, self, error);
  return self->core != NULL ? g_steal_pointer (&self) : NULL;
}

/* Two at most: a lost device is forgotten, though somebody may still hold it. */
static ClvDevice *
get_device (const gchar *selector, GError **error)
{
  ClvDevice *device = clv_registry_get_device (selector, error);

  if (device == NULL || !clv_device_is_lost (device))
    return device;
  clv_registry_forget (device);
  g_object_unref (device);
  return clv_registry_get_device (selector, error);
}

/* The same for engines: one that has had nothing to do since its device was lost is
 * still registered, and stays on that device. */
static ClvEngine *
get_engine (const gchar *key, Recipe *recipe, GError **error)
{
  ClvEngine *engine = clv_registry_get (key, make_engine, recipe, error);

  if (engine == NULL || !clv_device_is_lost (engine->core->device))
    return engine;
  clv_registry_forget (engine);
  g_object_unref (engine);
  return clv_registry_get (key, make_engine, recipe, error);
}

static gchar *
find_directory (const gchar *model, GError **error)
{
  g_autofree gchar *found = clv_model_find (model, error);

  return found != NULL ? g_canonicalize_filename (found, NULL) : NULL;
}

ClvEngine *
clv_engine_get (const gchar *model, const gchar *device, ClvPrecision precision,
    GError **error)
{
  g_autofree gchar *directory = NULL;
  g_autofree gchar *key = NULL;
  g_autoptr (ClvDevice) opened = NULL;
  g_autoptr (GError) cause = NULL;
  ClvEngine *engine;
  Recipe recipe;

  g_return_val_if_fail (model != NULL, NULL);

  directory = find_directory (model, error);
  if (directory == NULL)
    return NULL;
  opened = get_device (device, error);
  if (opened == NULL)
    return NULL;
  recipe.directory = directory;
  recipe.device = opened;
  recipe.precision = choose_precision (opened, precision);
  key = g_strdup_printf ("engine\n%s\n%s\n%d", directory,
      clv_device_get_info (opened)->uuid, recipe.precision);
  engine = get_engine (key, &recipe, &cause);
  if (engine == NULL) {
    if (g_error_matches (cause, CLV_ERROR, CLV_ERROR_DEVICE_LOST))
      clv_registry_forget (opened);
    g_propagate_error (error, g_steal_pointer (&cause));
  }
  return engine;
}

ClvEngine *
clv_engine_get_on_device (const gchar *model, ClvDevice *device,
    ClvPrecision precision, GError **error)
{
  g_autofree gchar *directory = NULL;
  g_autofree gchar *key = NULL;
  Recipe recipe;

  g_return_val_if_fail (model != NULL, NULL);

  directory = find_directory (model, error);
  if (directory == NULL)
    return NULL;
  recipe.directory = directory;
  recipe.device = device;
  recipe.precision = choose_precision (device, precision);
  /* By its address, which is no other's as long as the engine holds it. */
  key = g_strdup_printf (
      "engine\n%s\n%p\n%d", directory, device, recipe.precision);
  return get_engine (key, &recipe, error);
}

ClvModel *
clv_engine_get_model (ClvEngine *self)
{
  return self->core->model;
}

ClvDevice *
clv_engine_get_device (ClvEngine *self)
{
  return self->core->device;
}

ClvPrecision
clv_engine_get_precision (ClvEngine *self)
{
  return self->core->precision;
}

gdouble
clv_engine_get_rate (ClvEngine *self)
{
  return clv_engine_rate_get (&self->core->rate);
}

ClvFuture *
clv_engine_submit (ClvEngine *self, const ClvFrame *frames, guint n_frames,
    const ClvRequest *request, GError **error)
{
  g_return_val_if_fail (n_frames >= 1 && n_frames <= CLV_MAX_BATCH, NULL);

  /* Before it is in a batch with frames of others. */
  for (guint i = 0; i < n_frames; i++) {
    if (!clv_frame_check (&frames[i], error))
      return NULL;
  }
  return clv_engine_queue_submit (self->core->queue, frames, n_frames, request);
}

gboolean
clv_engine_encode_frames (ClvEngine *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error)
{
  const ClvRequest how = { .stream = g_thread_self () };
  g_autoptr (ClvFuture) future =
      clv_engine_submit (self, frames, n_frames, &how, error);
  const gfloat *rows = future != NULL ? clv_future_get (future, error) : NULL;

  if (rows == NULL)
    return FALSE;
  memcpy (ret_embeddings, rows,
      (gsize) n_frames * clv_model_get_embedding_width (self->core->model) *
          sizeof *rows);
  return TRUE;
}

gboolean
clv_engine_encode_texts (ClvEngine *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error)
{
  return clv_engine_queue_texts (
      self->core->queue, texts, n_texts, ret_embeddings, error);
}

static gboolean
encode_for_prompts (const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, gpointer user_data, GError **error)
{
  return clv_engine_encode_texts (
      user_data, texts, n_texts, ret_embeddings, error);
}

gboolean
clv_engine_encode_prompts (ClvEngine *self, ClvPrompts *prompts,
    ClvEncodeImageFunc encode_image, GError **error)
{
  return clv_prompts_encode (prompts, self->core->text_key,
      clv_model_get_embedding_width (self->core->model), encode_for_prompts,
      encode_image, self, error);
}

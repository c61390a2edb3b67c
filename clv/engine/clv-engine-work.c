/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-engine-work.h"

#include "base/clv-heap.h"
#include "clv-engine-registry.h"
#include "encoders/clv-image-encoder-private.h"
#include "encoders/clv-text-encoder-private.h"
#include "model/clv-model-private.h"
#include "vulkan/clv-device-private.h"

/* Texts between two batches of frames; where there is no video it is what the
 * encoder takes in one run. */
#define TEXT_SLICE_BESIDE 8

/* Batches after which the rate is known well enough to be told. */
#define ENOUGH_BATCHES 3

/* Who lets the last reference go does not wait longer for a device that does not
 * answer; a thread does. */
#define MAX_END_US (10 * G_USEC_PER_SEC)

G_STATIC_ASSERT (CLV_ENGINE_SETS == CLV_IMAGE_ENCODER_SETS);

/* Takes the cause. A lost device does not come back; whoever asks next gets a new
 * one. Always FALSE. */
static gboolean
fail (ClvEngineCore *self, GError *cause, GError **error)
{
  gpointer engine = g_atomic_pointer_get (&self->engine);

  if (g_error_matches (cause, CLV_ERROR, CLV_ERROR_DEVICE_LOST)) {
    if (engine != NULL)
      clv_registry_forget (engine);
    clv_registry_forget (self->device);
  }
  g_propagate_error (error, cause);
  return FALSE;
}

static gboolean
load_frame (
    gpointer data, guint set, guint slot, const ClvFrame *frame, GError **error)
{
  ClvEngineCore *self = data;
  const gint64 begun_us = g_get_monotonic_time ();
  GError *cause = NULL;

  if (!clv_image_encoder_load (self->image_encoder, set, slot, frame, &cause))
    return fail (self, cause, error);
  self->loading_us[set][slot] = g_get_monotonic_time () - begun_us;
  return TRUE;
}

static gboolean
look_at (
    gpointer data, guint set, guint slot, gfloat *ret_cells, GError **error)
{
  ClvEngineCore *self = data;
  const gint64 begun_us = g_get_monotonic_time ();
  GError *cause = NULL;

  if (!clv_image_encoder_look_at (
          self->image_encoder, set, slot, ret_cells, &cause))
    return fail (self, cause, error);
  self->loading_us[set][slot] += g_get_monotonic_time () - begun_us;
  return TRUE;
}

static gboolean
want_patches (gpointer data, guint set, GError **error)
{
  ClvEngineCore *self = data;
  GError *cause = NULL;

  return clv_image_encoder_want_patches (self->image_encoder, set, &cause) ||
         fail (self, cause, error);
}

static gboolean
start (gpointer data, guint set, guint n, GError **error)
{
  ClvEngineCore *self = data;
  GError *cause = NULL;

  if (!clv_image_encoder_start (self->image_encoder, set, n, &cause))
    return fail (self, cause, error);
  self->begun_us[set] = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    self->begun_us[set] -= self->loading_us[set][i];
  return TRUE;
}

static void
drop (gpointer data, guint set)
{
  ClvEngineCore *self = data;

  clv_image_encoder_drop (self->image_encoder);
}

static gchar *
rate_key (ClvEngineCore *self)
{
  return g_strconcat ("seconds-", self->text_key, NULL);
}

static void
tell_rate (ClvEngineCore *self)
{
  const ClvDeviceInfo *info = clv_device_get_info (self->device);

  g_info ("%s%s: about %.3g frames a second with model %s",
      info->software ? "software driver " : "", info->name,
      clv_engine_rate_get (&self->rate), clv_model_get_name (self->model));
}

static gboolean
finish (gpointer data, guint set, guint n, GError **error)
{
  ClvEngineCore *self = data;
  GError *cause = NULL;

  if (!clv_image_encoder_finish (self->image_encoder, set, n, &cause))
    return fail (self, cause, error);
  if (clv_engine_rate_add (&self->rate, n, self->begun_us[set],
          g_get_monotonic_time ()) == ENOUGH_BATCHES)
    tell_rate (self);
  return TRUE;
}

static void
read_row (gpointer data, guint set, guint slot, gfloat *ret_row)
{
  ClvEngineCore *self = data;

  clv_image_encoder_read (self->image_encoder, set, slot, ret_row);
}

static void
read_patches (gpointer data, guint set, guint slot, gfloat *ret_patches)
{
  ClvEngineCore *self = data;

  clv_image_encoder_read_patches (self->image_encoder, set, slot, ret_patches);
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, GError **error)
{
  ClvEngineCore *self = data;
  const gboolean first = self->text_encoder == NULL;
  GError *cause = NULL;

  if (first)
    self->text_encoder = clv_text_encoder_new (
        self->device, self->model, self->precision, &cause);
  if (self->text_encoder == NULL ||
      !clv_text_encoder_encode (
          self->text_encoder, texts, n_texts, ret_embeddings, &cause))
    return fail (self, cause, error);
  if (first)
    clv_heap_trim (); /* of what compiled the tower's kernels */
  return TRUE;
}

/* What an earlier run measured on this device, or 0. */
static gdouble
recall_seconds (ClvEngineCore *self)
{
  g_autofree gchar *key = rate_key (self);
  g_autofree gchar *text = clv_device_get_verdict (self->device, key);
  const gdouble seconds = text != NULL ? g_ascii_strtod (text, NULL) : 0;

  return seconds > 0 && seconds < 1e6 ? seconds : 0;
}

static void
remember_seconds (ClvEngineCore *self)
{
  g_autofree gchar *key = rate_key (self);
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  if (self->rate.n_batches < ENOUGH_BATCHES)
    return;
  g_ascii_formatd (text, sizeof text, "%.4g", self->rate.seconds);
  clv_device_set_verdict (self->device, key, text);
}

/* Nobody else knows the core any more. */
static gpointer
end (gpointer data)
{
  ClvEngineCore *self = data;

  g_clear_pointer (&self->queue, clv_engine_queue_close);
  if (self->text_key != NULL)
    remember_seconds (self);
  clv_engine_rate_clear (&self->rate);
  g_clear_object (&self->image_encoder);
  g_clear_object (&self->text_encoder);
  g_clear_object (&self->model);
  g_clear_object (&self->device);
  g_free (self->text_key);
  g_free (self);
  return NULL;
}

void
clv_engine_core_free (ClvEngineCore *self)
{
  g_atomic_pointer_set (&self->engine, NULL);
  if (self->queue != NULL && (clv_engine_queue_is_own_thread (self->queue) ||
                                 !clv_engine_queue_stop (self->queue,
                                     g_get_monotonic_time () + MAX_END_US)))
    g_thread_unref (g_thread_new ("clv-engine-end", end, self));
  else
    end (self);
}

ClvEngineCore *
clv_engine_core_new (const gchar *directory, ClvDevice *device,
    ClvPrecision precision, gpointer engine, GError **error)
{
  ClvEngineCore *self = g_new0 (ClvEngineCore, 1);
  ClvEngineWork work = {
    .load_frame = load_frame,
    .want_patches = want_patches,
    .look_at = look_at,
    .start = start,
    .drop = drop,
    .finish = finish,
    .read_row = read_row,
    .read_patches = read_patches,
    .encode_texts = encode_texts,
    .data = self,
    .text_slice = CLV_TEXT_ENCODER_MAX_TEXTS,
    .text_slice_beside = TEXT_SLICE_BESIDE,
  };

  self->device = g_object_ref (device);
  self->precision = precision;
  self->engine = engine;
  clv_engine_rate_init (&self->rate, 0);
  self->model = clv_model_open (directory, error);
  if (self->model != NULL)
    self->image_encoder =
        clv_image_encoder_new (device, self->model, precision, error);
  if (self->image_encoder == NULL || !clv_model_finish (self->model, error)) {
    clv_engine_core_free (self);
    return NULL;
  }
  self->text_key = g_strdup_printf ("%s-%s", clv_model_get_id (self->model),
      precision == CLV_PRECISION_FP16 ? "fp16" : "fp32");
  self->rate.seconds = recall_seconds (self);
  if (self->rate.seconds > 0)
    tell_rate (self);
  work.width = clv_model_get_embedding_width (self->model);
  work.n_patches = clv_model_get_n_patches (self->model);
  work.max_batch = clv_image_encoder_get_max_batch (self->image_encoder);
  self->queue = clv_engine_queue_new (&work);
  return self;
}

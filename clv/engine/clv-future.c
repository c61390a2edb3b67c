/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-future-private.h"

#include "clv-engine-queue.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (ClvFuture, clv_future, clv_future_ref, clv_future_unref)

static ClvFuture *
future_new (ClvEngineQueue *queue, gsize more_bytes, guint n)
{
  ClvFuture *self = g_malloc0 (sizeof *self + more_bytes);

  g_atomic_ref_count_init (&self->refs);
  self->queue = clv_engine_queue_ref (queue);
  self->n = n;
  g_cond_init (&self->is_answered);
  return self;
}

ClvFuture *
clv_future_new_frames (ClvEngineQueue *queue, const ClvFrame *frames,
    guint n_frames, guint width, guint n_patches, const ClvRequest *how)
{
  const gboolean patches = how != NULL && how->patches;
  const gsize frames_bytes = n_frames * sizeof *frames;
  const gsize floats = (gsize) n_frames * width;
  const gsize more_floats = patches ? floats * n_patches : 0;
  ClvFuture *self = future_new (
      queue, frames_bytes + (floats + more_floats) * sizeof (gfloat), n_frames);

  self->frames = memcpy (self + 1, frames, frames_bytes);
  self->embeddings = (gfloat *) ((guint8 *) (self + 1) + frames_bytes);
  if (patches)
    self->patches = self->embeddings + floats;
  if (how != NULL)
    self->how = *how;
  if (self->how.stream == NULL)
    self->how.stream = self;
  return self;
}

ClvFuture *
clv_future_new_texts (ClvEngineQueue *queue, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings)
{
  ClvFuture *self = future_new (queue, 0, n_texts);

  self->texts = texts;
  self->embeddings = ret_embeddings;
  self->how.stream = self;
  return self;
}

ClvFuture *
clv_future_ref (ClvFuture *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
clv_future_unref (ClvFuture *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_error (&self->error);
  g_cond_clear (&self->is_answered);
  clv_engine_queue_unref (self->queue);
  g_free (self);
}

gboolean
clv_future_is_answered (ClvFuture *self)
{
  gboolean answered;

  clv_engine_queue_lock (self->queue);
  answered = self->answered;
  clv_engine_queue_unlock (self->queue);
  return answered;
}

gboolean
clv_future_wait_until (ClvFuture *self, gint64 end_us)
{
  return clv_engine_queue_wait (self->queue, self, end_us);
}

const gfloat *
clv_future_get (ClvFuture *self, GError **error)
{
  clv_engine_queue_wait (self->queue, self, -1);
  if (self->error == NULL)
    return self->embeddings;
  g_propagate_error (error, g_error_copy (self->error));
  return NULL;
}

const ClvFrame *
clv_future_get_frame (ClvFuture *self, guint index)
{
  g_return_val_if_fail (index < self->n && self->frames != NULL, NULL);
  return &self->frames[index];
}

const gfloat *
clv_future_get_patches (ClvFuture *self)
{
  clv_engine_queue_wait (self->queue, self, -1);
  return self->error == NULL ? self->patches : NULL;
}

guint32
clv_future_get_unchanged (ClvFuture *self)
{
  guint32 unchanged;

  clv_engine_queue_lock (self->queue);
  unchanged = self->unchanged;
  clv_engine_queue_unlock (self->queue);
  return unchanged;
}

void
clv_future_cancel (ClvFuture *self)
{
  clv_engine_queue_cancel (self->queue, self);
}

void
clv_future_get_timing (ClvFuture *self, ClvFutureTiming *ret_timing)
{
  clv_engine_queue_lock (self->queue);
  *ret_timing = self->timing;
  clv_engine_queue_unlock (self->queue);
}

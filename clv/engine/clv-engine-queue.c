/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-queue-private.h"

#include <gio/gio.h>

gboolean
clv_engine_queue_answer (
    ClvEngineQueue *self, ClvFuture *request, GError *error)
{
  if (request->answered) {
    g_clear_error (&error);
    return FALSE;
  }
  if (request->error == NULL)
    request->error = error;
  else
    g_clear_error (&error);
  request->answered = TRUE;
  request->timing.answered_us = g_get_monotonic_time ();
  g_cond_broadcast (&request->is_answered);
  return TRUE;
}

void
clv_engine_queue_call (ClvFuture *list)
{
  while (list != NULL) {
    ClvFuture *request = list;
    const ClvRequest *how = &request->how;

    list = request->next_finished;
    if (!request->released && how->pixels_read != NULL)
      how->pixels_read (request, how->user_data);
    request->released = TRUE;
    if (how->answered != NULL)
      how->answered (request, how->user_data);
    clv_future_unref (request);
  }
}

void
clv_engine_queue_withdraw (ClvEngineQueue *self, ClvFuture *request)
{
  if (request->waiting)
    clv_engine_waiting_remove (
        request->frames != NULL ? &self->frames : &self->texts, request);
}

/* With the mutex held. What is being read just now is answered by the feeder
 * when it is done with it. */
static void
cancel (ClvEngineQueue *self, ClvFuture *request, const gchar *why)
{
  if (request->answered || request->error != NULL)
    return;
  request->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, why);
  clv_engine_queue_withdraw (self, request);
  if (request->loading)
    return;
  clv_engine_queue_answer (self, request, NULL);
  request->next_finished = self->cancelled;
  self->cancelled = request;
  g_cond_broadcast (&self->changed);
}

void
clv_engine_queue_cancel (ClvEngineQueue *self, ClvFuture *request)
{
  g_mutex_lock (&self->mutex);
  cancel (self, request, "the request was cancelled");
  g_mutex_unlock (&self->mutex);
}

ClvEngineQueue *
clv_engine_queue_new (const ClvEngineWork *work)
{
  ClvEngineQueue *self = g_new0 (ClvEngineQueue, 1);

  g_atomic_ref_count_init (&self->refs);
  self->work = *work;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  for (guint i = 0; i < CLV_ENGINE_SETS; i++) {
    self->batches[i].set = i;
    self->batches[i].places = g_array_sized_new (
        FALSE, FALSE, sizeof (ClvEnginePlace), work->max_batch);
  }
  /* The threads look at both. */
  g_mutex_lock (&self->mutex);
  self->feeder = g_thread_new ("clv-feeder", clv_engine_feeder, self);
  self->waiter = g_thread_new ("clv-waiter", clv_engine_waiter, self);
  g_mutex_unlock (&self->mutex);
  return self;
}

/* With the mutex held. */
static void
stop (ClvEngineQueue *self)
{
  self->stop = TRUE;
  while (self->frames.first != NULL)
    cancel (self, self->frames.first, "the engine was closed");
  while (self->texts.first != NULL)
    cancel (self, self->texts.first, "the engine was closed");
  g_cond_broadcast (&self->changed);
}

void
clv_engine_queue_close (ClvEngineQueue *self)
{
  g_mutex_lock (&self->mutex);
  stop (self);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->feeder);
  g_thread_join (self->waiter);
  clv_engine_queue_unref (self);
}

gboolean
clv_engine_queue_stop (ClvEngineQueue *self, gint64 end_us)
{
  gboolean idle;

  g_mutex_lock (&self->mutex);
  stop (self);
  while (!self->feeder_ended || self->n_flying > 0)
    if (!g_cond_wait_until (&self->changed, &self->mutex, end_us))
      break;
  /* The feeder waits for the device, too: for places, pictures, and texts. */
  idle = self->feeder_ended && self->n_flying == 0;
  g_mutex_unlock (&self->mutex);
  return idle;
}

gboolean
clv_engine_queue_is_own_thread (ClvEngineQueue *self)
{
  return g_thread_self () == self->feeder || g_thread_self () == self->waiter;
}

ClvEngineQueue *
clv_engine_queue_ref (ClvEngineQueue *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
clv_engine_queue_unref (ClvEngineQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < CLV_ENGINE_SETS; i++)
    g_array_unref (self->batches[i].places);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* The list gets the caller's reference. */
static void
add (ClvEngineQueue *self, ClvEngineWaiting *waiting, ClvFuture *request)
{
  request->timing.submitted_us = g_get_monotonic_time ();
  g_mutex_lock (&self->mutex);
  clv_engine_waiting_add (waiting, request);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

ClvFuture *
clv_engine_queue_submit (ClvEngineQueue *self, const ClvFrame *frames,
    guint n_frames, const ClvRequest *how)
{
  ClvFuture *request = clv_future_new_frames (
      self, frames, n_frames, self->work.width, self->work.n_patches, how);

  add (self, &self->frames, clv_future_ref (request));
  return request;
}

gboolean
clv_engine_queue_texts (ClvEngineQueue *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error)
{
  g_autoptr (ClvFuture) request = NULL;

  if (n_texts == 0)
    return TRUE;
  request = clv_future_new_texts (self, texts, n_texts, ret_embeddings);
  add (self, &self->texts, clv_future_ref (request));
  return clv_future_get (request, error) != NULL;
}

void
clv_engine_queue_lock (ClvEngineQueue *self)
{
  g_mutex_lock (&self->mutex);
}

void
clv_engine_queue_unlock (ClvEngineQueue *self)
{
  g_mutex_unlock (&self->mutex);
}

gboolean
clv_engine_queue_wait (ClvEngineQueue *self, ClvFuture *request, gint64 end_us)
{
  gboolean in_time = TRUE;

  g_mutex_lock (&self->mutex);
  while (!request->answered && in_time) {
    if (end_us < 0)
      g_cond_wait (&request->is_answered, &self->mutex);
    else
      in_time = g_cond_wait_until (&request->is_answered, &self->mutex, end_us);
  }
  in_time = request->answered;
  g_mutex_unlock (&self->mutex);
  return in_time;
}

guint
clv_engine_queue_get_n_waiting (ClvEngineQueue *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->frames.n_requests + self->texts.n_requests;
  g_mutex_unlock (&self->mutex);
  return n;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread that waits for the device, and hands out the answers. */

#include "clv-engine-queue-private.h"

/* The rows of a batch into their requests; nobody reads them before the answer,
 * and a request that was cancelled is still ours. */
static void
read_rows (ClvEngineQueue *self, const ClvEngineBatch *batch)
{
  const ClvEngineWork *work = &self->work;

  for (guint i = 0; i < batch->places->len; i++) {
    const ClvEnginePlace *place =
        &g_array_index (batch->places, ClvEnginePlace, i);
    const ClvFuture *request = place->request;
    const gsize first = (gsize) place->row * work->width;

    if (place->slot < 0)
      continue;
    work->read_row (
        work->data, batch->set, place->slot, request->embeddings + first);
    if (request->patches != NULL)
      work->read_patches (work->data, batch->set, place->slot,
          request->patches + first * work->n_patches);
  }
}

/* With the mutex held: whoever has all his rows, or an error, has his answer.
 * Returns them as a list, in the order of the batch. */
static ClvFuture *
answer_batch (ClvEngineQueue *self, ClvEngineBatch *batch, const GError *error)
{
  ClvFuture *list = NULL, **end = &list;

  for (guint i = 0; i < batch->places->len; i++) {
    const ClvEnginePlace *place =
        &g_array_index (batch->places, ClvEnginePlace, i);
    ClvFuture *request = place->request;

    if (error != NULL && request->error == NULL)
      request->error = g_error_copy (error);
    request->n_encoded++;
    if (request->answered ||
        (request->error == NULL && request->n_encoded < request->n))
      continue;
    clv_engine_queue_withdraw (self, request);
    /* While its pixels are read the answer is the feeder's. */
    if (request->loading)
      continue;
    clv_engine_queue_answer (self, request, NULL);
    request->next_finished = NULL;
    *end = request;
    end = &request->next_finished;
  }
  return list;
}

/* The set is free again, before anybody hears of it: the feeder need not wait
 * for callbacks. With the mutex held. */
static void
clear_batch (ClvEngineQueue *self, ClvEngineBatch *batch)
{
  for (guint i = 0; i < batch->places->len; i++)
    clv_future_unref (g_array_index (batch->places, ClvEnginePlace, i).request);
  g_array_set_size (batch->places, 0);
  batch->n = 0;
  batch->used = FALSE;
  self->n_flying--;
  for (guint i = 0; i < self->n_flying; i++)
    self->flying[i] = self->flying[i + 1];
  g_cond_broadcast (&self->changed);
}

static void
finish_batch (ClvEngineQueue *self, ClvEngineBatch *batch)
{
  g_autoptr (GError) error = g_steal_pointer (&batch->error);
  ClvFuture *list;

  g_mutex_unlock (&self->mutex);
  if (error == NULL && batch->n > 0 &&
      self->work.finish (self->work.data, batch->set, batch->n, &error))
    read_rows (self, batch);
  g_mutex_lock (&self->mutex);
  list = answer_batch (self, batch, error);
  clear_batch (self, batch);
  g_mutex_unlock (&self->mutex);
  clv_engine_queue_call (list);
  g_mutex_lock (&self->mutex);
}

gpointer
clv_engine_waiter (gpointer queue)
{
  ClvEngineQueue *self = queue;

  g_mutex_lock (&self->mutex);
  while (TRUE) {
    if (self->n_flying > 0)
      finish_batch (self, self->flying[0]);
    else if (self->feeder_ended)
      break;
    else
      g_cond_wait (&self->changed, &self->mutex);
  }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

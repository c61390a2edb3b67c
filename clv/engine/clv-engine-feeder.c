/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread that fills batches and starts them, and encodes texts in between.
 * Static functions here have the mutex held, and give it up while they call. */

#include "clv-engine-queue-private.h"

#include <gio/gio.h>

#include "base/clv-frame-written.h"

/* Between two looks at a picture that is still being written. */
#define LOOK_AGAIN_US 2000

/* An unused set is opened when it is needed. NULL: all are flying. */
static ClvEngineBatch *
get_open (ClvEngineQueue *self)
{
  for (guint i = 0; self->open == NULL && i < CLV_ENGINE_SETS; i++)
    if (!self->batches[i].used) {
      self->open = &self->batches[i];
      self->open->used = TRUE;
      self->open->close_us = G_MAXINT64;
    }
  return self->open;
}

static gboolean
is_empty (const ClvEngineBatch *open)
{
  return open == NULL || open->places->len == 0;
}

/* The engine and the places have the only references, and there is no callback. */
static gboolean
nobody_asks (ClvFuture *request)
{
  const gint n_places = (gint) (request->n_taken - request->n_encoded);

  return g_atomic_ref_count_compare (&request->refs, 1 + n_places) &&
         request->how.pixels_read == NULL && request->how.answered == NULL;
}

/* Whether there is something to do for the next frame of a request; its pixels may
 * still have to be written. */
static gboolean
is_due (ClvFuture *request)
{
  const gint64 end_us =
      request->timing.submitted_us + CLV_FRAME_WRITTEN_MS * 1000;

  return clv_frame_wait_written (&request->frames[request->n_taken], 0, NULL) ||
         end_us <= g_get_monotonic_time () || nobody_asks (request);
}

/* Until then it lets other streams pass. */
static gboolean
find_due (ClvEngineQueue *self, gint64 *ret_wake_us)
{
  const ClvFuture *last = self->frames.last;
  const ClvFuture *passed = NULL;

  while (passed != last) {
    if (is_due (self->frames.first))
      return TRUE;
    passed = self->frames.first;
    clv_engine_waiting_let_pass (&self->frames);
  }
  *ret_wake_us = g_get_monotonic_time () + LOOK_AGAIN_US;
  return FALSE;
}

/* The frame is the first one then. If it only waits for its pixels, says when to look
 * again. */
static gboolean
can_load (ClvEngineQueue *self, gint64 *ret_wake_us)
{
  return self->frames.first != NULL && get_open (self) != NULL &&
         self->open->n < self->work.max_batch && find_due (self, ret_wake_us);
}

static void
give_up (ClvEngineQueue *self, ClvFuture *request)
{
  request->error =
      g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody waits for it");
  clv_engine_queue_withdraw (self, request);
}

/* Answers now, and not in the order of the batches: the request was cancelled,
 * or another part of it has failed. */
static void
answer_now (ClvEngineQueue *self, ClvFuture *request)
{
  if (!clv_engine_queue_answer (self, request, NULL))
    return;
  request->next_finished = self->cancelled;
  self->cancelled = request;
}

/* The mean difference of the cells. */
static gdouble
compare_looks (const gfloat *a, const gfloat *b)
{
  gdouble sum = 0;

  for (guint i = 0; i < CLV_LOOK_SIDE * CLV_LOOK_SIDE; i++)
    sum += ABS (a[i] - b[i]);
  return sum / (CLV_LOOK_SIDE * CLV_LOOK_SIDE);
}

/* Without the mutex: the caller of the request leaves the look to us. */
static gboolean
look_at (const ClvEngineWork *work, const ClvEngineBatch *batch,
    const ClvRequest *how, guint row, gboolean *ret_changed, GError **error)
{
  ClvLook found = { .known = TRUE };

  if (!work->look_at (work->data, batch->set, batch->n, found.cells, error))
    return FALSE;
  *ret_changed =
      !how->look->known || (how->encode_always >> row & 1) ||
      compare_looks (found.cells, how->look->cells) >= how->change_threshold;
  if (*ret_changed)
    *how->look = found;
  return TRUE;
}

/* Without the mutex. A frame that has not changed, or fails, leaves its slot free. */
static gboolean
load_row (const ClvEngineWork *work, const ClvEngineBatch *batch,
    const ClvFuture *request, guint row, gboolean *ret_changed, GError **error)
{
  const ClvFrame *frame = &request->frames[row];

  *ret_changed = TRUE;
  if (!clv_frame_wait_written (frame, 0, error) ||
      !work->load_frame (work->data, batch->set, batch->n, frame, error))
    return FALSE;
  if ((request->how.look == NULL ||
          look_at (work, batch, &request->how, row, ret_changed, error)) &&
      (request->patches == NULL || !*ret_changed ||
          work->want_patches (work->data, batch->set, error)))
    return TRUE;
  work->drop (work->data, batch->set);
  return FALSE;
}

/* The next frame of the stream whose turn it is. */
static void
load_frame (ClvEngineQueue *self)
{
  ClvFuture *request = self->frames.first;
  ClvEngineBatch *batch = self->open;
  ClvEnginePlace place = { request, request->n_taken, (gint) batch->n };
  GError *error = NULL;
  gboolean ok, changed;

  if (nobody_asks (request)) {
    give_up (self, request);
    answer_now (self, request);
    return;
  }
  request->n_taken++;
  request->loading = TRUE;
  clv_engine_waiting_next_turn (&self->frames);
  clv_future_ref (request); /* the place's */

  g_mutex_unlock (&self->mutex);
  ok = load_row (&self->work, batch, request, place.row, &changed, &error);
  g_mutex_lock (&self->mutex);
  if (ok && changed)
    batch->n++;
  else
    place.slot = -1;
  if (ok && !changed)
    request->unchanged |= (guint32) 1 << place.row;
  g_array_append_val (batch->places, place);
  batch->close_us = MIN (batch->close_us, request->how.deadline_us);

  if (request->error != NULL || !ok || request->n_taken == request->n) {
    request->released = TRUE;
    if (request->how.pixels_read != NULL) {
      g_mutex_unlock (&self->mutex);
      request->how.pixels_read (request, request->how.user_data);
      g_mutex_lock (&self->mutex);
    }
  }
  request->loading = FALSE;
  if (request->error != NULL) {
    g_clear_error (&error);
    answer_now (self, request);
  } else if (!ok) {
    request->error = error;
    clv_engine_queue_withdraw (self, request);
  }
}

/* A full batch goes behind the one that is being encoded, any other waits for the
 * device, and then for its deadline. If only time is missing, says until when. */
static gboolean
should_close (ClvEngineQueue *self, gint64 *ret_wake_us)
{
  const ClvEngineBatch *batch = self->open;

  if (is_empty (batch))
    return FALSE;
  if (self->n_flying > 0)
    return batch->n >= self->work.max_batch && batch->n <= self->largest;
  if (batch->n == 0 || batch->n >= self->work.max_batch || self->stop ||
      batch->close_us <= g_get_monotonic_time ())
    return TRUE;
  *ret_wake_us = MIN (*ret_wake_us, batch->close_us);
  return FALSE;
}

/* Whether somebody wants a frame of the batch. */
static gboolean
is_wanted (ClvEngineQueue *self, const ClvEngineBatch *batch)
{
  gboolean wanted = FALSE;

  for (guint i = 0; i < batch->places->len; i++) {
    ClvFuture *request =
        g_array_index (batch->places, ClvEnginePlace, i).request;

    if (request->error == NULL && nobody_asks (request))
      give_up (self, request);
    wanted = wanted || request->error == NULL;
  }
  return wanted;
}

/* TRUE if the device has the batch, or none of its frames is to be encoded. */
static gboolean
start_batch (ClvEngineQueue *self, ClvEngineBatch *batch)
{
  const ClvEngineWork *work = &self->work;
  const gint64 now_us = g_get_monotonic_time ();
  const gboolean wanted = is_wanted (self, batch);
  gboolean ok = TRUE;

  for (guint i = 0; wanted && i < batch->places->len; i++) {
    ClvFuture *request =
        g_array_index (batch->places, ClvEnginePlace, i).request;

    request->timing.started_us = now_us;
    request->timing.batch = batch->n;
  }
  if (batch->n == 0)
    return TRUE;
  g_mutex_unlock (&self->mutex);
  if (wanted)
    ok = work->start (work->data, batch->set, batch->n, &batch->error);
  else
    work->drop (work->data, batch->set);
  g_mutex_lock (&self->mutex);
  if (!wanted)
    batch->n = 0;
  return ok;
}

static void
close_batch (ClvEngineQueue *self)
{
  ClvEngineBatch *batch = g_steal_pointer (&self->open);

  if (start_batch (self, batch))
    self->largest = MAX (self->largest, batch->n);
  self->flying[self->n_flying++] = batch;
  self->texts_turn = TRUE;
  g_cond_broadcast (&self->changed);
}

/* There is nothing to do for frames just now, or not before wake_us. */
static gboolean
can_encode_texts (ClvEngineQueue *self, gint64 wake_us)
{
  return self->texts.first != NULL &&
         (self->frames.first == NULL || wake_us < G_MAXINT64) &&
         (is_empty (self->open) || self->n_flying == 0);
}

/* One slice; a long list goes behind the other lists after it. */
static void
encode_texts (ClvEngineQueue *self)
{
  const ClvEngineWork *work = &self->work;
  ClvFuture *request = self->texts.first;
  const guint first = request->n_taken;
  const gboolean beside = self->texts_turn || !is_empty (self->open);
  const guint n = MIN (
      request->n - first, beside ? work->text_slice_beside : work->text_slice);
  GError *error = NULL;
  gboolean ok;

  self->texts_turn = FALSE;
  request->loading = TRUE;
  request->n_taken += n;
  clv_engine_waiting_next_turn (&self->texts);
  g_mutex_unlock (&self->mutex);
  ok = work->encode_texts (work->data, request->texts + first, n,
      request->embeddings + (gsize) first * work->width, &error);
  g_mutex_lock (&self->mutex);

  request->loading = FALSE;
  if (!ok && request->error == NULL)
    request->error = g_steal_pointer (&error);
  g_clear_error (&error);
  if (request->error != NULL)
    clv_engine_queue_withdraw (self, request);
  if (request->error != NULL || request->n_taken == request->n)
    answer_now (self, request);
}

static void
tell_cancelled (ClvEngineQueue *self)
{
  ClvFuture *list = g_steal_pointer (&self->cancelled);

  g_mutex_unlock (&self->mutex);
  clv_engine_queue_call (list);
  g_mutex_lock (&self->mutex);
}

gpointer
clv_engine_feeder (gpointer queue)
{
  ClvEngineQueue *self = queue;

  g_mutex_lock (&self->mutex);
  while (TRUE) {
    gint64 wake_us = G_MAXINT64;

    if (self->cancelled != NULL)
      tell_cancelled (self);
    else if (self->texts_turn && self->texts.first != NULL)
      encode_texts (self);
    else if (can_load (self, &wake_us))
      load_frame (self);
    else if (should_close (self, &wake_us))
      close_batch (self);
    else if (can_encode_texts (self, wake_us))
      encode_texts (self);
    else if (self->stop && is_empty (self->open) && self->n_flying == 0)
      break;
    else if (wake_us < G_MAXINT64)
      g_cond_wait_until (&self->changed, &self->mutex, wake_us);
    else
      g_cond_wait (&self->changed, &self->mutex);
  }
  self->feeder_ended = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancelling and dropping, deadlines, turns, order and callbacks, without a device;
 * and many threads that do all of it at once. A frame's embedding is its width. */

#include <clv/clv-error.h>
#include <gio/gio.h>

#include "engine/clv-engine-queue.h"

#define MAX_BATCH 4
#define BAD       666 /* the width of a frame that cannot be loaded */

typedef struct {
  GMutex mutex;
  GCond cond;
  gboolean held;       /* batches do not end */
  gboolean loads_held; /* nor do loads */
  guint n_loads;
  guint n_drops;
  guint n_finishing;
  guint widths[CLV_ENGINE_SETS][MAX_BATCH];
  GString *batches; /* the widths of each batch */
  ClvEngineQueue *queue;
} Work;

static gboolean
load_frame (
    gpointer data, guint set, guint slot, const ClvFrame *frame, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  self->widths[set][slot] = frame->width;
  self->n_loads++;
  g_cond_broadcast (&self->cond);
  while (self->loads_held)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  if (frame->width != BAD)
    return TRUE;
  g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED, "bad");
  return FALSE;
}

static gboolean
start (gpointer data, guint set, guint n, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (
        self->batches, "%s%u", i > 0 ? "," : "", self->widths[set][i]);
  g_string_append_c (self->batches, ' ');
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static void
drop (gpointer data, guint set)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  self->n_drops++;
  g_mutex_unlock (&self->mutex);
}

static gboolean
finish (gpointer data, guint set, guint n, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  self->n_finishing++;
  g_cond_broadcast (&self->cond);
  while (self->held)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static void
read_row (gpointer data, guint set, guint slot, gfloat *ret_row)
{
  Work *self = data;

  *ret_row = (gfloat) self->widths[set][slot];
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n,
    gfloat *ret_rows, GError **error)
{
  for (guint i = 0; i < n; i++)
    ret_rows[i] = (gfloat) texts[i][0];
  return TRUE;
}

static void
work_init (Work *self)
{
  const ClvEngineWork params = {
    .load_frame = load_frame,
    .start = start,
    .drop = drop,
    .finish = finish,
    .read_row = read_row,
    .encode_texts = encode_texts,
    .data = self,
    .width = 1,
    .max_batch = MAX_BATCH,
    .text_slice = 2,
    .text_slice_beside = 1,
  };

  *self = (Work){ .batches = g_string_new (NULL) };
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->queue = clv_engine_queue_new (&params);
}

static void
work_clear (Work *self)
{
  g_clear_pointer (&self->queue, clv_engine_queue_close);
  g_string_free (self->batches, TRUE);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
}

static void
set_held (Work *self, gboolean *what, gboolean held)
{
  g_mutex_lock (&self->mutex);
  *what = held;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static void
wait_for (Work *self, const guint *what, guint n)
{
  g_mutex_lock (&self->mutex);
  while (*what < n)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static ClvFuture *
submit (Work *self, guint width, guint n, const ClvRequest *how)
{
  ClvFrame frames[40] = { 0 };

  for (guint i = 0; i < n; i++)
    frames[i].width = width;
  return clv_engine_queue_submit (self->queue, frames, n, how);
}

/* Takes the reference. code < 0: an embedding. */
static void
expect (ClvFuture *future, guint width, gint code)
{
  g_autoptr (GError) error = NULL;
  const gfloat *rows = clv_future_get (future, &error);

  g_assert_true (clv_future_is_answered (future));
  if (code < 0) {
    g_assert_no_error (error);
    g_assert_cmpfloat (*rows, ==, width);
  } else {
    g_assert_null (rows);
    g_assert_error (error, G_IO_ERROR, code);
  }
  clv_future_unref (future);
}

/* A batch of one frame that the device does not end. */
static ClvFuture *
hold (Work *self)
{
  const guint n = self->n_finishing;
  ClvFuture *first;

  set_held (self, &self->held, TRUE);
  first = submit (self, 1, 1, NULL);
  wait_for (self, &self->n_finishing, n + 1);
  return first;
}

static void
test_cancel (void)
{
  Work work;
  ClvFuture *first, *loaded, *waiting, *other;

  work_init (&work);
  first = hold (&work);
  loaded = submit (&work, 2, 2, NULL);
  other = submit (&work, 3, 2, NULL);
  wait_for (&work, &work.n_loads, 1 + MAX_BATCH);
  waiting = submit (&work, 4, 1, NULL);
  /* At once, though the device is held. */
  clv_future_cancel (waiting);
  clv_future_cancel (loaded);
  clv_future_cancel (first);
  clv_future_cancel (first);
  expect (waiting, 4, G_IO_ERROR_CANCELLED);
  expect (loaded, 2, G_IO_ERROR_CANCELLED);
  expect (first, 1, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (clv_engine_queue_get_n_waiting (work.queue), ==, 0);
  g_assert_false (clv_future_is_answered (other));
  set_held (&work, &work.held, FALSE);
  g_assert_true (clv_future_wait_until (other, -1));
  clv_future_cancel (other); /* too late */
  expect (other, 3, -1);
  g_assert_cmpuint (work.n_loads, ==, 1 + MAX_BATCH); /* 4 was never read */
  work_clear (&work);
}

/* The pixels are still ours when the answer says so. */
static void
test_cancel_while_loading (void)
{
  Work work;
  ClvFuture *future;

  work_init (&work);
  work.loads_held = TRUE;
  future = submit (&work, 2, 3, NULL);
  wait_for (&work, &work.n_loads, 1);
  clv_future_cancel (future);
  g_assert_false (clv_future_is_answered (future));
  g_assert_false (
      clv_future_wait_until (future, g_get_monotonic_time () + 1000));
  set_held (&work, &work.loads_held, FALSE);
  expect (future, 2, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (work.n_loads, ==, 1);
  expect (submit (&work, 5, 1, NULL), 5, -1);
  work_clear (&work);
}

static void
test_drop (void)
{
  Work work;
  ClvFuture *first, *last;

  work_init (&work);
  first = hold (&work);
  last = submit (&work, 2, MAX_BATCH, NULL);
  wait_for (&work, &work.n_loads, 1 + MAX_BATCH);
  clv_future_unref (submit (&work, 3, 1, NULL)); /* not begun: never is */
  clv_future_unref (last);
  last = submit (&work, 4, 1, NULL);
  set_held (&work, &work.held, FALSE);
  expect (first, 1, -1);
  expect (last, 4, -1);
  g_assert_cmpstr (work.batches->str, ==, "1 4 ");
  g_assert_cmpuint (work.n_drops, ==, 1);
  work_clear (&work);
}

/* All frames of a batch were cancelled or dropped after they were read. */
static void
test_unwanted (void)
{
  ClvFutureTiming timing;
  ClvFuture *first, *cancelled, *dropped, *part, *last;
  Work work;

  work_init (&work);
  first = hold (&work);
  cancelled = submit (&work, 2, 2, NULL);
  dropped = submit (&work, 3, MAX_BATCH, NULL);
  wait_for (&work, &work.n_loads, 1 + MAX_BATCH);
  clv_future_cancel (cancelled);
  clv_future_unref (dropped);
  part = submit (&work, 4, 1, NULL);
  set_held (&work, &work.held, FALSE);
  expect (first, 1, -1);
  expect (part, 4, -1);
  /* What was waiting of the dropped one is not even read. */
  g_assert_cmpstr (work.batches->str, ==, "1 4 ");
  g_assert_cmpuint (work.n_loads, ==, 1 + MAX_BATCH + 1);
  clv_future_get_timing (cancelled, &timing);
  g_assert_cmpint (timing.started_us, ==, 0);
  expect (cancelled, 2, G_IO_ERROR_CANCELLED);

  /* One frame is wanted: all are encoded. */
  first = hold (&work);
  cancelled = submit (&work, 5, 1, NULL);
  last = submit (&work, 6, MAX_BATCH - 1, NULL);
  wait_for (&work, &work.n_loads, 2 + MAX_BATCH + 1 + MAX_BATCH);
  clv_future_cancel (cancelled);
  clv_future_unref (cancelled);
  set_held (&work, &work.held, FALSE);
  expect (first, 1, -1);
  expect (last, 6, -1);
  g_assert_cmpstr (work.batches->str, ==, "1 4 1 5,6,6,6 ");
  work_clear (&work);
}

/* What the callbacks of a stream saw. */
typedef struct {
  GMutex mutex;
  guint n_read;
  guint n_answered;
  GString *order; /* of the answers: the embedding, or x */
} Heard;

static void
pixels_read (ClvFuture *future, gpointer user_data)
{
  Heard *self = user_data;

  g_mutex_lock (&self->mutex);
  self->n_read++;
  g_mutex_unlock (&self->mutex);
}

static void
answered (ClvFuture *future, gpointer user_data)
{
  Heard *self = user_data;
  const gfloat *row = clv_future_get (future, NULL);

  g_mutex_lock (&self->mutex);
  self->n_answered++;
  g_assert_cmpuint (self->n_answered, <=, self->n_read);
  if (row != NULL)
    g_string_append_printf (self->order, "%g ", *row);
  else
    g_string_append (self->order, "x ");
  g_mutex_unlock (&self->mutex);
}

static void
test_callbacks (void)
{
  Heard heard = { .order = g_string_new (NULL) };
  const ClvRequest how = { .stream = &heard,
    .pixels_read = pixels_read,
    .answered = answered,
    .user_data = &heard };
  ClvFutureTiming timing;
  ClvFuture *held, *kept;
  Work work;

  work_init (&work);
  kept = submit (&work, 1, 1, &how);
  clv_future_unref (submit (&work, BAD, 2, &how));
  for (guint i = 2; i < 12; i++)
    clv_future_unref (submit (&work, i, 1 + i % 3, &how));
  g_assert_nonnull (clv_future_get (kept, NULL));
  clv_future_get_timing (kept, &timing);
  g_assert_cmpint (timing.submitted_us, <=, timing.started_us);
  g_assert_cmpint (timing.started_us, <=, timing.answered_us);
  g_assert_cmpuint (timing.batch, >=, 1);
  clv_future_unref (kept);
  expect (submit (&work, 12, 1, &how), 12, -1);
  held = hold (&work);
  clv_future_unref (submit (&work, 13, MAX_BATCH, &how));
  clv_future_unref (held);
  while (clv_engine_queue_get_n_waiting (work.queue) > 0)
    g_usleep (1000);
  set_held (&work, &work.held, FALSE);
  work_clear (&work);
  g_assert_cmpuint (heard.n_read, ==, 14);
  g_assert_cmpuint (heard.n_answered, ==, 14);
  g_assert_cmpstr (heard.order->str, ==, "1 x 2 3 4 5 6 7 8 9 10 11 12 13 ");
  g_string_free (heard.order, TRUE);
}

/* One stream with forty requests, and another with one that comes last. */
static void
test_turns (void)
{
  const gchar *const flood = "flood", *const quiet = "quiet";
  const ClvRequest much = { .stream = flood }, little = { .stream = quiet };
  ClvFuture *futures[40], *first, *one, *behind;
  Work work;

  work_init (&work);
  first = hold (&work);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = submit (&work, 100 + i, 1, &much);
  wait_for (&work, &work.n_loads, 1 + MAX_BATCH);
  one = submit (&work, 7, 1, &little);
  behind = submit (&work, 8, 1, &little);
  set_held (&work, &work.held, FALSE);
  expect (first, 1, -1);
  expect (one, 7, -1);
  expect (behind, 8, -1);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    expect (futures[i], 100 + i, -1);
  g_assert_true (g_str_has_prefix (
      work.batches->str, "1 100,101,102,103 104,7,105,8 106,"));
  work_clear (&work);
}

static void
test_deadline (void)
{
  const gint64 far_us =
      g_get_monotonic_time () + G_GINT64_CONSTANT (3600000000);
  const ClvRequest patient = { .deadline_us = far_us };
  ClvRequest soon = { .deadline_us = g_get_monotonic_time () + 20000 };
  ClvFuture *futures[MAX_BATCH];
  Work work;

  work_init (&work);
  futures[0] = submit (&work, 1, 1, &soon);
  futures[1] = submit (&work, 2, 1, &patient);
  expect (futures[0], 1, -1);
  g_assert_cmpint (g_get_monotonic_time (), >=, soon.deadline_us);
  expect (futures[1], 2, -1);
  g_assert_cmpstr (work.batches->str, ==, "1,2 ");
  /* Full: nobody waits an hour. */
  for (guint i = 0; i < MAX_BATCH; i++)
    futures[i] = submit (&work, 3, 1, &patient);
  for (guint i = 0; i < MAX_BATCH; i++)
    expect (futures[i], 3, -1);
  /* Somebody is in a hurry. */
  futures[0] = submit (&work, 4, 1, &patient);
  wait_for (&work, &work.n_loads, 2 + MAX_BATCH + 1);
  g_assert_false (clv_future_is_answered (futures[0]));
  expect (submit (&work, 5, 1, NULL), 5, -1);
  expect (futures[0], 4, -1);
  /* The queue is closed: an open batch is finished. */
  futures[0] = submit (&work, 6, 1, &patient);
  wait_for (&work, &work.n_loads, 2 + MAX_BATCH + 3);
  g_clear_pointer (&work.queue, clv_engine_queue_close);
  expect (futures[0], 6, -1);
  g_string_free (work.batches, TRUE);
}

static gpointer
let_go_soon (gpointer data)
{
  Work *self = data;

  g_usleep (20000);
  set_held (self, &self->held, FALSE);
  return NULL;
}

static void
test_close (void)
{
  Heard heard = { .order = g_string_new (NULL) };
  const ClvRequest how = {
    .pixels_read = pixels_read, .answered = answered, .user_data = &heard
  };
  ClvFuture *first, *loaded, *waiting;
  GThread *thread;
  Work work;

  work_init (&work);
  first = hold (&work);
  loaded = submit (&work, 2, MAX_BATCH, NULL);
  wait_for (&work, &work.n_loads, 1 + MAX_BATCH);
  waiting = submit (&work, 3, 1, &how);
  thread = g_thread_new ("let go", let_go_soon, &work);
  g_clear_pointer (&work.queue, clv_engine_queue_close);
  g_thread_join (thread);
  expect (first, 1, -1);
  expect (loaded, 2, -1);
  expect (waiting, 3, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (heard.order->str, ==, "x ");
  g_string_free (heard.order, TRUE);
  g_string_free (work.batches, TRUE);
}

/* The device may hang while a frame is put on it, and not only in a batch. */
static void
test_stop (void)
{
  ClvFuture *loaded;
  Work work;

  work_init (&work);
  set_held (&work, &work.loads_held, TRUE);
  loaded = submit (&work, 2, 1, NULL);
  wait_for (&work, &work.n_loads, 1);
  g_assert_false (clv_engine_queue_stop (work.queue, 0));
  set_held (&work, &work.loads_held, FALSE);
  g_assert_true (clv_engine_queue_stop (
      work.queue, g_get_monotonic_time () + 60 * G_USEC_PER_SEC));
  expect (loaded, 2, -1);
  work_clear (&work);
}

typedef struct {
  Work *work;
  guint seed;
  gint n_heard; /* atomic */
} Stream;

static void
hear (ClvFuture *future, gpointer user_data)
{
  Stream *self = user_data;

  g_atomic_int_inc (&self->n_heard);
}

static gpointer
run_stream (gpointer data)
{
  Stream *self = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (self->seed);
  const gchar *const texts[] = { "a", "b", "c" };

  for (guint i = 0; i < 400; i++) {
    const gint what = g_rand_int_range (random, 0, 8);
    const ClvRequest how = { .stream = self,
      .deadline_us = what == 1 ? g_get_monotonic_time () + 300 : 0,
      .pixels_read = what == 2 ? hear : NULL,
      .answered = what == 3 ? hear : NULL,
      .user_data = self };
    const guint width = what == 4 ? BAD : 10 + self->seed;
    ClvFuture *future = submit (
        self->work, width, (guint) g_rand_int_range (random, 1, 7), &how);
    gfloat rows[3];

    if (what == 5 || what == 3)
      clv_future_cancel (future);
    if (what == 6)
      g_assert_true (
          clv_engine_queue_texts (self->work->queue, texts, 3, rows, NULL));
    if (what < 2) {
      expect (future, width, -1);
      continue;
    }
    if (what == 7)
      clv_future_wait_until (future, g_get_monotonic_time () + 50);
    clv_future_unref (future);
  }
  return NULL;
}

static void
test_threads (void)
{
  Stream streams[6];
  GThread *threads[6];
  Work work;

  work_init (&work);
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    streams[i] = (Stream){ &work, i, 0 };
    threads[i] = g_thread_new ("stream", run_stream, &streams[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    g_thread_join (threads[i]);
  work_clear (&work);
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    g_autoptr (GRand) random = g_rand_new_with_seed (i);
    gint n = 0;

    /* Each callback that was asked for came once. */
    for (guint k = 0; k < 400; k++) {
      const gint what = g_rand_int_range (random, 0, 8);

      n += what == 2 || what == 3;
      g_rand_int_range (random, 1, 7);
    }
    g_assert_cmpint (streams[i].n_heard, ==, n);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine-futures/cancelling is at once and touches nobody else",
      test_cancel);
  g_test_add_func ("/engine-futures/pixels that are being read are waited for",
      test_cancel_while_loading);
  g_test_add_func (
      "/engine-futures/what nobody waits for is not encoded", test_drop);
  g_test_add_func (
      "/engine-futures/nor is a batch that nobody wants", test_unwanted);
  g_test_add_func (
      "/engine-futures/each callback comes once and in order", test_callbacks);
  g_test_add_func ("/engine-futures/streams take turns", test_turns);
  g_test_add_func (
      "/engine-futures/a batch closes when full or at its deadline",
      test_deadline);
  g_test_add_func ("/engine-futures/closing answers everybody", test_close);
  g_test_add_func ("/engine-futures/a stop tells who is busy", test_stop);
  g_test_add_func ("/engine-futures/many threads at once", test_threads);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancelling and dropping, deadlines, turns, order and callbacks, without a device;
 * and many threads that do all of it at once. */

#include <gio/gio.h>

#include "fake-device.h"

static void
test_cancel (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *first, *loaded, *waiting, *other;

  first = fake_hold (device);
  loaded = fake_submit (device, 2, 2, NULL);
  other = fake_submit (device, 3, 2, NULL);
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  waiting = fake_submit (device, 4, 1, NULL);
  /* At once, though the device is held. */
  clv_future_cancel (waiting);
  clv_future_cancel (loaded);
  clv_future_cancel (first);
  clv_future_cancel (first);
  fake_expect_error (waiting, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_expect_error (loaded, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_expect_error (first, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (clv_engine_queue_get_n_waiting (device->queue), ==, 0);
  g_assert_false (clv_future_is_answered (other));
  fake_set_held (device, &device->held, FALSE);
  g_assert_true (clv_future_wait_until (other, -1));
  clv_future_cancel (other); /* too late */
  fake_expect_rows (other, 3, 1);
  g_assert_cmpuint (
      device->n_loads, ==, 1 + FAKE_MAX_BATCH); /* 4 was never read */
}

/* The pixels are still ours when the answer says so. */
static void
test_cancel_while_loading (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *future;

  device->loads_held = TRUE;
  future = fake_submit (device, 2, 3, NULL);
  fake_wait_for (device, &device->n_loads, 1);
  clv_future_cancel (future);
  g_assert_false (clv_future_is_answered (future));
  g_assert_false (
      clv_future_wait_until (future, g_get_monotonic_time () + 1000));
  fake_set_held (device, &device->loads_held, FALSE);
  fake_expect_error (future, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (device->n_loads, ==, 1);
  fake_expect_rows (fake_submit (device, 5, 1, NULL), 5, 1);
}

static void
test_drop (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *first, *last;

  first = fake_hold (device);
  last = fake_submit (device, 2, FAKE_MAX_BATCH, NULL);
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  clv_future_unref (fake_submit (device, 3, 1, NULL)); /* not begun: never is */
  clv_future_unref (last);
  last = fake_submit (device, 4, 1, NULL);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (first, 1, 1);
  fake_expect_rows (last, 4, 1);
  g_assert_cmpstr (device->order->str, ==, "1 4 ");
  g_assert_cmpuint (device->n_drops, ==, 1);
}

/* All frames of a batch were cancelled or dropped after they were read. */
static void
test_unwanted (void)
{
  ClvFutureTiming timing;
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *first, *cancelled, *dropped, *part, *last;

  first = fake_hold (device);
  cancelled = fake_submit (device, 2, 2, NULL);
  dropped = fake_submit (device, 3, FAKE_MAX_BATCH, NULL);
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  clv_future_cancel (cancelled);
  clv_future_unref (dropped);
  part = fake_submit (device, 4, 1, NULL);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (first, 1, 1);
  fake_expect_rows (part, 4, 1);
  /* What was waiting of the dropped one is not even read. */
  g_assert_cmpstr (device->order->str, ==, "1 4 ");
  g_assert_cmpuint (device->n_loads, ==, 1 + FAKE_MAX_BATCH + 1);
  clv_future_get_timing (cancelled, &timing);
  g_assert_cmpint (timing.started_us, ==, 0);
  fake_expect_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* One frame is wanted: all are encoded. */
  first = fake_hold (device);
  cancelled = fake_submit (device, 5, 1, NULL);
  last = fake_submit (device, 6, FAKE_MAX_BATCH - 1, NULL);
  fake_wait_for (
      device, &device->n_loads, 2 + FAKE_MAX_BATCH + 1 + FAKE_MAX_BATCH);
  clv_future_cancel (cancelled);
  clv_future_unref (cancelled);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (first, 1, 1);
  fake_expect_rows (last, 6, 1);
  g_assert_cmpstr (device->order->str, ==, "1 4 1 5,6,6,6 ");
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
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *held, *kept;

  kept = fake_submit (device, 1, 1, &how);
  clv_future_unref (fake_submit (device, FAKE_BAD, 2, &how));
  for (guint i = 2; i < 12; i++)
    clv_future_unref (fake_submit (device, i, 1 + i % 3, &how));
  g_assert_nonnull (clv_future_get (kept, NULL));
  clv_future_get_timing (kept, &timing);
  g_assert_cmpint (timing.submitted_us, <=, timing.started_us);
  g_assert_cmpint (timing.started_us, <=, timing.answered_us);
  g_assert_cmpuint (timing.batch, >=, 1);
  clv_future_unref (kept);
  fake_expect_rows (fake_submit (device, 12, 1, &how), 12, 1);
  held = fake_hold (device);
  clv_future_unref (fake_submit (device, 13, FAKE_MAX_BATCH, &how));
  clv_future_unref (held);
  while (clv_engine_queue_get_n_waiting (device->queue) > 0)
    g_usleep (1000);
  fake_set_held (device, &device->held, FALSE);
  g_clear_pointer (&device->queue, clv_engine_queue_close);
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
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[40], *first, *one, *behind;

  first = fake_hold (device);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = fake_submit (device, 100 + i, 1, &much);
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  one = fake_submit (device, 7, 1, &little);
  behind = fake_submit (device, 8, 1, &little);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (first, 1, 1);
  fake_expect_rows (one, 7, 1);
  fake_expect_rows (behind, 8, 1);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    fake_expect_rows (futures[i], 100 + i, 1);
  g_assert_true (g_str_has_prefix (
      device->order->str, "1 100,101,102,103 104,7,105,8 106,"));
}

static void
test_deadline (void)
{
  const gint64 far_us =
      g_get_monotonic_time () + G_GINT64_CONSTANT (3600000000);
  const ClvRequest patient = { .deadline_us = far_us };
  ClvRequest soon = { .deadline_us = g_get_monotonic_time () + 20000 };
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[FAKE_MAX_BATCH];

  futures[0] = fake_submit (device, 1, 1, &soon);
  futures[1] = fake_submit (device, 2, 1, &patient);
  fake_expect_rows (futures[0], 1, 1);
  g_assert_cmpint (g_get_monotonic_time (), >=, soon.deadline_us);
  fake_expect_rows (futures[1], 2, 1);
  g_assert_cmpstr (device->order->str, ==, "1,2 ");
  /* Full: nobody waits an hour. */
  for (guint i = 0; i < FAKE_MAX_BATCH; i++)
    futures[i] = fake_submit (device, 3, 1, &patient);
  for (guint i = 0; i < FAKE_MAX_BATCH; i++)
    fake_expect_rows (futures[i], 3, 1);
  /* Somebody is in a hurry. */
  futures[0] = fake_submit (device, 4, 1, &patient);
  fake_wait_for (device, &device->n_loads, 2 + FAKE_MAX_BATCH + 1);
  g_assert_false (clv_future_is_answered (futures[0]));
  fake_expect_rows (fake_submit (device, 5, 1, NULL), 5, 1);
  fake_expect_rows (futures[0], 4, 1);
  /* The queue is closed: an open batch is finished. */
  futures[0] = fake_submit (device, 6, 1, &patient);
  fake_wait_for (device, &device->n_loads, 2 + FAKE_MAX_BATCH + 3);
  g_clear_pointer (&device->queue, clv_engine_queue_close);
  fake_expect_rows (futures[0], 6, 1);
}

static gpointer
let_go_soon (gpointer data)
{
  FakeDevice *self = data;

  g_usleep (20000);
  fake_set_held (self, &self->held, FALSE);
  return NULL;
}

static void
test_close (void)
{
  Heard heard = { .order = g_string_new (NULL) };
  const ClvRequest how = {
    .pixels_read = pixels_read, .answered = answered, .user_data = &heard
  };
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *first, *loaded, *waiting;
  GThread *thread;

  first = fake_hold (device);
  loaded = fake_submit (device, 2, FAKE_MAX_BATCH, NULL);
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  waiting = fake_submit (device, 3, 1, &how);
  thread = g_thread_new ("let go", let_go_soon, device);
  g_clear_pointer (&device->queue, clv_engine_queue_close);
  g_thread_join (thread);
  fake_expect_rows (first, 1, 1);
  fake_expect_rows (loaded, 2, 1);
  fake_expect_error (waiting, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (heard.order->str, ==, "x ");
  g_string_free (heard.order, TRUE);
}

/* The device may hang while a frame is put on it, and not only in a batch. */
static void
test_stop (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *loaded;

  fake_set_held (device, &device->loads_held, TRUE);
  loaded = fake_submit (device, 2, 1, NULL);
  fake_wait_for (device, &device->n_loads, 1);
  g_assert_false (clv_engine_queue_stop (device->queue, 0));
  fake_set_held (device, &device->loads_held, FALSE);
  g_assert_true (clv_engine_queue_stop (
      device->queue, g_get_monotonic_time () + 60 * G_USEC_PER_SEC));
  fake_expect_rows (loaded, 2, 1);
}

typedef struct {
  FakeDevice *device;
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
    const guint width = what == 4 ? FAKE_BAD : 10 + self->seed;
    ClvFuture *future = fake_submit (
        self->device, width, (guint) g_rand_int_range (random, 1, 7), &how);
    gfloat rows[3 * FAKE_WIDTH];

    if (what == 5 || what == 3)
      clv_future_cancel (future);
    if (what == 6)
      g_assert_true (
          clv_engine_queue_texts (self->device->queue, texts, 3, rows, NULL));
    if (what < 2) {
      fake_expect_rows (future, width, 1);
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
  g_autoptr (FakeDevice) device = fake_device_new ();
  Stream streams[6];
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    streams[i] = (Stream){ device, i, 0 };
    threads[i] = g_thread_new ("stream", run_stream, &streams[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    g_thread_join (threads[i]);
  g_clear_pointer (&device->queue, clv_engine_queue_close);
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

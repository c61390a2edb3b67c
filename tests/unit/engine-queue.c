/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who shares a batch, and who gets whose answer and whose error, when; without a
 * device. */

#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/clv-frame-written.h"
#include "engine/clv-engine-rate.h"
#include "fake-device.h"

static void
test_share (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[6] = { fake_hold (device) };

  for (guint i = 1; i < G_N_ELEMENTS (futures); i++)
    futures[i] = fake_submit (device, 10 + i, i == 3 ? 2 : 1, NULL);
  /* The next batch is filled while the first is encoded, and no more. */
  fake_wait_for (device, &device->n_loads, 1 + FAKE_MAX_BATCH);
  g_assert_cmpuint (clv_engine_queue_get_n_waiting (device->queue), ==, 2);
  g_assert_cmpuint (device->n_starts, ==, 1);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (futures[0], 1, 1);
  for (guint i = 1; i < G_N_ELEMENTS (futures); i++)
    fake_expect_rows (futures[i], 10 + i, i == 3 ? 2 : 1);
  g_assert_cmpuint (device->n_starts, ==, 3);
  g_assert_cmpuint (device->largest, ==, FAKE_MAX_BATCH);
}

/* Takes the reference. Which frames were left out. */
static guint32
get_unchanged (ClvFuture *future)
{
  g_autoptr (GError) error = NULL;
  guint32 unchanged;

  g_assert_nonnull (clv_future_get (future, &error));
  g_assert_no_error (error);
  unchanged = clv_future_get_unchanged (future);
  clv_future_unref (future);
  return unchanged;
}

/* Each frame is compared with the last one that was encoded, in whatever batch. */
static void
test_looks (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvLook look = { 0 };
  ClvRequest how = { .look = &look, .change_threshold = 0.015 };
  ClvFuture *future = fake_submit (device, 7, 6, &how);
  const gfloat *rows = clv_future_get (future, NULL);

  /* Of 0.01, 0.02 … 0.06. */
  g_assert_cmpuint (
      clv_future_get_unchanged (future), ==, 1 << 1 | 1 << 3 | 1 << 5);
  for (guint i = 0; i < 6; i += 2)
    g_assert_cmpfloat (rows[FAKE_WIDTH * i + 1], ==, i + 1);
  clv_future_unref (future);
  g_assert_true (look.known);
  g_assert_cmpfloat_with_epsilon (look.cells[255], 0.05, 1e-6);
  g_assert_cmpstr (device->order->str, ==, "7,7,7 ");

  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 1, &how)), ==, 0);
  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 1, &how)), ==, 1);
  g_assert_cmpuint (device->n_starts, ==, 2);
  how.encode_always = 1;
  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 2, &how)), ==, 2);
  how.encode_always = 2;
  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 2, &how)), ==, 1);
  g_assert_cmpfloat_with_epsilon (look.cells[0], 0.02, 1e-6);
  how.look = NULL; /* nobody compares */
  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 3, &how)), ==, 0);
}

/* A frame that is left out shares a batch with others, and leaves its place to
 * them. */
static void
test_looks_in_a_shared_batch (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvLook look = { 0 };
  const ClvRequest how = { .look = &look, .change_threshold = 1 };
  ClvFuture *futures[4];

  g_assert_cmpuint (get_unchanged (fake_submit (device, 7, 1, &how)), ==, 0);
  futures[0] = fake_hold (device);
  futures[1] = fake_submit (device, 8, 1, NULL);
  futures[2] = fake_submit (device, 9, 2, &how);
  futures[3] = fake_submit (device, 10, 3, NULL);
  fake_wait_for (device, &device->n_loads, 8);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (futures[0], 1, 1);
  fake_expect_rows (futures[1], 8, 1);
  g_assert_cmpuint (get_unchanged (futures[2]), ==, 3);
  fake_expect_rows (futures[3], 10, 3);
  g_assert_cmpstr (device->order->str, ==, "7 1 8,10,10,10 ");
}

static void
test_large_request (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *future = fake_submit (device, 3, 9, NULL);

  fake_expect_rows (clv_future_ref (future), 3, 9);
  g_assert_cmpstr (device->order->str, ==, "3,3,3,3 3,3,3,3 3 ");
  clv_future_unref (future);
}

/* With full batches the next one is behind the first before that ends. */
static void
test_behind (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *warm = fake_submit (device, 2, FAKE_MAX_BATCH, NULL);
  ClvFuture *futures[2];

  fake_expect_rows (warm, 2, FAKE_MAX_BATCH);
  futures[0] = fake_hold (device);
  futures[1] = fake_submit (device, 5, FAKE_MAX_BATCH, NULL);
  while (TRUE) {
    gboolean both;

    g_mutex_lock (&device->mutex);
    both = device->flying[0] && device->flying[1];
    g_mutex_unlock (&device->mutex);
    if (both)
      break;
    g_usleep (1000);
  }
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (futures[0], 1, 1);
  fake_expect_rows (futures[1], 5, FAKE_MAX_BATCH);
}

static void
test_bad_frame (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[4] = { fake_hold (device) };

  futures[1] = fake_submit (device, 5, 1, NULL);
  futures[2] = fake_submit (device, FAKE_BAD, 3, NULL);
  futures[3] = fake_submit (device, 7, 2, NULL);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (futures[0], 1, 1);
  fake_expect_rows (futures[1], 5, 1);
  fake_expect_error (futures[2], CLV_ERROR, CLV_ERROR_FAILED);
  fake_expect_rows (futures[3], 7, 2);
  /* Of the bad request one frame was tried. */
  g_assert_cmpuint (device->n_loads, ==, 1 + 1 + 1 + 2);
  fake_expect_error (
      fake_submit (device, FAKE_BAD, 1, NULL), CLV_ERROR, CLV_ERROR_FAILED);
  fake_expect_rows (fake_submit (device, 8, 1, NULL), 8, 1);
}

static void
test_lost (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[3] = { fake_hold (device) };

  futures[1] = fake_submit (device, 5, 1, NULL);
  futures[2] = fake_submit (device, FAKE_LOST, 1, NULL);
  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (futures[0], 1, 1);
  fake_expect_error (futures[1], CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  fake_expect_error (futures[2], CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_assert_cmpuint (device->n_starts, ==, 2);
  /* A request whose first batch is lost loads no more. */
  fake_expect_error (fake_submit (device, FAKE_LOST, 20, NULL), CLV_ERROR,
      CLV_ERROR_DEVICE_LOST);
  g_assert_cmpuint (device->n_loads, <, 3 + 20);
}

static void
test_refused (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *first = fake_hold (device);
  ClvFuture *refused = fake_submit (device, FAKE_REFUSED, 2, NULL);
  ClvFuture *beside = fake_submit (device, 9, 1, NULL);

  fake_set_held (device, &device->held, FALSE);
  fake_expect_rows (first, 1, 1);
  fake_expect_error (refused, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  fake_expect_error (beside, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  fake_expect_rows (fake_submit (device, 9, 3, NULL), 9, 3);
}

/* A picture in a file that somebody still writes: a pipe without a byte. */
static ClvFuture *
submit_unwritten (FakeDevice *device, guint width, gint *ret_writer)
{
  ClvFrame frame = { .width = width, .height = 1, .memory = CLV_FRAME_DMABUF };
  const ClvRequest how = { .stream = ret_writer };
  gint ends[2];

  g_assert_true (g_unix_open_pipe (ends, 0, NULL));
  frame.fds[0] = ends[0];
  *ret_writer = ends[1];
  return clv_engine_queue_submit (device->queue, &frame, 1, &how);
}

/* The other end goes with the process. */
static void
write_picture (gint writer)
{
  g_assert_cmpint (write (writer, "", 1), ==, 1);
  close (writer);
}

static void
test_unwritten (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  gint writers[3];
  ClvFuture *unwritten = submit_unwritten (device, 7, &writers[0]);
  ClvFuture *cancelled = submit_unwritten (device, 8, &writers[1]);
  ClvFuture *lost = submit_unwritten (device, 9, &writers[2]);
  const gchar *const texts[] = { "a" };
  gfloat row[FAKE_WIDTH];
  ClvFutureTiming timing;

  fake_expect_rows (fake_submit (device, 1, 2, NULL), 1, 2);
  fake_expect_rows (fake_submit (device, 2, 5, NULL), 2, 5);
  g_assert_true (clv_engine_queue_texts (device->queue, texts, 1, row, NULL));
  g_assert_false (clv_future_is_answered (unwritten));
  clv_future_cancel (cancelled);
  fake_expect_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  write_picture (writers[0]);
  fake_expect_rows (unwritten, 7, 1);
  clv_future_wait_until (lost, -1);
  clv_future_get_timing (lost, &timing);
  g_assert_cmpint (timing.answered_us - timing.submitted_us, >=,
      CLV_FRAME_WRITTEN_MS * 1000);
  fake_expect_error (lost, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_cmpstr (device->order->str, ==, "1,1 2,2,2,2 2 t1 7 ");
  close (writers[1]);
  close (writers[2]);
}

static gpointer
call_texts (gpointer data)
{
  const gchar *const texts[] = { "a", "bc", "def", "g", "hi", "jkl", "mnopq",
    "r" };
  gfloat rows[G_N_ELEMENTS (texts)][FAKE_WIDTH];
  g_autoptr (GError) error = NULL;

  g_assert_true (clv_engine_queue_texts (
      data, texts, G_N_ELEMENTS (texts), rows[0], &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_assert_cmpfloat (rows[i][0], ==, strlen (texts[i]));
    g_assert_cmpfloat (rows[i][1], ==, texts[i][0]);
  }
  return NULL;
}

/* Eight texts: while there is video three at a time, each slice behind a batch. */
static void
test_texts (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();
  ClvFuture *futures[3] = { NULL };
  GThread *texts;

  fake_set_held (device, &device->texts_held, TRUE);
  fake_expect_rows (fake_submit (device, 1, 1, NULL), 1, 1);
  texts = g_thread_new ("texts", call_texts, device->queue);
  g_mutex_lock (&device->mutex);
  while (strchr (device->order->str, 't') == NULL)
    g_cond_wait (&device->cond, &device->mutex);
  g_mutex_unlock (&device->mutex);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = fake_submit (device, 5 + i, FAKE_MAX_BATCH, NULL);
  fake_set_held (device, &device->texts_held, FALSE);
  g_thread_join (texts);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    fake_expect_rows (futures[i], 5 + i, FAKE_MAX_BATCH);
  g_assert_cmpstr (
      device->order->str, ==, "1 t3 5,6,7,5 t3 6,7,5,6 t2 7,5,6,7 ");
}

static void
test_only_texts (void)
{
  g_autoptr (FakeDevice) device = fake_device_new ();

  call_texts (device->queue);
  g_assert_cmpstr (device->order->str, ==, "t5 t3 ");
}

static void
test_bad_text (void)
{
  const gchar *const texts[] = { "a", "b", "c", "d", "e", "f", "bad", "g" };
  gfloat rows[G_N_ELEMENTS (texts)][FAKE_WIDTH];
  g_autoptr (FakeDevice) device = fake_device_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_engine_queue_texts (
      device->queue, texts, G_N_ELEMENTS (texts), rows[0], &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_true (
      clv_engine_queue_texts (device->queue, texts, 0, rows[0], NULL));
  g_assert_true (
      clv_engine_queue_texts (device->queue, texts, 6, rows[0], NULL));
}

static void
test_rate (void)
{
  ClvEngineRate rate;

  clv_engine_rate_init (&rate, 0);
  /* The first of a size is no measure. */
  g_assert_cmpuint (clv_engine_rate_add (&rate, 4, 100000, 900000), ==, 0);
  g_assert_cmpuint (clv_engine_rate_add (&rate, 1, 100000, 1000000), ==, 0);
  g_assert_cmpfloat (clv_engine_rate_get (&rate), ==, 0);
  /* Four pictures in 200 ms, begun 400 ms before the device was free; then one that
   * waited 100 ms for the other batch. */
  g_assert_cmpuint (clv_engine_rate_add (&rate, 4, 600000, 1200000), ==, 1);
  g_assert_cmpfloat_with_epsilon (clv_engine_rate_get (&rate), 20, 1e-9);
  g_assert_cmpuint (clv_engine_rate_add (&rate, 1, 1100000, 1350000), ==, 2);
  g_assert_cmpfloat_with_epsilon (clv_engine_rate_get (&rate), 10, 1e-9);
  clv_engine_rate_clear (&rate);

  /* What was known before gives way to what is measured. */
  clv_engine_rate_init (&rate, 0.5);
  g_assert_cmpfloat_with_epsilon (clv_engine_rate_get (&rate), 2, 1e-9);
  clv_engine_rate_add (&rate, 1, 100000, 1000000);
  g_assert_cmpfloat_with_epsilon (clv_engine_rate_get (&rate), 2, 1e-9);
  clv_engine_rate_add (&rate, 1, 1000000, 1100000);
  g_assert_cmpfloat_with_epsilon (clv_engine_rate_get (&rate), 10, 1e-9);
  clv_engine_rate_clear (&rate);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine-queue/what looks the same is not encoded", test_looks);
  g_test_add_func ("/engine-queue/and leaves its place to others",
      test_looks_in_a_shared_batch);
  g_test_add_func ("/engine-queue/frames that wait share a batch", test_share);
  g_test_add_func (
      "/engine-queue/a large request is several batches", test_large_request);
  g_test_add_func (
      "/engine-queue/a full batch does not wait for the one before",
      test_behind);
  g_test_add_func (
      "/engine-queue/a bad frame fails its own request", test_bad_frame);
  g_test_add_func ("/engine-queue/a lost device fails all", test_lost);
  g_test_add_func (
      "/engine-queue/a batch that does not start fails its requests",
      test_refused);
  g_test_add_func (
      "/engine-queue/nobody waits for pictures that are still written",
      test_unwritten);
  g_test_add_func (
      "/engine-queue/batches pass between the slices of a long list of texts",
      test_texts);
  g_test_add_func (
      "/engine-queue/without video the slices are longer", test_only_texts);
  g_test_add_func (
      "/engine-queue/a bad text fails its own request", test_bad_text);
  g_test_add_func ("/engine-queue/the rate is that of the device", test_rate);
  return g_test_run ();
}

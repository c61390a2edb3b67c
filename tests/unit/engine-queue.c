/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who shares a batch, and who gets whose answer and whose error, when; without a
 * device. A frame's embedding is here its width and its height. */

#include <clv/clv-error.h>
#include <gio/gio.h>
#include <string.h>

#include "engine/clv-engine-queue.h"
#include "engine/clv-engine-rate.h"

#define WIDTH     2
#define MAX_BATCH 4
#define BAD       666 /* the width of a frame that cannot be loaded */
#define LOST      667 /* the width of a frame that kills the device */
#define REFUSED   668 /* the width of a frame whose batch cannot be started */

/* A device that takes one batch after the other, and as long as it is told. */
typedef struct {
  GMutex mutex;
  GCond cond;
  gboolean held;       /* batches do not end */
  gboolean texts_held; /* texts do not either */
  gboolean flying[CLV_ENGINE_SETS];
  ClvFrame frames[CLV_ENGINE_SETS][MAX_BATCH];
  guint n_loads;
  guint n_starts;
  guint n_finishing; /* calls of finish so far */
  guint largest;
  GString *order; /* the widths of the frames of each batch; t for texts */
} Work;

static gboolean
load_frame (
    gpointer data, guint set, guint slot, const ClvFrame *frame, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  g_assert_cmpuint (slot, <, MAX_BATCH);
  self->frames[set][slot] = *frame;
  self->n_loads++;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (frame->width != BAD)
    return TRUE;
  g_set_error (
      error, CLV_ERROR, CLV_ERROR_FAILED, "frame of height %u", frame->height);
  return FALSE;
}

/* A frame is as bright as it is high, in hundredths. */
static gboolean
look_at (
    gpointer data, guint set, guint slot, gfloat *ret_cells, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  for (guint i = 0; i < CLV_LOOK_SIDE * CLV_LOOK_SIDE; i++)
    ret_cells[i] = self->frames[set][slot].height / 100.0f;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static gboolean
start (gpointer data, guint set, guint n, GError **error)
{
  Work *self = data;
  gboolean ok = TRUE;

  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (n, >, 0);
  g_assert_false (self->flying[set]);
  /* Buffers grow: nothing may be using them. */
  for (guint i = 0; n > self->largest && i < CLV_ENGINE_SETS; i++)
    g_assert_false (self->flying[i]);
  for (guint i = 0; i < n; i++) {
    ok = ok && self->frames[set][i].width != REFUSED;
    g_string_append_printf (
        self->order, "%s%u", i > 0 ? "," : "", self->frames[set][i].width);
  }
  g_string_append_c (self->order, ' ');
  self->n_starts++;
  self->largest = MAX (self->largest, n);
  self->flying[set] = ok;
  g_mutex_unlock (&self->mutex);
  if (!ok)
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "refused");
  return ok;
}

static void
drop (gpointer data, guint set)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  g_mutex_unlock (&self->mutex);
}

static gboolean
finish (gpointer data, guint set, guint n, GError **error)
{
  Work *self = data;
  gboolean ok = TRUE;

  g_mutex_lock (&self->mutex);
  self->n_finishing++;
  g_cond_broadcast (&self->cond);
  while (self->held)
    g_cond_wait (&self->cond, &self->mutex);
  g_assert_true (self->flying[set]);
  self->flying[set] = FALSE;
  for (guint i = 0; i < n; i++)
    ok = ok && self->frames[set][i].width != LOST;
  g_mutex_unlock (&self->mutex);
  if (!ok)
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST, "lost");
  return ok;
}

static void
read_row (gpointer data, guint set, guint slot, gfloat *ret_row)
{
  Work *self = data;

  ret_row[0] = (gfloat) self->frames[set][slot].width;
  ret_row[1] = (gfloat) self->frames[set][slot].height;
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n,
    gfloat *ret_rows, GError **error)
{
  Work *self = data;

  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->order, "t%u ", n);
  g_cond_broadcast (&self->cond);
  while (self->texts_held)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < n; i++) {
    if (g_str_equal (texts[i], "bad")) {
      g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED, "bad text");
      return FALSE;
    }
    ret_rows[WIDTH * i] = (gfloat) strlen (texts[i]);
    ret_rows[WIDTH * i + 1] = (gfloat) texts[i][0];
  }
  return TRUE;
}

static ClvEngineQueue *
open_queue (Work *work)
{
  const ClvEngineWork params = {
    .load_frame = load_frame,
    .look_at = look_at,
    .start = start,
    .drop = drop,
    .finish = finish,
    .read_row = read_row,
    .encode_texts = encode_texts,
    .data = work,
    .width = WIDTH,
    .max_batch = MAX_BATCH,
    .text_slice = 5,
    .text_slice_beside = 3,
  };

  *work = (Work){ .order = g_string_new (NULL) };
  g_mutex_init (&work->mutex);
  g_cond_init (&work->cond);
  return clv_engine_queue_new (&params);
}

static void
close_queue (Work *work, ClvEngineQueue *queue)
{
  clv_engine_queue_close (queue);
  g_string_free (work->order, TRUE);
  g_mutex_clear (&work->mutex);
  g_cond_clear (&work->cond);
}

static ClvFuture *
submit (ClvEngineQueue *queue, guint width, guint n, const ClvRequest *how)
{
  g_autofree ClvFrame *frames = g_new0 (ClvFrame, n);

  for (guint i = 0; i < n; i++) {
    frames[i].width = width;
    frames[i].height = i + 1;
  }
  return clv_engine_queue_submit (queue, frames, n, how);
}

/* Takes the reference. */
static void
expect_rows (ClvFuture *future, guint width, guint n)
{
  g_autoptr (GError) error = NULL;
  const gfloat *rows = clv_future_get (future, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpfloat (rows[WIDTH * i], ==, width);
    g_assert_cmpfloat (rows[WIDTH * i + 1], ==, i + 1);
  }
  clv_future_unref (future);
}

static void
expect_error (ClvFuture *future, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_future_get (future, &error));
  g_assert_error (error, domain, code);
  clv_future_unref (future);
}

/* The device takes a batch of this one frame and keeps it. */
static ClvFuture *
hold (Work *work, ClvEngineQueue *queue)
{
  ClvFuture *first;
  guint n;

  g_mutex_lock (&work->mutex);
  work->held = TRUE;
  n = work->n_finishing;
  g_mutex_unlock (&work->mutex);
  first = submit (queue, 1, 1, NULL);
  g_mutex_lock (&work->mutex);
  while (work->n_finishing == n)
    g_cond_wait (&work->cond, &work->mutex);
  g_mutex_unlock (&work->mutex);
  return first;
}

static void
wait_for_loads (Work *work, guint n)
{
  g_mutex_lock (&work->mutex);
  while (work->n_loads < n)
    g_cond_wait (&work->cond, &work->mutex);
  g_mutex_unlock (&work->mutex);
}

static void
let_go (Work *work)
{
  g_mutex_lock (&work->mutex);
  work->held = FALSE;
  g_cond_broadcast (&work->cond);
  g_mutex_unlock (&work->mutex);
}

static void
test_share (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *futures[6] = { hold (&work, queue) };

  for (guint i = 1; i < G_N_ELEMENTS (futures); i++)
    futures[i] = submit (queue, 10 + i, i == 3 ? 2 : 1, NULL);
  /* The next batch is filled while the first is encoded, and no more. */
  wait_for_loads (&work, 1 + MAX_BATCH);
  g_assert_cmpuint (clv_engine_queue_get_n_waiting (queue), ==, 2);
  g_assert_cmpuint (work.n_starts, ==, 1);
  let_go (&work);
  expect_rows (futures[0], 1, 1);
  for (guint i = 1; i < G_N_ELEMENTS (futures); i++)
    expect_rows (futures[i], 10 + i, i == 3 ? 2 : 1);
  g_assert_cmpuint (work.n_starts, ==, 3);
  g_assert_cmpuint (work.largest, ==, MAX_BATCH);
  close_queue (&work, queue);
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
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvLook look = { 0 };
  ClvRequest how = { .look = &look, .change_threshold = 0.015 };
  ClvFuture *future = submit (queue, 7, 6, &how);
  const gfloat *rows = clv_future_get (future, NULL);

  /* Of 0.01, 0.02 … 0.06. */
  g_assert_cmpuint (
      clv_future_get_unchanged (future), ==, 1 << 1 | 1 << 3 | 1 << 5);
  for (guint i = 0; i < 6; i += 2)
    g_assert_cmpfloat (rows[WIDTH * i + 1], ==, i + 1);
  clv_future_unref (future);
  g_assert_true (look.known);
  g_assert_cmpfloat_with_epsilon (look.cells[255], 0.05, 1e-6);
  g_assert_cmpstr (work.order->str, ==, "7,7,7 ");

  g_assert_cmpuint (get_unchanged (submit (queue, 7, 1, &how)), ==, 0);
  g_assert_cmpuint (get_unchanged (submit (queue, 7, 1, &how)), ==, 1);
  g_assert_cmpuint (work.n_starts, ==, 2);
  how.encode_always = 1;
  g_assert_cmpuint (get_unchanged (submit (queue, 7, 2, &how)), ==, 2);
  how.encode_always = 2;
  g_assert_cmpuint (get_unchanged (submit (queue, 7, 2, &how)), ==, 1);
  g_assert_cmpfloat_with_epsilon (look.cells[0], 0.02, 1e-6);
  how.look = NULL; /* nobody compares */
  g_assert_cmpuint (get_unchanged (submit (queue, 7, 3, &how)), ==, 0);
  close_queue (&work, queue);
}

/* A frame that is left out shares a batch with others, and leaves its place to
 * them. */
static void
test_looks_in_a_shared_batch (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvLook look = { 0 };
  const ClvRequest how = { .look = &look, .change_threshold = 1 };
  ClvFuture *futures[4];

  g_assert_cmpuint (get_unchanged (submit (queue, 7, 1, &how)), ==, 0);
  futures[0] = hold (&work, queue);
  futures[1] = submit (queue, 8, 1, NULL);
  futures[2] = submit (queue, 9, 2, &how);
  futures[3] = submit (queue, 10, 3, NULL);
  wait_for_loads (&work, 8);
  let_go (&work);
  expect_rows (futures[0], 1, 1);
  expect_rows (futures[1], 8, 1);
  g_assert_cmpuint (get_unchanged (futures[2]), ==, 3);
  expect_rows (futures[3], 10, 3);
  g_assert_cmpstr (work.order->str, ==, "7 1 8,10,10,10 ");
  close_queue (&work, queue);
}

static void
test_large_request (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *future = submit (queue, 3, 9, NULL);

  expect_rows (clv_future_ref (future), 3, 9);
  g_assert_cmpstr (work.order->str, ==, "3,3,3,3 3,3,3,3 3 ");
  clv_future_unref (future);
  close_queue (&work, queue);
}

/* With full batches the next one is behind the first before that ends. */
static void
test_behind (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *warm = submit (queue, 2, MAX_BATCH, NULL);
  ClvFuture *futures[2];

  expect_rows (warm, 2, MAX_BATCH);
  futures[0] = hold (&work, queue);
  futures[1] = submit (queue, 5, MAX_BATCH, NULL);
  while (TRUE) {
    gboolean both;

    g_mutex_lock (&work.mutex);
    both = work.flying[0] && work.flying[1];
    g_mutex_unlock (&work.mutex);
    if (both)
      break;
    g_usleep (1000);
  }
  let_go (&work);
  expect_rows (futures[0], 1, 1);
  expect_rows (futures[1], 5, MAX_BATCH);
  close_queue (&work, queue);
}

static void
test_bad_frame (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *futures[4] = { hold (&work, queue) };

  futures[1] = submit (queue, 5, 1, NULL);
  futures[2] = submit (queue, BAD, 3, NULL);
  futures[3] = submit (queue, 7, 2, NULL);
  let_go (&work);
  expect_rows (futures[0], 1, 1);
  expect_rows (futures[1], 5, 1);
  expect_error (futures[2], CLV_ERROR, CLV_ERROR_FAILED);
  expect_rows (futures[3], 7, 2);
  /* Of the bad request one frame was tried. */
  g_assert_cmpuint (work.n_loads, ==, 1 + 1 + 1 + 2);
  expect_error (submit (queue, BAD, 1, NULL), CLV_ERROR, CLV_ERROR_FAILED);
  expect_rows (submit (queue, 8, 1, NULL), 8, 1);
  close_queue (&work, queue);
}

static void
test_lost (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *futures[3] = { hold (&work, queue) };

  futures[1] = submit (queue, 5, 1, NULL);
  futures[2] = submit (queue, LOST, 1, NULL);
  let_go (&work);
  expect_rows (futures[0], 1, 1);
  expect_error (futures[1], CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  expect_error (futures[2], CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_assert_cmpuint (work.n_starts, ==, 2);
  /* A request whose first batch is lost loads no more. */
  expect_error (
      submit (queue, LOST, 20, NULL), CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_assert_cmpuint (work.n_loads, <, 3 + 20);
  close_queue (&work, queue);
}

static void
test_refused (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *first = hold (&work, queue);
  ClvFuture *refused = submit (queue, REFUSED, 2, NULL);
  ClvFuture *beside = submit (queue, 9, 1, NULL);

  let_go (&work);
  expect_rows (first, 1, 1);
  expect_error (refused, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  expect_error (beside, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  expect_rows (submit (queue, 9, 3, NULL), 9, 3);
  close_queue (&work, queue);
}

static gpointer
call_texts (gpointer data)
{
  const gchar *const texts[] = { "a", "bc", "def", "g", "hi", "jkl", "mnopq",
    "r" };
  gfloat rows[G_N_ELEMENTS (texts)][WIDTH];
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
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  ClvFuture *futures[3] = { NULL };
  GThread *texts;

  g_mutex_lock (&work.mutex);
  work.texts_held = TRUE;
  g_mutex_unlock (&work.mutex);
  expect_rows (submit (queue, 1, 1, NULL), 1, 1);
  texts = g_thread_new ("texts", call_texts, queue);
  g_mutex_lock (&work.mutex);
  while (strchr (work.order->str, 't') == NULL)
    g_cond_wait (&work.cond, &work.mutex);
  g_mutex_unlock (&work.mutex);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = submit (queue, 5 + i, MAX_BATCH, NULL);
  g_mutex_lock (&work.mutex);
  work.texts_held = FALSE;
  g_cond_broadcast (&work.cond);
  g_mutex_unlock (&work.mutex);
  g_thread_join (texts);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    expect_rows (futures[i], 5 + i, MAX_BATCH);
  g_assert_cmpstr (work.order->str, ==, "1 t3 5,6,7,5 t3 6,7,5,6 t2 7,5,6,7 ");
  close_queue (&work, queue);
}

static void
test_only_texts (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);

  call_texts (queue);
  g_assert_cmpstr (work.order->str, ==, "t5 t3 ");
  close_queue (&work, queue);
}

static void
test_bad_text (void)
{
  const gchar *const texts[] = { "a", "b", "c", "d", "e", "f", "bad", "g" };
  gfloat rows[G_N_ELEMENTS (texts)][WIDTH];
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_engine_queue_texts (
      queue, texts, G_N_ELEMENTS (texts), rows[0], &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_true (clv_engine_queue_texts (queue, texts, 0, rows[0], NULL));
  g_assert_true (clv_engine_queue_texts (queue, texts, 6, rows[0], NULL));
  close_queue (&work, queue);
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
      "/engine-queue/batches pass between the slices of a long list of texts",
      test_texts);
  g_test_add_func (
      "/engine-queue/without video the slices are longer", test_only_texts);
  g_test_add_func (
      "/engine-queue/a bad text fails its own request", test_bad_text);
  g_test_add_func ("/engine-queue/the rate is that of the device", test_rate);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who shares a batch, and who gets whose answer and whose error; without a
 * device. A frame's embedding is here its width and its height. */

#include <clv/clv-error.h>
#include <string.h>

#include "engine/clv-engine-queue.h"
#include "engine/clv-engine-registry.h"

#define WIDTH 2
#define BAD   666 /* the width of a frame that cannot be encoded */
#define LOST  667 /* the width of a frame that kills the device */

typedef struct {
  GMutex mutex;
  GCond cond;
  gboolean held;  /* the worker waits in its next call */
  gboolean ready; /* the worker is in that call */
  guint n_calls;
  guint largest;
  GString *order; /* f for a call with frames, t with texts */
  GThread *thread;
} Work;

static void
enter (Work *self, gchar kind, guint n)
{
  g_mutex_lock (&self->mutex);
  self->ready = TRUE;
  g_cond_broadcast (&self->cond);
  while (self->held)
    g_cond_wait (&self->cond, &self->mutex);
  self->n_calls++;
  self->largest = MAX (self->largest, n);
  g_string_append_c (self->order, kind);
  g_assert_true (self->thread == NULL || self->thread == g_thread_self ());
  self->thread = g_thread_self ();
  g_mutex_unlock (&self->mutex);
}

static gboolean
encode_frames (gpointer data, const ClvFrame *frames, guint n, gfloat *ret_rows,
    GError **error)
{
  enter (data, 'f', n);
  for (guint i = 0; i < n; i++) {
    if (frames[i].width == BAD || frames[i].width == LOST) {
      g_set_error (error, CLV_ERROR,
          frames[i].width == LOST ? CLV_ERROR_DEVICE_LOST : CLV_ERROR_FAILED,
          "frame of height %u", frames[i].height);
      return FALSE;
    }
    ret_rows[WIDTH * i] = (gfloat) frames[i].width;
    ret_rows[WIDTH * i + 1] = (gfloat) frames[i].height;
  }
  return TRUE;
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n,
    gfloat *ret_rows, GError **error)
{
  enter (data, 't', n);
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
    .encode_frames = encode_frames,
    .encode_texts = encode_texts,
    .data = work,
    .width = WIDTH,
    .max_batch = 4,
    .text_slice = 3,
  };

  *work = (Work){ .order = g_string_new (NULL) };
  g_mutex_init (&work->mutex);
  g_cond_init (&work->cond);
  return clv_engine_queue_new (&params);
}

static void
close_queue (Work *work, ClvEngineQueue *queue)
{
  clv_engine_queue_free (queue);
  g_string_free (work->order, TRUE);
  g_mutex_clear (&work->mutex);
  g_cond_clear (&work->cond);
}

/* A caller with its own frames; its answers are checked in its thread. */
typedef struct {
  ClvEngineQueue *queue;
  guint width;
  guint n;
  gint code; /* of the error it has to get, or -1 */
  GThread *thread;
} Caller;

static gpointer
call (gpointer data)
{
  Caller *self = data;
  g_autofree ClvFrame *frames = g_new0 (ClvFrame, self->n);
  g_autofree gfloat *rows = g_new0 (gfloat, (gsize) self->n * WIDTH);
  g_autoptr (GError) error = NULL;
  gboolean ok;

  for (guint i = 0; i < self->n; i++) {
    frames[i].width = self->width;
    frames[i].height = i + 1;
  }
  ok = clv_engine_queue_frames (self->queue, frames, self->n, rows, &error);
  if (self->code >= 0) {
    g_assert_false (ok);
    g_assert_error (error, CLV_ERROR, self->code);
    g_assert_cmpfloat (rows[0], ==, 0);
    return NULL;
  }
  g_assert_no_error (error);
  g_assert_true (ok);
  for (guint i = 0; i < self->n; i++) {
    g_assert_cmpfloat (rows[WIDTH * i], ==, self->width);
    g_assert_cmpfloat (rows[WIDTH * i + 1], ==, i + 1);
  }
  return NULL;
}

static void
start (Caller *self, ClvEngineQueue *queue, guint width, guint n, gint code)
{
  *self = (Caller){ queue, width, n, code, NULL };
  self->thread = g_thread_new ("caller", call, self);
}

static void
wait_for_waiting (ClvEngineQueue *queue, guint n)
{
  while (clv_engine_queue_get_n_waiting (queue) != n)
    g_usleep (1000);
}

/* The same while the worker is held: the n-th in the queue. */
static void
start_nth (Caller *self, ClvEngineQueue *queue, guint width, guint n_frames,
    gint code, guint n)
{
  start (self, queue, width, n_frames, code);
  wait_for_waiting (queue, n);
}

/* Keeps the worker in a call with one frame while others queue up behind it. */
static void
hold (Work *work, ClvEngineQueue *queue, Caller *first)
{
  g_mutex_lock (&work->mutex);
  work->held = TRUE;
  work->ready = FALSE;
  g_mutex_unlock (&work->mutex);
  start (first, queue, 1, 1, -1);
  g_mutex_lock (&work->mutex);
  while (!work->ready)
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
  Caller callers[6];

  hold (&work, queue, &callers[0]);
  for (guint i = 1; i < G_N_ELEMENTS (callers); i++)
    start_nth (&callers[i], queue, 10 + i, i == 3 ? 2 : 1, -1, i);
  let_go (&work);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_thread_join (callers[i].thread);
  /* 1 alone; then 1 + 1 + 2 fill a batch of 4; then 1 + 1. */
  g_assert_cmpuint (work.n_calls, ==, 3);
  g_assert_cmpuint (work.largest, ==, 4);
  close_queue (&work, queue);
}

static void
test_large_request (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  Caller caller;

  start (&caller, queue, 3, 9, -1);
  g_thread_join (caller.thread);
  g_assert_cmpuint (work.n_calls, ==, 1);
  close_queue (&work, queue);
}

static void
test_bad_frame (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  Caller callers[4];

  hold (&work, queue, &callers[0]);
  start_nth (&callers[1], queue, 5, 1, -1, 1);
  start_nth (&callers[2], queue, BAD, 1, CLV_ERROR_FAILED, 2);
  start_nth (&callers[3], queue, 7, 2, -1, 3);
  let_go (&work);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_thread_join (callers[i].thread);
  g_assert_cmpuint (work.n_calls, ==, 1 + 1 + 3);
  start (&callers[0], queue, BAD, 1, CLV_ERROR_FAILED);
  g_thread_join (callers[0].thread);
  g_assert_cmpuint (work.n_calls, ==, 6); /* alone, it is not tried again */
  close_queue (&work, queue);
}

static void
test_lost (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  Caller callers[3];

  hold (&work, queue, &callers[0]);
  start_nth (&callers[1], queue, 5, 1, CLV_ERROR_DEVICE_LOST, 1);
  start_nth (&callers[2], queue, LOST, 1, CLV_ERROR_DEVICE_LOST, 2);
  let_go (&work);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_thread_join (callers[i].thread);
  g_assert_cmpuint (work.n_calls, ==, 2);
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

static void
test_texts (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  Caller callers[3];
  GThread *texts;

  hold (&work, queue, &callers[0]);
  texts = g_thread_new ("texts", call_texts, queue);
  wait_for_waiting (queue, 1);
  start_nth (&callers[1], queue, 5, 1, -1, 2);
  start_nth (&callers[2], queue, 6, 1, -1, 3);
  let_go (&work);
  g_thread_join (texts);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_thread_join (callers[i].thread);
  /* Eight texts by three, and the frames after the first slice. */
  g_assert_cmpstr (work.order->str, ==, "ftftt");
  close_queue (&work, queue);
}

static void
test_bad_text (void)
{
  const gchar *const texts[] = { "a", "b", "c", "d", "bad", "e" };
  gfloat rows[G_N_ELEMENTS (texts)][WIDTH];
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_engine_queue_texts (
      queue, texts, G_N_ELEMENTS (texts), rows[0], &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_true (clv_engine_queue_texts (queue, texts, 0, rows[0], NULL));
  g_assert_true (clv_engine_queue_texts (queue, texts, 4, rows[0], NULL));
  close_queue (&work, queue);
}

static gpointer
call_often (gpointer data)
{
  Caller *self = data;

  for (guint i = 0; i < 500; i++) {
    self->n = 1 + i % 5;
    call (self);
  }
  return NULL;
}

static void
test_threads (void)
{
  Work work;
  ClvEngineQueue *queue = open_queue (&work);
  Caller callers[8];

  for (guint i = 0; i < G_N_ELEMENTS (callers); i++) {
    gboolean bad = i == 5;

    callers[i] = (Caller){ queue, bad ? BAD : 20 + i, 1,
      bad ? CLV_ERROR_FAILED : -1, NULL };
    callers[i].thread = g_thread_new ("caller", call_often, &callers[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_thread_join (callers[i].thread);
  close_queue (&work, queue);
}

static gpointer
make_object (gpointer user_data, GError **error)
{
  guint *n_made = user_data;

  g_usleep (10000);
  if (++*n_made == 1) {
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED, "not yet");
    return NULL;
  }
  return g_object_new (G_TYPE_OBJECT, NULL);
}

static gpointer
get_object (gpointer user_data)
{
  return clv_registry_get ("threads", make_object, user_data, NULL);
}

static void
test_registry (void)
{
  guint n_made = 0;
  GThread *threads[6];
  gpointer objects[6];
  gpointer kept = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_object, &n_made);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    objects[i] = g_thread_join (threads[i]);
    if (objects[i] != NULL)
      kept = objects[i];
  }
  /* The first failed, the second made the object of all others. */
  g_assert_cmpuint (n_made, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_assert_true (objects[i] == NULL || objects[i] == kept);
    if (objects[i] != NULL && objects[i] != kept)
      g_object_unref (objects[i]);
  }
  clv_registry_forget (kept);
  objects[0] = clv_registry_get ("threads", make_object, &n_made, NULL);
  g_assert_true (objects[0] != kept);
  g_object_unref (objects[0]);
  for (guint i = 0; i < G_N_ELEMENTS (objects) - 1; i++)
    g_object_unref (kept);

  objects[0] = clv_registry_get ("threads", make_object, &n_made, NULL);
  g_assert_cmpuint (n_made, ==, 4); /* nobody held the last one */
  g_object_unref (objects[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-queue/frames that wait share a batch", test_share);
  g_test_add_func (
      "/engine-queue/a large request is one batch", test_large_request);
  g_test_add_func (
      "/engine-queue/a bad frame fails its own request", test_bad_frame);
  g_test_add_func ("/engine-queue/a lost device fails all", test_lost);
  g_test_add_func (
      "/engine-queue/frames pass between the slices of a long list of texts",
      test_texts);
  g_test_add_func (
      "/engine-queue/a bad text fails its own request", test_bad_text);
  g_test_add_func (
      "/engine-queue/many threads get their own answers", test_threads);
  g_test_add_func (
      "/engine-queue/an object is made once and held weakly", test_registry);
  return g_test_run ();
}

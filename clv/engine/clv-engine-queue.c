/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-queue.h"

#include <clv/clv-error.h>
#include <string.h>

/* Lies on the stack of the caller that waits for it. */
typedef struct {
  const ClvFrame *frames;    /* or NULL: texts */
  const gchar *const *texts; /* or NULL: frames */
  guint n;
  guint n_done; /* texts only */
  gfloat *embeddings;
  gboolean ok;
  gboolean done;
  GError *error;
  GCond answered;
} Request;

struct _ClvEngineQueue {
  ClvEngineWork work;
  GThread *thread;
  GMutex mutex;
  GCond changed;
  GQueue requests; /* under the mutex, as is the next */
  gboolean stop;

  /* The worker's own. */
  GPtrArray *batch; /* of Request */
  GArray *frames;   /* of ClvFrame: those of the batch */
  GArray *rows;     /* of gfloat */
};

static void
answer (ClvEngineQueue *self, Request *request, gboolean ok, GError *error)
{
  g_mutex_lock (&self->mutex);
  request->ok = ok;
  request->error = error;
  request->done = TRUE;
  g_cond_signal (&request->answered);
  g_mutex_unlock (&self->mutex);
}

/* Takes the next request, and with frames all that wait behind it up to the
 * first that does not fit. FALSE when the queue is to stop. */
static gboolean
take_batch (ClvEngineQueue *self)
{
  guint n = 0;

  g_ptr_array_set_size (self->batch, 0);
  g_mutex_lock (&self->mutex);
  while (g_queue_is_empty (&self->requests) && !self->stop)
    g_cond_wait (&self->changed, &self->mutex);
  for (Request *next; (next = g_queue_peek_head (&self->requests)) != NULL;) {
    if (n > 0 && (next->frames == NULL || n + next->n > self->work.max_batch))
      break;
    n += next->n;
    g_ptr_array_add (self->batch, g_queue_pop_head (&self->requests));
    if (next->frames == NULL)
      break;
  }
  g_mutex_unlock (&self->mutex);
  return self->batch->len > 0;
}

/* Encodes requests [first, first + n) of the batch in one call; FALSE if that
 * failed, and nobody has an answer. */
static gboolean
encode_together (ClvEngineQueue *self, guint first, guint n, GError **error)
{
  const ClvEngineWork *work = &self->work;
  const gfloat *row;

  g_array_set_size (self->frames, 0);
  for (guint i = first; i < first + n; i++) {
    Request *request = g_ptr_array_index (self->batch, i);

    g_array_append_vals (self->frames, request->frames, request->n);
  }
  g_array_set_size (self->rows, self->frames->len * work->width);
  if (!work->encode_frames (work->data,
          (const ClvFrame *) (gpointer) self->frames->data, self->frames->len,
          (gfloat *) (gpointer) self->rows->data, error))
    return FALSE;

  row = (const gfloat *) (gpointer) self->rows->data;
  for (guint i = first; i < first + n; i++) {
    Request *request = g_ptr_array_index (self->batch, i);
    gsize n_values = (gsize) request->n * work->width;

    memcpy (request->embeddings, row, n_values * sizeof *row);
    row += n_values;
    answer (self, request, TRUE, NULL);
  }
  return TRUE;
}

static void
serve_frames (ClvEngineQueue *self)
{
  g_autoptr (GError) error = NULL;
  guint n = self->batch->len;
  gboolean alone = n == 1;

  if (encode_together (self, 0, n, &error))
    return;
  for (guint i = 0; i < n; i++) {
    Request *request = g_ptr_array_index (self->batch, i);
    GError *own = NULL;

    if (alone || g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST))
      answer (self, request, FALSE, g_error_copy (error));
    else if (!encode_together (self, i, 1, &own))
      answer (self, request, FALSE, own);
  }
}

static void
serve_texts (ClvEngineQueue *self, Request *request)
{
  const ClvEngineWork *work = &self->work;
  guint n = MIN (request->n - request->n_done, work->text_slice);
  GError *error = NULL;

  if (!work->encode_texts (work->data, request->texts + request->n_done, n,
          request->embeddings + (gsize) request->n_done * work->width,
          &error)) {
    answer (self, request, FALSE, error);
    return;
  }
  request->n_done += n;
  if (request->n_done == request->n) {
    answer (self, request, TRUE, NULL);
    return;
  }
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->requests, request);
  g_mutex_unlock (&self->mutex);
}

static gpointer
worker (gpointer data)
{
  ClvEngineQueue *self = data;

  while (take_batch (self)) {
    Request *first = g_ptr_array_index (self->batch, 0);

    if (first->frames != NULL)
      serve_frames (self);
    else
      serve_texts (self, first);
  }
  return NULL;
}

ClvEngineQueue *
clv_engine_queue_new (const ClvEngineWork *work)
{
  ClvEngineQueue *self = g_new0 (ClvEngineQueue, 1);

  self->work = *work;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_queue_init (&self->requests);
  self->batch = g_ptr_array_new ();
  self->frames = g_array_new (FALSE, FALSE, sizeof (ClvFrame));
  self->rows = g_array_new (FALSE, FALSE, sizeof (gfloat));
  self->thread = g_thread_new ("clv-engine", worker, self);
  return self;
}

void
clv_engine_queue_free (ClvEngineQueue *self)
{
  g_mutex_lock (&self->mutex);
  self->stop = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->thread);

  g_ptr_array_unref (self->batch);
  g_array_unref (self->frames);
  g_array_unref (self->rows);
  g_queue_clear (&self->requests);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
wait_for (ClvEngineQueue *self, Request *request, GError **error)
{
  g_cond_init (&request->answered);
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->requests, request);
  g_cond_signal (&self->changed);
  while (!request->done)
    g_cond_wait (&request->answered, &self->mutex);
  g_mutex_unlock (&self->mutex);
  g_cond_clear (&request->answered);
  if (!request->ok)
    g_propagate_error (error, request->error);
  return request->ok;
}

gboolean
clv_engine_queue_frames (ClvEngineQueue *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error)
{
  Request request = {
    .frames = frames,
    .n = n_frames,
    .embeddings = ret_embeddings,
  };

  return wait_for (self, &request, error);
}

gboolean
clv_engine_queue_texts (ClvEngineQueue *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error)
{
  Request request = {
    .texts = texts,
    .n = n_texts,
    .embeddings = ret_embeddings,
  };

  return n_texts == 0 || wait_for (self, &request, error);
}

guint
clv_engine_queue_get_n_waiting (ClvEngineQueue *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = g_queue_get_length (&self->requests);
  g_mutex_unlock (&self->mutex);
  return n;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One thread that owns the encoders, and the requests that wait for it.
 *
 *   callers ──► queue ──► worker: frames that wait together ──► one batch
 *                                 texts, a few at a time
 *
 * Requests are served in the order they came, except that a long list of texts
 * goes back to the end of the queue after each slice: video does not stop while
 * ten thousand phrases are encoded. */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

/* What the worker calls; both only from its thread. Rows are `width` floats. */
typedef struct {
  gboolean (*encode_frames) (gpointer data, const ClvFrame *frames,
      guint n_frames, gfloat *ret_embeddings, GError **error);
  gboolean (*encode_texts) (gpointer data, const gchar *const *texts,
      guint n_texts, gfloat *ret_embeddings, GError **error);
  gpointer data;
  guint width;
  guint max_batch;  /* frames of several requests in one call */
  guint text_slice; /* texts in one call */
} ClvEngineWork;

typedef struct _ClvEngineQueue ClvEngineQueue;

ClvEngineQueue *clv_engine_queue_new (const ClvEngineWork *work);

/* Nobody may be waiting. Joins the thread. */
void clv_engine_queue_free (ClvEngineQueue *self);

/* Each waits for its answer. A batch of several requests that fails is tried
 * again one by one, so that an error stays with the request that caused it; a
 * lost device is an error of all. Output is untouched on failure (texts:
 * undefined). Any thread but the worker's. */
gboolean clv_engine_queue_frames (ClvEngineQueue *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error);
gboolean clv_engine_queue_texts (ClvEngineQueue *self,
    const gchar *const *texts, guint n_texts, gfloat *ret_embeddings,
    GError **error);

/* Requests that no call has taken yet. */
guint clv_engine_queue_get_n_waiting (ClvEngineQueue *self);

G_END_DECLS

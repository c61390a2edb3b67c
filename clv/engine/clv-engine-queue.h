/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests that wait, and the two threads that answer them.
 *
 *   callers ─► waiting: streams take turns
 *                 │
 *              feeder: pixels into the open batch ─► closes it, starts the device
 *                 │                                        │ at most CLV_ENGINE_SETS
 *              texts, a slice between two batches          ▼
 *                                              waiter: waits, reads, answers
 *
 * While one batch is being encoded the next is filled: its pixels are copied and
 * preprocessed. It is closed when it is full, or when the device is free and the
 * earliest deadline of its frames has come. A long list of texts is encoded in
 * slices between batches, so that no video stops for it. */

#pragma once

#include "clv-future-private.h"

G_BEGIN_DECLS

/* Batches that exist at a time: one is encoded, one is filled. */
#define CLV_ENGINE_SETS 2

/* What the threads call. `set` says which of the CLV_ENGINE_SETS batches; rows
 * are `width` floats. */
typedef struct {
  /* Feeder only. Puts a frame at place `slot` of a batch; its pixels are not
   * read after the call. */
  gboolean (*load_frame) (gpointer data, guint set, guint slot,
      const ClvFrame *frame, GError **error);
  /* Feeder only, behind the load of a frame of a request that asks for patches:
   * those of the batch will be read, too. */
  gboolean (*want_patches) (gpointer data, guint set, GError **error);
  /* Feeder only. Waits for the picture that was loaded last, at `slot`, and says
   * how it looks: the cells of a ClvLook. */
  gboolean (*look_at) (
      gpointer data, guint set, guint slot, gfloat *ret_cells, GError **error);
  /* Feeder only. Starts to encode places 0 … n-1. With a larger n than ever
   * before it is called only while nothing else is being encoded: buffers may
   * then be replaced. */
  gboolean (*start) (gpointer data, guint set, guint n, GError **error);
  /* Feeder only, in place of start, or where a frame that was loaded has failed since:
   * places of the batch will be used anew. */
  void (*drop) (gpointer data, guint set);
  /* Waiter only, in the order of the starts. Waits for the end. */
  gboolean (*finish) (gpointer data, guint set, guint n, GError **error);
  /* Waiter only, after finish. */
  void (*read_row) (gpointer data, guint set, guint slot, gfloat *ret_row);
  /* Waiter only, after finish, where patches were wanted: n_patches rows. */
  void (*read_patches) (
      gpointer data, guint set, guint slot, gfloat *ret_patches);
  /* Feeder only. */
  gboolean (*encode_texts) (gpointer data, const gchar *const *texts,
      guint n_texts, gfloat *ret_embeddings, GError **error);
  gpointer data;
  guint width;
  guint n_patches;         /* of a frame */
  guint max_batch;         /* frames */
  guint text_slice;        /* texts in one call */
  guint text_slice_beside; /* the same while there are frames */
} ClvEngineWork;

ClvEngineQueue *clv_engine_queue_new (const ClvEngineWork *work);

/* Answers what still waits with G_IO_ERROR_CANCELLED, finishes what is being
 * encoded, ends the threads and drops the reference. Not from a thread of the
 * queue. Futures may stay. */
void clv_engine_queue_close (ClvEngineQueue *self);

/* Answers what still waits with G_IO_ERROR_CANCELLED, and waits until the monotonic
 * time end_us for what is being loaded or encoded. FALSE: the device still has it. Not
 * from a thread of the queue. To be closed all the same. */
gboolean clv_engine_queue_stop (ClvEngineQueue *self, gint64 end_us);

/* Whether the caller is in a callback, or in a function of ClvEngineWork. */
gboolean clv_engine_queue_is_own_thread (ClvEngineQueue *self);

/* Of the memory; see clv_future_unref(). */
ClvEngineQueue *clv_engine_queue_ref (ClvEngineQueue *self);
void clv_engine_queue_unref (ClvEngineQueue *self);

/* The frames are copied, their pixels are not. `how` may be NULL. Any thread.
 * An error stays with the request that caused it, except that a lost device, or
 * one that cannot start a batch, is an error of the whole batch. */
ClvFuture *clv_engine_queue_submit (ClvEngineQueue *self,
    const ClvFrame *frames, guint n_frames, const ClvRequest *how);

/* Waits for the answer; on failure ret_embeddings are undefined. Any thread but
 * those of the queue. */
gboolean clv_engine_queue_texts (ClvEngineQueue *self,
    const gchar *const *texts, guint n_texts, gfloat *ret_embeddings,
    GError **error);

/* For ClvFuture. */
void clv_engine_queue_lock (ClvEngineQueue *self);
void clv_engine_queue_unlock (ClvEngineQueue *self);
gboolean clv_engine_queue_wait (
    ClvEngineQueue *self, ClvFuture *request, gint64 end_us);
void clv_engine_queue_cancel (ClvEngineQueue *self, ClvFuture *request);

/* Requests of which something waits for a place in a batch. */
guint clv_engine_queue_get_n_waiting (ClvEngineQueue *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request, from the queue's side. Everything but the reference count is under
 * the queue's mutex; what never changes after the request was queued may be read
 * without it, and `embeddings` and `patches` are written by the thread that answers. */

#pragma once

#include <clv/clv-frame.h>
#include <clv/clv-future.h>

G_BEGIN_DECLS

typedef struct _ClvEngineQueue ClvEngineQueue;

struct _ClvFuture {
  gatomicrefcount refs;
  ClvEngineQueue *queue; /* a reference: its mutex outlives its threads */

  /* What is asked. */
  const ClvFrame *frames;    /* of our own, or NULL: texts */
  const gchar *const *texts; /* of the caller, or NULL: frames */
  guint n;
  gfloat *embeddings; /* (n, width); frames: our own, texts: the caller's */
  gfloat *patches;    /* (n, n_patches, width), our own; NULL: not asked for */
  ClvRequest how;     /* stream: never NULL */

  /* How far it is. */
  guint n_taken;     /* frames that have a place in a batch; texts done */
  guint n_encoded;   /* frames with an embedding, or that need none */
  guint32 unchanged; /* of them, those that need none; bit i: frame i */
  gboolean loading;  /* pixels or texts are being read just now */
  gboolean waiting;  /* is in a waiting list */
  gboolean answered; /* to whoever waits; the callback may come later */
  gboolean released; /* pixels_read was called, or is about to be */
  GError *error;     /* nothing more of it is encoded */
  GCond is_answered;
  ClvFutureTiming timing;

  /* The waiting list; see clv-engine-waiting.h. */
  ClvFuture *next;      /* of the next stream */
  ClvFuture *previous;  /* of the stream before */
  ClvFuture *successor; /* of the same stream */
  ClvFuture *last;      /* of the same stream; in the first one only */

  ClvFuture *next_finished; /* of those whose callback is to be called */
};

/* One allocation with room for the frames, which are copied, and for their
 * embeddings, and those of n_patches patches of each where they are asked for. The
 * result has one reference. */
ClvFuture *clv_future_new_frames (ClvEngineQueue *queue, const ClvFrame *frames,
    guint n_frames, guint width, guint n_patches, const ClvRequest *how);

/* Nothing is copied. A stream of its own. */
ClvFuture *clv_future_new_texts (ClvEngineQueue *queue,
    const gchar *const *texts, guint n_texts, gfloat *ret_embeddings);

G_END_DECLS

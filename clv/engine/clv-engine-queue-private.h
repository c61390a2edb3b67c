/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What feeder, waiter and callers share. */

#pragma once

#include "clv-engine-queue.h"
#include "clv-engine-waiting.h"

G_BEGIN_DECLS

/* One frame of a request in a batch. */
typedef struct {
  ClvFuture *request; /* a reference */
  guint row;          /* of the request */
  gint slot;          /* of the batch; -1: the request failed, or need not */
} ClvEnginePlace;

typedef struct {
  guint set;
  gboolean used;  /* open or flying */
  GArray *places; /* of ClvEnginePlace */
  guint n;        /* slots in use */
  gint64 close_us;
  GError *error; /* it could not be started */
} ClvEngineBatch;

struct _ClvEngineQueue {
  gatomicrefcount refs;
  ClvEngineWork work;
  GThread *feeder;
  GThread *waiter;

  GMutex mutex; /* of all that follows, and of the requests */
  GCond changed;
  gboolean stop;
  gboolean feeder_ended;
  ClvEngineWaiting frames;
  ClvEngineWaiting texts;
  gboolean texts_turn;  /* a batch was started since the last slice */
  ClvFuture *cancelled; /* answered; their callbacks are not called yet */

  /* The open batch is the feeder's, a flying one the waiter's. */
  ClvEngineBatch batches[CLV_ENGINE_SETS];
  ClvEngineBatch *open;                    /* or NULL */
  ClvEngineBatch *flying[CLV_ENGINE_SETS]; /* in the order of their starts */
  guint n_flying;
  guint largest; /* n of the largest batch that was started */
};

gpointer clv_engine_feeder (gpointer queue);
gpointer clv_engine_waiter (gpointer queue);

/* The answer, with the mutex held; takes the error. FALSE if there was one
 * before. Callbacks are due: see clv_engine_queue_call(). */
gboolean clv_engine_queue_answer (
    ClvEngineQueue *self, ClvFuture *request, GError *error);

/* Calls the callbacks that are due to a list of answered requests and drops the
 * engine's references. Without the mutex. */
void clv_engine_queue_call (ClvFuture *list);

/* Nothing more of a request is taken. With the mutex held. */
void clv_engine_queue_withdraw (ClvEngineQueue *self, ClvFuture *request);

G_END_DECLS

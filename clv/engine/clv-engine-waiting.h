/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests that wait, and whose turn it is: streams take turns frame by frame,
 * and within a stream requests keep their order. A stream with many requests
 * gets no more turns than one with a single request.
 *
 *   first ─► A's oldest ─► B's oldest ─► C's oldest
 *               │ successor
 *            A's next …
 *
 * The list is made of the requests themselves: nothing is allocated. Adding is
 * linear in the number of streams that wait. */

#pragma once

#include "clv-future-private.h"

G_BEGIN_DECLS

typedef struct {
  ClvFuture *first;
  ClvFuture *last;
  guint n_requests;
} ClvEngineWaiting;

void clv_engine_waiting_add (ClvEngineWaiting *self, ClvFuture *request);

/* One frame of the first request was taken (n_taken is counted by the caller):
 * it is the next stream's turn. A request that is taken whole leaves. */
void clv_engine_waiting_next_turn (ClvEngineWaiting *self);

/* The first stream lets the others pass once. */
void clv_engine_waiting_let_pass (ClvEngineWaiting *self);

/* Wherever it stands. */
void clv_engine_waiting_remove (ClvEngineWaiting *self, ClvFuture *request);

G_END_DECLS

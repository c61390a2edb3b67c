/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How fast a device is, from the batches that it was given anyway. */

#pragma once

#include <clv/clv-image-encoder.h>

G_BEGIN_DECLS

typedef struct {
  GMutex mutex;
  gdouble seconds;    /* for one picture, an exponential mean; 0: not known */
  guint n_batches;    /* that it was measured over */
  gint64 finished_us; /* the batch before */
  gboolean was_seen[CLV_MAX_BATCH + 1]; /* batches of so many have ended */
} ClvEngineRate;

void clv_engine_rate_init (ClvEngineRate *self, gdouble seconds);
void clv_engine_rate_clear (ClvEngineRate *self);

/* A batch of n pictures ended. It began, at the earliest, at begun_us, monotonic,
 * or when the batch before it ended: the device does one after the other. The first
 * batch of a size waits for compilers and is no measure. Returns how many were
 * measured, 0 if this one was not. Any thread. */
guint clv_engine_rate_add (
    ClvEngineRate *self, guint n, gint64 begun_us, gint64 finished_us);

/* Pictures a second, 0: not known. Any thread. */
gdouble clv_engine_rate_get (ClvEngineRate *self);

G_END_DECLS

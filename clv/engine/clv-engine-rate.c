/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-rate.h"

/* Of the newest batch in the mean, once there are enough. */
#define NEWEST 0.125

void
clv_engine_rate_init (ClvEngineRate *self, gdouble seconds)
{
  *self = (ClvEngineRate){ .seconds = seconds };
  g_mutex_init (&self->mutex);
}

void
clv_engine_rate_clear (ClvEngineRate *self)
{
  g_mutex_clear (&self->mutex);
}

/* With the mutex held. */
static guint
measure (ClvEngineRate *self, gdouble seconds)
{
  /* The plain mean of the first, so that none of them counts for long; what was known
   * from an earlier run counts as nothing. */
  const gdouble weight = MAX (NEWEST, 1.0 / (self->n_batches + 1));

  self->seconds += (seconds - self->seconds) * weight;
  return ++self->n_batches;
}

guint
clv_engine_rate_add (
    ClvEngineRate *self, guint n, gint64 begun_us, gint64 finished_us)
{
  guint n_batches = 0;

  g_mutex_lock (&self->mutex);
  if (self->was_seen[n]) {
    const gint64 from_us = MAX (begun_us, self->finished_us);

    n_batches = measure (self, (finished_us - from_us) / 1e6 / n);
  }
  self->was_seen[n] = TRUE;
  self->finished_us = finished_us;
  g_mutex_unlock (&self->mutex);
  return n_batches;
}

gdouble
clv_engine_rate_get (ClvEngineRate *self)
{
  gdouble seconds;

  g_mutex_lock (&self->mutex);
  seconds = self->seconds;
  g_mutex_unlock (&self->mutex);
  return seconds > 0 ? 1 / seconds : 0;
}

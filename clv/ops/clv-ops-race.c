/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-race.h"

#include "clv-ops-private.h"

#include <math.h>

#define N_DISPATCHES 4 /* of a run: what a submission costs is shared */
#define N_RUNS       5 /* that are timed, after one that is not */

typedef struct {
  ClvLinear linear;
  ClvCommands *cmds;
} Runner;

static gboolean
runner_init (Runner *self, ClvDevice *device, const ClvVariant *variant,
    const gfloat *weights, const ClvBuffer *x, const ClvBuffer *y, guint m,
    guint n, guint k, GError **error)
{
  if (!clv_linear_init_variant (&self->linear, device, "race: w", weights, NULL,
          n, k, variant, error))
    return FALSE;
  self->cmds = clv_commands_new (device, variant->name, error);
  if (self->cmds == NULL)
    return FALSE;
  for (guint i = 0; i < N_DISPATCHES; i++)
    clv_op_gemm (self->cmds, &self->linear, x, NULL, y, m, CLV_ACTIVATION_NONE);
  return clv_commands_end (self->cmds, error) &&
         clv_commands_run (self->cmds, error);
}

static gboolean
runner_time (Runner *self, gdouble *ret_ms, GError **error)
{
  const gint64 start = g_get_monotonic_time ();

  if (!clv_commands_run (self->cmds, error))
    return FALSE;
  *ret_ms = (g_get_monotonic_time () - start) / 1e3 / N_DISPATCHES;
  return TRUE;
}

static void
runner_clear (Runner *self)
{
  g_clear_pointer (&self->cmds, clv_commands_free);
  clv_linear_clear (&self->linear);
}

gboolean
clv_ops_race (ClvDevice *device, const ClvVariant *variants[2], guint m,
    guint n, guint k, gdouble ret_ms[2], GError **error)
{
  g_autofree gfloat *weights = g_new (gfloat, (gsize) n * k);
  gdouble best[2] = { INFINITY, INFINITY };
  Runner runners[2] = { 0 };
  ClvBuffer x = { 0 }, y = { 0 };
  gboolean ok;

  for (gsize i = 0; i < (gsize) n * k; i++)
    weights[i] = (i * 2654435761u % 1024) / 1024.0f - 0.5f;
  ok = clv_activation_init (&x, device, "race: x", m, k, error) &&
       clv_activation_init (&y, device, "race: y", m, n, error);
  for (guint i = 0; ok && i < 2; i++)
    ok = runner_init (
        &runners[i], device, variants[i], weights, &x, &y, m, n, k, error);
  /* In turn: what else the device does hits both. */
  for (guint run = 0; ok && run < N_RUNS; run++)
    for (guint i = 0; ok && i < 2; i++) {
      gdouble ms;

      ok = runner_time (&runners[i], &ms, error);
      if (ok)
        best[i] = MIN (best[i], ms);
    }
  for (guint i = 0; ok && i < 2; i++)
    ret_ms[i] = best[i];

  for (guint i = 0; i < 2; i++)
    runner_clear (&runners[i]);
  clv_buffer_clear (&x);
  clv_buffer_clear (&y);
  return ok;
}

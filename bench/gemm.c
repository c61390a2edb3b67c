/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The speed of the matrix product that the encoders use, shape by shape:
 *
 *   bench-gemm fp32|fp16 SECONDS M N K [M N K…]
 *
 * Prints "M N K GFLOP/s" for each: the median of runs for SECONDS. A run is a few
 * products behind one another, as in a tower, with a bias and nothing else. */

#include <stdio.h>
#include <stdlib.h>

#include "ops/clv-ops.h"

#define REPEATS  4
#define MAX_SIZE 65536

typedef struct {
  guint m, n, k;
  ClvLinear linear;
  ClvBuffer x;
  ClvBuffer y;
} Product;

static gfloat *
make_values (gsize n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gfloat *values = g_new (gfloat, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (gfloat) g_rand_double_range (rand, -1.0, 1.0);
  return values;
}

static gboolean
product_init (
    Product *self, ClvDevice *device, ClvStorage storage, GError **error)
{
  g_autofree gfloat *weights = make_values ((gsize) self->n * self->k);
  g_autofree gfloat *bias = make_values (self->n);

  return clv_linear_init (&self->linear, device, "bench", weights, bias,
             self->n, self->k, storage, error) &&
         clv_activation_init (&self->x, device, "x", self->m, self->k, error) &&
         clv_activation_init (&self->y, device, "y", self->m, self->n, error);
}

static void
product_clear (Product *self)
{
  clv_linear_clear (&self->linear);
  clv_buffer_clear (&self->x);
  clv_buffer_clear (&self->y);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static gboolean
product_time (Product *self, ClvDevice *device, gdouble seconds, GError **error)
{
  g_autoptr (ClvCommands) cmds = clv_commands_new (device, "gemm", error);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  const gdouble flop = 2.0 * REPEATS * self->m * self->n * self->k;
  gint64 end_us;

  if (cmds == NULL)
    return FALSE;
  for (guint i = 0; i < REPEATS; i++)
    clv_op_gemm (cmds, &self->linear, &self->x, NULL, &self->y, self->m,
        CLV_ACTIVATION_NONE);
  /* The first run compiles. */
  if (!clv_commands_end (cmds, error) || !clv_commands_run (cmds, error))
    return FALSE;
  end_us = g_get_monotonic_time () + (gint64) (seconds * 1e6);
  while (times->len < 3 || g_get_monotonic_time () < end_us) {
    gint64 time_us = g_get_monotonic_time ();

    if (!clv_commands_run (cmds, error))
      return FALSE;
    time_us = MAX (g_get_monotonic_time () - time_us, 1);
    g_array_append_val (times, time_us);
  }
  g_array_sort (times, compare_times);
  printf ("%u %u %u %.3f\n", self->m, self->n, self->k,
      flop / g_array_index (times, gint64, times->len / 2) / 1e3);
  fflush (stdout);
  return TRUE;
}

static gboolean
run (int argc, gchar **argv, GError **error)
{
  const ClvStorage storage =
      g_str_equal (argv[1], "fp16") ? CLV_STORAGE_F16 : CLV_STORAGE_F32;
  const gdouble seconds = CLAMP (atof (argv[2]), 0.0, 60.0);
  g_autoptr (ClvDevice) device = clv_device_new (NULL, error);
  gboolean ok = device != NULL;

  for (int i = 3; ok && i + 2 < argc; i += 3) {
    Product product = {
      .m = (guint) CLAMP (atoi (argv[i]), 1, MAX_SIZE),
      .n = (guint) CLAMP (atoi (argv[i + 1]), 1, MAX_SIZE),
      .k = (guint) CLAMP (atoi (argv[i + 2]), 1, MAX_SIZE),
    };

    ok = product_init (&product, device, storage, error) &&
         product_time (&product, device, seconds, error);
    product_clear (&product);
  }
  return ok;
}

int
main (int argc, gchar **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc < 6 || argc % 3 != 0) {
    fprintf (stderr, "usage: bench-gemm fp32|fp16 SECONDS M N K [M N K…]\n");
    return 2;
  }
  if (run (argc, argv, &error))
    return 0;
  fprintf (stderr, "bench-gemm: %s\n", error->message);
  return 1;
}

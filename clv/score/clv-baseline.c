/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-baseline.h"

#include <math.h>

#define MAX_DEVIATIONS 3.0

/* A phrase that is nearly the mean itself would be blown up to anything. */
#define MAX_CONTRAST 4.0

void
clv_baseline_contrasts (const gfloat *matrix, guint width, guint first,
    guint first_null, guint end, gfloat *ret_contrasts)
{
  g_autofree gdouble *mean = g_new0 (gdouble, width);
  const guint n = end - first_null;
  gdouble square = 0;

  for (guint row = first_null; row < end; row++)
    for (guint d = 0; d < width; d++)
      mean[d] += (gdouble) matrix[(gsize) row * width + d] / n;
  for (guint d = 0; d < width; d++)
    square += mean[d] * mean[d];

  for (guint row = first; row < first_null; row++) {
    gdouble distance = 0;

    for (guint d = 0; d < width; d++) {
      gdouble x = (gdouble) matrix[(gsize) row * width + d] - mean[d];

      distance += x * x;
    }
    /* The null phrases have unit length, so r^2 = 1 - |mean|^2. */
    ret_contrasts[row] =
        (gfloat) MIN (sqrt (MAX (1 - square, 0) / distance), MAX_CONTRAST);
  }
}

void
clv_baseline_of_picture (const gfloat *cosines, const gfloat *contrasts,
    guint first, guint first_null, guint end, gdouble floor, gdouble *ret_z)
{
  const guint n = end - first_null;
  gdouble mean = 0, square = 0, spread;

  for (guint row = first_null; row < end; row++)
    mean += (gdouble) cosines[row] / n;
  for (guint row = first_null; row < end; row++)
    square += (cosines[row] - mean) * (cosines[row] - mean) / n;
  spread = MAX (sqrt (square), floor);
  for (guint row = first; row < first_null; row++)
    ret_z[row] = (cosines[row] - mean) / spread * contrasts[row];
}

static gdouble
get_spread (const ClvBaseline *self, gdouble floor)
{
  return MAX (sqrt (self->variance), floor);
}

gdouble
clv_baseline_z (const ClvBaseline *self, gdouble cosine, gdouble floor)
{
  return (cosine - self->mean) / get_spread (self, floor);
}

void
clv_baseline_learn (
    ClvBaseline *self, gdouble cosine, gdouble weight, gdouble floor)
{
  const gdouble limit = MAX_DEVIATIONS * get_spread (self, floor);
  gdouble d = cosine - self->mean;

  if (weight < 1)
    d = CLAMP (d, -limit, limit);
  self->mean += weight * d;
  self->variance = (1 - weight) * (self->variance + weight * d * d);
}

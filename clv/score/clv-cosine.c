/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled with -O3. The lanes are sums of their own, so the compiler may keep
 * them in vector registers without being allowed to reorder a sum. */

#include "clv-cosine.h"

#define LANES 32

static gfloat
dot (const gfloat *a, const gfloat *b, guint n)
{
  gfloat lanes[LANES] = { 0 };
  guint i = 0;

  for (; i + LANES <= n; i += LANES) {
    for (guint j = 0; j < LANES; j++)
      lanes[j] += a[i + j] * b[i + j];
  }
  for (guint j = 0; i + j < n; j++)
    lanes[j] += a[i + j] * b[i + j];
  for (guint half = LANES / 2; half > 0; half /= 2) {
    for (guint j = 0; j < half; j++)
      lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

void
clv_cosine (const gfloat *matrix, guint n_rows, guint width, const gfloat *x,
    gfloat *ret_y)
{
  for (guint row = 0; row < n_rows; row++)
    ret_y[row] = dot (&matrix[(gsize) row * width], x, width);
}

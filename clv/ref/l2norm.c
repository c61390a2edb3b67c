/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

#include <math.h>

/* y[m] = x[m] / |x[m]|; a row of zeros stays zero. Transformers,
 * modeling_clip.py, CLIPModel.forward ("normalized features"). */
void
clv_ref_l2norm (gfloat *y, const gfloat *x, guint M, guint C)
{
  for (guint m = 0; m < M; m++) {
    const gfloat *row = x + (gsize) m * C;
    gdouble square = 0.0;

    for (guint c = 0; c < C; c++)
      square += (gdouble) row[c] * row[c];

    const gdouble scale = square > 0.0 ? 1.0 / sqrt (square) : 0.0;

    for (guint c = 0; c < C; c++)
      y[(gsize) m * C + c] = row[c] * scale;
  }
}

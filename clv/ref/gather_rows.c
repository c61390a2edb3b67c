/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

/* y[i,c] = x[rows[i],c] */
void
clv_ref_gather_rows (
    gfloat *y, const gfloat *x, const guint32 *rows, guint n_rows, guint C)
{
  for (guint i = 0; i < n_rows; i++)
    for (guint c = 0; c < C; c++)
      y[(gsize) i * C + c] = x[(gsize) rows[i] * C + c];
}

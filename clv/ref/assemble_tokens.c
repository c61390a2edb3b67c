/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

/* y[b,0] = table[0];  y[b,t] = patches[b,t-1] + table[t]
 *
 *   patches (B·(T-1), C)   table (T, C)   y (B·T, C)
 *
 * arXiv:2010.11929, eq. 1; row 0 of the table is class embedding + position 0. */
void
clv_ref_assemble_tokens (gfloat *y, const gfloat *patches, const gfloat *table,
    guint B, guint T, guint C)
{
  for (guint b = 0; b < B; b++)
    for (guint t = 0; t < T; t++)
      for (guint c = 0; c < C; c++) {
        gdouble value = table[(gsize) t * C + c];

        if (t > 0)
          value += patches[((gsize) b * (T - 1) + t - 1) * C + c];
        y[((gsize) b * T + t) * C + c] = value;
      }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

#include <math.h>

/* One query of one head: p = softmax (q kᵀ), y = p v. */
static void
attend (gfloat *y, const gfloat *q, const gfloat *k, const gfloat *v,
    gdouble *p, guint n_keys, guint D, gsize stride)
{
  gdouble top = -G_MAXDOUBLE, sum = 0.0;

  for (guint t = 0; t < n_keys; t++) {
    p[t] = 0.0;
    for (guint d = 0; d < D; d++)
      p[t] += (gdouble) q[d] * k[t * stride + d];
    top = MAX (top, p[t]);
  }
  for (guint t = 0; t < n_keys; t++) {
    p[t] = exp (p[t] - top);
    sum += p[t];
  }
  for (guint d = 0; d < D; d++) {
    gdouble value = 0.0;

    for (guint t = 0; t < n_keys; t++)
      value += p[t] * v[t * stride + d];
    y[d] = value / sum;
  }
}

/* y (B·T, H·D) from qkv (B·T, 3·H·D), per picture and head. arXiv:1706.03762,
 * eq. 1, with 1/sqrt (D) already in q; causal: key ≤ query. */
void
clv_ref_attention (gfloat *y, const gfloat *qkv, guint B, guint T, guint H,
    guint D, gboolean causal)
{
  const gsize C = (gsize) H * D;
  g_autofree gdouble *p = g_new (gdouble, T);

  for (guint b = 0; b < B; b++)
    for (guint t = 0; t < T; t++)
      for (guint h = 0; h < H; h++) {
        const gfloat *first = qkv + (gsize) b * T * 3 * C + (gsize) h * D;
        const gsize row = (gsize) b * T + t;

        attend (y + row * C + (gsize) h * D, first + t * 3 * C, first + C,
            first + 2 * C, p, causal ? t + 1 : T, D, 3 * C);
      }
}

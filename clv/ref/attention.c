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

/* Per span and head; arXiv:1706.03762, eq. 1, with 1/sqrt (D) already in q.
 * causal: queries and keys are the same rows, and key ≤ query. */
void
clv_ref_attention (gfloat *y, const gfloat *q, guint q_stride, const gfloat *kv,
    guint kv_stride, const ClvSpan *spans, guint n_spans, guint H, guint D,
    gboolean causal)
{
  const gsize C = (gsize) H * D;

  for (guint i = 0; i < n_spans; i++) {
    const ClvSpan *span = &spans[i];
    const gfloat *k = kv + (gsize) span->key * kv_stride;
    g_autofree gdouble *p = g_new (gdouble, span->key_end - span->key);

    for (gsize t = span->query; t < span->query_end; t++) {
      const guint end = causal ? MIN (span->key_end, t + 1) : span->key_end;

      for (gsize d = 0; d < C; d += D)
        attend (y + t * C + d, q + t * q_stride + d, k + d, k + C + d, p,
            end - span->key, D, kv_stride);
    }
  }
}

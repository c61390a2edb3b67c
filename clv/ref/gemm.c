/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

#include <math.h>

/* Transformers, activations.py: QuickGELUActivation, GELUActivation (erf) and
 * NewGELUActivation (tanh); the latter two are arXiv:1606.08415, section 2. */
static gdouble
activate (ClvActivation activation, gdouble x)
{
  switch (activation) {
    case CLV_ACTIVATION_NONE:
      return x;
    case CLV_ACTIVATION_QUICK_GELU:
      return x / (1.0 + exp (-1.702 * x));
    case CLV_ACTIVATION_GELU:
      return 0.5 * x * erfc (-x * G_SQRT2 / 2.0);
    case CLV_ACTIVATION_GELU_TANH:
      return 0.5 * x *
             (1.0 + tanh (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x)));
  }
  g_return_val_if_reached (NAN);
}

/* y[m,n] = act (sum_k x[m,k] w[n,k] + bias[n]) + residual[m,n]
 *
 *   x  (M, K)   w  (N, K)   bias  (N)   y, residual  (M, N) */
void
clv_ref_gemm (gfloat *y, const gfloat *x, const gfloat *w, const gfloat *bias,
    const gfloat *residual, guint M, guint N, guint K, ClvActivation activation)
{
  for (guint m = 0; m < M; m++)
    for (guint n = 0; n < N; n++) {
      const gfloat *row = x + (gsize) m * K, *column = w + (gsize) n * K;
      const gsize at = (gsize) m * N + n;
      gdouble sum = 0.0;

      for (guint k = 0; k < K; k++)
        sum += (gdouble) row[k] * column[k];
      sum = activate (activation, sum + (bias != NULL ? bias[n] : 0.0));
      y[at] = sum + (residual != NULL ? residual[at] : 0.0);
    }
}

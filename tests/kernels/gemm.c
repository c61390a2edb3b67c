/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ops/half.h"
#include "ref/clv-ref.h"

#include <math.h>

#define SAMPLED_ROWS 5

static const struct {
  guint M, N, K;
  ClvActivation activation;
  gboolean residual;
} shapes[] = {
  /* ViT-B/32: qkv, projection, MLP, patches, the pooled row */
  { 50, 2304, 768, CLV_ACTIVATION_NONE, FALSE },
  { 50, 768, 768, CLV_ACTIVATION_NONE, TRUE },
  { 50, 3072, 768, CLV_ACTIVATION_QUICK_GELU, FALSE },
  { 50, 768, 3072, CLV_ACTIVATION_NONE, TRUE },
  { 49, 768, 3072, CLV_ACTIVATION_NONE, FALSE },
  { 1, 512, 768, CLV_ACTIVATION_NONE, FALSE },
  /* its text tower, and B/16 */
  { 7, 1536, 512, CLV_ACTIVATION_NONE, FALSE },
  { 77, 512, 2048, CLV_ACTIVATION_NONE, TRUE },
  { 197, 768, 768, CLV_ACTIVATION_GELU, FALSE },
  /* widths of the small models, each activation, and sizes that nothing divides */
  { 17, 160, 120, CLV_ACTIVATION_GELU, FALSE },
  { 18, 120, 488, CLV_ACTIVATION_GELU_TANH, TRUE },
  { 5, 488, 72, CLV_ACTIVATION_QUICK_GELU, TRUE },
  { 33, 72, 80, CLV_ACTIVATION_GELU, TRUE },
  { 64, 80, 160, CLV_ACTIVATION_NONE, FALSE },
  { 65, 65, 65, CLV_ACTIVATION_NONE, TRUE },
  { 1, 1, 1, CLV_ACTIVATION_NONE, TRUE },
  { 3, 2, 1, CLV_ACTIVATION_GELU_TANH, FALSE },
  { 13, 31, 37, CLV_ACTIVATION_QUICK_GELU, FALSE },
  { 101, 97, 103, CLV_ACTIVATION_GELU, FALSE },
  /* many row tiles: a batch */
  { 1030, 40, 36, CLV_ACTIVATION_NONE, FALSE },
  { 961, 33, 9, CLV_ACTIVATION_NONE, TRUE },
  { 129, 513, 250, CLV_ACTIVATION_NONE, TRUE },
};

static gdouble
norm (const gfloat *values, guint n)
{
  gdouble square = 0.0;

  for (guint i = 0; i < n; i++)
    square += (gdouble) values[i] * values[i];
  return sqrt (square);
}

/* A bound on what is added up for row m: |x_m| · max |w_n|, bias and residual. */
static gdouble
scale_of (const gfloat *x, const gfloat *w, const gfloat *bias,
    const gfloat *residual, guint n, guint k)
{
  gdouble widest = 0.0, added = 0.0;

  for (guint i = 0; i < n; i++) {
    widest = MAX (widest, norm (w + (gsize) i * k, k));
    added = MAX (added, fabs (bias[i]));
    if (residual != NULL)
      added = MAX (added, fabs (residual[i]));
  }
  return norm (x, k) * widest + added;
}

/* The twin is slow: of large shapes the first and last rows and some between. */
static void
compare (Check *check, ClvBuffer *y, const gfloat *x, const gfloat *w,
    const gfloat *bias, const gfloat *residual, guint i, const gchar *shape)
{
  const guint M = shapes[i].M, N = shapes[i].N, K = shapes[i].K;
  const gboolean all = (gdouble) M * N * K < 2e6;
  const guint n_rows = all ? M : MIN (M, SAMPLED_ROWS);
  /* One rounding to 2^-24 a term, in random directions; the rest for erf. */
  const gdouble tolerance = 1e-6 + 2e-7 * sqrt (K);
  g_autofree gfloat *want = g_new (gfloat, N);

  for (guint j = 0; j < n_rows && !g_test_failed (); j++) {
    const guint row = all || j == 0 ? j
                      : j == 1      ? M - 1
                                    : g_rand_int (check->rand) % M;
    const gfloat *x_row = x + (gsize) row * K;
    const gfloat *residual_row =
        residual != NULL ? residual + (gsize) row * N : NULL;

    clv_ref_gemm (
        want, x_row, w, bias, residual_row, 1, N, K, shapes[i].activation);
    check_row (check, y, row, want, N,
        scale_of (x_row, w, bias, residual_row, N, K), tolerance, shape);
  }
  check_rest_is_zero (check, y, M, N, shape);
}

static void
round_to_halves (gfloat *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = clv_half_to_float (clv_half_from_float (values[i]));
}

static void
check_shape (Check *check, guint i, CheckFill fill, ClvGemmSize size)
{
  static const gchar *const activations[] = { "", " quick_gelu", " gelu",
    " gelu_tanh" };
  static const gchar *const sizes[] = { "", " small", " large" };
  const guint M = shapes[i].M, N = shapes[i].N, K = shapes[i].K;
  const gboolean f16 = check->variant->op == CLV_OP_GEMM_F16;
  const gdouble flop = 2.0 * M * N * K;
  const gdouble bytes =
      (gdouble) N * K * (f16 ? 2 : 4) + 4.0 * M * K + 4.0 * M * N;
  g_autofree gchar *shape = g_strdup_printf ("M=%u N=%u K=%u%s%s%s", M, N, K,
      activations[shapes[i].activation], shapes[i].residual ? " +res" : "",
      sizes[size]);
  g_autofree gfloat *x = NULL, *w = NULL, *bias = NULL, *residual = NULL;
  g_autoptr (GError) error = NULL;
  ClvBuffer x_buffer, y_buffer, residual_buffer = { 0 };
  ClvLinear linear;
  ClvCommands *cmds;

  if (!check_affords (check, flop))
    return;
  check_start (check, shape, fill);
  x = check_values (check, (gsize) M * K);
  w = check_values (check, (gsize) N * K);
  bias = check_values (check, N);
  if (f16)
    round_to_halves (w, (gsize) N * K);
  check_rows_init (check, &x_buffer, x, M, K);
  if (check->variant->family == CLV_FAMILY_COOP)
    round_to_halves (x, (gsize) M * K); /* as the kernel does, to nearest */
  check_rows_init (check, &y_buffer, NULL, M, N);
  if (shapes[i].residual) {
    residual = check_values (check, (gsize) M * N);
    check_rows_init (check, &residual_buffer, residual, M, N);
  }
  clv_linear_init_variant (
      &linear, check->device, "w", w, bias, N, K, check->variant, &error);
  g_assert_no_error (error);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_gemm_record (cmds, &linear, &x_buffer,
      residual != NULL ? &residual_buffer : NULL, &y_buffer, M,
      shapes[i].activation, size);
  check_run (check, cmds, shape, flop, bytes);
  compare (check, &y_buffer, x, w, bias, residual, i, shape);

  clv_linear_clear (&linear);
  clv_buffer_clear (&x_buffer);
  clv_buffer_clear (&y_buffer);
  clv_buffer_clear (&residual_buffer);
}

static ClvGemmSize
pick_size (Check *check, guint turn)
{
  const ClvGemmSize size = turn % 2 == 0 ? CLV_GEMM_SMALL : CLV_GEMM_LARGE;

  return clv_gemm_has_size (
             clv_device_get_limits (check->device), check->variant, size)
             ? size
             : CLV_GEMM_AUTO;
}

void
check_gemm (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    const gboolean large =
        (gdouble) shapes[i].M * shapes[i].N * shapes[i].K > 3e7;

    /* Large shapes take the fills in turn, and the fills the sizes of tiles. */
    for (guint fill = 0; fill < CHECK_N_FILLS; fill++)
      if (!large || fill == i % CHECK_N_FILLS ||
          (check->bench && fill == CHECK_RANDOM))
        check_shape (check, i, fill, pick_size (check, i + fill));
  }
}

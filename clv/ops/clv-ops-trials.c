/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-trials.h"

#include "clv-ops-private.h"
#include "half.h"
#include "ref/clv-ref.h"

#define SEED 20210105 /* any; the same for each variant */

/* The buffers of one trial: some inputs, one output, and what it should be. */
typedef struct {
  ClvDevice *device;
  const ClvVariant *variant;
  GRand *rand;
  ClvCommands *cmds;
  ClvBuffer in[4];
  ClvBuffer out;
  guint rows, columns; /* of the output */
  gboolean halves;     /* the variant rounds its inputs to halves */
  gfloat *want;
} Trial;

static gboolean
trial_init (Trial *self, ClvDevice *device, const ClvVariant *variant,
    guint rows, guint columns, GError **error)
{
  *self = (Trial){
    .device = device,
    .variant = variant,
    .rand = g_rand_new_with_seed (SEED),
    .rows = rows,
    .columns = columns,
    .want = g_new0 (gfloat, (gsize) rows * columns),
  };
  self->cmds = clv_commands_new (device, variant->name, error);
  return self->cmds != NULL && clv_activation_init (&self->out, device,
                                   "check: y", rows, columns, error);
}

static void
trial_clear (Trial *self)
{
  g_clear_pointer (&self->cmds, clv_commands_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->in); i++)
    clv_buffer_clear (&self->in[i]);
  clv_buffer_clear (&self->out);
  g_clear_pointer (&self->rand, g_rand_free);
  g_clear_pointer (&self->want, g_free);
}

/* Values in -1 … 1, one in a hundred of them 30 times larger. */
static gfloat *
fill (Trial *self, gsize n)
{
  gfloat *values = g_new (gfloat, n);

  for (gsize i = 0; i < n; i++) {
    values[i] = g_rand_double_range (self->rand, -1.0, 1.0);
    if (g_rand_int_range (self->rand, 0, 100) == 0)
      values[i] *= 30.0f;
  }
  return values;
}

static void
round_to_halves (gfloat *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = clv_half_to_float (clv_half_from_float (values[i]));
}

/* Random rows in in[i]; the host's copy is the caller's. NULL on an error. */
static gfloat *
add_rows (Trial *self, guint i, guint rows, guint columns, GError **error)
{
  g_autofree gfloat *values = fill (self, (gsize) rows * columns);

  if (self->halves)
    round_to_halves (values, (gsize) rows * columns);
  if (!clv_activation_init (
          &self->in[i], self->device, "check: x", rows, columns, error) ||
      !clv_rows_upload (&self->in[i], values, rows, columns, error))
    return NULL;
  return g_steal_pointer (&values);
}

/* The same for a plain vector. */
static gfloat *
add_vector (Trial *self, guint i, guint n, GError **error)
{
  g_autofree gfloat *values = fill (self, n);

  if (!clv_buffer_init (&self->in[i], self->device, "check: vector",
          CLV_MEMORY_DEVICE, n * sizeof *values, VK_FORMAT_UNDEFINED, error) ||
      !clv_buffer_upload (&self->in[i], 0, values, n * sizeof *values, error))
    return NULL;
  return g_steal_pointer (&values);
}

static gdouble
error_of (gfloat got, gfloat want)
{
  const gdouble error = fabs ((gdouble) got - want) / (1.0 + fabs (want));

  return isnan (error) ? INFINITY : error;
}

/* Runs what was recorded and raises *worst to the largest error. */
static gboolean
trial_run (Trial *self, gdouble *worst, GError **error)
{
  const guint stride = clv_row_stride (self->columns);
  const gsize n = self->out.size_bytes / sizeof (gfloat);
  g_autofree gfloat *got = g_new (gfloat, n);

  if (!clv_commands_end (self->cmds, error) ||
      !clv_commands_run (self->cmds, error) ||
      !clv_buffer_download (&self->out, 0, got, n * sizeof *got, error))
    return FALSE;
  if (clv_variant_is_broken_by_test (self->variant))
    got[0] += 1.0f + fabsf (got[0]);

  for (gsize i = 0; i < n; i++) {
    const gsize row = i / stride, column = i % stride;
    const gboolean inside = row < self->rows && column < self->columns;
    const gfloat want =
        inside ? self->want[row * self->columns + column] : 0.0f;

    *worst = MAX (*worst, error_of (got[i], want));
  }
  return TRUE;
}

static gboolean
try_gemm (ClvDevice *device, const ClvVariant *variant, ClvGemmSize size,
    guint m, guint n, guint k, ClvActivation activation, gboolean with_residual,
    gdouble *worst, GError **error)
{
  Trial trial;
  ClvLinear linear = { 0 };
  g_autofree gfloat *x = NULL, *w = NULL, *bias = NULL, *residual = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, m, n, error))
    goto out;
  trial.halves = variant->family == CLV_FAMILY_COOP;
  x = add_rows (&trial, 0, m, k, error);
  residual = x != NULL ? add_rows (&trial, 1, m, n, error) : NULL;
  if (residual == NULL)
    goto out;
  w = fill (&trial, (gsize) n * k);
  bias = fill (&trial, n);
  if (variant->op == CLV_OP_GEMM_F16)
    round_to_halves (w, (gsize) n * k);
  if (!clv_linear_init_variant (
          &linear, device, "check: w", w, bias, n, k, variant, error))
    goto out;

  clv_ref_gemm (trial.want, x, w, bias, with_residual ? residual : NULL, m, n,
      k, activation);
  clv_gemm_record (trial.cmds, &linear, &trial.in[0],
      with_residual ? &trial.in[1] : NULL, &trial.out, m, activation, size);
  ok = trial_run (&trial, worst, error);

out:
  clv_linear_clear (&linear);
  trial_clear (&trial);
  return ok;
}

/* Two odd row tiles and a single row; with an activation and a residual, in
 * pipelines that the real models use too where these differ. */
static gboolean
try_gemm_lanes (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  return try_gemm (device, variant, CLV_GEMM_AUTO, 19, 37, 90,
             CLV_ACTIVATION_QUICK_GELU, FALSE, ret_worst, error) &&
         try_gemm (device, variant, CLV_GEMM_AUTO, 1, 70, 33,
             CLV_ACTIVATION_NONE, TRUE, ret_worst, error);
}

/* Each size of tiles: more than one row and column of them, and a single row. */
gboolean
clv_trial_gemm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  if (variant->family == CLV_FAMILY_LANES)
    return try_gemm_lanes (device, variant, ret_worst, error);

  for (ClvGemmSize size = CLV_GEMM_SMALL; size <= CLV_GEMM_LARGE; size++)
    if (clv_gemm_has_size (clv_device_get_limits (device), variant, size) &&
        (!try_gemm (device, variant, size, 131, 261, 90,
             CLV_ACTIVATION_QUICK_GELU, TRUE, ret_worst, error) ||
            !try_gemm (device, variant, size, 1, 70, 33,
                CLV_ACTIVATION_QUICK_GELU, TRUE, ret_worst, error)))
      return FALSE;
  return TRUE;
}

gboolean
clv_trial_layernorm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  const guint m = 3, c = 77;
  Trial trial;
  g_autofree gfloat *x = NULL, *gain = NULL, *bias = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, m, c, error))
    goto out;
  x = add_rows (&trial, 0, m, c, error);
  gain = x != NULL ? add_vector (&trial, 1, c, error) : NULL;
  bias = gain != NULL ? add_vector (&trial, 2, c, error) : NULL;
  if (bias == NULL)
    goto out;
  clv_ref_layernorm (trial.want, x, gain, bias, m, c, 1e-5f);
  clv_layernorm_record (trial.cmds, variant, &trial.in[0], &trial.in[1],
      &trial.in[2], &trial.out, m, c, 1e-5f);
  ok = trial_run (&trial, ret_worst, error);

out:
  trial_clear (&trial);
  return ok;
}

/* Three sequences, row behind row, of which the second is one row. */
#define TRIAL_TOKENS 32
static const ClvSpan trial_spans[] = { { 0, 10, 0, 18 }, { 10, 18, 0, 18 },
  { 18, 19, 18, 19 }, { 0 }, { 19, 29, 19, 32 }, { 29, 32, 19, 32 } };

/* The pooled rows of the same. */
static const ClvSpan trial_pooled[] = { { 0, 1, 0, 18 }, { 1, 2, 18, 19 },
  { 2, 3, 19, 30 } };

static gboolean
add_spans (Trial *self, guint i, const ClvSpan *spans, guint n, GError **error)
{
  return clv_buffer_init (&self->in[i], self->device, "check: spans",
             CLV_MEMORY_DEVICE, n * sizeof *spans, VK_FORMAT_UNDEFINED,
             error) &&
         clv_buffer_upload (&self->in[i], 0, spans, n * sizeof *spans, error);
}

static gboolean
try_attention (ClvDevice *device, const ClvVariant *variant, gboolean causal,
    gdouble *worst, GError **error)
{
  const guint heads = 2, width = 24, c = heads * width;
  const guint n = G_N_ELEMENTS (trial_spans);
  Trial trial;
  ClvAttention shape = {
    .n_queries = TRIAL_TOKENS,
    .n_keys = TRIAL_TOKENS,
    .n_spans = n,
    .heads = heads,
    .head_width = width,
    .causal = causal,
  };
  g_autofree gfloat *qkv = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, TRIAL_TOKENS, c, error))
    goto out;
  qkv = add_rows (&trial, 0, TRIAL_TOKENS, 3 * c, error);
  if (qkv == NULL || !add_spans (&trial, 1, trial_spans, n, error))
    goto out;
  shape.q = shape.kv = &trial.in[0];
  shape.spans = &trial.in[1];
  clv_ref_attention (trial.want, qkv, 3 * c, qkv + c, 3 * c, trial_spans, n,
      heads, width, causal);
  clv_attention_record (trial.cmds, variant, &shape, &trial.out);
  ok = trial_run (&trial, worst, error);

out:
  trial_clear (&trial);
  return ok;
}

static gboolean
try_pooled_attention (ClvDevice *device, const ClvVariant *variant,
    gdouble *worst, GError **error)
{
  const guint heads = 2, width = 24, c = heads * width;
  const guint n = G_N_ELEMENTS (trial_pooled);
  Trial trial;
  ClvAttention shape = {
    .n_queries = n,
    .n_keys = TRIAL_TOKENS,
    .n_spans = n,
    .heads = heads,
    .head_width = width,
  };
  g_autofree gfloat *q = NULL, *kv = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, n, c, error))
    goto out;
  q = add_rows (&trial, 0, n, c, error);
  kv = q != NULL ? add_rows (&trial, 1, TRIAL_TOKENS, 2 * c, error) : NULL;
  if (kv == NULL || !add_spans (&trial, 2, trial_pooled, n, error))
    goto out;
  shape.q = &trial.in[0];
  shape.kv = &trial.in[1];
  shape.spans = &trial.in[2];
  clv_ref_attention (
      trial.want, q, c, kv, 2 * c, trial_pooled, n, heads, width, FALSE);
  clv_attention_record (trial.cmds, variant, &shape, &trial.out);
  ok = trial_run (&trial, worst, error);

out:
  trial_clear (&trial);
  return ok;
}

gboolean
clv_trial_attention (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  return try_attention (device, variant, FALSE, ret_worst, error) &&
         try_attention (device, variant, TRUE, ret_worst, error) &&
         try_pooled_attention (device, variant, ret_worst, error);
}

gboolean
clv_trial_gather_rows (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  static const guint32 rows[] = { 4, 0, 3, 3, 6 };
  const guint n_rows = G_N_ELEMENTS (rows), c = 45;
  Trial trial;
  g_autofree gfloat *x = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, n_rows, c, error))
    goto out;
  x = add_rows (&trial, 0, 7, c, error);
  if (x == NULL ||
      !clv_buffer_init (&trial.in[1], device, "check: rows", CLV_MEMORY_DEVICE,
          sizeof rows, VK_FORMAT_UNDEFINED, error) ||
      !clv_buffer_upload (&trial.in[1], 0, rows, sizeof rows, error))
    goto out;
  clv_ref_gather_rows (trial.want, x, rows, n_rows, c);
  clv_gather_rows_record (
      trial.cmds, variant, &trial.in[0], &trial.in[1], &trial.out, n_rows, c);
  ok = trial_run (&trial, ret_worst, error);

out:
  trial_clear (&trial);
  return ok;
}

gboolean
clv_trial_assemble_tokens (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  const guint batch = 2, tokens = 5, c = 37;
  Trial trial;
  g_autofree gfloat *patches = NULL, *table = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, batch * tokens, c, error))
    goto out;
  patches = add_rows (&trial, 0, batch * (tokens - 1), c, error);
  table = patches != NULL ? add_rows (&trial, 1, tokens, c, error) : NULL;
  if (table == NULL)
    goto out;
  clv_ref_assemble_tokens (trial.want, patches, table, batch, tokens, c);
  clv_assemble_tokens_record (trial.cmds, variant, &trial.in[0], &trial.in[1],
      &trial.out, batch, tokens, c);
  ok = trial_run (&trial, ret_worst, error);

out:
  trial_clear (&trial);
  return ok;
}

gboolean
clv_trial_l2norm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error)
{
  const guint m = 3, c = 71;
  Trial trial;
  g_autofree gfloat *x = NULL;
  gboolean ok = FALSE;

  if (!trial_init (&trial, device, variant, m, c, error))
    goto out;
  x = add_rows (&trial, 0, m, c, error);
  if (x == NULL)
    goto out;
  clv_ref_l2norm (trial.want, x, m, c);
  clv_l2norm_record (trial.cmds, variant, &trial.in[0], &trial.out, m, c);
  ok = trial_run (&trial, ret_worst, error);

out:
  trial_clear (&trial);
  return ok;
}

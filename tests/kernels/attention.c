/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

#define MAX_SPANS 64

static const struct {
  guint B, T, H, D;
  gboolean causal;
  gboolean ragged; /* sequences of 1 to T rows */
  gboolean pooled; /* one query a sequence, in buffers of their own */
} shapes[] = {
  /* ViT-B/32, B/16, L/14; text of 77 and of 7 tokens */
  { 1, 50, 12, 64, FALSE, FALSE, FALSE },
  { 1, 197, 12, 64, FALSE, FALSE, FALSE },
  { 1, 257, 2, 64, FALSE, FALSE, FALSE },
  { 1, 77, 8, 64, TRUE, FALSE, FALSE },
  { 3, 7, 8, 64, TRUE, FALSE, FALSE },
  /* their last blocks, and texts of any length */
  { 1, 50, 12, 64, FALSE, FALSE, TRUE },
  { 4, 50, 12, 64, FALSE, FALSE, TRUE },
  { 9, 24, 8, 64, TRUE, TRUE, FALSE },
  { 9, 24, 8, 64, TRUE, TRUE, TRUE },
  { 1, 257, 2, 64, FALSE, TRUE, TRUE },
  /* head widths of other checkpoints, and sizes that nothing divides */
  { 2, 17, 3, 24, FALSE, FALSE, FALSE },
  { 2, 31, 2, 32, TRUE, FALSE, FALSE },
  { 5, 31, 2, 32, FALSE, TRUE, FALSE },
  { 1, 11, 2, 80, FALSE, FALSE, FALSE },
  { 1, 13, 2, 104, TRUE, FALSE, FALSE },
  { 3, 13, 2, 104, TRUE, TRUE, TRUE },
  { 2, 9, 3, 22, FALSE, FALSE, FALSE }, /* not a multiple of 4: tile only */
  { 3, 9, 3, 22, FALSE, TRUE, TRUE },
  { 1, 1, 1, 4, TRUE, FALSE, FALSE },
  { 1, 1, 1, 4, FALSE, FALSE, TRUE },
  { 1, 131, 1, 200, TRUE, FALSE, FALSE },
};

/* The spans of one shape, an empty one among them, and how many rows they cover. */
typedef struct {
  ClvSpan spans[MAX_SPANS];
  guint n;
  guint n_keys;
  guint n_queries;
  gdouble n_pairs;
} Spans;

static void
add_span (Spans *self, guint query, guint n, guint key, guint key_end)
{
  g_assert_cmpuint (self->n, <, MAX_SPANS);
  self->spans[self->n++] = (ClvSpan){ query, query + n, key, key_end };
  self->n_pairs += (gdouble) n * (key_end - key);
}

static void
make_spans (Spans *self, Check *check, guint i)
{
  const guint T = shapes[i].T;

  *self = (Spans){ 0 };
  for (guint b = 0; b < shapes[i].B; b++) {
    const guint n = shapes[i].ragged ? 1 + (T - 1 + 7 * b) % T : T;
    const guint first = self->n_keys;

    self->n_keys += n;
    if (shapes[i].pooled) {
      const guint n_seen = 1 + g_rand_int (check->rand) % n;

      add_span (self, b, 1, first, first + n_seen);
      continue;
    }
    for (guint t = 0; t < n; t += CLV_SPAN_QUERIES)
      add_span (
          self, first + t, MIN (CLV_SPAN_QUERIES, n - t), first, self->n_keys);
    if (b == 0)
      add_span (self, 0, 0, 0, 0);
  }
  self->n_queries = shapes[i].pooled ? shapes[i].B : self->n_keys;
}

static void
check_shape (Check *check, guint i, CheckFill fill)
{
  const guint H = shapes[i].H, D = shapes[i].D, C = H * D;
  const gboolean pooled = shapes[i].pooled;
  /* Pooled rows see what their spans say, causal or not. */
  const gboolean causal = shapes[i].causal && !pooled;
  const guint q_columns = pooled ? C : 3 * C,
              kv_columns = pooled ? 2 * C : 3 * C;
  g_autofree gchar *shape = g_strdup_printf ("B=%u T=%u H=%u D=%u%s%s%s",
      shapes[i].B, shapes[i].T, H, D, causal ? " causal" : "",
      shapes[i].ragged ? " ragged" : "", pooled ? " pooled" : "");
  g_autofree gfloat *q = NULL, *kv = NULL, *want = NULL;
  g_autoptr (GError) error = NULL;
  ClvBuffer q_buffer, kv_buffer = { 0 }, spans_buffer, y_buffer;
  ClvAttention attention = { .heads = H, .head_width = D, .causal = causal };
  ClvCommands *cmds;
  Spans spans;
  gdouble flop;

  if (check->variant->family == CLV_FAMILY_LANES && D % 4 != 0)
    return;
  check_start (check, shape, fill);
  make_spans (&spans, check, i);
  flop = 4.0 * spans.n_pairs * C / (causal ? 2 : 1);
  if (!check_affords (check, flop * 20))
    return;
  q = check_values (check, (gsize) spans.n_queries * q_columns);
  check_rows_init (check, &q_buffer, q, spans.n_queries, q_columns);
  if (pooled) {
    kv = check_values (check, (gsize) spans.n_keys * kv_columns);
    check_rows_init (check, &kv_buffer, kv, spans.n_keys, kv_columns);
  }
  check_vector_init (
      check, &spans_buffer, spans.spans, spans.n * sizeof (ClvSpan));
  check_rows_init (check, &y_buffer, NULL, spans.n_queries, C);
  want = g_new (gfloat, (gsize) spans.n_queries * C);
  clv_ref_attention (want, q, q_columns, pooled ? kv : q + C, kv_columns,
      spans.spans, spans.n, H, D, causal);

  attention.q = &q_buffer;
  attention.kv = pooled ? &kv_buffer : &q_buffer;
  attention.spans = &spans_buffer;
  attention.n_queries = spans.n_queries;
  attention.n_keys = spans.n_keys;
  attention.n_spans = spans.n;
  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_attention_record (cmds, check->variant, &attention, &y_buffer);
  check_run (
      check, cmds, shape, flop, 8.0 * C * (spans.n_queries + spans.n_keys));
  /* Scores of the outlier fill reach 1e5, where float32 is good to 0.004: one
   * such score is all of its row, so that the values are still right. */
  check_all (check, &y_buffer, want, spans.n_queries, C,
      fill == CHECK_OUTLIER ? 2e-3 : 5e-6, shape);

  clv_buffer_clear (&q_buffer);
  clv_buffer_clear (&kv_buffer);
  clv_buffer_clear (&spans_buffer);
  clv_buffer_clear (&y_buffer);
}

void
check_attention (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint fill = 0; fill < CHECK_N_FILLS && !g_test_failed (); fill++)
      check_shape (check, i, fill);
}

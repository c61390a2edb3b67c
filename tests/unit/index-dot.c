/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores and the best of them, against plain sums in double. */

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index/clv-index-dot.h"
#include "index/clv-index-scan.h"
#include "ops/half.h"

/* Every finite half counts what it is worth, subnormal ones too. */
static void
test_halves (void)
{
  gfloat one = 1, got;

  for (guint bits = 0; bits < 0x10000; bits++) {
    const guint16 half = (guint16) bits;

    if ((half >> 10 & 31) == 31)
      continue;
    clv_index_dot_portable (&half, 1, 1, &one, &got);
    g_assert_cmpfloat (got, ==, clv_half_to_float (half));
    clv_index_dot (&half, 1, 1, &one, &got);
    g_assert_cmpfloat (got, ==, clv_half_to_float (half));
  }
}

static void
fill (guint16 *rows, gsize n, guint32 seed)
{
  for (gsize i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    rows[i] = clv_half_from_float ((gfloat) (gint32) seed / 2147483648.0f);
  }
}

static void
test_widths (void)
{
  static const guint widths[] = { 1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 40, 63, 64,
    100, 128, 511, 512, 640, 768, 1023 };

  for (guint w = 0; w < G_N_ELEMENTS (widths); w++) {
    const guint width = widths[w], n = 5;
    g_autofree guint16 *rows = g_new (guint16, n * width);
    g_autofree gfloat *x = g_new (gfloat, width);
    gfloat fast[5], portable[5];

    fill (rows, n * width, w);
    for (guint d = 0; d < width; d++)
      x[d] = (gfloat) (sin (d + w) / sqrt (width));
    clv_index_dot (rows, n, width, x, fast);
    clv_index_dot_portable (rows, n, width, x, portable);
    for (guint i = 0; i < n; i++) {
      gdouble wanted = 0;

      for (guint d = 0; d < width; d++)
        wanted += (gdouble) clv_half_to_float (rows[i * width + d]) * x[d];
      g_assert_cmpfloat_with_epsilon (fast[i], wanted, 1e-5);
      g_assert_cmpfloat_with_epsilon (portable[i], wanted, 1e-5);
    }
  }
}

typedef struct {
  guint64 row;
  gfloat score;
} Pair;

static int
compare (const void *a, const void *b)
{
  const Pair *x = a, *y = b;

  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return x->row < y->row ? -1 : x->row > y->row;
}

#define N_ROWS 20000
#define WIDTH  4

/* Runs with gaps, of one row and across the blocks that threads take; scores are
 * coarse, so that many are equal. */
static void
test_best (gconstpointer data)
{
  const guint n_threads = GPOINTER_TO_UINT (data);
  static const ClvIndexRun runs[] = { { 0, 0 }, { 3, 1500 }, { 1502, 1502 },
    { 2000, 15000 }, { 15001, 15001 }, { 19990, N_ROWS - 1 } };
  static const guint tops[] = { 1, 2, 63, 64, 1000, N_ROWS };
  const gfloat x[WIDTH] = { 1 };
  g_autofree guint16 *rows = g_new0 (guint16, N_ROWS * WIDTH);
  g_autofree Pair *wanted = g_new (Pair, N_ROWS);
  g_autofree ClvIndexBest *best = g_new (ClvIndexBest, N_ROWS);
  g_auto (ClvIndexScan) scan = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 n = 0;
  gdouble sum = 0;

  for (guint r = 0; r < G_N_ELEMENTS (runs); r++)
    for (guint64 row = runs[r].first; row <= runs[r].last; row++) {
      const gfloat score = (gfloat) (row * 7919 % 257) / 256 - 0.5f;

      rows[row * WIDTH] = clv_half_from_float (score);
      wanted[n].row = row;
      wanted[n++].score = clv_half_to_float (rows[row * WIDTH]);
      sum += wanted[n - 1].score;
    }
  qsort (wanted, n, sizeof *wanted, compare);

  g_assert_true (clv_index_scan_run (
      &scan, rows, WIDTH, runs, G_N_ELEMENTS (runs), x, n_threads, &error));
  g_assert_cmpuint (scan.n, ==, n);
  g_assert_cmpfloat_with_epsilon (scan.mean, sum / n, 1e-6);
  for (guint t = 0; t < G_N_ELEMENTS (tops); t++) {
    g_assert_cmpuint (
        clv_index_scan_best (&scan, tops[t], best), ==, MIN (tops[t], n));
    for (guint i = 0; i < MIN (tops[t], n); i++) {
      g_assert_cmpuint (best[i].row, ==, wanted[i].row);
      g_assert_cmpfloat (best[i].score, ==, wanted[i].score);
    }
  }

  /* What was taken is gone, the next one is first. */
  clv_index_scan_take (&scan, best[0].at);
  g_assert_cmpuint (clv_index_scan_best (&scan, 1, best), ==, 1);
  g_assert_cmpuint (best[0].row, ==, wanted[1].row);
}

static void
test_find (void)
{
  const ClvIndexRun runs[] = { { 2, 4 }, { 9, 9 } };
  guint64 starts[] = { 0, 3 }, at = 77;
  const ClvIndexScan scan = { .runs = runs, .n_runs = 2, .starts = starts };

  g_assert_true (clv_index_scan_find (&scan, 4, &at));
  g_assert_cmpuint (at, ==, 2);
  g_assert_true (clv_index_scan_find (&scan, 9, &at));
  g_assert_cmpuint (at, ==, 3);
  g_assert_false (clv_index_scan_find (&scan, 1, &at));
  g_assert_false (clv_index_scan_find (&scan, 5, &at));
  g_assert_false (clv_index_scan_find (&scan, 10, &at));
}

static void
test_nothing (void)
{
  const gfloat x[WIDTH] = { 1 };
  const guint16 rows[WIDTH] = { 0 };
  g_auto (ClvIndexScan) scan = { 0 };
  ClvIndexBest best[3];

  g_assert_true (clv_index_scan_run (&scan, rows, WIDTH, NULL, 0, x, 2, NULL));
  g_assert_cmpuint (clv_index_scan_best (&scan, 3, best), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/index-dot/each half is worth what it is", test_halves);
  g_test_add_func ("/index-dot/rows of any width", test_widths);
  g_test_add_data_func (
      "/index-dot/the best in one thread", GUINT_TO_POINTER (1), test_best);
  g_test_add_data_func (
      "/index-dot/the best in three threads", GUINT_TO_POINTER (3), test_best);
  g_test_add_func ("/index-dot/a row is found in its run", test_find);
  g_test_add_func ("/index-dot/nothing to search", test_nothing);
  return g_test_run ();
}

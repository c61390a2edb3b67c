/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores of all rows that are searched, and the best of them. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Rows first … last of the vectors file, last included. */
typedef struct {
  guint64 first;
  guint64 last;
} ClvIndexRun;

typedef struct {
  guint64 row; /* of the file */
  guint64 at;  /* in the scan */
  gfloat score;
} ClvIndexBest;

/* Scores lie run after run. */
typedef struct {
  const ClvIndexRun *runs;
  guint n_runs;
  guint64 n;
  guint64 *starts; /* (n_runs): where the scores of each run begin */
  gfloat *scores;  /* (n): -G_MAXFLOAT where a row was taken */
  gdouble mean;
} ClvIndexScan;

/* Compares all rows with x (D) of unit length, in `n_threads` threads. `runs` is
 * borrowed: sorted, without overlap. */
gboolean clv_index_scan_run (ClvIndexScan *self, const guint16 *rows,
    guint width, const ClvIndexRun *runs, guint n_runs, const gfloat *x,
    guint n_threads, GError **error);
void clv_index_scan_clear (ClvIndexScan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClvIndexScan, clv_index_scan_clear)

/* Up to n rows with the highest scores that are not taken, best first, and of
 * equal ones the lower row; returns how many. */
guint clv_index_scan_best (
    const ClvIndexScan *self, guint n, ClvIndexBest *ret_best);

/* Where a row's score is; FALSE if the row is not searched. */
gboolean clv_index_scan_find (
    const ClvIndexScan *self, guint64 row, guint64 *ret_at);

/* It is no longer among the best. */
void clv_index_scan_take (ClvIndexScan *self, guint64 at);

G_END_DECLS

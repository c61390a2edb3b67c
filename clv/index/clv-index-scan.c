/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-scan.h"

#include <clv/clv-error.h>

#include "clv-index-dot.h"

/* Rows that a thread takes at once: a megabyte of 512 values. */
#define BLOCK_ROWS 1024

typedef struct {
  ClvIndexScan *scan;
  const guint16 *rows;
  guint width;
  const gfloat *x;
  guint64 n_blocks;
  guint64 next_block; /* guarded by the lock, as all below */
  gdouble sum;
  GMutex lock;
} Job;

/* The last run that starts at or before `at`. */
static guint
run_at (const ClvIndexScan *self, guint64 at)
{
  guint low = 0, high = self->n_runs;

  while (high - low > 1) {
    const guint middle = low + (high - low) / 2;

    if (self->starts[middle] <= at)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Scores of the places from … to - 1; returns their sum. */
static gdouble
score_block (Job *job, guint64 from, guint64 to)
{
  ClvIndexScan *scan = job->scan;
  gdouble sum = 0;
  guint run = run_at (scan, from);

  for (guint64 at = from; at < to; run++) {
    const guint64 in_run = at - scan->starts[run];
    const guint64 left =
        scan->runs[run].last - scan->runs[run].first + 1 - in_run;
    const guint n = (guint) MIN (left, to - at);

    clv_index_dot (
        job->rows + (gsize) (scan->runs[run].first + in_run) * job->width, n,
        job->width, job->x, scan->scores + at);
    at += n;
  }
  for (guint64 at = from; at < to; at++)
    sum += scan->scores[at];
  return sum;
}

static void
work (gpointer data, gpointer user_data)
{
  Job *job = user_data;

  for (;;) {
    guint64 block;
    gdouble sum;

    g_mutex_lock (&job->lock);
    block = job->next_block++;
    g_mutex_unlock (&job->lock);
    if (block >= job->n_blocks)
      return;
    sum = score_block (
        job, block * BLOCK_ROWS, MIN ((block + 1) * BLOCK_ROWS, job->scan->n));
    g_mutex_lock (&job->lock);
    job->sum += sum;
    g_mutex_unlock (&job->lock);
  }
}

gboolean
clv_index_scan_run (ClvIndexScan *self, const guint16 *rows, guint width,
    const ClvIndexRun *runs, guint n_runs, const gfloat *x, guint n_threads,
    GError **error)
{
  Job job = { .scan = self, .rows = rows, .width = width, .x = x };
  GThreadPool *pool = NULL;

  *self = (ClvIndexScan){ .runs = runs, .n_runs = n_runs };
  self->starts = g_new (guint64, n_runs + 1);
  for (guint i = 0; i < n_runs; i++) {
    self->starts[i] = self->n;
    self->n += runs[i].last - runs[i].first + 1;
  }
  self->scores = g_try_new (gfloat, self->n + 1);
  if (self->scores == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "no memory for the scores of %" G_GUINT64_FORMAT " moments", self->n);
    return FALSE;
  }

  job.n_blocks = (self->n + BLOCK_ROWS - 1) / BLOCK_ROWS;
  g_mutex_init (&job.lock);
  n_threads = (guint) MIN ((guint64) n_threads, job.n_blocks);
  /* This thread is one of them. Without help it does all. */
  if (n_threads > 1)
    pool = g_thread_pool_new (work, &job, (gint) n_threads - 1, FALSE, NULL);
  for (guint i = 1; pool != NULL && i < n_threads; i++)
    g_thread_pool_push (pool, &job, NULL);
  work (&job, &job);
  if (pool != NULL)
    g_thread_pool_free (pool, FALSE, TRUE);
  g_mutex_clear (&job.lock);
  self->mean = self->n > 0 ? job.sum / (gdouble) self->n : 0;
  return TRUE;
}

void
clv_index_scan_clear (ClvIndexScan *self)
{
  g_clear_pointer (&self->starts, g_free);
  g_clear_pointer (&self->scores, g_free);
}

static gboolean
is_better (const ClvIndexBest *a, const ClvIndexBest *b)
{
  return a->score > b->score || (a->score == b->score && a->at < b->at);
}

/* The heap's root is the worst of the best so far. */
static void
sift_down (ClvIndexBest *heap, guint n, guint i)
{
  for (;;) {
    guint worst = i;
    ClvIndexBest swap;

    for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
      if (is_better (&heap[worst], &heap[child]))
        worst = child;
    if (worst == i)
      return;
    swap = heap[i];
    heap[i] = heap[worst];
    heap[worst] = swap;
    i = worst;
  }
}

guint
clv_index_scan_best (const ClvIndexScan *self, guint n, ClvIndexBest *ret_best)
{
  guint n_found = 0;

  for (guint64 at = 0; at < self->n; at++) {
    const ClvIndexBest new = { .at = at, .score = self->scores[at] };

    /* Written so that a score that is no number is not taken. */
    if (!(new.score > -G_MAXFLOAT) ||
        (n_found == n && !is_better (&new, &ret_best[0])))
      continue;
    if (n_found < n) {
      ret_best[n_found++] = new;
      if (n_found == n)
        for (guint i = n / 2; i-- > 0;)
          sift_down (ret_best, n, i);
    } else {
      ret_best[0] = new;
      sift_down (ret_best, n, 0);
    }
  }
  if (n_found < n)
    for (guint i = n_found / 2; i-- > 0;)
      sift_down (ret_best, n_found, i);
  /* The worst goes to the end, again and again: best first. */
  for (guint left = n_found; left > 1; left--) {
    const ClvIndexBest worst = ret_best[0];

    ret_best[0] = ret_best[left - 1];
    ret_best[left - 1] = worst;
    sift_down (ret_best, left - 1, 0);
  }
  for (guint i = 0; i < n_found; i++) {
    const guint run = run_at (self, ret_best[i].at);

    ret_best[i].row =
        self->runs[run].first + (ret_best[i].at - self->starts[run]);
  }
  return n_found;
}

gboolean
clv_index_scan_find (const ClvIndexScan *self, guint64 row, guint64 *ret_at)
{
  guint low = 0, high = self->n_runs;

  while (low < high) {
    const guint middle = low + (high - low) / 2;

    if (self->runs[middle].last < row)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == self->n_runs || self->runs[low].first > row)
    return FALSE;
  *ret_at = self->starts[low] + (row - self->runs[low].first);
  return TRUE;
}

void
clv_index_scan_take (ClvIndexScan *self, guint64 at)
{
  self->scores[at] = -G_MAXFLOAT;
}

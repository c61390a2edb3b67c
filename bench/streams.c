/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Streams that share an engine, against one stream that gives it batches:
 *
 *   bench-streams MODEL PRECISION STREAMS BATCH FRAMES WIDTHxHEIGHT [ROUNDS]
 *
 * In turns, ROUNDS times (3): one thread submits FRAMES frames in batches of
 * BATCH, always with a second batch behind the first, and STREAMS threads submit
 * FRAMES frames in all, one at a time, each waiting for its answer. Frames are
 * NV12, and differ. One line of JSON: pictures a second of both (medians), their
 * ratio, latencies of the streams in milliseconds, and memory a stream. */

#include <clv/clv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define MAX_STREAMS 256
#define MAX_ROUNDS  16

typedef struct {
  ClvEngine *engine;
  guint n_streams;
  guint batch;
  guint n_frames;
  guint width;
  guint height;
  guint8 *pixels; /* one picture more than is shown at a time */
  gint n_left;    /* atomic: frames that no stream has taken yet */
  GArray *latencies_ms;
} Bench;

typedef struct {
  Bench *bench;
  guint index;
  GArray *latencies_ms;
} Stream;

static void
die (const GError *error)
{
  fprintf (stderr, "bench-streams: %s\n", error->message);
  exit (1);
}

/* The picture moves by a row from frame to frame: no two are the same. */
static ClvFrame
make_frame (const Bench *self, guint index)
{
  const guint8 *first =
      self->pixels + (gsize) (index % self->height) * self->width;

  return (ClvFrame){
    .format = CLV_PIXEL_FORMAT_NV12,
    .width = self->width,
    .height = self->height,
    .planes = { first, first + (gsize) self->width * self->height },
    .strides = { self->width, self->width },
  };
}

static ClvFuture *
submit (Bench *self, guint first, guint n, gconstpointer stream)
{
  const ClvRequest how = { .stream = stream };
  g_autoptr (GError) error = NULL;
  ClvFrame frames[CLV_MAX_BATCH];
  ClvFuture *future;

  for (guint i = 0; i < n; i++)
    frames[i] = make_frame (self, first + i);
  future = clv_engine_submit (self->engine, frames, n, &how, &error);
  if (future == NULL)
    die (error);
  return future;
}

/* Takes the reference. */
static void
wait_for (ClvFuture *future)
{
  g_autoptr (GError) error = NULL;

  if (clv_future_get (future, &error) == NULL)
    die (error);
  clv_future_unref (future);
}

/* Pictures a second. */
static gdouble
run_batches (Bench *self)
{
  const gint64 start_us = g_get_monotonic_time ();
  ClvFuture *before = NULL;

  for (guint first = 0; first < self->n_frames; first += self->batch) {
    const guint n = MIN (self->batch, self->n_frames - first);
    ClvFuture *future = submit (self, first, n, self);

    if (before != NULL)
      wait_for (before);
    before = future;
  }
  wait_for (before);
  return self->n_frames * 1e6 / (g_get_monotonic_time () - start_us);
}

static gpointer
run_stream (gpointer data)
{
  Stream *self = data;
  Bench *bench = self->bench;
  guint i = self->index;

  while (g_atomic_int_add (&bench->n_left, -1) > 0) {
    const gint64 start_us = g_get_monotonic_time ();
    gdouble ms;

    wait_for (submit (bench, i, 1, self));
    ms = (g_get_monotonic_time () - start_us) / 1e3;
    g_array_append_val (self->latencies_ms, ms);
    i += bench->n_streams;
  }
  return NULL;
}

static gdouble
run_streams (Bench *self)
{
  const gint64 start_us = g_get_monotonic_time ();
  Stream streams[MAX_STREAMS];
  GThread *threads[MAX_STREAMS];

  self->n_left = (gint) self->n_frames;
  for (guint i = 0; i < self->n_streams; i++) {
    streams[i] =
        (Stream){ self, i, g_array_new (FALSE, FALSE, sizeof (gdouble)) };
    threads[i] = g_thread_new ("stream", run_stream, &streams[i]);
  }
  for (guint i = 0; i < self->n_streams; i++) {
    g_thread_join (threads[i]);
    g_array_append_vals (self->latencies_ms, streams[i].latencies_ms->data,
        streams[i].latencies_ms->len);
    g_array_unref (streams[i].latencies_ms);
  }
  return self->n_frames * 1e6 / (g_get_monotonic_time () - start_us);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

/* Of sorted values, by the nearest rank. */
static gdouble
percentile (const gdouble *values, guint n, gdouble p)
{
  const guint rank = (guint) (p / 100 * n + 0.999999);

  return values[CLAMP (rank, 1, n) - 1];
}

static void
run (Bench *self, guint n_rounds)
{
  gdouble alone[MAX_ROUNDS], shared[MAX_ROUNDS];
  const gdouble *ms;
  gdouble mb_alone, mb_shared;
  guint n;

  /* Every batch size that comes along is recorded and compiled once. */
  run_batches (self);
  mb_alone = bench_memory_mb ("VmRSS:");
  run_streams (self);
  mb_shared = bench_memory_mb ("VmRSS:");
  g_array_set_size (self->latencies_ms, 0);
  for (guint i = 0; i < n_rounds; i++) {
    alone[i] = run_batches (self);
    shared[i] = run_streams (self);
  }
  qsort (alone, n_rounds, sizeof *alone, compare);
  qsort (shared, n_rounds, sizeof *shared, compare);
  g_array_sort (self->latencies_ms, compare);
  ms = (const gdouble *) (gpointer) self->latencies_ms->data;
  n = self->latencies_ms->len;
  printf ("{\"streams\": %u, \"batch\": %u, \"batches_per_s\": %.3f, "
          "\"streams_per_s\": %.3f, \"ratio\": %.3f, ",
      self->n_streams, self->batch, percentile (alone, n_rounds, 50),
      percentile (shared, n_rounds, 50),
      percentile (shared, n_rounds, 50) / percentile (alone, n_rounds, 50));
  printf ("\"p50_ms\": %.1f, \"p95_ms\": %.1f, \"p99_ms\": %.1f, ",
      percentile (ms, n, 50), percentile (ms, n, 95), percentile (ms, n, 99));
  printf (
      "\"mb_per_stream\": %.2f}\n", (mb_shared - mb_alone) / self->n_streams);
}

int
main (int argc, gchar **argv)
{
  Bench bench = { 0 };
  g_autoptr (GError) error = NULL;
  guint n_rounds;

  if (argc < 7 || sscanf (argv[6], "%ux%u", &bench.width, &bench.height) != 2 ||
      bench.width < 2 || bench.height < 2) {
    fprintf (stderr,
        "usage: bench-streams MODEL fp32|fp16 STREAMS BATCH FRAMES "
        "WIDTHxHEIGHT [ROUNDS]\n");
    return 2;
  }
  bench.n_streams = (guint) CLAMP (atoi (argv[3]), 1, MAX_STREAMS);
  bench.batch = (guint) CLAMP (atoi (argv[4]), 1, CLV_MAX_BATCH);
  bench.n_frames = (guint) MAX (atoi (argv[5]), 1);
  n_rounds = argc > 7 ? (guint) CLAMP (atoi (argv[7]), 1, MAX_ROUNDS) : 3;
  bench.engine = clv_engine_get (argv[1], NULL,
      strcmp (argv[2], "fp16") == 0 ? CLV_PRECISION_FP16 : CLV_PRECISION_FP32,
      &error);
  if (bench.engine == NULL)
    die (error);
  bench.latencies_ms = g_array_new (FALSE, FALSE, sizeof (gdouble));
  bench.pixels = g_malloc ((gsize) bench.width * bench.height * 5 / 2 + 1);
  for (gsize i = 0; i < (gsize) bench.width * bench.height * 5 / 2; i++)
    bench.pixels[i] = (guint8) (i * 2654435761u >> 13);
  run (&bench, n_rounds);
  g_object_unref (bench.engine);
  g_array_unref (bench.latencies_ms);
  g_free (bench.pixels);
  return 0;
}

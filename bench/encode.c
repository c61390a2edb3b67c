/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Encodes one picture again and again, on request, so that a driver can take
 * turns with another program:
 *
 *   bench-encode MODEL PRECISION BATCH SIDE RGB-FILE
 *
 * RGB-FILE holds SIDE × SIDE pixels of three bytes. For each line "time" on
 * standard input one batch is encoded and its milliseconds are printed; for
 * "embedding", the first embedding. Preprocessing is included. */

#include <clv/clv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  ClvEngine *engine;
  ClvFrame frames[CLV_MAX_BATCH];
  guint batch;
  guint width; /* of an embedding */
  gfloat *embeddings;
} Bench;

static void
encode (Bench *self)
{
  g_autoptr (GError) error = NULL;

  if (!clv_engine_encode_frames (
          self->engine, self->frames, self->batch, self->embeddings, &error)) {
    fprintf (stderr, "bench-encode: %s\n", error->message);
    exit (1);
  }
}

static void
answer (Bench *self, const gchar *request)
{
  const gint64 start_us = g_get_monotonic_time ();

  encode (self);
  if (strcmp (request, "embedding\n") == 0)
    for (guint i = 0; i < self->width; i++)
      printf (i > 0 ? " %.9g" : "%.9g", self->embeddings[i]);
  else
    printf ("%.3f", (g_get_monotonic_time () - start_us) / 1e3);
  printf ("\n");
  fflush (stdout);
}

static gboolean
open_bench (Bench *self, gchar **argv, gchar **ret_pixels, GError **error)
{
  const guint side = (guint) atoi (argv[4]);
  const ClvPrecision precision =
      strcmp (argv[2], "fp16") == 0 ? CLV_PRECISION_FP16 : CLV_PRECISION_FP32;
  gsize size;

  self->batch = (guint) CLAMP (atoi (argv[3]), 1, CLV_MAX_BATCH);
  if (!g_file_get_contents (argv[5], ret_pixels, &size, error))
    return FALSE;
  if (size != (gsize) side * side * 3) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted %u × %u × 3 bytes, found %" G_GSIZE_FORMAT, argv[5], side,
        side, size);
    return FALSE;
  }
  self->engine = clv_engine_get (argv[1], NULL, precision, error);
  if (self->engine == NULL)
    return FALSE;
  self->width =
      clv_model_get_embedding_width (clv_engine_get_model (self->engine));
  self->embeddings = g_new0 (gfloat, (gsize) self->batch * self->width);
  for (guint i = 0; i < self->batch; i++)
    self->frames[i] = (ClvFrame){
      .format = CLV_PIXEL_FORMAT_RGB,
      .width = side,
      .height = side,
      .planes = { (const guint8 *) *ret_pixels },
      .strides = { (gsize) side * 3 },
    };
  return TRUE;
}

int
main (int argc, gchar **argv)
{
  Bench bench = { 0 };
  g_autofree gchar *pixels = NULL;
  g_autoptr (GError) error = NULL;
  gchar request[16];

  if (argc != 6) {
    fprintf (
        stderr, "usage: bench-encode MODEL fp32|fp16 BATCH SIDE RGB-FILE\n");
    return 2;
  }
  if (!open_bench (&bench, argv, &pixels, &error)) {
    fprintf (stderr, "bench-encode: %s\n", error->message);
    g_clear_object (&bench.engine);
    return 1;
  }
  while (fgets (request, sizeof request, stdin) != NULL)
    answer (&bench, request);

  g_object_unref (bench.engine);
  g_free (bench.embeddings);
  return 0;
}

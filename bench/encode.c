/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Encodes pictures and phrases again and again, on request, so that a driver
 * can take turns with other programs:
 *
 *   bench-encode MODEL fp32|fp16 rgb|nv12 WIDTH HEIGHT PIXELS [PHRASES]
 *
 * PIXELS is a file with one picture without padding, PHRASES one with a phrase a
 * line. Each line of standard input is a request and gets one line back:
 *
 *   time B         encodes a batch of B pictures: milliseconds
 *   embedding      of the picture: D numbers
 *   texts FIRST N  encodes N phrases, without caches: milliseconds
 *   text           of the first phrase: D numbers
 *   memory         the most this process had in memory so far: megabytes
 *
 * Preprocessing and reading back are included. */

#include <clv/clv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

typedef struct {
  ClvEngine *engine;
  ClvFrame frames[CLV_MAX_BATCH];
  gchar *pixels;
  gchar **phrases;
  guint n_phrases;
  guint width; /* D of an embedding */
  gfloat *embeddings;
} Bench;

static gdouble
encode_frames (Bench *self, guint batch, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();

  if (!clv_engine_encode_frames (
          self->engine, self->frames, batch, self->embeddings, error))
    return -1.0;
  return (g_get_monotonic_time () - start_us) / 1e3;
}

static gdouble
encode_texts (Bench *self, guint first, guint n, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();

  if (!clv_engine_encode_texts (self->engine,
          (const gchar *const *) self->phrases + first, n, self->embeddings,
          error))
    return -1.0;
  return (g_get_monotonic_time () - start_us) / 1e3;
}

static void
print_embedding (Bench *self)
{
  for (guint i = 0; i < self->width; i++)
    printf (i > 0 ? " %.9g" : "%.9g", self->embeddings[i]);
}

/* FALSE for a request that is not understood, or that failed. */
static gboolean
answer (Bench *self, const gchar *request, GError **error)
{
  guint a, b;

  if (sscanf (request, "time %u", &a) == 1 && a >= 1 && a <= CLV_MAX_BATCH) {
    printf ("%.3f", encode_frames (self, a, error));
  } else if (sscanf (request, "texts %u %u", &a, &b) == 2 && b >= 1 &&
             a < self->n_phrases && b <= self->n_phrases - a) {
    printf ("%.3f", encode_texts (self, a, b, error));
  } else if (g_str_equal (request, "embedding")) {
    if (encode_frames (self, 1, error) >= 0.0)
      print_embedding (self);
  } else if (g_str_equal (request, "text") && self->n_phrases > 0) {
    if (encode_texts (self, 0, 1, error) >= 0.0)
      print_embedding (self);
  } else if (g_str_equal (request, "memory")) {
    printf ("%.1f", bench_memory_mb ("VmHWM:"));
  } else {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "request \"%s\": wanted one of those in encode.c", request);
  }
  printf ("\n");
  fflush (stdout);
  return *error == NULL;
}

/* The picture of the command line; the planes point into self->pixels. */
static gboolean
load_frame (Bench *self, gchar **argv, ClvFrame *ret_frame, GError **error)
{
  const guint width = (guint) atoi (argv[4]), height = (guint) atoi (argv[5]);
  const gsize luma = (gsize) width * height;
  const gboolean nv12 = g_str_equal (argv[3], "nv12");
  const gsize wanted = nv12 ? luma + luma / 2 : luma * 3;
  gsize found;

  if (!g_file_get_contents (argv[6], &self->pixels, &found, error))
    return FALSE;
  if (width % 2 || height % 2 || found != wanted || found == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted %" G_GSIZE_FORMAT " bytes of %u × %u pixels, even both, "
        "found %" G_GSIZE_FORMAT,
        argv[6], wanted, width, height, found);
    return FALSE;
  }
  *ret_frame = (ClvFrame){ .width = width, .height = height };
  ret_frame->planes[0] = (const guint8 *) self->pixels;
  if (nv12) {
    ret_frame->format = CLV_PIXEL_FORMAT_NV12;
    ret_frame->matrix = CLV_MATRIX_BT709;
    ret_frame->siting_h = CLV_SITING_COSITED;
    ret_frame->planes[1] = ret_frame->planes[0] + luma;
    ret_frame->strides[0] = ret_frame->strides[1] = width;
  } else {
    ret_frame->format = CLV_PIXEL_FORMAT_RGB;
    ret_frame->strides[0] = (gsize) width * 3;
  }
  return TRUE;
}

static gboolean
load_phrases (Bench *self, const gchar *path, GError **error)
{
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  self->phrases = g_strsplit (g_strchomp (text), "\n", -1);
  self->n_phrases = g_strv_length (self->phrases);
  return TRUE;
}

static gboolean
open_bench (Bench *self, int argc, gchar **argv, GError **error)
{
  const ClvPrecision precision =
      g_str_equal (argv[2], "fp16") ? CLV_PRECISION_FP16 : CLV_PRECISION_FP32;
  ClvFrame frame;

  if (!load_frame (self, argv, &frame, error) ||
      (argc > 7 && !load_phrases (self, argv[7], error)))
    return FALSE;
  for (guint i = 0; i < CLV_MAX_BATCH; i++)
    self->frames[i] = frame;
  self->engine = clv_engine_get (argv[1], NULL, precision, error);
  if (self->engine == NULL)
    return FALSE;
  self->width =
      clv_model_get_embedding_width (clv_engine_get_model (self->engine));
  self->embeddings = g_new0 (
      gfloat, (gsize) MAX (CLV_MAX_BATCH, self->n_phrases) * self->width);
  return TRUE;
}

int
main (int argc, gchar **argv)
{
  Bench bench = { 0 };
  GError *error = NULL;
  gchar request[64];

  if (argc < 7 || argc > 8) {
    fprintf (stderr, "usage: bench-encode MODEL fp32|fp16 rgb|nv12 WIDTH "
                     "HEIGHT PIXELS [PHRASES]\n");
    return 2;
  }
  if (open_bench (&bench, argc, argv, &error))
    while (fgets (request, sizeof request, stdin) != NULL)
      if (!answer (&bench, g_strchomp (request), &error))
        break;
  if (error != NULL)
    fprintf (stderr, "bench-encode: %s\n", error->message);

  g_clear_object (&bench.engine);
  g_strfreev (bench.phrases);
  g_free (bench.embeddings);
  g_free (bench.pixels);
  if (error == NULL)
    return 0;
  g_error_free (error);
  return 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine for languages that have no pointers. */

#include <clv/clv-engine.h>

#include "base/clv-frame-layout.h"

/* Points the planes into `pixels`, which they must fill. */
static gboolean
lay_out (ClvFrame *frame, GBytes *pixels, GError **error)
{
  gsize n_bytes;
  const guint8 *bytes = g_bytes_get_data (pixels, &n_bytes);
  guint n_planes = clv_frame_count_planes (frame);
  gsize row_bytes, end = 0;
  guint n_rows;

  for (guint i = 0; i < n_planes; i++) {
    clv_frame_plane_size (frame, i, &row_bytes, &n_rows);
    frame->planes[i] = bytes;
    frame->strides[i] = row_bytes;
  }
  if (!clv_frame_check (frame, error))
    return FALSE;
  /* Of a size that is checked: nothing wraps around. */
  for (guint i = 0; i < n_planes; i++) {
    clv_frame_plane_size (frame, i, &row_bytes, &n_rows);
    frame->planes[i] = bytes + end;
    end += row_bytes * n_rows;
  }
  if (end == n_bytes)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "pixels: a picture of %u × %u in this format has %" G_GSIZE_FORMAT
      " bytes, found %" G_GSIZE_FORMAT,
      frame->width, frame->height, end, n_bytes);
  return FALSE;
}

static GBytes *
take_rows (gfloat *rows, gsize n_floats)
{
  return g_bytes_new_take (rows, n_floats * sizeof *rows);
}

GBytes *
clv_engine_encode_pixels (ClvEngine *self, ClvPixelFormat format, guint width,
    guint height, GBytes *pixels, GError **error)
{
  guint embedding_width =
      clv_model_get_embedding_width (clv_engine_get_model (self));
  ClvFrame frame = { .format = format,
    .width = width,
    .height = height,
    .full_range = format == CLV_PIXEL_FORMAT_GRAY8 };
  g_autofree gfloat *embedding = NULL;

  if (!lay_out (&frame, pixels, error))
    return NULL;
  embedding = g_new (gfloat, embedding_width);
  if (!clv_engine_encode_frames (self, &frame, 1, embedding, error))
    return NULL;
  return take_rows (g_steal_pointer (&embedding), embedding_width);
}

GBytes *
clv_engine_encode_texts_bytes (
    ClvEngine *self, const gchar *const *texts, GError **error)
{
  guint n_texts = g_strv_length ((gchar **) texts);
  gsize n_floats = (gsize) n_texts *
                   clv_model_get_embedding_width (clv_engine_get_model (self));
  g_autofree gfloat *embeddings = g_new (gfloat, n_floats);

  if (!clv_engine_encode_texts (self, texts, n_texts, embeddings, error))
    return NULL;
  return take_rows (g_steal_pointer (&embeddings), n_floats);
}

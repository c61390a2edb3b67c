/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "search-query.h"

#include <math.h>

#include "media-batch.h"

/* What is left of a vector after it was made orthogonal counts as nothing below
 * this length: the query says what it excludes. */
#define NOTHING_LEFT 1e-3

static gdouble
dot (const gfloat *a, const gfloat *b, guint width)
{
  gdouble sum = 0;

  for (guint d = 0; d < width; d++)
    sum += (gdouble) a[d] * b[d];
  return sum;
}

/* FALSE where nothing is left of it. */
static gboolean
normalize (gfloat *x, guint width)
{
  const gdouble length = sqrt (dot (x, x, width));

  for (guint d = 0; length >= NOTHING_LEFT && d < width; d++)
    x[d] = (gfloat) (x[d] / length);
  return length >= NOTHING_LEFT;
}

static gboolean
encode_image (ClvEngine *engine, const gchar *path, gfloat *ret, GError **error)
{
  g_autoptr (Media) media = media_open (path, error);
  g_auto (MediaBatch) batch = { 0 };
  MediaPicture picture = { 0 };

  if (media == NULL)
    return FALSE;
  switch (media_pull (media, &picture, error)) {
    case MEDIA_PICTURE:
      break;
    case MEDIA_INTERRUPTED:
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "%s: interrupted", path);
      return FALSE;
    default:
      return FALSE;
  }
  if (media_batch_add (&batch, &picture, error) &&
      media_batch_encode (&batch, engine, ret, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

/* x -= its parts along the rows of `base`, which are orthonormal. */
static void
remove_parts (gfloat *x, const gfloat *base, guint n, guint width)
{
  for (guint i = 0; i < n; i++) {
    const gfloat *row = base + (gsize) i * width;
    const gdouble part = dot (x, row, width);

    for (guint d = 0; d < width; d++)
      x[d] = (gfloat) (x[d] - part * row[d]);
  }
}

/* Orthogonal negation: D. Widdows, "Orthogonal Negation in Vector Spaces for
 * Modelling Word-Meanings and Document Retrieval", ACL 2003, section 3: the query
 * minus its projection on the space of what is not wanted. */
static gboolean
negate (ClvEngine *engine, gfloat *x, const gchar *const *nots, guint width,
    GError **error)
{
  const guint n = g_strv_length ((GStrv) nots);
  g_autofree gfloat *rows = g_new (gfloat, (gsize) n * width);
  guint n_base = 0;

  if (!clv_engine_encode_texts (engine, nots, n, rows, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    gfloat *row = rows + (gsize) n_base * width;

    for (guint d = 0; d < width; d++)
      row[d] = rows[(gsize) i * width + d];
    remove_parts (row, rows, n_base, width);
    /* The same said twice adds nothing. */
    n_base += normalize (row, width);
  }
  remove_parts (x, rows, n_base, width);
  if (normalize (x, width))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "--not: leaves nothing of what is looked for: it means the same");
  return FALSE;
}

gfloat *
search_query_new (ClvEngine *engine, const gchar *text,
    const gchar *const *images, const gchar *const *nots, GError **error)
{
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autofree gfloat *query = g_new0 (gfloat, width);
  g_autofree gfloat *row = g_new (gfloat, width);

  if (text != NULL && !clv_engine_encode_texts (engine, &text, 1, query, error))
    return NULL;
  for (guint i = 0; images != NULL && images[i] != NULL; i++) {
    if (!encode_image (engine, images[i], row, error))
      return NULL;
    for (guint d = 0; d < width; d++)
      query[d] += row[d];
  }
  if (!normalize (query, width)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "text and pictures point in opposite directions: nothing is like both");
    return NULL;
  }
  if (nots != NULL && nots[0] != NULL &&
      !negate (engine, query, nots, width, error))
    return NULL;
  return g_steal_pointer (&query);
}

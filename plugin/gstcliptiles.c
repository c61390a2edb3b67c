/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptiles.h"

#include <clv/clv-error.h>

/* Digits only: neither signs nor white space. */
static gboolean
parse_number (const gchar **text, guint *ret_number)
{
  const gchar *p = *text;
  guint n = 0;

  for (; g_ascii_isdigit (*p) && n <= GST_CLIP_TILES_MAX; p++)
    n = n * 10 + (guint) g_ascii_digit_value (*p);
  while (g_ascii_isdigit (*p))
    p++;
  if (p == *text || n == 0)
    return FALSE;
  *text = p;
  *ret_number = n;
  return TRUE;
}

gboolean
gst_clip_tiles_parse (
    const gchar *text, guint *ret_columns, guint *ret_rows, GError **error)
{
  const gchar *p = text;
  guint columns, rows;

  if (!parse_number (&p, &columns) || *p++ != 'x' ||
      !parse_number (&p, &rows) || *p != '\0') {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "'%s' is not COLUMNSxROWS, as 3x2 is", text);
    return FALSE;
  }
  if (columns > GST_CLIP_TILES_MAX || rows > GST_CLIP_TILES_MAX ||
      columns * rows > GST_CLIP_TILES_MAX) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "'%s': wanted at most %d tiles", text, GST_CLIP_TILES_MAX);
    return FALSE;
  }
  *ret_columns = columns;
  *ret_rows = rows;
  return TRUE;
}

/* Even places, so that all tiles lie alike on subsampled chroma. A tile is the
 * part of each, rounded up to even, and up once more where the length is odd: the
 * distance of two is even and less than two above the part, so none is beyond its
 * neighbour's end. */
static void
divide (guint length, guint n, guint i, guint *ret_start, guint *ret_length)
{
  guint part = MIN (((length + n - 1) / n + 1) & ~1u, length);
  guint left;

  if ((length - part) % 2 != 0)
    part++;
  left = length - part;
  *ret_length = part;
  *ret_start = n == 1 ? 0 : i * left / (n - 1) & ~1u;
}

GstClipFrameArea
gst_clip_tiles_get (guint width, guint height, guint columns, guint rows,
    guint column, guint row)
{
  GstClipFrameArea area;

  divide (width, columns, column, &area.x, &area.width);
  divide (height, rows, row, &area.y, &area.height);
  return area;
}

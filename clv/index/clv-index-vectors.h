/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The embeddings of an index: a file of float16 rows behind a header, which only
 * grows. How many rows count is in the database; more may lie behind them.
 *
 *   offset  bytes
 *   0       8      "clvvecs1"
 *   8       4      1, in the byte order of the machine that wrote it
 *   12      4      width D
 *   16      64     model id: hexadecimal digits, zeros behind shorter ones
 *   80      48     zeros
 *   128     2 D    row 0: D times IEEE 754 binary16, unit length
 *   …
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CLV_INDEX_HEADER_BYTES   128
#define CLV_INDEX_MODEL_ID_BYTES 64

typedef struct {
  gchar *path;
  gint fd;
  guint width;
  gpointer map; /* of the first `mapped` bytes; NULL: not mapped yet */
  gsize mapped;
} ClvIndexVectors;

#define CLV_INDEX_VECTORS_INIT ((ClvIndexVectors){ .fd = -1 })

/* An empty file, on disk when it returns. Replaces one with the same magic, which
 * is left of an index that was never finished, or whose database was deleted; any
 * other is an error. */
gboolean clv_index_vectors_create (
    const gchar *path, const gchar *model_id, guint width, GError **error);

/* Checks the header against what the database says. */
gboolean clv_index_vectors_open (ClvIndexVectors *self, const gchar *path,
    const gchar *model_id, guint width, gboolean writable, GError **error);
void clv_index_vectors_clear (ClvIndexVectors *self);

/* That there are `n_rows`, and with `cut` no more. Nobody else may be writing
 * then. */
gboolean clv_index_vectors_check (
    ClvIndexVectors *self, guint64 n_rows, gboolean cut, GError **error);

/* Writes rows from row `first` on; they are on disk when it returns. */
gboolean clv_index_vectors_write (ClvIndexVectors *self, guint64 first,
    const gfloat *rows, guint n, GError **error);

/* At least `n_rows` in memory; NULL on failure. Valid until the next call. */
const guint16 *clv_index_vectors_map (
    ClvIndexVectors *self, guint64 n_rows, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of the text cache. Its form is described in clv-text-cache.h. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CLV_TEXT_KEY_BYTES 16

/* The oldest rows are dropped when the file would pass this. 80,000 phrases of
 * width 1024 fit. */
#define CLV_TEXT_CACHE_MAX_BYTES ((gsize) 512 << 20)

typedef struct {
  guint8 magic[8];
  guint32 byte_order; /* 1 */
  guint32 width;      /* D */
  guint64 n_rows;
  guint8 model[32]; /* SHA-256 of the model id */
} ClvTextCacheHeader;

typedef struct {
  guint8 bytes[CLV_TEXT_KEY_BYTES];
} ClvTextKey;

guint clv_text_key_hash (gconstpointer key);
gboolean clv_text_key_equal (gconstpointer a, gconstpointer b);

/* "text-<16 digits>.bin" */
gchar *clv_text_cache_file_name (const gchar *model_id);

/* Fills the rows whose found[i] is FALSE and which the file has, and sets
 * found[i]. A file that is not what it should be has no rows. */
void clv_text_cache_file_read (const gchar *model_id, guint width,
    const ClvTextKey *keys, guint n, gboolean *found, gfloat *rows);

/* Adds rows to what the file now holds. */
void clv_text_cache_file_add (const gchar *model_id, guint width,
    const ClvTextKey *keys, const gfloat *rows, guint n);

/* Whether D floats are a unit vector, as every row must be. */
gboolean clv_text_row_is_unit (const gfloat *row, guint width);

G_END_DECLS

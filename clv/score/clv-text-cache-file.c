/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-text-cache-file.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clv-cache-dir.h"

static const guint8 magic[8] = { 'c', 'l', 'v', 't', 'e', 'x', 't', '1' };

G_STATIC_ASSERT (sizeof (ClvTextCacheHeader) == 56);

guint
clv_text_key_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash); /* of a hash: as good as any */
  return hash;
}

gboolean
clv_text_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, CLV_TEXT_KEY_BYTES) == 0;
}

static void
digest_model (const gchar *model_id, guint8 ret_digest[32])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = 32;

  g_checksum_update (sum, (const guchar *) model_id, -1);
  g_checksum_get_digest (sum, ret_digest, &size);
}

gchar *
clv_text_cache_file_name (const gchar *model_id)
{
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, model_id, -1);

  return g_strdup_printf ("text-%.16s.bin", digest);
}

gboolean
clv_text_row_is_unit (const gfloat *row, guint width)
{
  gdouble sum = 0;

  for (guint i = 0; i < width; i++)
    sum += (gdouble) row[i] * row[i];
  return fabs (sum - 1) < 1e-3; /* FALSE for NaN */
}

/* Opens the file and reads its header and keys; NULL if anything is wrong. */
static FILE *
open_file (
    const gchar *model_id, guint width, ClvTextKey **ret_keys, guint64 *ret_n)
{
  g_autofree gchar *name = clv_text_cache_file_name (model_id);
  g_autofree gchar *path = clv_cache_path (name);
  g_autofree ClvTextKey *keys = NULL;
  const guint64 record_bytes =
      sizeof (ClvTextKey) + (guint64) width * sizeof (gfloat);
  ClvTextCacheHeader header;
  guint8 model[32];
  GStatBuf info;
  FILE *file = path != NULL ? g_fopen (path, "rb") : NULL;

  if (file == NULL)
    return NULL;
  digest_model (model_id, model);
  if (fread (&header, sizeof header, 1, file) != 1 ||
      memcmp (header.magic, magic, sizeof magic) != 0 ||
      header.byte_order != 1 || header.width != width ||
      memcmp (header.model, model, sizeof model) != 0 ||
      header.n_rows > CLV_TEXT_CACHE_MAX_BYTES / record_bytes ||
      g_stat (path, &info) != 0 ||
      (guint64) info.st_size != sizeof header + header.n_rows * record_bytes)
    goto fail;
  keys = g_new (ClvTextKey, header.n_rows + 1);
  if (fread (keys, sizeof *keys, header.n_rows, file) != header.n_rows)
    goto fail;
  *ret_keys = g_steal_pointer (&keys);
  *ret_n = header.n_rows;
  return file;

fail:
  g_debug ("%s: not a text cache of this model, ignored", path);
  fclose (file);
  return NULL;
}

static gboolean
read_row (FILE *file, guint64 n_rows, guint64 row, guint width, gfloat *ret)
{
  guint64 offset = sizeof (ClvTextCacheHeader) + n_rows * sizeof (ClvTextKey) +
                   row * width * sizeof (gfloat);

  return fseek (file, (glong) offset, SEEK_SET) == 0 &&
         fread (ret, sizeof (gfloat), width, file) == width &&
         clv_text_row_is_unit (ret, width);
}

void
clv_text_cache_file_read (const gchar *model_id, guint width,
    const ClvTextKey *keys, guint n, gboolean *found, gfloat *rows)
{
  g_autofree ClvTextKey *file_keys = NULL;
  g_autofree gfloat *row = NULL;
  g_autoptr (GHashTable) index = NULL;
  guint64 n_rows;
  FILE *file = open_file (model_id, width, &file_keys, &n_rows);

  if (file == NULL)
    return;
  row = g_new (gfloat, width);
  index = g_hash_table_new (clv_text_key_hash, clv_text_key_equal);
  for (guint64 i = 0; i < n_rows; i++)
    g_hash_table_insert (index, &file_keys[i], &file_keys[i]);
  for (guint i = 0; i < n; i++) {
    const ClvTextKey *at =
        found[i] ? NULL : g_hash_table_lookup (index, &keys[i]);

    if (at == NULL ||
        !read_row (file, n_rows, (guint64) (at - file_keys), width, row))
      continue;
    memcpy (&rows[(gsize) i * width], row, width * sizeof *row);
    found[i] = TRUE;
  }
  fclose (file);
}

/* Copies the rows of the old file that no new row replaces, the newest at most
 * `limit`; returns how many. */
static guint64
keep_old (FILE *file, const ClvTextKey *old_keys, guint64 n_old, guint width,
    GHashTable *new_keys, guint64 limit, ClvTextKey *ret_keys, gfloat *ret_rows)
{
  guint64 n_kept = 0, n_candidates = 0;

  for (guint64 i = 0; i < n_old; i++)
    n_candidates += !g_hash_table_contains (new_keys, &old_keys[i]);
  for (guint64 i = 0; i < n_old && n_kept < limit; i++) {
    if (g_hash_table_contains (new_keys, &old_keys[i]))
      continue;
    if (n_candidates-- > limit)
      continue; /* the oldest are in front */
    if (!read_row (file, n_old, i, width, &ret_rows[n_kept * width]))
      continue;
    ret_keys[n_kept++] = old_keys[i];
  }
  return n_kept;
}

static void
write_file (const gchar *model_id, guint width, const ClvTextKey *keys,
    const gfloat *rows, guint64 n)
{
  g_autofree gchar *name = clv_text_cache_file_name (model_id);
  const gsize row_bytes = width * sizeof (gfloat);
  const gsize size =
      sizeof (ClvTextCacheHeader) + n * (sizeof *keys + row_bytes);
  g_autofree guint8 *data = g_try_malloc (size);
  ClvTextCacheHeader header = { .byte_order = 1, .width = width, .n_rows = n };

  if (data == NULL)
    return;
  memcpy (header.magic, magic, sizeof magic);
  digest_model (model_id, header.model);
  memcpy (data, &header, sizeof header);
  memcpy (data + sizeof header, keys, n * sizeof *keys);
  memcpy (data + sizeof header + n * sizeof *keys, rows, n * row_bytes);
  clv_cache_write (name, data, size);
}

void
clv_text_cache_file_add (const gchar *model_id, guint width,
    const ClvTextKey *keys, const gfloat *rows, guint n)
{
  const guint64 max_rows =
      (CLV_TEXT_CACHE_MAX_BYTES - sizeof (ClvTextCacheHeader)) /
      (sizeof (ClvTextKey) + (guint64) width * sizeof (gfloat));
  g_autofree ClvTextKey *old_keys = NULL;
  g_autofree ClvTextKey *all_keys = NULL;
  g_autofree gfloat *all_rows = NULL;
  g_autoptr (GHashTable) added = NULL;
  guint64 n_old = 0, n_kept = 0;
  FILE *file;

  if (n > max_rows)
    n = (guint) max_rows;
  file = open_file (model_id, width, &old_keys, &n_old);
  added = g_hash_table_new (clv_text_key_hash, clv_text_key_equal);
  for (guint i = 0; i < n; i++)
    g_hash_table_add (added, (gpointer) &keys[i]);
  all_keys = g_try_new (ClvTextKey, n_old + n);
  all_rows = g_try_new (gfloat, (n_old + n) * width);
  if (all_keys != NULL && all_rows != NULL) {
    if (file != NULL)
      n_kept = keep_old (file, old_keys, n_old, width, added, max_rows - n,
          all_keys, all_rows);
    memcpy (&all_keys[n_kept], keys, n * sizeof *keys);
    memcpy (&all_rows[n_kept * width], rows, (gsize) n * width * sizeof *rows);
    write_file (model_id, width, all_keys, all_rows, n_kept + n);
  }
  if (file != NULL)
    fclose (file);
}

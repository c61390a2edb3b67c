/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-text-cache.h"

#include <string.h>

#include "clv-text-cache-file.h"

#define MAX_MEMORY_BYTES ((gsize) 64 << 20)

typedef struct {
  ClvTextKey key;
  guint width;
  gfloat row[];
} Entry;

/* The part in memory: the oldest entry goes first. */
static GMutex memory_mutex;
static GHashTable *memory; /* set of Entry, by .key */
static GQueue memory_order = G_QUEUE_INIT;
static gsize memory_bytes;

/* One writer of files in this process; others are kept apart by the rename. */
static GMutex file_mutex;

static gsize
entry_bytes (guint width)
{
  return sizeof (Entry) + width * sizeof (gfloat);
}

void
clv_text_cache_forget (void)
{
  g_mutex_lock (&memory_mutex);
  g_queue_clear (&memory_order);
  g_clear_pointer (&memory, g_hash_table_unref);
  memory_bytes = 0;
  g_mutex_unlock (&memory_mutex);
}

static void
memory_add (const ClvTextKey *key, guint width, const gfloat *row)
{
  Entry *entry = g_malloc (entry_bytes (width));

  entry->key = *key;
  entry->width = width;
  memcpy (entry->row, row, width * sizeof *row);

  g_mutex_lock (&memory_mutex);
  if (memory == NULL)
    memory = g_hash_table_new_full (
        clv_text_key_hash, clv_text_key_equal, g_free, NULL);
  if (g_hash_table_contains (memory, entry)) {
    g_free (entry);
  } else {
    g_hash_table_add (memory, entry);
    g_queue_push_tail (&memory_order, entry);
    memory_bytes += entry_bytes (width);
  }
  while (memory_bytes > MAX_MEMORY_BYTES) {
    Entry *oldest = g_queue_pop_head (&memory_order);

    memory_bytes -= entry_bytes (oldest->width);
    g_hash_table_remove (memory, oldest);
  }
  g_mutex_unlock (&memory_mutex);
}

static void
memory_read (
    const ClvTextKey *keys, guint n, guint width, gboolean *found, gfloat *rows)
{
  g_mutex_lock (&memory_mutex);
  for (guint i = 0; memory != NULL && i < n; i++) {
    const Entry *entry = g_hash_table_lookup (memory, &keys[i]);

    if (entry == NULL || entry->width != width)
      continue;
    memcpy (&rows[(gsize) i * width], entry->row, width * sizeof *rows);
    found[i] = TRUE;
  }
  g_mutex_unlock (&memory_mutex);
}

static void
make_keys (const gchar *model_id, const gchar *const *texts, guint n,
    ClvTextKey *ret_keys)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < n; i++) {
    guint8 digest[32];
    gsize size = sizeof digest;

    g_checksum_reset (sum);
    if (model_id != NULL)
      g_checksum_update (sum, (const guchar *) model_id, -1);
    g_checksum_update (sum, (const guchar *) "", 1);
    g_checksum_update (sum, (const guchar *) texts[i], -1);
    g_checksum_get_digest (sum, digest, &size);
    memcpy (ret_keys[i].bytes, digest, CLV_TEXT_KEY_BYTES);
  }
}

static gint
compare_lengths (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const gchar *const *texts = user_data;
  gsize x = strlen (texts[*(const guint *) a]);
  gsize y = strlen (texts[*(const guint *) b]);

  return (x > y) - (x < y);
}

/* Which texts to encode: missing ones, the first of equal ones. The shortest are
 * in front: who encodes a few at a time then pads little. */
static GArray *
list_missing (const gchar *const *texts, const ClvTextKey *keys, guint n,
    const gboolean *found)
{
  g_autoptr (GHashTable) seen =
      g_hash_table_new (clv_text_key_hash, clv_text_key_equal);
  GArray *missing = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < n; i++) {
    if (!found[i] && g_hash_table_add (seen, (gpointer) &keys[i]))
      g_array_append_val (missing, i);
  }
  g_array_sort_with_data (missing, compare_lengths, (gpointer) texts);
  return missing;
}

/* Encodes texts[missing[i]] into row i. */
static gboolean
encode_missing (GArray *missing, const gchar *const *texts, guint width,
    ClvEncodeTextFunc encode, gpointer user_data, gfloat *rows, GError **error)
{
  g_autofree const gchar **wanted = g_new (const gchar *, missing->len);

  for (guint i = 0; i < missing->len; i++)
    wanted[i] = texts[g_array_index (missing, guint, i)];
  if (!encode (wanted, missing->len, rows, user_data, error))
    return FALSE;
  for (guint i = 0; i < missing->len; i++) {
    if (clv_text_row_is_unit (&rows[(gsize) i * width], width))
      continue;
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "text \"%s\": wanted an embedding of unit length, found another",
        wanted[i]);
    return FALSE;
  }
  return TRUE;
}

/* Gives every text that was missing the row of its key. */
static void
spread (const ClvTextKey *keys, guint n, guint width, const gboolean *found,
    const ClvTextKey *new_keys, const gfloat *new_rows, guint n_new,
    gfloat *rows)
{
  g_autoptr (GHashTable) index =
      g_hash_table_new (clv_text_key_hash, clv_text_key_equal);

  for (guint i = 0; i < n_new; i++)
    g_hash_table_insert (
        index, (gpointer) &new_keys[i], (gpointer) &new_keys[i]);
  for (guint i = 0; i < n; i++) {
    const ClvTextKey *key =
        found[i] ? NULL : g_hash_table_lookup (index, &keys[i]);

    if (key != NULL)
      memcpy (&rows[(gsize) i * width],
          &new_rows[(gsize) (key - new_keys) * width], width * sizeof *rows);
  }
}

/* From memory, then from the file. */
static void
read_cached (const gchar *model_id, guint width, const ClvTextKey *keys,
    guint n, gboolean *found, gfloat *rows)
{
  guint n_found = 0;

  memory_read (keys, n, width, found, rows);
  for (guint i = 0; i < n; i++)
    n_found += found[i] != FALSE;
  if (n_found == n)
    return;
  clv_text_cache_file_read (model_id, width, keys, n, found, rows);
  for (guint i = 0; i < n; i++) {
    if (found[i])
      memory_add (&keys[i], width, &rows[(gsize) i * width]);
  }
}

static void
write_cached (const gchar *model_id, guint width, const ClvTextKey *keys,
    const gfloat *rows, guint n)
{
  for (guint i = 0; i < n; i++)
    memory_add (&keys[i], width, &rows[(gsize) i * width]);
  g_mutex_lock (&file_mutex);
  clv_text_cache_file_add (model_id, width, keys, rows, n);
  g_mutex_unlock (&file_mutex);
}

gboolean
clv_text_cache_encode (const gchar *model_id, guint width,
    const gchar *const *texts, guint n_texts, ClvEncodeTextFunc encode,
    gpointer user_data, gfloat *ret_embeddings, GError **error)
{
  g_autofree ClvTextKey *keys = g_new (ClvTextKey, n_texts);
  g_autofree ClvTextKey *new_keys = NULL;
  g_autofree gboolean *found = g_new0 (gboolean, n_texts);
  g_autofree gfloat *new_rows = NULL;
  g_autoptr (GArray) missing = NULL;
  guint n_new;

  make_keys (model_id, texts, n_texts, keys);
  if (model_id != NULL)
    read_cached (model_id, width, keys, n_texts, found, ret_embeddings);
  missing = list_missing (texts, keys, n_texts, found);
  n_new = missing->len;
  if (n_new == 0)
    return TRUE;

  new_keys = g_new (ClvTextKey, n_new);
  new_rows = g_try_new (gfloat, (gsize) n_new * width);
  if (new_rows == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "no memory for the embeddings of %u texts", n_new);
    return FALSE;
  }
  if (!encode_missing (
          missing, texts, width, encode, user_data, new_rows, error))
    return FALSE;
  for (guint i = 0; i < n_new; i++)
    new_keys[i] = keys[g_array_index (missing, guint, i)];
  spread (
      keys, n_texts, width, found, new_keys, new_rows, n_new, ret_embeddings);
  if (model_id != NULL)
    write_cached (model_id, width, new_keys, new_rows, n_new);
  return TRUE;
}

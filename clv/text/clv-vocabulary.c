/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-vocabulary-private.h"

#include <string.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "clv-json.h"

/* Far above any real vocabulary; ids index a table of a row each. */
#define MAX_ID (1 << 24)

/* Tokens that no merge makes: every byte, also at the end of a word, and two
 * special tokens. */
#define N_WITHOUT (2 * 256 + 2)

/* Bytes that print stand for themselves, the others for U+0100 and up in their
 * order: bytes_to_unicode() of OpenAI's simple_tokenizer.py. */
void
clv_vocabulary_byte_symbol (guint8 byte, gchar ret_symbol[8])
{
  gunichar symbol = byte;

  if (byte <= 32)
    symbol = 256 + byte;
  else if (byte >= 127 && byte <= 160)
    symbol = 256 + 33 + (byte - 127);
  else if (byte == 173)
    symbol = 256 + 67;
  ret_symbol[g_unichar_to_utf8 (symbol, ret_symbol)] = '\0';
}

static void
clear_special (gpointer data)
{
  g_free (((ClvSpecialToken *) data)->text);
}

static ClvVocabulary *
new_empty (const gchar *path)
{
  ClvVocabulary *self = g_new0 (ClvVocabulary, 1);

  self->path = g_strdup (path);
  self->tokens = g_string_chunk_new (65536);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->merges = g_array_new (FALSE, FALSE, sizeof (ClvMerge));
  self->specials = g_array_new (FALSE, FALSE, sizeof (ClvSpecialToken));
  g_array_set_clear_func (self->specials, clear_special);
  return self;
}

void
clv_vocabulary_free (ClvVocabulary *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_hash_table_unref (self->ids);
  g_string_chunk_free (self->tokens);
  g_array_unref (self->merges);
  g_array_unref (self->specials);
  g_free (self);
}

static gboolean
lookup_id (const ClvVocabulary *self, const gchar *token, guint32 *ret_id)
{
  gpointer id;

  if (!g_hash_table_lookup_extended (self->ids, token, NULL, &id))
    return FALSE;
  *ret_id = GPOINTER_TO_UINT (id);
  return TRUE;
}

gboolean
clv_vocabulary_add_token (ClvVocabulary *self, const gchar *token, gint64 id,
    const gchar *where, GError **error)
{
  if (id < 0 || id > MAX_ID) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: id of the token \"%s\": wanted 0 to %d, found %" G_GINT64_FORMAT,
        where, token, MAX_ID, id);
    return FALSE;
  }
  g_hash_table_replace (self->ids, g_string_chunk_insert (self->tokens, token),
      GUINT_TO_POINTER (id));
  return TRUE;
}

gboolean
clv_vocabulary_add_merge (
    ClvVocabulary *self, const gchar *left, const gchar *right, GError **error)
{
  g_autofree gchar *product = g_strconcat (left, right, NULL);
  const gchar *names[] = { left, right, product };
  guint32 ids[3];
  ClvMerge merge;

  for (guint i = 0; i < 3; i++) {
    if (!lookup_id (self, names[i], &ids[i])) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "\"%s\" of the merge \"%s %s\" is not a token of %s", names[i], left,
          right, self->path);
      return FALSE;
    }
  }
  merge.pair = (guint64) ids[0] << 32 | ids[1];
  merge.rank = self->merges->len;
  merge.id = ids[2];
  g_array_append_val (self->merges, merge);
  return TRUE;
}

gboolean
clv_vocabulary_add_merge_line (
    ClvVocabulary *self, const gchar *line, GError **error)
{
  const gchar *space = strchr (line, ' ');
  g_autofree gchar *left = NULL;

  if (space == NULL || space == line || space[1] == '\0' ||
      strchr (space + 1, ' ') != NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "wanted two tokens with one space between them, found \"%s\"", line);
    return FALSE;
  }
  left = g_strndup (line, space - line);
  return clv_vocabulary_add_merge (self, left, space + 1, error);
}

gboolean
clv_vocabulary_add_object (ClvVocabulary *self, JsonObject *vocab,
    const gchar *file_name, const gchar *json_path, GError **error)
{
  g_autofree gchar *where = g_strdup_printf ("%s: %s", file_name, json_path);
  JsonObjectIter iter;
  const gchar *token;
  JsonNode *node;

  json_object_iter_init (&iter, vocab);
  while (json_object_iter_next (&iter, &token, &node)) {
    if (!JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_INT64) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: id of the token \"%s\": wanted an integer, found %s", where,
          token, clv_json_type_name (node));
      return FALSE;
    }
    if (!clv_vocabulary_add_token (
            self, token, json_node_get_int (node), where, error))
      return FALSE;
  }
  return TRUE;
}

/* By pair, and of equal pairs the later one first: the last of two equal merges
 * counts, as in Hugging Face's tokenizers. */
static gint
compare_merges (gconstpointer a, gconstpointer b)
{
  const ClvMerge *x = a, *y = b;

  if (x->pair != y->pair)
    return x->pair < y->pair ? -1 : 1;
  return x->rank > y->rank ? -1 : x->rank < y->rank;
}

static void
sort_merges (ClvVocabulary *self)
{
  ClvMerge *merges;
  guint n = 0;

  g_array_sort (self->merges, compare_merges);
  merges = (ClvMerge *) self->merges->data;
  for (guint i = 0; i < self->merges->len; i++)
    if (n == 0 || merges[i].pair != merges[n - 1].pair)
      merges[n++] = merges[i];
  g_array_set_size (self->merges, n);
}

void
clv_vocabulary_add_special (
    ClvVocabulary *self, const gchar *token, guint32 id, gboolean normalized)
{
  ClvSpecialToken special = { g_strdup (token), id, normalized };

  for (guint i = 0; i < self->specials->len; i++) {
    if (g_str_equal (
            g_array_index (self->specials, ClvSpecialToken, i).text, token)) {
      g_free (special.text);
      return;
    }
  }
  g_array_append_val (self->specials, special);
}

/* What is derived from the tokens once they are all there. */
static gboolean
finish (ClvVocabulary *self, GError **error)
{
  const gchar *names[] = { CLV_START_TOKEN, CLV_END_TOKEN };
  guint32 *ids[] = { &self->start_id, &self->end_id };
  GHashTableIter iter;
  gpointer id;

  for (guint i = 0; i < 2; i++) {
    if (!lookup_id (self, names[i], ids[i])) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: the special token \"%s\" is missing", self->path, names[i]);
      return FALSE;
    }
    clv_vocabulary_add_special (self, names[i], *ids[i], FALSE);
  }
  for (guint byte = 0; byte < 256; byte++) {
    gchar symbol[16];

    clv_vocabulary_byte_symbol (byte, symbol);
    if (!lookup_id (self, symbol, &self->byte_ids[FALSE][byte]))
      self->byte_ids[FALSE][byte] = self->end_id;
    strcat (symbol, "</w>");
    if (!lookup_id (self, symbol, &self->byte_ids[TRUE][byte]))
      self->byte_ids[TRUE][byte] = self->end_id;
  }
  g_hash_table_iter_init (&iter, self->ids);
  while (g_hash_table_iter_next (&iter, NULL, &id))
    self->max_id = MAX (self->max_id, GPOINTER_TO_UINT (id));
  sort_merges (self);
  return TRUE;
}

static gboolean
read_vocab_json (ClvVocabulary *self, const gchar *vocab_path,
    const gchar *merges_path, GError **error)
{
  g_autoptr (JsonObject) vocab = clv_json_read (vocab_path, error);

  if (vocab == NULL ||
      !clv_vocabulary_add_object (self, vocab, vocab_path, "$", error) ||
      !clv_vocabulary_read_merges (self, merges_path, error))
    return FALSE;
  /* A file that was not written to the end would tokenize, and wrongly. */
  if (self->merges->len == 0 && g_hash_table_size (self->ids) > N_WITHOUT) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted merges, found none, but vocab.json has %u tokens, more "
        "than "
        "the bytes",
        merges_path, g_hash_table_size (self->ids));
    return FALSE;
  }
  return TRUE;
}

ClvVocabulary *
clv_vocabulary_open (const gchar *directory, GError **error)
{
  static const gchar *openai[] = { "bpe_simple_vocab_16e6.txt.gz",
    "bpe_simple_vocab_16e6.txt", "merges.txt" };
  g_autofree gchar *vocab = g_build_filename (directory, "vocab.json", NULL);
  g_autofree gchar *merges = g_build_filename (directory, "merges.txt", NULL);
  g_autofree gchar *fast = g_build_filename (directory, "tokenizer.json", NULL);
  g_autoptr (ClvVocabulary) self = NULL;
  gboolean ok = FALSE;

  /* A vocab.json without its merges is reported as such unless there is
   * another complete set. */
  if (clv_file_is_there (vocab) &&
      (clv_file_is_there (merges) || !clv_file_is_there (fast))) {
    self = new_empty (vocab);
    ok = read_vocab_json (self, vocab, merges, error);
  } else if (clv_file_is_there (fast)) {
    self = new_empty (fast);
    ok = clv_vocabulary_read_tokenizer_json (self, fast, error);
  }
  for (guint i = 0; self == NULL && i < G_N_ELEMENTS (openai); i++) {
    g_autofree gchar *path = g_build_filename (directory, openai[i], NULL);

    if (clv_file_is_there (path)) {
      self = new_empty (path);
      ok = clv_vocabulary_read_openai (self, path, error);
    }
  }
  if (self == NULL) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: no vocabulary: wanted vocab.json and merges.txt, tokenizer.json, "
        "or bpe_simple_vocab_16e6.txt.gz",
        directory);
    return NULL;
  }
  if (!ok || !finish (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

const gchar *
clv_vocabulary_get_path (const ClvVocabulary *self)
{
  return self->path;
}

guint32
clv_vocabulary_get_start_id (const ClvVocabulary *self)
{
  return self->start_id;
}

guint32
clv_vocabulary_get_end_id (const ClvVocabulary *self)
{
  return self->end_id;
}

guint32
clv_vocabulary_get_max_id (const ClvVocabulary *self, const gchar **ret_token)
{
  GHashTableIter iter;
  gpointer token, id;

  *ret_token = CLV_END_TOKEN;
  g_hash_table_iter_init (&iter, self->ids);
  while (g_hash_table_iter_next (&iter, &token, &id))
    if (GPOINTER_TO_UINT (id) == self->max_id)
      *ret_token = token;
  return self->max_id;
}

guint32
clv_vocabulary_get_byte_id (
    const ClvVocabulary *self, guint8 byte, gboolean end_of_word)
{
  return self->byte_ids[end_of_word != FALSE][byte];
}

gboolean
clv_vocabulary_lookup_merge (const ClvVocabulary *self, guint32 left,
    guint32 right, guint32 *ret_rank, guint32 *ret_id)
{
  const ClvMerge *merges = (const ClvMerge *) self->merges->data;
  guint64 pair = (guint64) left << 32 | right;
  guint low = 0, high = self->merges->len;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (merges[middle].pair < pair)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == self->merges->len || merges[low].pair != pair)
    return FALSE;
  *ret_rank = merges[low].rank;
  *ret_id = merges[low].id;
  return TRUE;
}

const ClvSpecialToken *
clv_vocabulary_get_special_tokens (
    const ClvVocabulary *self, guint *ret_n_tokens)
{
  *ret_n_tokens = self->specials->len;
  return (const ClvSpecialToken *) self->specials->data;
}

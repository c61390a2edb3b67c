/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include <clv/clv-error.h>
#include <gio/gio.h>

#include "base/clv-read-file.h"
#include "clv-json.h"
#include "clv-vocabulary-private.h"

/* OpenAI's file has 262,144 merges; CLIP uses those that fill a vocabulary of
 * 49,152 with 512 bytes and 2 special tokens (simple_tokenizer.py). */
#define OPENAI_N_MERGES (49152 - 256 - 2)

/* A merges file is text of a few MB; what unpacks to more is something else. */
#define MAX_TEXT_BYTES (64 << 20)

/* The lines of a merges file; those without a merge are empty. */
typedef struct {
  GByteArray *text;
  GPtrArray *lines; /* into text */
} Lines;

static void
clear_lines (Lines *lines)
{
  g_clear_pointer (&lines->text, g_byte_array_unref);
  g_clear_pointer (&lines->lines, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lines, clear_lines)

/* Returns NULL with a message that does not name the file. */
static GByteArray *
unpack (GByteArray *packed, GError **error)
{
  g_autoptr (GInputStream) memory =
      g_memory_input_stream_new_from_data (packed->data, packed->len, NULL);
  g_autoptr (GConverter) gunzip =
      G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) stream =
      g_converter_input_stream_new (memory, gunzip);
  g_autoptr (GByteArray) text = g_byte_array_new ();
  guint8 chunk[16384];
  gssize n;

  while ((n = g_input_stream_read (stream, chunk, sizeof chunk, NULL, error)) >
         0) {
    g_byte_array_append (text, chunk, n);
    if (text->len > MAX_TEXT_BYTES) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "wanted at most %d bytes of merges, found more", MAX_TEXT_BYTES);
      return NULL;
    }
  }
  return n == 0 ? g_steal_pointer (&text) : NULL;
}

/* Reads a whole file, unpacked where its name ends in .gz. */
static GByteArray *
read_text (const gchar *path, GError **error)
{
  g_autoptr (GByteArray) text =
      clv_check_plain_file (path, error)
          ? clv_read_file (path, MAX_TEXT_BYTES, error)
          : NULL;

  if (text != NULL && g_str_has_suffix (path, ".gz")) {
    g_autoptr (GByteArray) packed = g_steal_pointer (&text);
    g_autoptr (GError) cause = NULL;

    text = unpack (packed, &cause);
    if (text == NULL)
      g_set_error (
          error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: %s", path, cause->message);
  }
  if (text != NULL && text->len > 0 &&
      !g_utf8_validate_len ((const gchar *) text->data, text->len, NULL)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the merges are not UTF-8 text", path);
    return NULL;
  }
  return g_steal_pointer (&text);
}

static gboolean
read_lines (const gchar *path, Lines *lines, GError **error)
{
  gchar *line, *end;

  lines->text = read_text (path, error);
  if (lines->text == NULL)
    return FALSE;
  lines->lines = g_ptr_array_new ();
  g_byte_array_append (lines->text, (const guint8 *) "", 1);
  line = (gchar *) lines->text->data;
  end = line + lines->text->len;
  while (line < end) {
    gchar *next = memchr (line, '\n', end - line);

    if (next != NULL)
      *next = '\0';
    g_ptr_array_add (lines->lines, g_strchomp (line));
    line = next != NULL ? next + 1 : end;
  }
  line = g_ptr_array_index (lines->lines, 0);
  if (strstr (line, "#version") != NULL)
    *line = '\0';
  return TRUE;
}

static gboolean
add_merge_lines (ClvVocabulary *self, const gchar *path, const Lines *lines,
    guint max_merges, GError **error)
{
  for (guint i = 0; i < lines->lines->len && self->merges->len < max_merges;
       i++) {
    const gchar *line = g_ptr_array_index (lines->lines, i);

    if (*line == '\0')
      continue;
    if (!clv_vocabulary_add_merge_line (self, line, error)) {
      g_prefix_error (error, "%s: line %u: ", path, i + 1);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
clv_vocabulary_read_merges (
    ClvVocabulary *self, const gchar *path, GError **error)
{
  g_auto (Lines) lines = { 0 };

  return read_lines (path, &lines, error) &&
         add_merge_lines (self, path, &lines, G_MAXUINT, error);
}

/* The order of the ids is that of OpenAI's code: the printing bytes, the other
 * bytes, the same with </w>, the merges, the special tokens. */
static void
add_openai_bytes (ClvVocabulary *self)
{
  guint32 id = 0;

  for (guint end_of_word = 0; end_of_word < 2; end_of_word++) {
    for (guint other = 0; other < 2; other++) {
      for (guint byte = 0; byte < 256; byte++) {
        gchar symbol[16];

        clv_vocabulary_byte_symbol (byte, symbol);
        if ((g_utf8_get_char (symbol) >= 256) != (other == 1))
          continue;
        if (end_of_word)
          strcat (symbol, "</w>");
        g_hash_table_replace (self->ids,
            g_string_chunk_insert (self->tokens, symbol),
            GUINT_TO_POINTER (id++));
      }
    }
  }
}

gboolean
clv_vocabulary_read_openai (
    ClvVocabulary *self, const gchar *path, GError **error)
{
  g_auto (Lines) lines = { 0 };
  guint32 id = 2 * 256;

  if (!read_lines (path, &lines, error))
    return FALSE;
  add_openai_bytes (self);
  for (guint i = 0; i < lines.lines->len && id < 512 + OPENAI_N_MERGES; i++) {
    const gchar *line = g_ptr_array_index (lines.lines, i);
    const gchar *space = strchr (line, ' ');

    if (space != NULL) {
      g_autofree gchar *token =
          g_strdup_printf ("%.*s%s", (int) (space - line), line, space + 1);

      if (!clv_vocabulary_add_token (self, token, id++, path, error))
        return FALSE;
    }
  }
  return clv_vocabulary_add_token (self, CLV_START_TOKEN, id, path, error) &&
         clv_vocabulary_add_token (self, CLV_END_TOKEN, id + 1, path, error) &&
         add_merge_lines (self, path, &lines, OPENAI_N_MERGES, error);
}

/* "a b", or ["a", "b"] since tokenizers 0.20. */
static gboolean
add_merge_node (ClvVocabulary *self, JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_string (node) != NULL)
    return clv_vocabulary_add_merge_line (
        self, json_node_get_string (node), error);
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *pair = json_node_get_array (node);

    if (json_array_get_length (pair) == 2) {
      JsonNode *left = json_array_get_element (pair, 0);
      JsonNode *right = json_array_get_element (pair, 1);

      if (JSON_NODE_HOLDS_VALUE (left) && JSON_NODE_HOLDS_VALUE (right) &&
          json_node_get_string (left) != NULL &&
          json_node_get_string (right) != NULL)
        return clv_vocabulary_add_merge (self, json_node_get_string (left),
            json_node_get_string (right), error);
    }
  }
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "wanted \"a b\" or [\"a\", \"b\"], found %s of another form",
      clv_json_type_name (node));
  return FALSE;
}

static gboolean
add_added_token (ClvVocabulary *self, JsonNode *node, const gchar *path,
    guint index, GError **error)
{
  g_autofree gchar *json_path = g_strdup_printf ("$.added_tokens[%u]", index);
  ClvJsonPlace place = { path, json_path, NULL };
  const gchar *content = NULL;
  gboolean normalized = FALSE;
  guint id = G_MAXUINT;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s: wanted an object, found %s", path, json_path,
        clv_json_type_name (node));
    return FALSE;
  }
  place.object = json_node_get_object (node);
  if (!clv_json_get_string (&place, "content", &content, error) ||
      !clv_json_get_uint (&place, "id", 0, G_MAXINT32, &id, error) ||
      !clv_json_get_boolean (&place, "normalized", &normalized, error))
    return FALSE;
  if (content == NULL || *content == '\0' || id == G_MAXUINT) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s: wanted an id and a content that is not empty", path,
        json_path);
    return FALSE;
  }
  clv_vocabulary_add_special (self, content, id, normalized);
  return clv_vocabulary_add_token (self, content, id, path, error);
}

static gboolean
get_array (const ClvJsonPlace *place, const gchar *key, gboolean required,
    JsonArray **ret_array, GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);

  *ret_array = NULL;
  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node)) {
    *ret_array = json_node_get_array (node);
    return TRUE;
  }
  if (node != NULL)
    clv_json_set_wrong_type (place, key, "an array", node, error);
  else if (required)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.%s: wanted an array, found nothing", place->file_name,
        place->json_path, key);
  return node == NULL && !required;
}

/* CLIP's is a BPE with </w> at the end of words; the file format can hold
 * others, which would tokenize without an error and wrongly. */
static gboolean
check_model (const ClvJsonPlace *model, JsonObject **ret_vocab, GError **error)
{
  const gchar *type = "BPE", *suffix = "</w>";

  *ret_vocab = NULL;
  if (!clv_json_get_string (model, "type", &type, error) ||
      !clv_json_get_string (model, "end_of_word_suffix", &suffix, error) ||
      !clv_json_get_object (model, "vocab", ret_vocab, error))
    return FALSE;
  if (!g_str_equal (type, "BPE") || !g_str_equal (suffix, "</w>")) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: $.model: wanted the type BPE with the end_of_word_suffix </w>, "
        "found %s with \"%s\"",
        model->file_name, type, suffix);
    return FALSE;
  }
  if (*ret_vocab == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $.model.vocab: wanted an object, found nothing", model->file_name);
    return FALSE;
  }
  return TRUE;
}

gboolean
clv_vocabulary_read_tokenizer_json (
    ClvVocabulary *self, const gchar *path, GError **error)
{
  g_autoptr (JsonObject) root = clv_json_read (path, error);
  ClvJsonPlace top = { path, "$", root };
  ClvJsonPlace model = { path, "$.model", NULL };
  JsonObject *vocab;
  JsonArray *merges, *added;

  if (root == NULL ||
      !clv_json_get_object (&top, "model", &model.object, error) ||
      !check_model (&model, &vocab, error) ||
      !get_array (&model, "merges", TRUE, &merges, error) ||
      !get_array (&top, "added_tokens", FALSE, &added, error) ||
      !clv_vocabulary_add_object (self, vocab, path, "$.model.vocab", error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (merges); i++) {
    if (!add_merge_node (self, json_array_get_element (merges, i), error)) {
      g_prefix_error (error, "%s: $.model.merges[%u]: ", path, i);
      return FALSE;
    }
  }
  for (guint i = 0; added != NULL && i < json_array_get_length (added); i++)
    if (!add_added_token (
            self, json_array_get_element (added, i), path, i, error))
      return FALSE;
  return TRUE;
}

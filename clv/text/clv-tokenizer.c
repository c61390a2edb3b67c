/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-tokenizer.h"

#include <string.h>

#include "clv-bpe.h"

/* The pattern of tokenization_clip.py in Transformers. White space is spelled
 * out, because PCRE's \s has U+180E and the reference's does not. Possessive,
 * as a word is never given back. What is a letter is up to the Unicode version
 * of GLib and PCRE: where it is 14, letters of scripts added since are taken as
 * symbols. */
#define WORD_PATTERN                                                           \
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|"             \
  "\\p{L}++|\\p{N}|[^\\p{L}\\p{N}\\p{Z}\\x{9}-\\x{d}\\x{85}]++"

struct _ClvTokenizer {
  const ClvVocabulary *vocabulary;
  GRegex *words;
};

ClvTokenizer *
clv_tokenizer_new (const ClvVocabulary *vocabulary)
{
  ClvTokenizer *self = g_new0 (ClvTokenizer, 1);

  self->vocabulary = vocabulary;
  self->words = g_regex_new (WORD_PATTERN, G_REGEX_OPTIMIZE, 0, NULL);
  g_assert (self->words != NULL);
  return self;
}

void
clv_tokenizer_free (ClvTokenizer *self)
{
  if (self == NULL)
    return;
  g_regex_unref (self->words);
  g_free (self);
}

/* Unicode's lower-case mapping of one character. GLib lowers only letters, and
 * U+0130 to one character. */
static void
append_lower (GString *lower, gunichar c)
{
  if (c == 0x130)
    g_string_append (lower, "i\xcc\x87");
  else if (c >= 0x2160 && c <= 0x216f) /* Roman numerals */
    g_string_append_unichar (lower, c + 16);
  else if (c >= 0x24b6 && c <= 0x24cf) /* letters in circles */
    g_string_append_unichar (lower, c + 26);
  else
    g_string_append_unichar (lower, g_unichar_tolower (c));
}

static gint
compare_classes (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return g_unichar_combining_class (*(const gunichar *) a) -
         g_unichar_combining_class (*(const gunichar *) b);
}

/* NFC. GLib orders a run of combining marks in quadratic time, which takes
 * seconds for a text of nothing else; long runs are put in their canonical
 * order (the sort is stable) before. */
static gchar *
compose (const gchar *text, gsize size)
{
  glong n;
  g_autofree gunichar *chars = g_utf8_to_ucs4_fast (text, size, &n);
  g_autofree gchar *ordered = NULL;
  glong first = 0;

  for (glong i = 0; i <= n; i++) {
    if (i < n && g_unichar_combining_class (chars[i]) != 0)
      continue;
    if (i - first > 32)
      g_qsort_with_data (
          chars + first, i - first, sizeof (gunichar), compare_classes, NULL);
    first = i + 1;
  }
  ordered = g_ucs4_to_utf8 (chars, n, NULL, NULL, NULL);
  return g_utf8_normalize (ordered, -1, G_NORMALIZE_DEFAULT_COMPOSE);
}

/* NFC and lower case. Characters are lowered one by one and whatever the
 * locale, as in the reference: a final sigma is like any other. White space is
 * not collapsed, because no word contains any. */
static gchar *
normalize (const gchar *text, gsize size)
{
  g_autofree gchar *composed = compose (text, size);
  GString *lower = g_string_sized_new (size);

  for (const gchar *p = composed; *p != '\0'; p = g_utf8_next_char (p))
    append_lower (lower, g_utf8_get_char (p));
  return g_string_free (lower, FALSE);
}

/* The pattern takes the name of a special token that only lower-casing has made
 * as one piece, which the reference then splits again at its letters. */
static void
append_piece (
    const ClvTokenizer *self, const gchar *piece, gsize size, GArray *ids)
{
  const guint8 *bytes = (const guint8 *) piece;

  if (size > 4 && g_str_has_prefix (piece, "<|") &&
      g_ascii_isalpha (piece[2])) {
    clv_bpe_append_word (self->vocabulary, bytes, 2, ids);
    clv_bpe_append_word (self->vocabulary, bytes + 2, size - 4, ids);
    clv_bpe_append_word (self->vocabulary, bytes + size - 2, 2, ids);
  } else {
    clv_bpe_append_word (self->vocabulary, bytes, size, ids);
  }
}

/* Normalized text without special tokens. */
static void
append_words (const ClvTokenizer *self, const gchar *text, gsize size,
    guint max_ids, GArray *ids)
{
  g_autoptr (GMatchInfo) match = NULL;

  g_regex_match_full (self->words, text, (gssize) size, 0, 0, &match, NULL);
  while (ids->len < max_ids && g_match_info_matches (match)) {
    gint begin, end;

    g_match_info_fetch_pos (match, 0, &begin, &end);
    append_piece (self, text + begin, end - begin, ids);
    g_match_info_next (match, NULL);
  }
}

/* The special token that begins first in the text, of several the longest. */
static const ClvSpecialToken *
find_special (const ClvTokenizer *self, const gchar *text, gboolean normalized,
    const gchar **ret_position)
{
  const ClvSpecialToken *found = NULL;
  guint n_tokens;
  const ClvSpecialToken *tokens =
      clv_vocabulary_get_special_tokens (self->vocabulary, &n_tokens);

  for (guint i = 0; i < n_tokens; i++) {
    const gchar *position = strstr (text, tokens[i].text);

    if (tokens[i].normalized != normalized || position == NULL ||
        (found != NULL && position > *ret_position))
      continue;
    if (found == NULL || position < *ret_position ||
        strlen (tokens[i].text) > strlen (found->text)) {
      found = &tokens[i];
      *ret_position = position;
    }
  }
  return found;
}

/* Text with special tokens: first those that stand in it as it is, then, in the text
 * between them, those that stand in it when it is normalized. */
static void
append_text (const ClvTokenizer *self, const gchar *text, gboolean normalized,
    guint max_ids, GArray *ids)
{
  while (ids->len < max_ids) {
    const gchar *position = NULL;
    const ClvSpecialToken *special =
        find_special (self, text, normalized, &position);
    const gsize size =
        special != NULL ? (gsize) (position - text) : strlen (text);

    if (normalized) {
      append_words (self, text, size, max_ids, ids);
    } else {
      g_autofree gchar *part = normalize (text, size);

      append_text (self, part, TRUE, max_ids, ids);
    }
    if (special == NULL)
      break;
    g_array_append_val (ids, special->id);
    text = position + strlen (special->text);
  }
}

guint32 *
clv_tokenizer_encode (const ClvTokenizer *self, const gchar *text,
    guint max_ids, guint *ret_n_ids)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  guint32 start_id = clv_vocabulary_get_start_id (self->vocabulary);
  guint32 end_id = clv_vocabulary_get_end_id (self->vocabulary);

  g_array_append_val (ids, start_id);
  append_text (self, valid, FALSE, max_ids, ids);
  g_array_set_size (ids, MIN (ids->len, max_ids - 1));
  g_array_append_val (ids, end_id);
  *ret_n_ids = ids->len;
  return (guint32 *) g_array_free (ids, FALSE);
}

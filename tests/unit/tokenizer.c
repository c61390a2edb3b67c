/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text to ids: the golden strings with each kind of vocabulary file, a small
 * vocabulary by hand, and odd text. */

#include "text/clv-tokenizer.h"

#include <glib/gstdio.h>
#include <string.h>

#include <clv/clv-error.h>

#include "test-model.h"
#include "text/clv-vocabulary-private.h"

#define OPENAI_FILE "bpe_simple_vocab_16e6.txt.gz"

/* The directory of the golden values; NULL, and the test is skipped, where it is
 * missing. */
static gchar *
find_goldens (void)
{
  const gchar *shared = g_getenv ("CLV_TEST_SHARED");
  g_autofree gchar *goldens =
      g_build_filename (shared != NULL ? shared : "", "goldens", NULL);
  g_autofree gchar *tokens = g_build_filename (goldens, "tokens.json", NULL);

  if (shared != NULL && g_file_test (tokens, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&goldens);
  g_test_skip ("CLV_TEST_SHARED has no goldens/tokens.json");
  return NULL;
}

static void
write_text (const gchar *directory, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = g_build_filename (directory, name, NULL);

  test_write_file (path, text, -1);
}

/* Appends a JSON string. Not by a JsonBuilder: its many small allocations take
 * minutes under ASan. */
static void
append_string (GString *json, const gchar *text)
{
  g_string_append_c (json, '"');
  for (const gchar *p = text; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (json, '\\');
    g_string_append_c (json, *p);
  }
  g_string_append_c (json, '"');
}

/* A directory with OpenAI's merges file, and its vocabulary. */
static gchar *
make_openai_directory (const gchar *goldens)
{
  gchar *directory = g_dir_make_tmp ("clv-test-vocabulary-XXXXXX", NULL);
  g_autofree gchar *from = g_build_filename (goldens, OPENAI_FILE, NULL);
  g_autofree gchar *to = g_build_filename (directory, OPENAI_FILE, NULL);
  g_autofree gchar *data = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (from, &data, &size, NULL));
  test_write_file (to, data, size);
  return directory;
}

static void
append_vocabulary (GString *json, const ClvVocabulary *vocabulary)
{
  GHashTableIter iter;
  gpointer token, id;

  g_string_append_c (json, '{');
  g_hash_table_iter_init (&iter, vocabulary->ids);
  while (g_hash_table_iter_next (&iter, &token, &id)) {
    if (json->str[json->len - 1] != '{')
      g_string_append_c (json, ',');
    append_string (json, token);
    g_string_append_printf (json, ":%u", GPOINTER_TO_UINT (id));
  }
  g_string_append_c (json, '}');
}

static gint
compare_ranks (gconstpointer a, gconstpointer b)
{
  return (gint) ((const ClvMerge *) a)->rank -
         (gint) ((const ClvMerge *) b)->rank;
}

/* The merges in their order, as pairs of strings of the vocabulary. */
static GPtrArray *
list_merges (const ClvVocabulary *vocabulary)
{
  g_autoptr (GArray) sorted = g_array_copy (vocabulary->merges);
  g_autoptr (GHashTable) names = g_hash_table_new (NULL, NULL);
  GPtrArray *pairs = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer token, id;

  g_hash_table_iter_init (&iter, vocabulary->ids);
  while (g_hash_table_iter_next (&iter, &token, &id))
    g_hash_table_insert (names, id, token);
  g_array_sort (sorted, compare_ranks);
  for (guint i = 0; i < sorted->len; i++) {
    guint64 pair = g_array_index (sorted, ClvMerge, i).pair;

    g_ptr_array_add (
        pairs, g_hash_table_lookup (names, GUINT_TO_POINTER (pair >> 32)));
    g_ptr_array_add (pairs,
        g_hash_table_lookup (names, GUINT_TO_POINTER (pair & G_MAXUINT32)));
  }
  return pairs;
}

static void
write_hugging_face (const gchar *directory, const ClvVocabulary *vocabulary)
{
  g_autoptr (GPtrArray) pairs = list_merges (vocabulary);
  g_autoptr (GString) vocab = g_string_new (NULL);
  g_autoptr (GString) merges = g_string_new ("#version: 0.2\n");

  append_vocabulary (vocab, vocabulary);
  write_text (directory, "vocab.json", vocab->str);
  for (guint i = 0; i < pairs->len; i += 2)
    g_string_append_printf (merges, "%s %s\n", (gchar *) pairs->pdata[i],
        (gchar *) pairs->pdata[i + 1]);
  write_text (directory, "merges.txt", merges->str);
}

/* tokenizer.json with "a b", or with ["a","b"]; and with more keys. */
static void
write_fast (const gchar *directory, const ClvVocabulary *vocabulary,
    gboolean pairs_are_arrays, const gchar *more)
{
  g_autoptr (GPtrArray) pairs = list_merges (vocabulary);
  g_autoptr (GString) json =
      g_string_new ("{\"model\":{\"type\":\"BPE\",\"vocab\":");

  append_vocabulary (json, vocabulary);
  g_string_append (json, ",\"merges\":[");
  for (guint i = 0; i < pairs->len; i += 2) {
    g_string_append (json, i > 0 ? "," : "");
    if (pairs_are_arrays) {
      g_string_append_c (json, '[');
      append_string (json, pairs->pdata[i]);
      g_string_append_c (json, ',');
      append_string (json, pairs->pdata[i + 1]);
      g_string_append_c (json, ']');
    } else {
      g_autofree gchar *line = g_strjoin (
          " ", (gchar *) pairs->pdata[i], (gchar *) pairs->pdata[i + 1], NULL);

      append_string (json, line);
    }
  }
  g_string_append_printf (json, "]}%s}", more);
  write_text (directory, "tokenizer.json", json->str);
}

static ClvVocabulary *
open_vocabulary (const gchar *directory)
{
  g_autoptr (GError) error = NULL;
  ClvVocabulary *vocabulary = clv_vocabulary_open (directory, &error);

  g_assert_no_error (error);
  g_assert_nonnull (vocabulary);
  return vocabulary;
}

static void
check_goldens (const gchar *goldens, const ClvVocabulary *vocabulary)
{
  g_autoptr (ClvTokenizer) tokenizer = clv_tokenizer_new (vocabulary);
  g_autofree gchar *path = g_build_filename (goldens, "tokens.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases;

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  cases = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (cases), ==, 1331);
  for (guint i = 0; i < json_array_get_length (cases); i++) {
    JsonObject *golden = json_array_get_object_element (cases, i);
    const gchar *text = json_object_get_string_member (golden, "text");
    JsonArray *wanted = json_object_get_array_member (golden, "ids");
    g_autofree guint32 *ids = NULL;
    guint n;

    ids = clv_tokenizer_encode (tokenizer, text, 77, &n);
    if (n != json_array_get_length (wanted))
      g_error ("\"%s\": wanted %u ids, found %u", text,
          json_array_get_length (wanted), n);
    for (guint j = 0; j < n; j++)
      if (ids[j] != json_array_get_int_element (wanted, j))
        g_error ("\"%s\": id %u: wanted %" G_GINT64_FORMAT ", found %u", text,
            j, json_array_get_int_element (wanted, j), ids[j]);
  }
}

static void
test_goldens (void)
{
  g_autofree gchar *goldens = find_goldens ();
  g_autofree gchar *directory = NULL;
  g_autofree gchar *openai = NULL;
  g_autoptr (ClvVocabulary) vocabulary = NULL;

  if (goldens == NULL)
    return;
  directory = make_openai_directory (goldens);
  openai = g_build_filename (directory, OPENAI_FILE, NULL);
  vocabulary = open_vocabulary (directory);
  check_goldens (goldens, vocabulary);
  g_unlink (openai);

  for (guint as_arrays = 0; as_arrays < 2; as_arrays++) {
    g_autoptr (ClvVocabulary) fast = NULL;

    write_fast (directory, vocabulary, as_arrays, "");
    fast = open_vocabulary (directory);
    check_goldens (goldens, fast);
  }
  write_hugging_face (directory, vocabulary);
  /* Without tokenizer.json, then with merges.txt alone. */
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *path = g_build_filename (
        directory, i == 0 ? "tokenizer.json" : "vocab.json", NULL);
    g_autoptr (ClvVocabulary) plain = NULL;

    g_unlink (path);
    plain = open_vocabulary (directory);
    check_goldens (goldens, plain);
  }
  test_remove_directory (directory);
}

/* The vocabulary of test-model.c: bytes, bytes with </w>, ca, cat</w>, do,
 * dog</w>, re, and the special tokens 517 and 518. */
typedef struct {
  const gchar *text;
  const gchar *wanted;
} SmallCase;

static const SmallCase small_cases[] = {
  { "", "517 518" }, { "cat", "517 513 518" },
  { "CAT\t\n dog", "517 513 515 518" },
  { "catdog", "517 512 116 515 518" }, /* ca t dog</w> */
  { "red", "517 516 356 518" },
  { "they're", "517 116 104 101 377 39 114 357 518" },
  { "cat<|endoftext|>dog", "517 513 518 515 518" },
  { "<|startoftext|>", "517 517 518" },
  { "<|STARTOFTEXT|>", "517 60 380 115 116 97 114 116 111 102 116 101 120 372 "
                       "124 318 518" },
  { "1a2", "517 305 353 306 518" }, { "\xc3\xa9", "517 195 425 518" }, /* é */
  { "e\xcc\x81", "517 195 425 518" }, /* e, combining acute: é */
  { "\xc3\x89", "517 195 425 518" },  /* É */
  { "\xff", "517 239 191 445 518" },  /* U+FFFD */
  { "cat\xc3", "517 513 239 191 445 518" },
  { "\xe2\x93\x82", "517 226 147 412 518" }, /* Ⓜ → ⓜ */
  { "a\xe1\xa0\x8e"
    "b",
      "517 353 225 160 398 354 518" }, /* U+180E */
  { "a\xc2\x85"
    "b",
      "517 353 354 518" }, /* next line is white space */
};

static gchar *
ids_to_string (const guint32 *ids, guint n)
{
  GString *string = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (string, "%s%u", i > 0 ? " " : "", ids[i]);
  return g_string_free (string, FALSE);
}

static void
test_small_vocabulary (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;
  const gchar *last;

  test_model_write (files);
  vocabulary = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  g_assert_cmpuint (clv_vocabulary_get_start_id (vocabulary), ==, 517);
  g_assert_cmpuint (clv_vocabulary_get_end_id (vocabulary), ==, 518);
  g_assert_cmpuint (clv_vocabulary_get_max_id (vocabulary, &last), ==, 518);
  g_assert_cmpstr (last, ==, "<|endoftext|>");
  for (guint i = 0; i < G_N_ELEMENTS (small_cases); i++) {
    g_autofree guint32 *ids = NULL;
    g_autofree gchar *got = NULL;
    guint n;

    ids = clv_tokenizer_encode (tokenizer, small_cases[i].text, 77, &n);
    got = ids_to_string (ids, n);
    if (!g_str_equal (got, small_cases[i].wanted))
      g_error ("\"%s\": wanted %s, found %s", small_cases[i].text,
          small_cases[i].wanted, got);
  }
}

/* A special token of normalized text is seen in capitals too. As the
 * library tokenizers 0.23 does. */
static void
test_normalized_special_token (void)
{
  static const SmallCase cases[] = {
    { "<|STARTOFTEXT|>", "517 517 518" },
    { "cat<|StartOfText|>dog <|startoftext|>", "517 513 517 515 517 518" },
    { "<|ENDOFTEXT|>", "517 60 380 101 110 514 102 116 101 120 372 124 318 "
                       "518" },
    { "<|startoftext|><|endoftext|><|STARTOFTEXT|>", "517 517 518 517 518" },
  };
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) plain = NULL, fast = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;
  g_autofree gchar *vocab = NULL;

  test_model_write (files);
  plain = open_vocabulary (files->directory);
  write_fast (files->directory, plain, FALSE,
      ",\"added_tokens\":["
      "{\"id\":517,\"content\":\"<|startoftext|>\",\"normalized\":true},"
      "{\"id\":518,\"content\":\"<|endoftext|>\",\"normalized\":false}]");
  vocab = g_build_filename (files->directory, "vocab.json", NULL);
  g_unlink (vocab);
  fast = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (fast);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint n;
    g_autofree guint32 *ids =
        clv_tokenizer_encode (tokenizer, cases[i].text, 77, &n);
    g_autofree gchar *got = ids_to_string (ids, n);

    g_assert_cmpstr (got, ==, cases[i].wanted);
  }
}

/* What the vocabulary lacks is the end token, as in Transformers. */
static void
test_unknown_symbols (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;
  g_autofree guint32 *ids = NULL;
  g_autofree gchar *got = NULL;
  guint n;

  test_model_set (files, "vocab.json", "x", NULL);
  test_model_set (files, "vocab.json", "x</w>", NULL);
  test_model_write (files);
  vocabulary = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  ids = clv_tokenizer_encode (tokenizer, "xax cat", 77, &n);
  got = ids_to_string (ids, n);
  g_assert_cmpstr (got, ==, "517 518 97 518 513 518");
}

static void
test_truncates (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;

  test_model_write (files);
  vocabulary = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  for (guint max = 2; max < 8; max++) {
    const gchar *wanted[] = { "517 518", "517 513 518", "517 513 515 518",
      "517 513 515 518 518" };
    g_autofree guint32 *ids = NULL;
    g_autofree gchar *got = NULL;
    guint n;

    ids = clv_tokenizer_encode (tokenizer, "cat dog<|endoftext|>", max, &n);
    got = ids_to_string (ids, n);
    g_assert_cmpstr (got, ==, wanted[MIN (max - 2, 3)]);
  }
}

/* The obvious algorithms are quadratic: minutes for these. */
static void
test_long_text (void)
{
  static const gchar *const pieces[] = { "a", "re", "cat ", "!", "\xcc\x81",
    "\xcc\x81\xcc\x96", "<|endoftext|>", "\xff", "\xe7\x8c\xab" };
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;

  test_model_write (files);
  vocabulary = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree guint32 *ids = NULL;
    gint64 begin;
    guint n;

    for (guint j = 0; j < 100000; j++)
      g_string_append (text, pieces[i]);
    begin = g_get_monotonic_time ();
    ids = clv_tokenizer_encode (tokenizer, text->str, 77, &n);
    g_assert_cmpuint (n, ==, 77);
    g_assert_cmpuint (ids[76], ==, 518);
    g_assert_cmpint (
        g_get_monotonic_time () - begin, <, 10 * G_TIME_SPAN_SECOND);
  }
}

/* A long word's merges, compared with the definition: the lowest rank first,
 * of equal ones the leftmost, one at a time. */
static void
test_merges_by_definition (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  test_model_write (files);
  vocabulary = open_vocabulary (files->directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  for (guint round = 0; round < 300; round++) {
    guint length = g_rand_int_range (random, 1, 40);
    g_autofree gchar *word = g_malloc0 (length + 1);
    g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (guint32));
    g_autofree guint32 *ids = NULL;
    guint n;

    for (guint i = 0; i < length; i++) {
      guint32 id;

      word[i] = "catdogre"[g_rand_int_range (random, 0, 8)];
      id = word[i] + (i == length - 1 ? 256 : 0);
      g_array_append_val (wanted, id);
    }
    for (;;) {
      guint32 rank, id, best_rank = G_MAXUINT32, best_id = 0;
      guint best = 0;

      for (guint i = 0; i + 1 < wanted->len; i++) {
        if (clv_vocabulary_lookup_merge (vocabulary,
                g_array_index (wanted, guint32, i),
                g_array_index (wanted, guint32, i + 1), &rank, &id) &&
            rank < best_rank) {
          best_rank = rank;
          best_id = id;
          best = i;
        }
      }
      if (best_rank == G_MAXUINT32)
        break;
      g_array_index (wanted, guint32, best) = best_id;
      g_array_remove_index (wanted, best + 1);
    }
    ids = clv_tokenizer_encode (tokenizer, word, 77, &n);
    g_assert_cmpmem (ids + 1, (n - 2) * sizeof *ids, wanted->data,
        wanted->len * sizeof (guint32));
  }
}

static void
test_added_tokens (void)
{
  static const gchar json[] =
      "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":1,\"b</w>\":2},"
      "\"merges\":[]},\"added_tokens\":["
      "{\"id\":10,\"content\":\"<|startoftext|>\"},"
      "{\"id\":11,\"content\":\"<|endoftext|>\"},"
      "{\"id\":12,\"content\":\"<mask>\"},{\"id\":13,\"content\":\"<m\"}]}";
  g_autofree gchar *directory =
      g_dir_make_tmp ("clv-test-vocabulary-XXXXXX", NULL);
  g_autoptr (ClvVocabulary) vocabulary = NULL;
  g_autoptr (ClvTokenizer) tokenizer = NULL;
  g_autofree guint32 *ids = NULL;
  g_autofree gchar *got = NULL;
  guint n;

  write_text (directory, "tokenizer.json", json);
  vocabulary = open_vocabulary (directory);
  tokenizer = clv_tokenizer_new (vocabulary);
  ids = clv_tokenizer_encode (tokenizer, "ab<mask>ab<m", 77, &n);
  got = ids_to_string (ids, n);
  g_assert_cmpstr (got, ==, "10 1 2 12 1 2 13 11");
  test_remove_directory (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer/goldens-with-each-vocabulary", test_goldens);
  g_test_add_func ("/tokenizer/small-vocabulary", test_small_vocabulary);
  g_test_add_func (
      "/tokenizer/normalized-special-token", test_normalized_special_token);
  g_test_add_func ("/tokenizer/unknown-symbols", test_unknown_symbols);
  g_test_add_func ("/tokenizer/truncates-before-the-end", test_truncates);
  g_test_add_func ("/tokenizer/long-text", test_long_text);
  g_test_add_func (
      "/tokenizer/merges-by-definition", test_merges_by_definition);
  g_test_add_func ("/tokenizer/added-tokens", test_added_tokens);
  return g_test_run ();
}

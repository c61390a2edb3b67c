/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Vocabularies that cannot be used, and what is said of them. */

#include "text/clv-vocabulary.h"

#include <glib/gstdio.h>
#include <string.h>

#include <clv/clv-error.h>

#include "test-model.h"

#define OPENAI_FILE "bpe_simple_vocab_16e6.txt.gz"

/* Vocabularies that are wrong: files written over those of a good model. */
typedef struct {
  const gchar *test;
  const gchar *file;
  const gchar *text;
  const gchar *message;
} Bad;

static const Bad bad_files[] = {
  { "merges-unknown-token", "merges.txt", "#version: 0.2\nc a\nc x\n",
      "merges.txt: line 3: \"cx\" of the merge \"c x\" is not a token" },
  { "merges-one-part", "merges.txt", "#version: 0.2\nca\n",
      "merges.txt: line 2: wanted two tokens" },
  { "merges-three-parts", "merges.txt", "c a t\n",
      "merges.txt: line 1: wanted two tokens" },
  { "merges-empty", "merges.txt", "",
      "merges.txt: wanted merges, found none, but vocab.json has" },
  { "merges-not-utf8", "merges.txt", "c \xff\n", "not UTF-8" },
  { "vocabulary-empty", "vocab.json", "{}", "c" },
  { "vocabulary-not-json", "vocab.json", "{", "vocab.json: not JSON" },
  { "vocabulary-an-array", "vocab.json", "[\"a\"]",
      "vocab.json: $: wanted an object, found an array" },
  { "vocabulary-id-a-string", "vocab.json", "{\"a\":\"1\"}",
      "\"a\": wanted an integer, found a string" },
  { "vocabulary-id-negative", "vocab.json", "{\"a\":-1}",
      "\"a\": wanted 0 to" },
  { "vocabulary-id-huge", "vocab.json", "{\"a\":4294967296}",
      "\"a\": wanted 0 to" },
  { "vocabulary-token-twice", "vocab.json", "{\"a\":1,\"a\":2}",
      "\"a\" comes twice" },
  { "fast-no-model", "tokenizer.json", "{}",
      "tokenizer.json: $.model.vocab: wanted an object, found nothing" },
  { "fast-no-merges", "tokenizer.json", "{\"model\":{\"vocab\":{}}}",
      "$.model.merges: wanted an array, found nothing" },
  { "fast-merge-a-number", "tokenizer.json",
      "{\"model\":{\"vocab\":{},\"merges\":[3]}}",
      "$.model.merges[0]: wanted \"a b\" or [\"a\", \"b\"]" },
  { "fast-merge-of-three", "tokenizer.json",
      "{\"model\":{\"vocab\":{},\"merges\":[[\"a\",\"b\",\"c\"]]}}",
      "$.model.merges[0]: wanted \"a b\" or [\"a\", \"b\"]" },
  { "fast-added-token-a-string", "tokenizer.json",
      "{\"model\":{\"vocab\":{},\"merges\":[]},\"added_tokens\":[\"x\"]}",
      "$.added_tokens[0]: wanted an object" },
  { "fast-added-token-without-id", "tokenizer.json",
      "{\"model\":{\"vocab\":{},\"merges\":[]},"
      "\"added_tokens\":[{\"content\":\"x\"}]}",
      "$.added_tokens[0]: wanted an id" },
  { "fast-no-special-tokens", "tokenizer.json",
      "{\"model\":{\"vocab\":{\"a\":1},\"merges\":[]}}",
      "tokenizer.json: the special token \"<|startoftext|>\" is missing" },
  { "openai-not-gzip", OPENAI_FILE, "c a\n", OPENAI_FILE },
};

static void
test_bad (gconstpointer data)
{
  const Bad *bad = data;
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (GError) error = NULL;

  if (!g_str_equal (bad->file, "merges.txt") &&
      !g_str_equal (bad->file, "vocab.json")) {
    test_model_set (files, "vocab.json", "", NULL);
    g_clear_pointer (&files->merges, g_free);
  }
  test_model_write (files);
  test_model_write_file (files, bad->file, bad->text, -1);
  g_assert_null (clv_vocabulary_open (files->directory, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == CLV_ERROR || error->domain == G_FILE_ERROR);
  test_assert_error (
      &error, error->domain, error->code, files->directory, bad->message, NULL);
}

static void
test_other_tokenizer (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (GError) error = NULL;

  test_model_set (files, "vocab.json", "", NULL);
  g_clear_pointer (&files->merges, g_free);
  test_model_write (files);
  test_model_write_file (files, "tokenizer.json",
      "{\"model\":{\"type\":\"Unigram\",\"vocab\":{},\"merges\":[]}}", -1);
  g_assert_null (clv_vocabulary_open (files->directory, &error));
  test_assert_error (&error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "tokenizer.json: $.model", "found Unigram", NULL);
}

static void
test_missing_files (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_vocabulary_open (files->directory, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT, files->directory,
      "vocab.json and merges.txt", NULL);
  g_clear_pointer (&files->merges, g_free);
  test_model_write (files);
  g_assert_null (clv_vocabulary_open (files->directory, &error));
  test_assert_error (
      &error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "merges.txt: ", NULL);
}
int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/vocabulary/refuses/another-tokenizer", test_other_tokenizer);
  g_test_add_func ("/vocabulary/refuses/missing-files", test_missing_files);
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++) {
    g_autofree gchar *path =
        g_strconcat ("/vocabulary/refuses/", bad_files[i].test, NULL);

    g_test_add_data_func (path, &bad_files[i], test_bad);
  }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-model.h>

#include <math.h>

#include "base/clv-heap.h"
#include "base/clv-read-file.h"
#include "clv-model-private.h"
#include "clv-model-tensors.h"
#include "text/clv-tokenizer.h"

struct _ClvModel {
  GObject parent;

  gchar *name;
  gchar *directory;
  gchar *id;
  ClvModelConfig config;
  ClvTensorFile *weights;
  GThread *reader; /* of the two that follow; NULL: there is none any more */
  ClvVocabulary *vocabulary;
  GChecksum *checksum; /* of all files but the weights, until there is an id */
  GError *vocabulary_error;
  ClvTokenizer *tokenizer;
  guint64 n_parameters;
  gfloat logit_scale;
};

G_DEFINE_FINAL_TYPE (ClvModel, clv_model, G_TYPE_OBJECT)

static void
clv_model_finalize (GObject *object)
{
  ClvModel *self = CLV_MODEL (object);

  g_clear_pointer (&self->reader, g_thread_join);
  g_clear_error (&self->vocabulary_error);
  g_clear_pointer (&self->checksum, g_checksum_free);
  clv_tokenizer_free (self->tokenizer);
  clv_vocabulary_free (self->vocabulary);
  clv_tensor_file_free (self->weights);
  g_free (self->id);
  g_free (self->directory);
  g_free (self->name);
  G_OBJECT_CLASS (clv_model_parent_class)->finalize (object);
}

static void
clv_model_class_init (ClvModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clv_model_finalize;
}

static void
clv_model_init (ClvModel *self)
{
}

static gboolean
check_directory (const gchar *directory, GError **error)
{
  if (g_file_test (directory, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_file_test (directory, G_FILE_TEST_EXISTS))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR,
        "%s: wanted a model directory, found a file", directory);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: there is no such model directory", directory);
  return FALSE;
}

/* The text tower's table must have a row for every token, and the tower must
 * find the end token that the tokenizer writes. */
static gboolean
check_vocabulary (ClvModel *self, GError **error)
{
  const gchar *token;
  guint32 max_id = clv_vocabulary_get_max_id (self->vocabulary, &token);
  guint32 end_id = clv_vocabulary_get_end_id (self->vocabulary);
  const gchar *path = clv_vocabulary_get_path (self->vocabulary);

  if (max_id >= self->config.vocab_size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: id of the token \"%s\": wanted less than text_config.vocab_size "
        "%u of %s/config.json, found %u",
        path, token, self->config.vocab_size, self->directory, max_id);
    return FALSE;
  }
  if (self->config.eos_token_id != 2 && self->config.eos_token_id != end_id) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s/config.json: text_config.eos_token_id: wanted %u, the id of "
        "\"%s\" in %s, or 2, found %u",
        self->directory, end_id, CLV_END_TOKEN, path,
        self->config.eos_token_id);
    return FALSE;
  }
  return TRUE;
}

static GChecksum *
hash_texts (const gchar *directory)
{
  static const gchar *const names[] = { "config.json",
    "preprocessor_config.json", "processor_config.json", "vocab.json",
    "merges.txt", "tokenizer.json", "bpe_simple_vocab_16e6.txt",
    "bpe_simple_vocab_16e6.txt.gz" };
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (directory, names[i], NULL);
    g_autofree gchar *line = NULL;
    g_autofree gchar *data = NULL;
    gsize size = 0;

    if (!clv_check_plain_file (path, NULL) ||
        !g_file_get_contents (path, &data, &size, NULL))
      continue;
    line = g_strdup_printf ("%s %" G_GSIZE_FORMAT "\n", names[i], size);
    g_checksum_update (checksum, (const guint8 *) line, -1);
    g_checksum_update (checksum, (const guint8 *) data, size);
  }
  return checksum;
}

/* A vocabulary is a JSON file of a megabyte: 0.1 s, as much as some towers take. */
static gpointer
read_texts (gpointer data)
{
  ClvModel *self = data;

  self->vocabulary =
      clv_vocabulary_open (self->directory, &self->vocabulary_error);
  self->checksum = hash_texts (self->directory);
  return NULL;
}

ClvModel *
clv_model_open (const gchar *directory, GError **error)
{
  g_autoptr (ClvModel) self = g_object_new (CLV_TYPE_MODEL, NULL);

  if (!check_directory (directory, error))
    return NULL;
  self->directory = g_canonicalize_filename (directory, NULL);
  self->name = g_path_get_basename (self->directory);
  if (!clv_model_config_read (self->directory, &self->config, error))
    return NULL;
  self->reader = g_thread_try_new ("clv-model", read_texts, self, NULL);
  self->weights = clv_tensor_file_open (self->directory, error);
  if (self->weights == NULL ||
      !clv_model_check_tensors (self->weights, self->directory, &self->config,
          &self->n_parameters, error))
    return NULL;
  clv_tensor_to_float (
      clv_model_get_tensor (self, "logit_scale"), 0, 1, &self->logit_scale);
  self->logit_scale = expf (self->logit_scale);
  return g_steal_pointer (&self);
}

gboolean
clv_model_finish (ClvModel *self, GError **error)
{
  if (self->reader != NULL)
    g_thread_join (g_steal_pointer (&self->reader));
  else
    read_texts (self);
  if (self->vocabulary == NULL) {
    g_propagate_error (error, g_steal_pointer (&self->vocabulary_error));
    return FALSE;
  }
  if (!check_vocabulary (self, error))
    return FALSE;
  self->tokenizer = clv_tokenizer_new (self->vocabulary);
  clv_tensor_file_hash (self->weights, self->checksum);
  self->id = g_strdup (g_checksum_get_string (self->checksum));
  g_clear_pointer (&self->checksum, g_checksum_free);
  clv_heap_trim ();
  return TRUE;
}

ClvModel *
clv_model_load (const gchar *directory, GError **error)
{
  g_autoptr (ClvModel) self = clv_model_open (directory, error);

  if (self == NULL || !clv_model_finish (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

const gchar *
clv_model_get_name (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), NULL);
  return self->name;
}

const gchar *
clv_model_get_directory (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), NULL);
  return self->directory;
}

const gchar *
clv_model_get_id (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), NULL);
  return self->id;
}

guint
clv_model_get_embedding_width (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), 0);
  return self->config.projection_dim;
}

guint
clv_model_get_n_patches (ClvModel *self)
{
  guint side;

  g_return_val_if_fail (CLV_IS_MODEL (self), 0);
  side = self->config.image_size / self->config.patch_size;
  return side * side;
}

gfloat
clv_model_get_logit_scale (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), 0);
  return self->logit_scale;
}

guint64
clv_model_get_n_parameters (ClvModel *self)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), 0);
  return self->n_parameters;
}

guint32 *
clv_model_tokenize (ClvModel *self, const gchar *text, guint *ret_n_ids)
{
  g_return_val_if_fail (CLV_IS_MODEL (self), NULL);
  return clv_tokenizer_encode (
      self->tokenizer, text, self->config.n_positions, ret_n_ids);
}

const ClvModelConfig *
clv_model_get_config (ClvModel *self)
{
  return &self->config;
}

const ClvTensor *
clv_model_get_tensor (ClvModel *self, const gchar *name)
{
  return clv_tensor_file_lookup (self->weights, name);
}

void
clv_model_get_token_row (ClvModel *self, guint32 token_id, gfloat *ret_row)
{
  guint64 width = self->config.text.width;

  g_return_if_fail (token_id < self->config.vocab_size);
  clv_tensor_to_float (clv_model_get_tensor (self,
                           "text_model.embeddings.token_embedding.weight"),
      token_id * width, width, ret_row);
}

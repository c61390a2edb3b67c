/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whole model directories: found, loaded, and refused with one thing broken. */

#include <clv/clv-model.h>

#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "model/clv-model-private.h"
#include "test-model.h"

#define TOKENS "text_model.embeddings.token_embedding.weight"

static ClvModel *
load (TestModel *files)
{
  g_autoptr (GError) error = NULL;
  ClvModel *model = clv_model_load (files->directory, &error);

  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

static void
assert_refused (
    TestModel *files, ClvError code, const gchar *first, const gchar *second)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_model_load (files->directory, &error));
  test_assert_error (
      &error, CLV_ERROR, code, files->directory, first, second, NULL);
}

static void
test_loads (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autofree gchar *name = g_path_get_basename (files->directory);
  g_autoptr (ClvModel) model = NULL;
  TestTensor *tokens = test_model_get_tensor (files, TOKENS);
  guint64 n_parameters = 0;
  gfloat row[16];

  test_model_write (files);
  model = load (files);
  g_assert_cmpstr (clv_model_get_name (model), ==, name);
  g_assert_cmpstr (clv_model_get_directory (model), ==, files->directory);
  g_assert_cmpuint (strlen (clv_model_get_id (model)), ==, 64);
  g_assert_cmpuint (clv_model_get_embedding_width (model), ==, 12);
  g_assert_cmpfloat_with_epsilon (
      clv_model_get_logit_scale (model), exp (2.5), 1e-4);
  for (guint i = 0; i < files->tensors->len; i++)
    n_parameters +=
        ((TestTensor *) g_ptr_array_index (files->tensors, i))->n_values;
  g_assert_cmpuint (clv_model_get_n_parameters (model), ==, n_parameters);
  g_assert_cmpuint (clv_model_get_config (model)->vision.width, ==, 16);
  clv_model_get_token_row (model, 517, row);
  g_assert_cmpmem (
      row, sizeof row, tokens->values + 517 * 16, 16 * sizeof (gfloat));
  g_assert_null (clv_model_get_tensor (model, "no such tensor"));
}

static void
test_loads_shards (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = NULL;

  test_model_write_sharded (files);
  model = load (files);
  g_assert_nonnull (clv_model_get_tensor (model, "text_projection.weight"));
  g_assert_nonnull (clv_model_get_tensor (model, "logit_scale"));
}

static void
test_missing_shard (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autofree gchar *shard = g_build_filename (
      files->directory, "model-00002-of-00002.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  test_model_write_sharded (files);
  g_unlink (shard);
  g_assert_null (clv_model_load (files->directory, &error));
  test_assert_error (
      &error, G_FILE_ERROR, G_FILE_ERROR_NOENT, shard, "weight_map", NULL);
}

static void
test_loads_each_type (void)
{
  static const gchar *const dtypes[] = { "F16", "BF16" };

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    g_autoptr (TestModel) files = test_model_new ();
    TestTensor *tokens = test_model_get_tensor (files, TOKENS);
    g_autoptr (ClvModel) model = NULL;
    gfloat row[16];

    for (guint j = 0; j < files->tensors->len; j++)
      ((TestTensor *) g_ptr_array_index (files->tensors, j))->dtype = dtypes[i];
    test_model_write (files);
    model = load (files);
    clv_model_get_token_row (model, 3, row);
    for (guint j = 0; j < 16; j++)
      g_assert_cmpfloat_with_epsilon (
          row[j], tokens->values[3 * 16 + j], 0.004);
  }
}

/* As real repositories differ. */
static void
test_loads_variants (void)
{
  const guint64 one = 1, ids[] = { 1, 20 };
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = NULL;
  TestTensor *scale = test_model_get_tensor (files, "logit_scale");

  scale->n_dims = 1;
  scale->shape[0] = one;
  test_model_add_tensor (files, "text_model.embeddings.position_ids", 2, ids)
      ->dtype = "I64";
  test_model_set (files, "config.json", "projection_dim", NULL);
  test_model_set (files, "config.json", "text_config.eos_token_id", "2");
  test_model_write (files);
  model = load (files);
  g_assert_cmpuint (clv_model_get_embedding_width (model), ==, 12);
  g_assert_cmpuint (clv_model_get_config (model)->eos_token_id, ==, 2);
}

static void
test_tokenizes (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = NULL;
  const guint32 wanted[] = { 517, 513, 515, 518 };
  g_autofree guint32 *ids = NULL;
  g_autofree guint32 *many = NULL;
  guint n;

  test_model_write (files);
  model = load (files);
  ids = clv_model_tokenize (model, "Cat DOG", &n);
  g_assert_cmpmem (ids, n * sizeof *ids, wanted, sizeof wanted);
  many = clv_model_tokenize (model,
      "cat cat cat cat cat cat cat cat cat cat cat cat cat cat cat cat cat "
      "cat cat cat cat cat",
      &n);
  g_assert_cmpuint (n, ==, 20);
  g_assert_cmpuint (many[18], ==, 513);
  g_assert_cmpuint (many[19], ==, 518);
}

/* A whole shard is in it: words of each lane, and what is left behind the last
 * block. */
static void
test_id_of_each_weight (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (ClvModel) first = NULL;
  TestTensor *tokens;
  guint n = 0;

  test_model_write (files);
  first = load (files);
  g_hash_table_add (seen, g_strdup (clv_model_get_id (first)));
  tokens = test_model_get_tensor (files, TOKENS);
  for (guint64 i = 0; i < tokens->n_values; i += 521, n++) {
    g_autoptr (ClvModel) other = NULL;

    tokens->values[i] += 0.5f;
    test_model_write (files);
    other = load (files);
    g_assert_true (
        g_hash_table_add (seen, g_strdup (clv_model_get_id (other))));
    tokens->values[i] -= 0.5f;
  }
  g_assert_cmpuint (n, >=, CLV_TENSOR_LANES);
  for (guint i = 0; i < files->tensors->len; i++) {
    TestTensor *tensor = files->tensors->pdata[i];
    g_autoptr (ClvModel) other = NULL;
    const gfloat before = tensor->values[tensor->n_values - 1];

    tensor->values[tensor->n_values - 1] += 0.5f;
    test_model_write (files);
    other = load (files);
    g_assert_true (
        g_hash_table_add (seen, g_strdup (clv_model_get_id (other))));
    tensor->values[tensor->n_values - 1] = before;
  }
}

static void
test_id (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autofree gchar *path =
      g_build_filename (files->directory, "model.safetensors", NULL);
  const struct utimbuf times = { 1, 1 };
  const struct utimbuf later = { 99, 99 };
  g_autoptr (ClvModel) first = NULL;
  g_autoptr (ClvModel) same = NULL;
  g_autoptr (ClvModel) weights = NULL;
  g_autoptr (ClvModel) merges = NULL;

  test_model_write (files);
  g_utime (path, (struct utimbuf *) &times);
  first = load (files);
  g_utime (path, (struct utimbuf *) &later);
  same = load (files);
  g_assert_cmpstr (clv_model_get_id (first), ==, clv_model_get_id (same));
  test_model_get_tensor (files, TOKENS)->values[77] += 1;
  test_model_write (files);
  g_utime (path, (struct utimbuf *) &times);
  weights = load (files);
  g_assert_cmpstr (clv_model_get_id (first), !=, clv_model_get_id (weights));
  test_model_write_file (files, "merges.txt", "c a\n", -1);
  merges = load (files);
  g_assert_cmpstr (clv_model_get_id (weights), !=, clv_model_get_id (merges));
}

static void
test_find (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autofree gchar *parent = g_path_get_dirname (files->directory);
  g_autofree gchar *name = g_path_get_basename (files->directory);
  g_autofree gchar *path = g_strconcat ("/no/such/place::", parent, NULL);
  g_autofree gchar *old = g_strdup (g_getenv ("CLV_MODEL_PATH"));
  g_autofree gchar *by_name = NULL;
  g_autofree gchar *by_path = NULL;
  g_autoptr (GError) error = NULL;

  test_model_write (files);
  g_setenv ("CLV_MODEL_PATH", path, TRUE);
  by_name = clv_model_find (name, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_name, ==, files->directory);
  by_path = clv_model_find (files->directory, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_path, ==, files->directory);
  g_assert_null (clv_model_find ("no-such-model", &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "no-such-model",
      "/no/such/place", parent, "clv/models", NULL);
  g_assert_null (clv_model_find ("", &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT, NULL);
  if (old != NULL)
    g_setenv ("CLV_MODEL_PATH", old, TRUE);
  else
    g_unsetenv ("CLV_MODEL_PATH");
}

static void
test_no_directory (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autofree gchar *file =
      g_build_filename (files->directory, "config.json", NULL);
  g_autoptr (GError) error = NULL;

  test_model_write (files);
  g_assert_null (clv_model_load ("/no/such/directory", &error));
  test_assert_error (
      &error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "/no/such/directory", NULL);
  g_assert_null (clv_model_load (file, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR, file, NULL);
}

static const gchar *const model_files[] = { "config.json",
  "preprocessor_config.json", "model.safetensors", "vocab.json", "merges.txt" };

/* Opening a pipe waits for a writer that never comes. */
static void
test_pipes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (model_files); i++) {
    g_autoptr (TestModel) files = test_model_new ();
    g_autofree gchar *path =
        g_build_filename (files->directory, model_files[i], NULL);

    test_model_write (files);
    g_assert_cmpint (g_unlink (path), ==, 0);
    g_assert_cmpint (mkfifo (path, 0600), ==, 0);
    assert_refused (files, CLV_ERROR_BAD_FILE, path, "wanted a file");
    g_assert_cmpint (g_unlink (path), ==, 0);
    g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
    assert_refused (files, CLV_ERROR_BAD_FILE, path, "found a directory");
    g_assert_cmpint (g_rmdir (path), ==, 0);
  }
}

/* Some files may be missing, but then nobody meant them to be there. */
static void
test_dangling_links (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (model_files); i++) {
    g_autoptr (TestModel) files = test_model_new ();
    g_autofree gchar *path =
        g_build_filename (files->directory, model_files[i], NULL);
    g_autoptr (GError) error = NULL;

    test_model_write (files);
    g_assert_cmpint (g_unlink (path), ==, 0);
    g_assert_cmpint (symlink ("/no/such/blob", path), ==, 0);
    g_assert_null (clv_model_load (files->directory, &error));
    test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT, path, NULL);
  }
}

static void
test_missing_tensors (void)
{
  g_autoptr (TestModel) all = test_model_new ();

  for (guint i = 0; i < all->tensors->len; i++) {
    g_autoptr (TestModel) files = test_model_new ();
    const TestTensor *tensor = g_ptr_array_index (all->tensors, i);

    test_model_remove_tensor (files, tensor->name);
    test_model_write (files);
    assert_refused (files, CLV_ERROR_BAD_FILE, "lack the tensor", tensor->name);
  }
}

static void
test_wrong_shapes (void)
{
  g_autoptr (TestModel) all = test_model_new ();

  for (guint i = 0; i < all->tensors->len; i++) {
    g_autoptr (TestModel) files = test_model_new ();
    TestTensor *tensor = g_ptr_array_index (files->tensors, i);

    if (tensor->n_dims == 0) {
      tensor->n_dims = 1;
      tensor->shape[0] = 0;
    } else {
      tensor->shape[tensor->n_dims - 1]--;
    }
    test_model_write (files);
    assert_refused (
        files, CLV_ERROR_BAD_FILE, tensor->name, "model.safetensors: ");
  }
}

static void
test_wrong_types (void)
{
  g_autoptr (TestModel) files = test_model_new ();

  test_model_get_tensor (files, "visual_projection.weight")->dtype = "I64";
  test_model_write (files);
  assert_refused (
      files, CLV_ERROR_UNSUPPORTED, "visual_projection.weight", "found I64");
}

static void
test_not_finite (void)
{
  static const gchar *const dtypes[] = { "F32", "F16", "BF16" };
  static const gfloat values[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < 9; i++) {
    g_autoptr (TestModel) files = test_model_new ();
    TestTensor *tensor =
        test_model_get_tensor (files, "text_model.final_layer_norm.bias");

    tensor->dtype = dtypes[i % 3];
    tensor->values[5] = values[i / 3];
    test_model_write (files);
    assert_refused (files, CLV_ERROR_BAD_FILE,
        "text_model.final_layer_norm.bias", "at element 5");
  }
}

static void
test_scale_overflows (void)
{
  g_autoptr (TestModel) files = test_model_new ();

  test_model_get_tensor (files, "logit_scale")->values[0] = 1000;
  test_model_write (files);
  assert_refused (files, CLV_ERROR_BAD_FILE, "logit_scale", "found 1000");
}

/* One value of config.json, and the tensor it contradicts. */
static const struct {
  const gchar *path;
  const gchar *value;
  const gchar *key;
  const gchar *tensor;
} contradictions[] = {
  { "projection_dim", "13", "projection_dim", "visual_projection.weight" },
  { "text_config.hidden_size", "18", "text_config.vocab_size and hidden_size",
      TOKENS },
  { "text_config.vocab_size", "600", "text_config.vocab_size", TOKENS },
  { "text_config.max_position_embeddings", "21",
      "text_config.max_position_embeddings",
      "text_model.embeddings.position_embedding.weight" },
  { "text_config.intermediate_size", "32", "intermediate_size",
      "text_model.encoder.layers.0.mlp.fc1.weight" },
  { "text_config.num_hidden_layers", "2", "lack the tensor",
      "text_model.encoder.layers.1.self_attn.q_proj.weight" },
  { "vision_config.hidden_size", "32", "vision_config.hidden_size",
      "vision_model.embeddings.class_embedding" },
  { "vision_config.patch_size", "16", "patch_size",
      "vision_model.embeddings.patch_embedding.weight" },
  { "vision_config.intermediate_size", "20",
      "vision_config.hidden_size and intermediate_size",
      "vision_model.encoder.layers.0.mlp.fc1.weight" },
};

static void
test_contradictions (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (contradictions); i++) {
    g_autoptr (TestModel) files = test_model_new ();

    test_model_set (
        files, "config.json", contradictions[i].path, contradictions[i].value);
    test_model_write (files);
    assert_refused (files, CLV_ERROR_BAD_FILE, contradictions[i].key,
        contradictions[i].tensor);
  }
}

static void
test_image_size_contradicts (void)
{
  g_autoptr (TestModel) files = test_model_new ();

  test_model_set (files, "config.json", "vision_config.image_size", "40");
  test_model_write (files);
  assert_refused (files, CLV_ERROR_BAD_FILE, "preprocessor_config.json",
      "$.crop_size: wanted 40 × 40");
  test_model_set (files, "preprocessor_config.json", "crop_size", "40");
  test_model_write (files);
  assert_refused (files, CLV_ERROR_BAD_FILE,
      "vision_model.embeddings.position_embedding.weight",
      "wanted the shape (26, 16)");
}

static void
test_layer_beyond (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  const guint64 width = 16;

  test_model_add_tensor (
      files, "vision_model.encoder.layers.1.layer_norm1.weight", 1, &width);
  test_model_write (files);
  assert_refused (files, CLV_ERROR_BAD_FILE,
      "vision_config.num_hidden_layers is 1",
      "vision_model.encoder.layers.1.layer_norm1.weight");
}

static void
test_vocabulary_contradicts (void)
{
  g_autoptr (TestModel) large = test_model_new ();
  g_autoptr (TestModel) end = test_model_new ();

  test_model_set (large, "vocab.json", "extra", "519");
  test_model_write (large);
  assert_refused (large, CLV_ERROR_BAD_FILE, "vocab.json",
      "\"extra\": wanted less than text_config.vocab_size 519");
  test_model_set (end, "config.json", "text_config.eos_token_id", "517");
  test_model_write (end);
  assert_refused (end, CLV_ERROR_BAD_FILE,
      "text_config.eos_token_id: wanted 518", "vocab.json");
}

static void
test_special_token_missing (void)
{
  static const gchar *const tokens[] = { "<|startoftext|>", "<|endoftext|>" };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (TestModel) files = test_model_new ();

    test_model_set (files, "vocab.json", tokens[i], NULL);
    test_model_write (files);
    assert_refused (files, CLV_ERROR_BAD_FILE, "vocab.json", tokens[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/loads", test_loads);
  g_test_add_func ("/model/loads-shards", test_loads_shards);
  g_test_add_func ("/model/loads-each-type", test_loads_each_type);
  g_test_add_func ("/model/loads-variants", test_loads_variants);
  g_test_add_func ("/model/tokenizes", test_tokenizes);
  g_test_add_func ("/model/id-follows-the-content", test_id);
  g_test_add_func ("/model/id-has-each-weight", test_id_of_each_weight);
  g_test_add_func ("/model/is-found-by-name", test_find);
  g_test_add_func ("/model/refuses/no-directory", test_no_directory);
  g_test_add_func ("/model/refuses/pipes-and-directories", test_pipes);
  g_test_add_func ("/model/refuses/dangling-links", test_dangling_links);
  g_test_add_func ("/model/refuses/missing-shard", test_missing_shard);
  g_test_add_func ("/model/refuses/each-missing-tensor", test_missing_tensors);
  g_test_add_func ("/model/refuses/each-wrong-shape", test_wrong_shapes);
  g_test_add_func ("/model/refuses/wrong-type", test_wrong_types);
  g_test_add_func ("/model/refuses/not-finite", test_not_finite);
  g_test_add_func ("/model/refuses/scale-overflows", test_scale_overflows);
  g_test_add_func ("/model/refuses/contradictions", test_contradictions);
  g_test_add_func (
      "/model/refuses/image-size-contradicts", test_image_size_contradicts);
  g_test_add_func ("/model/refuses/layer-beyond-config", test_layer_beyond);
  g_test_add_func (
      "/model/refuses/vocabulary-contradicts", test_vocabulary_contradicts);
  g_test_add_func (
      "/model/refuses/special-token-missing", test_special_token_missing);
  return g_test_run ();
}

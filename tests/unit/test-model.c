/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-model.h"

#include <glib/gstdio.h>
#include <string.h>

#include "text/clv-vocabulary-private.h"

#define WIDTH       16
#define MLP_WIDTH   24
#define N_POSITIONS 20
#define N_MERGES    5
#define N_TOKENS    (512 + N_MERGES + 2)
#define IMAGE       32
#define PATCH       8
#define PROJECTION  12

#define MERGES                                                                 \
  "#version: 0.2\n"                                                            \
  "c a\n"                                                                      \
  "ca t</w>\n"                                                                 \
  "d o\n"                                                                      \
  "do g</w>\n"                                                                 \
  "r e\n"

static const gchar config[] =
    "{ \"model_type\": \"clip\", \"projection_dim\": 12,"
    "  \"text_config\": {"
    "    \"hidden_size\": 16, \"num_hidden_layers\": 1,"
    "    \"num_attention_heads\": 2, \"intermediate_size\": 24,"
    "    \"max_position_embeddings\": 20, \"vocab_size\": 519,"
    "    \"bos_token_id\": 517, \"eos_token_id\": 518 },"
    "  \"vision_config\": {"
    "    \"hidden_size\": 16, \"num_hidden_layers\": 1,"
    "    \"num_attention_heads\": 2, \"intermediate_size\": 24,"
    "    \"image_size\": 32, \"patch_size\": 8 } }";

static const gchar preprocessor[] =
    "{ \"image_processor_type\": \"CLIPImageProcessor\", \"do_resize\": true,"
    "  \"size\": { \"shortest_edge\": 32 }, \"resample\": 3,"
    "  \"do_center_crop\": true,"
    "  \"crop_size\": { \"height\": 32, \"width\": 32 },"
    "  \"do_rescale\": true, \"rescale_factor\": 0.00392156862745098,"
    "  \"do_normalize\": true, \"image_mean\": [0.5, 0.4, 0.3],"
    "  \"image_std\": [0.25, 0.5, 0.75] }";

static void
free_tensor (gpointer data)
{
  TestTensor *tensor = data;

  g_free (tensor->name);
  g_free (tensor->values);
  g_free (tensor);
}

static JsonObject *
parse_object (const gchar *json)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (json, &error);
  JsonObject *object;

  g_assert_no_error (error);
  object = json_node_dup_object (node);
  json_node_unref (node);
  return object;
}

TestTensor *
test_model_add_tensor (
    TestModel *self, const gchar *name, guint n_dims, const guint64 *shape)
{
  TestTensor *tensor = g_new0 (TestTensor, 1);

  tensor->name = g_strdup (name);
  tensor->dtype = "F32";
  tensor->n_dims = n_dims;
  tensor->n_values = 1;
  for (guint i = 0; i < n_dims; i++) {
    tensor->shape[i] = shape[i];
    tensor->n_values *= shape[i];
  }
  tensor->values = g_new0 (gfloat, MAX (tensor->n_values, 1));
  g_ptr_array_add (self->tensors, tensor);
  return tensor;
}

/* Gains around 1, everything else around 0. */
static void
add_random (TestModel *self, GRand *random, const gchar *name, guint n_dims,
    guint64 d0, guint64 d1, guint64 d2, guint64 d3)
{
  const guint64 shape[] = { d0, d1, d2, d3 };
  TestTensor *tensor = test_model_add_tensor (self, name, n_dims, shape);
  gboolean gain =
      strstr (name, "norm") != NULL && g_str_has_suffix (name, ".weight");

  for (guint64 i = 0; i < tensor->n_values; i++)
    tensor->values[i] =
        (gain ? 1 : 0) + (gfloat) g_rand_double_range (random, -0.4, 0.4);
}

static void
add_pair (TestModel *self, GRand *random, const gchar *prefix,
    const gchar *part, guint64 rows, guint64 columns)
{
  g_autofree gchar *weight = g_strconcat (prefix, part, ".weight", NULL);
  g_autofree gchar *bias = g_strconcat (prefix, part, ".bias", NULL);

  add_random (self, random, weight, columns > 0 ? 2 : 1, rows, columns, 0, 0);
  add_random (self, random, bias, 1, rows, 0, 0, 0);
}

static void
add_layer (TestModel *self, GRand *random, const gchar *tower)
{
  static const gchar *const parts[] = { "self_attn.q_proj", "self_attn.k_proj",
    "self_attn.v_proj", "self_attn.out_proj" };
  g_autofree gchar *prefix = g_strconcat (tower, ".encoder.layers.0.", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    add_pair (self, random, prefix, parts[i], WIDTH, WIDTH);
  add_pair (self, random, prefix, "layer_norm1", WIDTH, 0);
  add_pair (self, random, prefix, "layer_norm2", WIDTH, 0);
  add_pair (self, random, prefix, "mlp.fc1", MLP_WIDTH, WIDTH);
  add_pair (self, random, prefix, "mlp.fc2", WIDTH, MLP_WIDTH);
}

static void
add_tensors (TestModel *self)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint64 grid = IMAGE / PATCH;

  add_random (self, random, "logit_scale", 0, 0, 0, 0, 0);
  test_model_get_tensor (self, "logit_scale")->values[0] = 2.5f;
  add_random (self, random, "text_model.embeddings.token_embedding.weight", 2,
      N_TOKENS, WIDTH, 0, 0);
  add_random (self, random, "text_model.embeddings.position_embedding.weight",
      2, N_POSITIONS, WIDTH, 0, 0);
  add_layer (self, random, "text_model");
  add_pair (self, random, "text_model.", "final_layer_norm", WIDTH, 0);
  add_random (self, random, "vision_model.embeddings.class_embedding", 1, WIDTH,
      0, 0, 0);
  add_random (self, random, "vision_model.embeddings.patch_embedding.weight", 4,
      WIDTH, 3, PATCH, PATCH);
  add_random (self, random, "vision_model.embeddings.position_embedding.weight",
      2, grid * grid + 1, WIDTH, 0, 0);
  add_pair (self, random, "vision_model.", "pre_layrnorm", WIDTH, 0);
  add_layer (self, random, "vision_model");
  add_pair (self, random, "vision_model.", "post_layernorm", WIDTH, 0);
  add_random (
      self, random, "visual_projection.weight", 2, PROJECTION, WIDTH, 0, 0);
  add_random (
      self, random, "text_projection.weight", 2, PROJECTION, WIDTH, 0, 0);
}

/* Bytes in their order, with </w>, the merges, the special tokens. */
static JsonObject *
make_vocabulary (void)
{
  static const gchar *const rest[] = { "ca", "cat</w>", "do", "dog</w>", "re",
    CLV_START_TOKEN, CLV_END_TOKEN };
  JsonObject *vocabulary = json_object_new ();

  for (guint i = 0; i < 512; i++) {
    gchar symbol[16];

    clv_vocabulary_byte_symbol (i % 256, symbol);
    if (i >= 256)
      strcat (symbol, "</w>");
    json_object_set_int_member (vocabulary, symbol, i);
  }
  for (guint i = 0; i < G_N_ELEMENTS (rest); i++)
    json_object_set_int_member (vocabulary, rest[i], 512 + i);
  return vocabulary;
}

TestModel *
test_model_new (void)
{
  TestModel *self = g_new0 (TestModel, 1);
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("clv-test-model-XXXXXX", &error);
  g_assert_no_error (error);
  self->files = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) json_object_unref);
  g_hash_table_insert (self->files, "config.json", parse_object (config));
  g_hash_table_insert (
      self->files, "preprocessor_config.json", parse_object (preprocessor));
  g_hash_table_insert (self->files, "vocab.json", make_vocabulary ());
  self->merges = g_strdup (MERGES);
  self->tensors = g_ptr_array_new_with_free_func (free_tensor);
  add_tensors (self);
  return self;
}

void
test_remove_directory (const gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const gchar *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);

    if (g_unlink (path) != 0)
      g_rmdir (path);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (directory);
}

void
test_model_free (TestModel *self)
{
  test_remove_directory (self->directory);
  g_free (self->directory);
  g_hash_table_unref (self->files);
  g_free (self->merges);
  g_ptr_array_unref (self->tensors);
  g_free (self);
}

JsonObject *
test_model_get_json (TestModel *self, const gchar *file)
{
  JsonObject *object = g_hash_table_lookup (self->files, file);

  g_assert_nonnull (object);
  return object;
}

void
test_model_set (
    TestModel *self, const gchar *file, const gchar *path, const gchar *value)
{
  JsonObject *object = test_model_get_json (self, file);
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);
  guint n = g_strv_length (keys);

  if (n == 0) {
    g_assert_null (value);
    g_hash_table_remove (self->files, file);
    return;
  }
  for (guint i = 0; i + 1 < n; i++)
    object = json_object_get_object_member (object, keys[i]);
  g_assert_nonnull (object);
  if (value != NULL) {
    g_autoptr (GError) error = NULL;
    JsonNode *node = json_from_string (value, &error);

    g_assert_no_error (error);
    json_object_set_member (object, keys[n - 1], node);
  } else {
    json_object_remove_member (object, keys[n - 1]);
  }
}

TestTensor *
test_model_get_tensor (TestModel *self, const gchar *name)
{
  for (guint i = 0; i < self->tensors->len; i++) {
    TestTensor *tensor = g_ptr_array_index (self->tensors, i);

    if (g_str_equal (tensor->name, name))
      return tensor;
  }
  return NULL;
}

void
test_model_remove_tensor (TestModel *self, const gchar *name)
{
  TestTensor *tensor = test_model_get_tensor (self, name);

  g_assert_nonnull (tensor);
  g_ptr_array_remove (self->tensors, tensor);
}

/* Truncates where float16 and bfloat16 round; the tests' values are whatever
 * comes out. Values below float16's normal numbers become 0. */
static void
append_value (GByteArray *data, const gchar *dtype, gfloat value)
{
  guint32 bits;
  guint16 half;
  gint64 zero = 0;

  memcpy (&bits, &value, 4);
  if (g_str_equal (dtype, "F32")) {
    g_byte_array_append (data, (const guint8 *) &bits, 4);
  } else if (g_str_equal (dtype, "BF16")) {
    half = bits >> 16;
    g_byte_array_append (data, (const guint8 *) &half, 2);
  } else if (g_str_equal (dtype, "F16")) {
    gint exponent = (gint) (bits >> 23 & 0xff) - 112;

    half = bits >> 16 & 0x8000;
    if ((bits & 0x7f800000) == 0x7f800000)
      half |= 0x7c00 | (bits >> 13 & 0x3ff);
    else if (exponent > 0)
      half |= exponent << 10 | (bits >> 13 & 0x3ff);
    g_byte_array_append (data, (const guint8 *) &half, 2);
  } else {
    g_assert_cmpstr (dtype, ==, "I64");
    g_byte_array_append (data, (const guint8 *) &zero, 8);
  }
}

static void
write_safetensors (TestModel *self, const gchar *file, guint first, guint end)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (GString) whole = g_string_new (NULL);
  guint64 header_size;

  for (guint i = first; i < end; i++) {
    const TestTensor *tensor = g_ptr_array_index (self->tensors, i);
    guint begin = data->len;
    guint64 n = 1;

    g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
        i > first ? "," : "", tensor->name, tensor->dtype);
    for (guint j = 0; j < tensor->n_dims; j++) {
      g_string_append_printf (
          header, "%s%" G_GUINT64_FORMAT, j > 0 ? "," : "", tensor->shape[j]);
      n *= tensor->shape[j];
    }
    g_assert_cmpuint (n, <=, tensor->n_values);
    for (guint64 j = 0; j < n; j++)
      append_value (data, tensor->dtype, tensor->values[j]);
    g_string_append_printf (
        header, "],\"data_offsets\":[%u,%u]}", begin, data->len);
  }
  g_string_append_c (header, '}');
  header_size = header->len;
  g_string_append_len (whole, (const gchar *) &header_size, 8);
  g_string_append_len (whole, header->str, header->len);
  g_string_append_len (whole, (const gchar *) data->data, data->len);
  test_model_write_file (self, file, whole->str, whole->len);
}

void
test_model_write_file (
    TestModel *self, const gchar *file, const gchar *data, gssize size)
{
  g_autofree gchar *path = g_build_filename (self->directory, file, NULL);

  test_write_file (path, data, size);
}

static void
write_text_files (TestModel *self)
{
  GHashTableIter iter;
  gpointer name, object;

  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, &name, &object)) {
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
    g_autofree gchar *json = NULL;

    json_node_set_object (node, object);
    json = json_to_string (node, TRUE);
    test_model_write_file (self, name, json, -1);
  }
  if (self->merges != NULL)
    test_model_write_file (self, "merges.txt", self->merges, -1);
}

void
test_model_write (TestModel *self)
{
  write_text_files (self);
  write_safetensors (self, "model.safetensors", 0, self->tensors->len);
}

void
test_model_write_sharded (TestModel *self)
{
  static const gchar *const shards[] = { "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors" };
  g_autoptr (GString) index = g_string_new ("{\"weight_map\":{");
  guint middle = self->tensors->len / 2;

  write_text_files (self);
  write_safetensors (self, shards[0], 0, middle);
  write_safetensors (self, shards[1], middle, self->tensors->len);
  for (guint i = 0; i < self->tensors->len; i++) {
    const TestTensor *tensor = g_ptr_array_index (self->tensors, i);

    g_string_append_printf (index, "%s\"%s\":\"%s\"", i > 0 ? "," : "",
        tensor->name, shards[i >= middle]);
  }
  g_string_append (index, "}}");
  test_model_write_file (self, "model.safetensors.index.json", index->str, -1);
}

void
test_write_file (const gchar *path, const gchar *data, gssize size)
{
  g_autoptr (GError) error = NULL;

  /* GLib overwrites without truncating where it need not be consistent. */
  g_unlink (path);
  g_file_set_contents_full (
      path, data, size, G_FILE_SET_CONTENTS_NONE, 0666, &error);
  g_assert_no_error (error);
}

void
test_write_safetensors (
    const gchar *path, const gchar *header, guint64 header_size, gsize n_bytes)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autofree gchar *zeros = g_malloc0 (n_bytes + 1);

  g_string_append_len (whole, (const gchar *) &header_size, 8);
  g_string_append (whole, header);
  g_string_append_len (whole, zeros, n_bytes);
  test_write_file (path, whole->str, whole->len);
}

void
test_assert_error (GError **error, GQuark domain, gint code, ...)
{
  const gchar *part;
  va_list parts;

  g_assert_error (*error, domain, code);
  va_start (parts, code);
  while ((part = va_arg (parts, const gchar *)) != NULL) {
    if (strstr ((*error)->message, part) == NULL)
      g_error ("wanted \"%s\" in \"%s\"", part, (*error)->message);
  }
  va_end (parts);
  g_clear_error (error);
}

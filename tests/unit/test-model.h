/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tiny, valid model directory that a test can break in one place.
 *
 *   g_autoptr (TestModel) model = test_model_new ();
 *
 *   test_model_set (model, "config.json", "text_config.hidden_size", "12");
 *   test_model_write (model);
 *   clv_model_load (model->directory, &error);
 *
 * One layer a tower, 16 wide, 32-pixel pictures in 8-pixel patches, 519 tokens,
 * 12-wide embeddings; random weights that are the same in every run. */

#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
  gchar *name;
  const gchar *dtype; /* F32, F16, BF16, or I64: zeros */
  guint n_dims;
  guint64 shape[4];
  gfloat *values;
  guint64 n_values; /* allocated; the shape may be changed to fewer */
} TestTensor;

typedef struct {
  gchar *directory;   /* temporary, there from the start */
  GHashTable *files;  /* name → JsonObject: config.json,
                         preprocessor_config.json, vocab.json */
  gchar *merges;      /* merges.txt; NULL: no such file */
  GPtrArray *tensors; /* TestTensor */
} TestModel;

TestModel *test_model_new (void);

/* Removes the directory too. */
void test_model_free (TestModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestModel, test_model_free)

/* Sets a member to a JSON value; keys are separated by dots. A value of NULL
 * removes the member; an empty path with NULL removes the file. */
void test_model_set (
    TestModel *self, const gchar *file, const gchar *path, const gchar *value);

/* NULL if there is none. */
TestTensor *test_model_get_tensor (TestModel *self, const gchar *name);
void test_model_remove_tensor (TestModel *self, const gchar *name);
TestTensor *test_model_add_tensor (
    TestModel *self, const gchar *name, guint n_dims, const guint64 *shape);

/* Writes the files. All weights go to model.safetensors. */
void test_model_write (TestModel *self);

/* As above, but the weights go to two shards and an index. */
void test_model_write_sharded (TestModel *self);

/* Writes one file of the directory as it is. */
void test_model_write_file (
    TestModel *self, const gchar *file, const gchar *data, gssize size);

/* The JSON of a file, for what test_model_set() cannot say. */
JsonObject *test_model_get_json (TestModel *self, const gchar *file);

/* Writes a file without waiting for the disk, which a thousand small files
 * would take long for. size -1: up to the NUL. */
void test_write_file (const gchar *path, const gchar *data, gssize size);

/* Writes a safetensors file with any header, then n_bytes of zeros. */
void test_write_safetensors (
    const gchar *path, const gchar *header, guint64 header_size, gsize n_bytes);

/* Fails unless *error has the domain and code and its message holds every
 * string up to NULL; clears it. */
void test_assert_error (
    GError **error, GQuark domain, gint code, ...) G_GNUC_NULL_TERMINATED;

/* Removes a directory and the files in it. */
void test_remove_directory (const gchar *directory);

G_END_DECLS

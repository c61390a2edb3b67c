/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-tensor-file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "clv-safetensors.h"
#include "clv-survey.h"
#include "text/clv-json.h"

struct _ClvTensorFile {
  GPtrArray *shards;   /* ClvSafetensors, sorted by path */
  GHashTable *tensors; /* name → ClvTensor of a shard */
};

static ClvTensorFile *
new_empty (void)
{
  ClvTensorFile *self = g_new0 (ClvTensorFile, 1);

  self->shards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) clv_safetensors_free);
  self->tensors = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
clv_tensor_file_free (ClvTensorFile *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->tensors);
  g_ptr_array_unref (self->shards);
  g_free (self);
}

static gboolean
open_single (ClvTensorFile *self, const gchar *path, GError **error)
{
  ClvSafetensors *file = clv_safetensors_open (path, error);
  GHashTableIter iter;
  gpointer name, tensor;

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (self->shards, file);
  g_hash_table_iter_init (&iter, file->tensors);
  while (g_hash_table_iter_next (&iter, &name, &tensor))
    g_hash_table_insert (self->tensors, name, tensor);
  return TRUE;
}

/* The shard of that file name, opened at its first use. */
static ClvSafetensors *
get_shard (ClvTensorFile *self, GHashTable *by_name, const gchar *directory,
    const gchar *file_name, GError **error)
{
  ClvSafetensors *shard = g_hash_table_lookup (by_name, file_name);
  g_autofree gchar *path = NULL;

  if (shard != NULL)
    return shard;
  path = g_build_filename (directory, file_name, NULL);
  shard = clv_safetensors_open (path, error);
  if (shard == NULL)
    return NULL;
  g_ptr_array_add (self->shards, shard);
  g_hash_table_insert (by_name, (gpointer) file_name, shard);
  return shard;
}

/* The index is no reason to open a file elsewhere. */
static gboolean
is_plain_name (const gchar *file_name)
{
  return *file_name != '\0' && !g_str_equal (file_name, ".") &&
         !g_str_equal (file_name, "..") && strchr (file_name, '/') == NULL;
}

static gboolean
add_weight (ClvTensorFile *self, GHashTable *by_name, const gchar *directory,
    const ClvJsonPlace *map, const gchar *name, GError **error)
{
  const gchar *file_name = "";
  ClvSafetensors *shard;
  ClvTensor *tensor;

  if (!clv_json_get_string (map, name, &file_name, error))
    return FALSE;
  if (!is_plain_name (file_name)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $.weight_map[\"%s\"]: wanted the name of a file in the same "
        "directory, found \"%s\"",
        map->file_name, name, file_name);
    return FALSE;
  }
  shard = get_shard (self, by_name, directory, file_name, error);
  if (shard == NULL) {
    g_prefix_error (error, "%s: $.weight_map[\"%s\"]: ", map->file_name, name);
    return FALSE;
  }
  tensor = g_hash_table_lookup (shard->tensors, name);
  if (tensor == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the tensor \"%s\", which %s names, is missing", shard->path, name,
        map->file_name);
    return FALSE;
  }
  g_hash_table_insert (self->tensors, (gpointer) tensor->name, tensor);
  return TRUE;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(ClvSafetensors *const *) a)->path,
      (*(ClvSafetensors *const *) b)->path);
}

static gboolean
open_sharded (ClvTensorFile *self, const gchar *directory, const gchar *path,
    GError **error)
{
  g_autoptr (JsonObject) root = clv_json_read (path, error);
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  ClvJsonPlace top = { path, "$", root };
  ClvJsonPlace map = { path, "$.weight_map", NULL };
  JsonObjectIter iter;
  const gchar *name;

  if (root == NULL ||
      !clv_json_get_object (&top, "weight_map", &map.object, error))
    return FALSE;
  if (map.object == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $.weight_map: wanted an object, found nothing", path);
    return FALSE;
  }
  json_object_iter_init (&iter, map.object);
  while (json_object_iter_next (&iter, &name, NULL))
    if (!add_weight (self, by_name, directory, &map, name, error))
      return FALSE;
  g_ptr_array_sort (self->shards, compare_paths);
  return TRUE;
}

ClvTensorFile *
clv_tensor_file_open (const gchar *directory, GError **error)
{
  g_autoptr (ClvTensorFile) self = new_empty ();
  g_autofree gchar *single =
      g_build_filename (directory, "model.safetensors", NULL);
  g_autofree gchar *index =
      g_build_filename (directory, "model.safetensors.index.json", NULL);
  g_autofree gchar *pickle =
      g_build_filename (directory, "pytorch_model.bin", NULL);
  gboolean ok;

  if (clv_file_is_there (single)) {
    ok = open_single (self, single, error);
  } else if (clv_file_is_there (index)) {
    ok = open_sharded (self, directory, index, error);
  } else {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: no weights: wanted model.safetensors or "
        "model.safetensors.index.json%s",
        directory,
        g_file_test (pickle, G_FILE_TEST_EXISTS)
            ? ", found only pytorch_model.bin, which must be converted"
            : "");
    return NULL;
  }
  return ok ? g_steal_pointer (&self) : NULL;
}

const ClvTensor *
clv_tensor_file_lookup (ClvTensorFile *self, const gchar *name)
{
  return g_hash_table_lookup (self->tensors, name);
}

const gchar *
clv_tensor_file_get_path (ClvTensorFile *self, const ClvTensor *tensor)
{
  for (guint i = 0; i < self->shards->len; i++) {
    const ClvSafetensors *shard = g_ptr_array_index (self->shards, i);

    if (g_hash_table_lookup (shard->tensors, tensor->name) == tensor)
      return shard->path;
  }
  g_return_val_if_reached (NULL);
}

void
clv_tensor_pages_done (const guint8 *data, gsize size)
{
  const guintptr page = (guintptr) sysconf (_SC_PAGESIZE);
  const guintptr first = ((guintptr) data + page - 1) / page * page;
  const guintptr end = ((guintptr) data + size) / page * page;

  if (end > first)
    madvise ((gpointer) first, end - first, MADV_DONTNEED);
}

static void
hash_shard (ClvSafetensors *shard, GChecksum *checksum)
{
  const guint8 *bytes =
      (const guint8 *) g_mapped_file_get_contents (shard->mapped);
  const gsize size = g_mapped_file_get_length (shard->mapped);
  const gsize n_data = size - shard->data_offset;
  const gsize n_rest = n_data % CLV_TENSOR_BLOCK_BYTES;
  g_autofree gchar *line = g_strdup_printf (
      "%" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT "\n", size, shard->data_offset);
  const ClvSurvey *survey = clv_survey_get (shard);
  guint32 lanes[CLV_TENSOR_LANES];

  for (guint i = 0; i < CLV_TENSOR_LANES; i++)
    lanes[i] = GUINT32_TO_LE (survey->lanes[i]);
  g_checksum_update (checksum, (const guint8 *) line, -1);
  g_checksum_update (checksum, bytes, (gssize) shard->data_offset);
  g_checksum_update (checksum, (const guint8 *) lanes, sizeof lanes);
  g_checksum_update (checksum, bytes + size - n_rest, (gssize) n_rest);
}

void
clv_tensor_file_hash (ClvTensorFile *self, GChecksum *checksum)
{
  for (guint i = 0; i < self->shards->len; i++)
    hash_shard (g_ptr_array_index (self->shards, i), checksum);
}

gboolean
clv_tensor_file_is_finite (ClvTensorFile *self)
{
  for (guint i = 0; i < self->shards->len; i++)
    if (!clv_survey_get (g_ptr_array_index (self->shards, i))->finite)
      return FALSE;
  return TRUE;
}

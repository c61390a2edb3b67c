/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-safetensors.h"

#include <string.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "text/clv-json.h"

G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN);

static const struct {
  const gchar *name;
  ClvDtype dtype;
  guint size;
} dtypes[] = {
  { "F32", CLV_DTYPE_F32, 4 },
  { "F16", CLV_DTYPE_F16, 2 },
  { "BF16", CLV_DTYPE_BF16, 2 },
  { "F64", CLV_DTYPE_OTHER, 8 },
  { "I64", CLV_DTYPE_OTHER, 8 },
  { "U64", CLV_DTYPE_OTHER, 8 },
  { "I32", CLV_DTYPE_OTHER, 4 },
  { "U32", CLV_DTYPE_OTHER, 4 },
  { "I16", CLV_DTYPE_OTHER, 2 },
  { "U16", CLV_DTYPE_OTHER, 2 },
  { "I8", CLV_DTYPE_OTHER, 1 },
  { "U8", CLV_DTYPE_OTHER, 1 },
  { "BOOL", CLV_DTYPE_OTHER, 1 },
  { "F8_E4M3", CLV_DTYPE_OTHER, 1 },
  { "F8_E5M2", CLV_DTYPE_OTHER, 1 },
};

static void
free_tensor (gpointer data)
{
  g_free ((gchar *) ((ClvTensor *) data)->name);
  g_free ((gchar *) ((ClvTensor *) data)->dtype_name);
  g_free (data);
}

void
clv_safetensors_free (ClvSafetensors *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_clear_pointer (&self->mapped, g_mapped_file_unref);
  g_clear_pointer (&self->by_offset, g_ptr_array_unref);
  g_hash_table_unref (self->tensors);
  g_free (self);
}

gchar *
clv_tensor_shape_string (guint n_dims, const guint64 *shape)
{
  GString *string = g_string_new ("(");

  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf (
        string, "%s%" G_GUINT64_FORMAT, i > 0 ? ", " : "", shape[i]);
  return g_string_free (g_string_append_c (string, ')'), FALSE);
}

/* An array of integers that are not negative. */
static gboolean
get_numbers (const ClvJsonPlace *place, const gchar *key, guint max_numbers,
    guint *ret_n, guint64 *ret_numbers, GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    goto wrong;
  array = json_node_get_array (node);
  if (json_array_get_length (array) > max_numbers)
    goto wrong;
  *ret_n = json_array_get_length (array);
  for (guint i = 0; i < *ret_n; i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (element) ||
        json_node_get_value_type (element) != G_TYPE_INT64 ||
        json_node_get_int (element) < 0)
      goto wrong;
    ret_numbers[i] = json_node_get_int (element);
  }
  return TRUE;

wrong:
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: %s.%s: wanted an array of at most %u integers from 0 to 2^63",
      place->file_name, place->json_path, key, max_numbers);
  return FALSE;
}

static gboolean
read_dtype (const ClvJsonPlace *place, ClvTensor *tensor,
    guint *ret_element_size, GError **error)
{
  const gchar *name = NULL;

  if (!clv_json_get_string (place, "dtype", &name, error))
    return FALSE;
  if (name == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.dtype: wanted a string, found nothing", place->file_name,
        place->json_path);
    return FALSE;
  }
  tensor->dtype = CLV_DTYPE_OTHER;
  tensor->dtype_name = g_strdup (name);
  *ret_element_size = 0;
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    if (g_str_equal (name, dtypes[i].name)) {
      tensor->dtype = dtypes[i].dtype;
      *ret_element_size = dtypes[i].size;
    }
  }
  return TRUE;
}

/* Sets n_elements. A type whose size we do not know may have any size. */
static gboolean
check_size (const ClvJsonPlace *place, ClvTensor *tensor, guint element_size,
    GError **error)
{
  g_autofree gchar *shape = NULL;
  guint64 n = 1, wanted;
  gboolean fits = TRUE;

  for (guint i = 0; i < tensor->n_dims; i++)
    fits &= g_uint64_checked_mul (&n, n, tensor->shape[i]);
  fits = fits && g_uint64_checked_mul (&wanted, n, MAX (element_size, 1));
  if (fits && (element_size == 0 || wanted == tensor->size_bytes)) {
    tensor->n_elements = n;
    return TRUE;
  }
  shape = clv_tensor_shape_string (tensor->n_dims, tensor->shape);
  if (fits)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s: %s %s wants %" G_GUINT64_FORMAT
        " bytes, found %" G_GSIZE_FORMAT,
        place->file_name, place->json_path, tensor->dtype_name, shape, wanted,
        tensor->size_bytes);
  else
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s: the shape %s is larger than any memory", place->file_name,
        place->json_path, shape);
  return FALSE;
}

static gboolean
read_tensor (ClvSafetensors *self, const ClvJsonPlace *place, ClvTensor *tensor,
    GError **error)
{
  guint64 data_size =
      g_mapped_file_get_length (self->mapped) - self->data_offset;
  guint64 offsets[2];
  guint element_size, n_offsets;

  if (!read_dtype (place, tensor, &element_size, error) ||
      !get_numbers (place, "shape", CLV_MAX_DIMS, &tensor->n_dims,
          tensor->shape, error) ||
      !get_numbers (place, "data_offsets", 2, &n_offsets, offsets, error))
    return FALSE;
  if (n_offsets != 2 || offsets[1] < offsets[0] || offsets[1] > data_size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.data_offsets: wanted begin ≤ end ≤ %" G_GUINT64_FORMAT
        " bytes of data, found %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
        place->file_name, place->json_path, data_size,
        n_offsets > 0 ? offsets[0] : 0, n_offsets > 1 ? offsets[1] : 0);
    return FALSE;
  }
  tensor->data = (const guint8 *) g_mapped_file_get_contents (self->mapped) +
                 self->data_offset + offsets[0];
  tensor->size_bytes = offsets[1] - offsets[0];
  return check_size (place, tensor, element_size, error);
}

static gboolean
read_tensors (ClvSafetensors *self, JsonObject *header, GError **error)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, header);
  while (json_object_iter_next (&iter, &name, &node)) {
    g_autofree gchar *json_path = g_strdup_printf ("$[\"%s\"]", name);
    ClvJsonPlace place = { self->path, json_path, NULL };
    ClvTensor *tensor;

    if (g_str_equal (name, "__metadata__"))
      continue;
    if (!JSON_NODE_HOLDS_OBJECT (node)) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: %s: wanted an object, found %s", self->path, json_path,
          clv_json_type_name (node));
      return FALSE;
    }
    place.object = json_node_get_object (node);
    tensor = g_new0 (ClvTensor, 1);
    tensor->name = g_strdup (name);
    g_hash_table_replace (self->tensors, (gpointer) tensor->name, tensor);
    if (!read_tensor (self, &place, tensor, error))
      return FALSE;
  }
  return TRUE;
}

static gint
compare_offsets (gconstpointer a, gconstpointer b)
{
  const ClvTensor *x = *(ClvTensor *const *) a, *y = *(ClvTensor *const *) b;

  if (x->data != y->data)
    return x->data < y->data ? -1 : 1;
  return x->size_bytes < y->size_bytes ? -1 : x->size_bytes > y->size_bytes;
}

static GPtrArray *
sort_tensors (GHashTable *tensors)
{
  GPtrArray *sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer tensor;

  g_hash_table_iter_init (&iter, tensors);
  while (g_hash_table_iter_next (&iter, NULL, &tensor))
    g_ptr_array_add (sorted, tensor);
  g_ptr_array_sort (sorted, compare_offsets);
  return sorted;
}

/* Every data byte belongs to exactly one tensor, as the format demands. */
static gboolean
check_ranges (ClvSafetensors *self, GError **error)
{
  const GPtrArray *sorted = self->by_offset;
  const guint8 *first =
      (const guint8 *) g_mapped_file_get_contents (self->mapped) +
      self->data_offset;
  gsize size = g_mapped_file_get_length (self->mapped) - self->data_offset;
  gsize covered = 0;

  for (guint i = 0; i <= sorted->len; i++) {
    const ClvTensor *tensor =
        i < sorted->len ? g_ptr_array_index (sorted, i) : NULL;
    gsize begin = tensor != NULL ? (gsize) (tensor->data - first) : size;

    if (begin > covered) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: data bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT
          " belong to no tensor",
          self->path, covered, begin);
      return FALSE;
    }
    if (begin < covered) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: tensor \"%s\" begins at data byte %" G_GSIZE_FORMAT
          " and overlaps \"%s\", which ends at %" G_GSIZE_FORMAT,
          self->path, tensor->name, begin,
          ((ClvTensor *) g_ptr_array_index (sorted, i - 1))->name, covered);
      return FALSE;
    }
    if (tensor != NULL)
      covered = begin + tensor->size_bytes;
  }
  return TRUE;
}

static JsonObject *
read_header (ClvSafetensors *self, GError **error)
{
  const gchar *contents = g_mapped_file_get_contents (self->mapped);
  gsize file_size = g_mapped_file_get_length (self->mapped);
  guint64 size = 0;

  if (file_size < 8) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a header length of 8 bytes, found a file of "
        "%" G_GSIZE_FORMAT,
        self->path, file_size);
    return NULL;
  }
  memcpy (&size, contents, 8);
  if (size > CLV_SAFETENSORS_MAX_HEADER || size > file_size - 8) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: header length: wanted at most %" G_GUINT64_FORMAT
        " bytes, found %" G_GUINT64_FORMAT,
        self->path, MIN ((guint64) CLV_SAFETENSORS_MAX_HEADER, file_size - 8),
        size);
    return NULL;
  }
  self->data_offset = 8 + size;
  return clv_json_parse (contents + 8, size, self->path, error);
}

ClvSafetensors *
clv_safetensors_open (const gchar *path, GError **error)
{
  g_autoptr (ClvSafetensors) self = g_new0 (ClvSafetensors, 1);
  g_autoptr (JsonObject) header = NULL;

  self->path = g_strdup (path);
  self->tensors =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_tensor);
  if (!clv_check_plain_file (path, error))
    return NULL;
  clv_file_state_read (&self->state, path);
  self->mapped = g_mapped_file_new (path, FALSE, error);
  if (self->mapped == NULL) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  header = read_header (self, error);
  if (header == NULL || !read_tensors (self, header, error))
    return NULL;
  self->by_offset = sort_tensors (self->tensors);
  if (!check_ranges (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

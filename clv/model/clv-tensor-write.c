/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "base/clv-read-file.h"
#include "clv-tensor-file.h"

static guint64
size_bytes (const ClvFloatTensor *tensor)
{
  guint64 n = sizeof (gfloat);

  for (guint i = 0; i < tensor->n_dims; i++)
    n *= tensor->shape[i];
  return n;
}

static void
add_tensor (JsonBuilder *builder, const ClvFloatTensor *tensor, guint64 begin)
{
  json_builder_set_member_name (builder, tensor->name);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "dtype");
  json_builder_add_string_value (builder, "F32");
  json_builder_set_member_name (builder, "shape");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tensor->n_dims; i++)
    json_builder_add_int_value (builder, tensor->shape[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "data_offsets");
  json_builder_begin_array (builder);
  json_builder_add_int_value (builder, begin);
  json_builder_add_int_value (builder, begin + size_bytes (tensor));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* Padded with spaces, so that the data begins at a multiple of 8 bytes. */
static gchar *
make_header (const ClvFloatTensor *tensors, guint n_tensors,
    const gchar *const *keys, const gchar *const *values)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *json = NULL;
  guint64 begin = 0;
  gsize size;

  json_builder_begin_object (builder);
  if (keys != NULL && keys[0] != NULL) {
    json_builder_set_member_name (builder, "__metadata__");
    json_builder_begin_object (builder);
    for (guint i = 0; keys[i] != NULL; i++) {
      g_autofree gchar *value = g_utf8_make_valid (values[i], -1);

      json_builder_set_member_name (builder, keys[i]);
      json_builder_add_string_value (builder, value);
    }
    json_builder_end_object (builder);
  }
  for (guint i = 0; i < n_tensors; i++) {
    add_tensor (builder, &tensors[i], begin);
    begin += size_bytes (&tensors[i]);
  }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  json = json_to_string (root, FALSE);
  size = strlen (json);
  return g_strdup_printf ("%s%*s", json, (int) (7 - (size + 7) % 8), "");
}

static gboolean
write_in_place (const gchar *path, const GString *content, GError **error)
{
  FILE *file = g_fopen (path, "wbe");
  gboolean written = FALSE;
  gint code;

  if (file != NULL)
    written = fwrite (content->str, 1, content->len, file) == content->len;
  code = errno;
  if (file != NULL && fclose (file) != 0 && written) {
    code = errno;
    written = FALSE;
  }
  if (!written)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        path, g_strerror (code));
  return written;
}

/* A device or a pipe must stay what it is: it is not renamed over. */
static gboolean
write_content (const gchar *path, const GString *content, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_EXISTS) &&
      !clv_check_plain_file (path, NULL))
    return write_in_place (path, content, error);
  if (g_file_set_contents_full (path, content->str, content->len,
          G_FILE_SET_CONTENTS_CONSISTENT, 0666, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

gboolean
clv_tensor_file_write (const gchar *path, const ClvFloatTensor *tensors,
    guint n_tensors, const gchar *const *metadata_keys,
    const gchar *const *metadata_values, GError **error)
{
  g_autofree gchar *header =
      make_header (tensors, n_tensors, metadata_keys, metadata_values);
  g_autoptr (GString) file = g_string_new (NULL);
  guint64 header_size = strlen (header);

  g_string_append_len (file, (const gchar *) &header_size, 8);
  g_string_append (file, header);
  for (guint i = 0; i < n_tensors; i++)
    g_string_append_len (
        file, (const gchar *) tensors[i].values, size_bytes (&tensors[i]));
  return write_content (path, file, error);
}

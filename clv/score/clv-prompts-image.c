/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-prompts-image.h"

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "clv-text-cache-file.h"
#include "clv-text-cache.h"

typedef struct {
  ClvPromptsImages *images;
  const gchar *path;
  GBytes *bytes;
} Picture;

/* What the cache asks where it has no row; its one "text" is the key. */
static gboolean
encode_missing (const gchar *const *keys, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  Picture *self = user_data;

  if (!self->images->encode (
          self->path, self->bytes, ret_rows, self->images->user_data, error)) {
    g_prefix_error (error, "picture %s: ", self->path);
    return FALSE;
  }
  if (clv_text_row_is_unit (ret_rows, self->images->width))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "picture %s: wanted an embedding of unit length, found another",
      self->path);
  return FALSE;
}

gboolean
clv_prompts_image_encode (
    ClvPromptsImages *self, const gchar *path, gfloat *ret_row, GError **error)
{
  g_autoptr (GByteArray) content = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree gchar *digest = NULL;
  g_autofree gchar *key = NULL;
  Picture picture;

  if (self->encode == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "picture %s: nothing here decodes pictures", path);
    return FALSE;
  }
  content = clv_read_file (path, CLV_PROMPTS_MAX_IMAGE, error);
  if (content == NULL)
    return FALSE;
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&content));
  digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  /* Nobody writes such a phrase. */
  key = g_strconcat ("\001picture ", digest, NULL);
  picture = (Picture){ .images = self, .path = path, .bytes = bytes };
  return clv_text_cache_encode (self->model_id, self->width,
      (const gchar *const[]){ key }, 1, encode_missing, &picture, ret_row,
      error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-cache-dir.h"

#include <errno.h>

gchar *
clv_cache_path (const gchar *file_name)
{
  const gchar *dir = g_getenv ("CLV_CACHE_DIR");
  g_autofree gchar *path =
      dir != NULL && *dir != '\0'
          ? g_strdup (dir)
          : g_build_filename (g_get_user_cache_dir (), "clv", NULL);

  if (g_mkdir_with_parents (path, 0700) != 0) {
    g_debug ("no cache: %s: %s", path, g_strerror (errno));
    return NULL;
  }
  return g_build_filename (path, file_name, NULL);
}

GBytes *
clv_cache_read (const gchar *file_name)
{
  g_autofree gchar *path = clv_cache_path (file_name);
  gchar *data;
  gsize size;

  if (path == NULL || !g_file_get_contents (path, &data, &size, NULL))
    return NULL;
  return g_bytes_new_take (data, size);
}

void
clv_cache_write (const gchar *file_name, gconstpointer data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = clv_cache_path (file_name);

  if (path != NULL && !g_file_set_contents_full (path, data, size,
                          G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_debug ("cache not written: %s", error->message);
}

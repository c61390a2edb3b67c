/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "index-files.h"

#include <string.h>

#include "clv-tool.h"

static gboolean
is_media (const gchar *name)
{
  static const gchar *const endings[] = { "3gp", "avi", "flv", "m2ts", "m4v",
    "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "ogm", "ogv", "ts", "vob",
    "webm", "wmv", "bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp" };
  const gchar *dot = strrchr (name, '.');

  for (guint i = 0; dot != NULL && i < G_N_ELEMENTS (endings); i++)
    if (g_ascii_strcasecmp (dot + 1, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

/* A pipe, a device or a socket, which may never end. What is not there, as behind a
 * broken link, is left to who opens it: that is worth a message. */
static gboolean
is_other (const gchar *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS) &&
         !g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

gboolean
index_files_add (
    GPtrArray *files, const gchar *directory, guint *n_failed, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (*name != '.')
      g_ptr_array_add (names, g_build_filename (directory, name, NULL));
  g_ptr_array_sort (names, compare);
  for (guint i = 0; i < names->len; i++) {
    const gchar *path = names->pdata[i];
    g_autoptr (GError) below = NULL;

    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) &&
          !index_files_add (files, path, n_failed, &below)) {
        tool_fail ("%s", below->message);
        ++*n_failed;
      }
    } else if (is_media (path) && !is_other (path))
      g_ptr_array_add (files, g_strdup (path));
  }
  return TRUE;
}

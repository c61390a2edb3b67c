/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the user's index is, and what media are called in one. */

#include <clv/clv-index.h>

#include <errno.h>
#include <gio/gio.h>

gchar *
clv_index_get_default_path (GError **error)
{
  g_autofree gchar *directory =
      g_build_filename (g_get_user_data_dir (), "clv", NULL);

  if (g_mkdir_with_parents (directory, 0700) != 0) {
    const gint code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        directory, g_strerror (code));
    return NULL;
  }
  return g_build_filename (directory, "index.db", NULL);
}

gchar *
clv_index_name_media (
    const gchar *location, gint64 *ret_size, gint64 *ret_modified_us)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (location);
  g_autoptr (GFileInfo) info =
      g_file_is_native (file) ? g_file_query_info (file,
                                    G_FILE_ATTRIBUTE_STANDARD_SIZE
                                    "," G_FILE_ATTRIBUTE_TIME_MODIFIED
                                    "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC,
                                    G_FILE_QUERY_INFO_NONE, NULL, NULL)
                              : NULL;
  gchar *path = g_file_get_path (file);

  *ret_size = -1;
  *ret_modified_us = -1;
  if (info != NULL) {
    *ret_size = g_file_info_get_size (info);
    *ret_modified_us = (gint64) g_file_info_get_attribute_uint64 (
                           info, G_FILE_ATTRIBUTE_TIME_MODIFIED) *
                           G_USEC_PER_SEC +
                       g_file_info_get_attribute_uint32 (
                           info, G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC);
  }
  return path != NULL ? path : g_strdup (location);
}

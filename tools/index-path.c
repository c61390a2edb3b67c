/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-tool.h"

#include <errno.h>

gchar *
tool_default_index (GError **error)
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

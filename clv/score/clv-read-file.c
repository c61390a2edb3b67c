/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-read-file.h"

#include <clv/clv-error.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

/* Reads at most a chunk more than is allowed, so that /dev/zero ends too. */
GByteArray *
clv_read_file (const gchar *path, guint max_bytes, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  FILE *file = g_fopen (path, "rb");
  gboolean failed = file == NULL;

  while (!failed && !feof (file) && bytes->len <= max_bytes) {
    guint8 chunk[16384];
    gsize n = fread (chunk, 1, sizeof chunk, file);

    g_byte_array_append (bytes, chunk, (guint) n);
    failed = ferror (file) != 0;
  }
  if (failed) {
    gint code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        path, g_strerror (code));
  } else if (bytes->len > max_bytes) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted at most %u MiB, found more", path, max_bytes >> 20);
    failed = TRUE;
  }
  if (file != NULL)
    fclose (file);
  return failed ? NULL : g_steal_pointer (&bytes);
}

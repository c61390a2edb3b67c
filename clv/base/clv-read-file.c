/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-read-file.h"

#include <clv/clv-error.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long a pipe may have no writer. */
#define PIPE_PATIENCE_MS 5000

static void
set_errno_error (GError **error, const gchar *path, gint code)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
      path, g_strerror (code));
}

/* Opening a pipe would wait for a writer, for ever if there is none. */
static FILE *
open_file (const gchar *path, GError **error)
{
  gint fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  struct pollfd wait = { .fd = fd, .events = POLLIN };
  struct stat info;
  FILE *file = NULL;

  if (fd >= 0 && fstat (fd, &info) == 0 && S_ISFIFO (info.st_mode) &&
      poll (&wait, 1, PIPE_PATIENCE_MS) == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a file, found a pipe into which nobody writes", path);
    close (fd);
    return NULL;
  }
  if (fd >= 0 && fcntl (fd, F_SETFL, 0) == 0)
    file = fdopen (fd, "rb");
  if (file == NULL) {
    set_errno_error (error, path, errno);
    if (fd >= 0)
      close (fd);
  }
  return file;
}

/* Reads at most a chunk more than is allowed, so that /dev/zero ends too. */
GByteArray *
clv_read_file (const gchar *path, guint max_bytes, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  FILE *file = open_file (path, error);
  gboolean failed = file == NULL;

  while (!failed && !feof (file) && bytes->len <= max_bytes) {
    guint8 chunk[16384];
    gsize n = fread (chunk, 1, sizeof chunk, file);

    g_byte_array_append (bytes, chunk, (guint) n);
    failed = ferror (file) != 0;
    if (failed)
      set_errno_error (error, path, errno);
  }
  if (!failed && bytes->len > max_bytes) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted at most %u MiB, found more", path, max_bytes >> 20);
    failed = TRUE;
  }
  if (file != NULL)
    fclose (file);
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  g_byte_array_set_size (bytes, bytes->len - 1);
  return failed ? NULL : g_steal_pointer (&bytes);
}

gboolean
clv_check_plain_file (const gchar *path, GError **error)
{
  struct stat info;

  if (stat (path, &info) != 0) {
    set_errno_error (error, path, errno);
    return FALSE;
  }
  if (S_ISREG (info.st_mode))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: wanted a file, found %s", path,
      S_ISDIR (info.st_mode) ? "a directory" : "something else");
  return FALSE;
}

gboolean
clv_file_is_there (const gchar *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS) ||
         g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

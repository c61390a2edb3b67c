/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
set_errno_error (GError **error, const gchar *path, int code)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
      path, g_strerror (code));
  return FALSE;
}

/* A new file that only we know, with the permissions that the umask gives. */
static gboolean
open_aside (Output *self, GError **error)
{
  const mode_t mask = umask (0);
  int fd, code;

  umask (mask);
  self->aside = g_strdup_printf ("%s.XXXXXX", self->path);
  fd = g_mkstemp_full (self->aside, O_RDWR | O_CLOEXEC, 0666 & ~mask);
  if (fd < 0) {
    code = errno;
    g_clear_pointer (&self->aside, g_free);
    return set_errno_error (error, self->path, code);
  }
  self->out = fdopen (fd, "w");
  if (self->out == NULL) {
    code = errno;
    close (fd);
    return set_errno_error (error, self->path, code);
  }
  return TRUE;
}

gboolean
output_open (Output *self, const gchar *path, GError **error)
{
  struct stat info;

  *self = (Output){ .path = g_strdup (path) };
  if (path == NULL) {
    self->out = stdout;
    return TRUE;
  }
  if (stat (path, &info) != 0 || S_ISREG (info.st_mode))
    return open_aside (self, error);
  if (S_ISDIR (info.st_mode))
    return set_errno_error (error, path, EISDIR);
  /* A pipe or a terminal cannot be renamed to. */
  self->out = fopen (path, "we");
  return self->out != NULL || set_errno_error (error, path, errno);
}

void
output_note_failure (Output *self)
{
  if (self->code == 0 && ferror (self->out))
    self->code = errno != 0 ? errno : EIO;
}

gboolean
output_commit (Output *self, GError **error)
{
  const gchar *name = self->path != NULL ? self->path : "standard output";
  int code;

  fflush (self->out);
  output_note_failure (self);
  code = self->code;
  if (self->path != NULL && fclose (g_steal_pointer (&self->out)) != 0 &&
      code == 0)
    code = errno;
  if (code == 0 && self->aside != NULL &&
      g_rename (self->aside, self->path) != 0)
    code = errno;
  if (code != 0)
    return set_errno_error (error, name, code);

  g_clear_pointer (&self->aside, g_free);
  return TRUE;
}

void
output_clear (Output *self)
{
  if (self->path != NULL && self->out != NULL)
    fclose (self->out);
  if (self->aside != NULL)
    g_unlink (self->aside);
  g_clear_pointer (&self->aside, g_free);
  g_clear_pointer (&self->path, g_free);
  self->out = NULL;
}

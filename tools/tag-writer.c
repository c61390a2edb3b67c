/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const TagFormat *
tag_format_find (const gchar *name)
{
  static const TagFormat *const formats[] = { &tag_format_table,
    &tag_format_jsonl, &tag_format_csv, &tag_format_vtt, &tag_format_html,
    &tag_format_chapters, &tag_format_edl, &tag_format_ffmetadata };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (name, formats[i]->name) == 0)
      return formats[i];
  return NULL;
}

static gboolean
set_errno_error (GError **error, const gchar *path, int code)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
      path, g_strerror (code));
  return FALSE;
}

/* A new file that only we know, with the permissions that the umask gives. */
static gboolean
open_aside (TagWriter *self, GError **error)
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
tag_writer_open (TagWriter *self, const TagFormat *format, const gchar *path,
    ClvPrompts *prompts, const gchar *model_name, guint n_media, GError **error)
{
  struct stat info;

  *self = (TagWriter){
    .format = format,
    .prompts = prompts,
    .model_name = model_name,
    .n_media = n_media,
    .spans = g_array_new (FALSE, FALSE, sizeof (TagSpan)),
    .path = g_strdup (path),
  };
  if (path == NULL) {
    self->out = stdout;
  } else if (stat (path, &info) == 0 && S_ISDIR (info.st_mode)) {
    return set_errno_error (error, path, EISDIR);
  } else if (stat (path, &info) == 0 && !S_ISREG (info.st_mode)) {
    /* A pipe or a terminal cannot be renamed to. */
    self->out = fopen (path, "we");
    if (self->out == NULL)
      return set_errno_error (error, path, errno);
  } else if (!open_aside (self, error)) {
    return FALSE;
  }
  if (format->begin != NULL)
    format->begin (self);
  return TRUE;
}

/* Later on nobody knows why a write failed. */
static void
note_failure (TagWriter *self)
{
  if (self->code == 0 && ferror (self->out))
    self->code = errno != 0 ? errno : EIO;
}

void
tag_writer_add_frame (TagWriter *self, const TagFrame *frame)
{
  if (self->format->frame == NULL)
    return;
  errno = 0;
  self->format->frame (self, frame);
  note_failure (self);
}

void
tag_writer_end_media (TagWriter *self, const TagSummary *summary)
{
  errno = 0;
  if (self->format->media_end != NULL)
    self->format->media_end (self, summary);
  fflush (self->out);
  note_failure (self);
}

gboolean
tag_writer_commit (TagWriter *self, GError **error)
{
  const gchar *name = self->path != NULL ? self->path : "standard output";
  int code;

  errno = 0;
  if (self->format->finish != NULL)
    self->format->finish (self);
  fflush (self->out);
  note_failure (self);
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
tag_writer_clear (TagWriter *self)
{
  if (self->format != NULL && self->format->clear != NULL)
    self->format->clear (self);
  if (self->path != NULL && self->out != NULL)
    fclose (self->out);
  if (self->aside != NULL)
    g_unlink (self->aside);
  g_clear_pointer (&self->aside, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->spans, g_array_unref);
  self->out = NULL;
}

gint
tag_span_compare (gconstpointer a, gconstpointer b)
{
  const TagSpan *left = a, *right = b;

  if (left->start != right->start)
    return left->start < right->start ? -1 : 1;
  if (left->end != right->end)
    return left->end < right->end ? -1 : 1;
  return left->label < right->label ? -1 : left->label > right->label;
}

gchar *
tag_format_time (gdouble seconds, gboolean always_hours)
{
  const guint64 ms = (guint64) (MAX (seconds, 0.0) * 1000.0 + 0.5);
  const guint64 hours = ms / 3600000;

  if (hours > 0 || always_hours)
    return g_strdup_printf ("%02" G_GUINT64_FORMAT ":%02u:%02u.%03u", hours,
        (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60),
        (guint) (ms % 1000));
  return g_strdup_printf ("%02u:%02u.%03u", (guint) (ms / 60000),
      (guint) (ms / 1000 % 60), (guint) (ms % 1000));
}

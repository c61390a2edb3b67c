/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipwatch.h"

#include <string.h>
#include <sys/stat.h>

static gint64
to_ns (const struct timespec *time)
{
  return (gint64) time->tv_sec * 1000000000 + time->tv_nsec;
}

static GstClipFileState
look (const gchar *path)
{
  struct stat found;

  if (stat (path, &found) != 0)
    return (GstClipFileState){ 0 };
  return (GstClipFileState){
    .device = found.st_dev,
    .inode = found.st_ino,
    .size = (guint64) found.st_size,
    .modified_ns = to_ns (&found.st_mtim),
    .changed_ns = to_ns (&found.st_ctim),
  };
}

static gboolean
is_same (const GstClipFileState *a, const GstClipFileState *b)
{
  return memcmp (a, b, sizeof *a) == 0; /* no padding: all have 64 bits */
}

void
gst_clip_watch_reset (GstClipWatch *self, const gchar *path)
{
  g_free (self->path);
  *self = (GstClipWatch){ .path = g_strdup (path) };
  if (path != NULL)
    self->told = self->seen = look (path);
}

gboolean
gst_clip_watch_look (GstClipWatch *self)
{
  GstClipFileState now;
  gboolean settled;

  if (self->path == NULL)
    return FALSE;
  now = look (self->path);
  settled = is_same (&now, &self->seen);
  self->seen = now;
  if (!settled || is_same (&now, &self->told))
    return FALSE;
  self->told = now;
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages as lines of a file. */

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gstclippublishlink.h"

#define WINDOW 64

typedef struct {
  GstClipPublishTransport parent;
  gchar *path;

  GMutex lock; /* of what follows */
  GCond changed;
  gint fd;     /* -1: closed */
  gint failed; /* why the last write did */
  gboolean interrupted;
} File;

static void
fail (const File *self, gint code, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
      "cannot be written: %s", g_strerror (code));
}

static gboolean
file_run (GstClipPublishTransport *transport, GError **error)
{
  File *self = (File *) transport;
  /* A pipe that nobody reads must not hold anybody up. */
  const gint fd = open (
      self->path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
  gint code = errno;

  if (fd < 0) {
    fail (self, code, error);
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  self->fd = fd;
  self->failed = 0;
  g_mutex_unlock (&self->lock);
  gst_clip_publish_link_up (transport->link);

  g_mutex_lock (&self->lock);
  while (self->failed == 0 && !self->interrupted)
    g_cond_wait (&self->changed, &self->lock);
  code = self->failed;
  self->fd = -1;
  g_mutex_unlock (&self->lock);
  close (fd);
  if (code != 0)
    fail (self, code, error);
  return code == 0;
}

/* The lock is held. A line that was written in part is taken back, where the file
 * allows it. */
static gboolean
write_line (File *self, const GstClipPublishMessage *message)
{
  const gsize size = message->payload_size + 1;
  struct iovec parts[2] = { { message->payload, message->payload_size },
    { (gchar *) "\n", 1 } };
  gssize n;

  do
    n = writev (self->fd, parts, 2);
  while (n < 0 && errno == EINTR);
  if (n == (gssize) size)
    return TRUE;
  self->failed = n < 0 ? errno : ENOSPC;
  if (n > 0) {
    const off_t end = lseek (self->fd, 0, SEEK_END);

    if (end >= n && ftruncate (self->fd, end - n) != 0)
      self->failed = errno;
  }
  return FALSE;
}

static GstClipPublishFate
file_send (GstClipPublishTransport *transport,
    const GstClipPublishMessage *message, guint64 id, GError **error)
{
  File *self = (File *) transport;
  gboolean good;

  g_mutex_lock (&self->lock);
  good = self->fd >= 0 && self->failed == 0 && write_line (self, message);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (!good)
    return GST_CLIP_PUBLISH_NOT_NOW;
  gst_clip_publish_link_done (transport->link, id, NULL);
  return GST_CLIP_PUBLISH_SENT;
}

static void
file_interrupt (GstClipPublishTransport *transport, gboolean in_peace)
{
  File *self = (File *) transport;

  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
file_free (GstClipPublishTransport *transport)
{
  File *self = (File *) transport;

  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

GstClipPublishTransport *
gst_clip_publish_file_new (const GstClipPublishUri *uri)
{
  static const GstClipPublishTransportClass klass = { WINDOW, file_run,
    file_send, file_interrupt, file_free };
  File *self = g_new0 (File, 1);

  self->parent.klass = &klass;
  self->path = g_strdup (uri->path);
  self->fd = -1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return &self->parent;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishlink.h"

GST_DEBUG_CATEGORY_EXTERN (gst_clip_publish_debug);
#define GST_CAT_DEFAULT gst_clip_publish_debug

/* Waits of half to one and a half seconds at first, 15 to 30 in the end. */
#define FIRST_WAIT_US (G_USEC_PER_SEC)
#define MAX_WAIT_US   (30 * G_USEC_PER_SEC)

/* A connection that held so long was a good one. */
#define GOOD_US (10 * G_USEC_PER_SEC)

#define REPEAT_US (60 * G_USEC_PER_SEC)

struct _GstClipPublishLink {
  GstElement *element;
  gchar *name;
  GstClipPublishTransport *transport;
  const GstClipPublishListener *listener;
  gpointer data;
  GThread *thread;

  GMutex lock; /* of what follows */
  GCond changed;
  gboolean stopping;
  gboolean up;
  gint64 since; /* of up */
  gchar *told;  /* the newest complaint that was posted */
  gint64 told_at;
};

/* Between half of it and all of it, so that those who lost the same server do not
 * come back in step. */
static gint64
choose_wait (guint n_failed)
{
  const gint64 most = MIN (FIRST_WAIT_US << MIN (n_failed, 10), MAX_WAIT_US);

  return most / 2 + g_random_int_range (0, (gint32) (most / 2) + 1);
}

void
gst_clip_publish_link_complain (GstClipPublishLink *self, const gchar *what)
{
  const gint64 now = g_get_monotonic_time ();
  gboolean tell;

  g_mutex_lock (&self->lock);
  tell = !self->stopping && (g_strcmp0 (self->told, what) != 0 ||
                                now >= self->told_at + REPEAT_US);
  if (tell) {
    g_free (self->told);
    self->told = g_strdup (what);
    self->told_at = now;
  }
  g_mutex_unlock (&self->lock);
  if (tell)
    GST_ELEMENT_WARNING (self->element, RESOURCE, OPEN_WRITE,
        ("%s: %s", self->name, what), (NULL));
  else
    GST_INFO_OBJECT (self->element, "%s: %s", self->name, what);
}

void
gst_clip_publish_link_up (GstClipPublishLink *self)
{
  gboolean again;

  g_mutex_lock (&self->lock);
  self->up = TRUE;
  self->since = g_get_monotonic_time ();
  again = self->told != NULL;
  g_clear_pointer (&self->told, g_free);
  g_mutex_unlock (&self->lock);
  GST_INFO_OBJECT (self->element, "%s: connected", self->name);
  if (again)
    GST_ELEMENT_INFO (self->element, RESOURCE, OPEN_WRITE,
        ("%s: connected again", self->name), (NULL));
  self->listener->up (self->data);
}

void
gst_clip_publish_link_done (
    GstClipPublishLink *self, guint64 id, const GError *refused)
{
  self->listener->done (self->data, id, refused);
}

/* Whether the connection was a good one. */
static gboolean
go_down (GstClipPublishLink *self)
{
  gboolean was_up, good;

  g_mutex_lock (&self->lock);
  was_up = self->up;
  good = was_up && g_get_monotonic_time () - self->since >= GOOD_US;
  self->up = FALSE;
  g_mutex_unlock (&self->lock);
  if (was_up)
    self->listener->down (self->data);
  return good;
}

static gboolean
wait_for (GstClipPublishLink *self, gint64 wait)
{
  const gint64 end = g_get_monotonic_time () + wait;
  gboolean stopping;

  g_mutex_lock (&self->lock);
  while (
      !self->stopping && g_cond_wait_until (&self->changed, &self->lock, end))
    ;
  stopping = self->stopping;
  g_mutex_unlock (&self->lock);
  return !stopping;
}

static gpointer
run (gpointer data)
{
  GstClipPublishLink *self = data;
  guint n_failed = 0;
  gint64 wait = 0;

  while (wait_for (self, wait)) {
    g_autoptr (GError) error = NULL;
    const gboolean good = self->transport->klass->run (self->transport, &error);

    n_failed = go_down (self) ? 0 : n_failed;
    wait = choose_wait (n_failed++);
    if (!good)
      gst_clip_publish_link_complain (self, error->message);
    GST_INFO_OBJECT (self->element, "%s: next try in %.1f s", self->name,
        (gdouble) wait / G_USEC_PER_SEC);
  }
  return NULL;
}

GstClipPublishLink *
gst_clip_publish_link_new (GstElement *element, const gchar *name,
    GstClipPublishTransport *transport, const GstClipPublishListener *listener,
    gpointer data)
{
  GstClipPublishLink *self = g_new0 (GstClipPublishLink, 1);

  self->element = element;
  self->name = g_strdup (name);
  self->transport = transport;
  transport->link = self;
  self->listener = listener;
  self->data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->thread = g_thread_new ("clippublish:link", run, self);
  return self;
}

void
gst_clip_publish_link_free (GstClipPublishLink *self, gboolean in_peace)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  self->transport->klass->interrupt (self->transport, in_peace);
  g_thread_join (self->thread);

  self->transport->klass->free (self->transport);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->told);
  g_free (self->name);
  g_free (self);
}

GstClipPublishFate
gst_clip_publish_link_send (GstClipPublishLink *self,
    const GstClipPublishMessage *message, guint64 id, GError **error)
{
  return self->transport->klass->send (self->transport, message, id, error);
}

guint
gst_clip_publish_link_get_window (const GstClipPublishLink *self)
{
  return self->transport->klass->window;
}

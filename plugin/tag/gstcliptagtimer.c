/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagtimer.h"

struct _GstClipTagTimer {
  GstElement *element;
  GstClipTagTimerFunc func;
  gpointer data;
  GThread *thread;

  GMutex mutex;
  GCond changed;
  gboolean stop;
  GstClockID id; /* what is waited for, or is to be; NULL: nothing */
  guint64 batch;
};

GstClipTagTimer *
gst_clip_tag_timer_new (
    GstElement *element, GstClipTagTimerFunc func, gpointer data)
{
  GstClipTagTimer *self = g_new0 (GstClipTagTimer, 1);

  self->element = element;
  self->func = func;
  self->data = data;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  return self;
}

/* Mutex held. Who waits for it finds that it is not the one any more. */
static void
drop_id (GstClipTagTimer *self)
{
  if (self->id == NULL)
    return;
  gst_clock_id_unschedule (self->id);
  g_clear_pointer (&self->id, gst_clock_id_unref);
}

/* TRUE: the time has come for *ret_batch. */
static gboolean
wait_for (GstClipTagTimer *self, GstClockID id, guint64 *ret_batch)
{
  gboolean due;

  gst_clock_id_wait (id, NULL);
  g_mutex_lock (&self->mutex);
  due = self->id == id;
  if (due) {
    *ret_batch = self->batch;
    g_clear_pointer (&self->id, gst_clock_id_unref);
  }
  g_mutex_unlock (&self->mutex);
  return due;
}

static gpointer
run (gpointer data)
{
  GstClipTagTimer *self = data;

  for (;;) {
    GstClockID id = NULL;
    guint64 batch;

    g_mutex_lock (&self->mutex);
    while (self->id == NULL && !self->stop)
      g_cond_wait (&self->changed, &self->mutex);
    if (!self->stop)
      id = gst_clock_id_ref (self->id);
    g_mutex_unlock (&self->mutex);
    if (id == NULL)
      return NULL;
    if (wait_for (self, id, &batch))
      self->func (self->data, batch);
    gst_clock_id_unref (id);
  }
}

void
gst_clip_tag_timer_stop (GstClipTagTimer *self)
{
  g_mutex_lock (&self->mutex);
  self->stop = TRUE;
  drop_id (self);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
  g_clear_pointer (&self->thread, g_thread_join);
  self->stop = FALSE;
}

void
gst_clip_tag_timer_free (GstClipTagTimer *self)
{
  gst_clip_tag_timer_stop (self);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
  g_free (self);
}

void
gst_clip_tag_timer_arm (
    GstClipTagTimer *self, guint64 batch, GstClockTime delay)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (self->element);

  if (clock == NULL)
    clock = gst_system_clock_obtain ();
  if (self->thread == NULL)
    self->thread = g_thread_try_new ("cliptag-timer", run, self, NULL);
  g_mutex_lock (&self->mutex);
  drop_id (self);
  self->batch = batch;
  self->id =
      gst_clock_new_single_shot_id (clock, gst_clock_get_time (clock) + delay);
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
}

void
gst_clip_tag_timer_disarm (GstClipTagTimer *self)
{
  g_mutex_lock (&self->mutex);
  drop_id (self);
  g_mutex_unlock (&self->mutex);
}

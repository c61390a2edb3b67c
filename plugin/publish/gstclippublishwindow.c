/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishwindow.h"

typedef struct {
  guint64 id;
  GstClipPublishMessage *message;
  gboolean done;
} Slot;

static void
slot_free (gpointer data)
{
  Slot *self = data;

  gst_clip_publish_message_unref (self->message);
  g_free (self);
}

void
gst_clip_publish_window_init (GstClipPublishWindow *self, guint size)
{
  g_queue_init (&self->slots);
  self->unsent = NULL;
  self->size = size;
}

void
gst_clip_publish_window_clear (GstClipPublishWindow *self)
{
  g_queue_clear_full (&self->slots, slot_free);
  self->unsent = NULL;
}

gboolean
gst_clip_publish_window_is_full (const GstClipPublishWindow *self)
{
  return self->slots.length >= self->size;
}

void
gst_clip_publish_window_push (
    GstClipPublishWindow *self, guint64 id, GstClipPublishMessage *message)
{
  Slot *slot = g_new0 (Slot, 1);

  slot->id = id;
  slot->message = message;
  g_queue_push_tail (&self->slots, slot);
  if (self->unsent == NULL)
    self->unsent = self->slots.tail;
}

/* From a slot on, the first that is not acknowledged. */
static GList *
skip_done (GList *at)
{
  while (at != NULL && ((Slot *) at->data)->done)
    at = at->next;
  return at;
}

GstClipPublishMessage *
gst_clip_publish_window_take (GstClipPublishWindow *self, guint64 *ret_id)
{
  Slot *slot;

  self->unsent = skip_done (self->unsent);
  if (self->unsent == NULL)
    return NULL;
  slot = self->unsent->data;
  self->unsent = self->unsent->next;
  *ret_id = slot->id;
  return gst_clip_publish_message_ref (slot->message);
}

void
gst_clip_publish_window_rewind (GstClipPublishWindow *self)
{
  self->unsent = self->slots.head;
}

gboolean
gst_clip_publish_window_done (GstClipPublishWindow *self, guint64 id)
{
  for (GList *at = self->slots.head; at != NULL; at = at->next) {
    Slot *slot = at->data;

    if (slot->id == id && !slot->done) {
      slot->done = TRUE;
      return TRUE;
    }
  }
  return FALSE;
}

guint64
gst_clip_publish_window_leave (GstClipPublishWindow *self)
{
  guint64 last = 0;

  while (self->slots.head != NULL && ((Slot *) self->slots.head->data)->done) {
    if (self->unsent == self->slots.head)
      self->unsent = self->unsent->next;
    last = ((Slot *) self->slots.head->data)->id;
    slot_free (g_queue_pop_head (&self->slots));
  }
  return last;
}

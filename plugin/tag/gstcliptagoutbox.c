/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagoutbox.h"

#include "gstcliptagactions.h"

typedef struct {
  GstElement *element;
  GstMessage *message; /* or NULL */
  GstStructure *tags;  /* or NULL */
} Item;

struct _GstClipTagOutbox {
  gint ref_count; /* atomic */
  GMutex mutex;
  GQueue items;
  gboolean sending;
};

GstClipTagOutbox *
gst_clip_tag_outbox_new (void)
{
  GstClipTagOutbox *self = g_new0 (GstClipTagOutbox, 1);

  self->ref_count = 1;
  g_mutex_init (&self->mutex);
  g_queue_init (&self->items);
  return self;
}

GstClipTagOutbox *
gst_clip_tag_outbox_ref (GstClipTagOutbox *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

static void
free_item (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->message, gst_message_unref);
  g_clear_pointer (&item->tags, gst_structure_free);
  gst_object_unref (item->element);
  g_free (item);
}

void
gst_clip_tag_outbox_unref (GstClipTagOutbox *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_queue_clear_full (&self->items, free_item);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static void
add (GstClipTagOutbox *self, GstElement *element, GstMessage *message,
    GstStructure *tags)
{
  Item *item = g_new (Item, 1);

  *item = (Item){
    .element = gst_object_ref (element), .message = message, .tags = tags
  };
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->items, item);
  g_mutex_unlock (&self->mutex);
}

void
gst_clip_tag_outbox_add_message (
    GstClipTagOutbox *self, GstElement *element, GstMessage *message)
{
  add (self, element, message, NULL);
}

void
gst_clip_tag_outbox_add_changed (
    GstClipTagOutbox *self, GstElement *element, GstStructure *tags)
{
  add (self, element, NULL, tags);
}

static void
send_item (Item *item)
{
  if (item->message != NULL)
    gst_element_post_message (item->element, g_steal_pointer (&item->message));
  if (item->tags != NULL)
    gst_clip_tag_actions_emit_changed (item->element, item->tags);
  free_item (item);
}

void
gst_clip_tag_outbox_send (GstClipTagOutbox *self)
{
  Item *item;

  /* A receiver may let the last other reference go. */
  gst_clip_tag_outbox_ref (self);
  g_mutex_lock (&self->mutex);
  if (!self->sending) {
    self->sending = TRUE;
    while ((item = g_queue_pop_head (&self->items)) != NULL) {
      g_mutex_unlock (&self->mutex);
      send_item (item);
      g_mutex_lock (&self->mutex);
    }
    self->sending = FALSE;
  }
  g_mutex_unlock (&self->mutex);
  gst_clip_tag_outbox_unref (self);
}

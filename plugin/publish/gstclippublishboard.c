/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishboard.h"

typedef struct {
  GstClipPublishMessage *message;
  gboolean last;
  guint64 id;    /* as it was sent; 0: it was not */
  gboolean done; /* the server has it */
} Entry;

struct _GstClipPublishBoard {
  GHashTable *entries; /* of the topic */
  GHashTable *sent;    /* of the id; borrowed entries */
  GQueue unsent;       /* borrowed entries, in their order */
  guint n_told;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  gst_clip_publish_message_unref (self->message);
  g_free (self);
}

GstClipPublishBoard *
gst_clip_publish_board_new (void)
{
  GstClipPublishBoard *self = g_new0 (GstClipPublishBoard, 1);

  self->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->sent = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, NULL);
  g_queue_init (&self->unsent);
  return self;
}

void
gst_clip_publish_board_free (GstClipPublishBoard *self)
{
  g_queue_clear (&self->unsent);
  g_hash_table_unref (self->sent);
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* Whatever was sent of it, it is to be sent now. */
static void
take_back (GstClipPublishBoard *self, Entry *entry)
{
  const gboolean waits = entry->id == 0;

  self->n_told -= entry->done;
  entry->done = FALSE;
  if (waits)
    return;
  g_hash_table_remove (self->sent, &entry->id);
  entry->id = 0;
  g_queue_push_tail (&self->unsent, entry);
}

void
gst_clip_publish_board_set (
    GstClipPublishBoard *self, GstClipPublishMessage *message, gboolean last)
{
  Entry *entry = g_hash_table_lookup (self->entries, message->topic);

  if (entry == NULL) {
    entry = g_new0 (Entry, 1);
    entry->message = message;
    g_hash_table_insert (self->entries, message->topic, entry);
    g_queue_push_tail (&self->unsent, entry);
  } else {
    /* The key is the message's. */
    g_hash_table_steal (self->entries, entry->message->topic);
    gst_clip_publish_message_unref (entry->message);
    entry->message = message;
    g_hash_table_insert (self->entries, message->topic, entry);
    take_back (self, entry);
  }
  entry->last = last;
}

void
gst_clip_publish_board_rewind (GstClipPublishBoard *self)
{
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    take_back (self, entry);
}

GstClipPublishMessage *
gst_clip_publish_board_take (GstClipPublishBoard *self, guint64 id)
{
  Entry *entry = g_queue_pop_head (&self->unsent);

  if (entry == NULL)
    return NULL;
  entry->id = id;
  g_hash_table_insert (self->sent, &entry->id, entry);
  return gst_clip_publish_message_ref (entry->message);
}

void
gst_clip_publish_board_done (GstClipPublishBoard *self, guint64 id)
{
  Entry *entry = g_hash_table_lookup (self->sent, &id);

  if (entry == NULL || entry->done)
    return;
  if (entry->last) {
    g_hash_table_remove (self->sent, &id);
    g_hash_table_remove (self->entries, entry->message->topic);
    return;
  }
  entry->done = TRUE;
  self->n_told++;
}

gboolean
gst_clip_publish_board_is_told (const GstClipPublishBoard *self)
{
  return self->n_told == g_hash_table_size (self->entries);
}

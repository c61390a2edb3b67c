/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages on disk, first in first out, of limited size: what was not acknowledged
 * outlives the process. Where there is no room the oldest go that are not under way.
 *
 * A database of SQLite: a message is a row, and what is committed is there again
 * after the process was killed, or the machine in the middle of a write. Not
 * synced at each commit, so that a loss of power may cost the last seconds. One
 * owner at a time; one thread. */

#pragma once

#include "gstclippublishmessage.h"

G_BEGIN_DECLS

typedef struct _GstClipPublishSpool GstClipPublishSpool;

/**
 * gst_clip_publish_spool_new:
 * @path: made if it is missing, with its directory
 * @max_size: bytes of messages; the file is somewhat larger
 *
 * Returns: (nullable): %NULL with @error, which names the file: a directory that
 * cannot be made, another owner, a file that is none of ours, a newer version
 */
GstClipPublishSpool *gst_clip_publish_spool_new (
    const gchar *path, guint64 max_size, GError **error);
void gst_clip_publish_spool_free (GstClipPublishSpool *self);

/* The number of the newest message that was ever in it, as far as is known. */
guint64 gst_clip_publish_spool_get_last_id (const GstClipPublishSpool *self);

/**
 * gst_clip_publish_spool_add:
 * @messages: of GstClipPublishMessage; get the numbers from @first_id on
 * @first_id: above all numbers that are in it
 * @under_way: numbers up to this one stay, however full it is
 * @ret_n_gone: how many had to go; counts only what is committed
 *
 * All of them or none. A message alone that is larger than the spool is left out
 * and counts as gone.
 */
gboolean gst_clip_publish_spool_add (GstClipPublishSpool *self,
    const GPtrArray *messages, guint64 first_id, guint64 under_way,
    guint *ret_n_gone, GError **error);

/* The oldest message above a number. FALSE where there is none, or with an error. */
gboolean gst_clip_publish_spool_read (GstClipPublishSpool *self, guint64 above,
    guint64 *ret_id, GstClipPublishMessage **ret_message, GError **error);

/* Everything up to a number is done with. */
gboolean gst_clip_publish_spool_forget (
    GstClipPublishSpool *self, guint64 up_to, GError **error);

/* How many are in it. */
guint64 gst_clip_publish_spool_get_length (const GstClipPublishSpool *self);

G_END_DECLS

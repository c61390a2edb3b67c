/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What holds now, a value for each topic: states, availability and what Home
 * Assistant is told. Each connection is told all of it, as a server may have
 * forgotten it; between that only the newest value of a topic counts, so it needs no
 * spool, and no room is wanting. Nothing here locks. */

#pragma once

#include "gstclippublishmessage.h"

G_BEGIN_DECLS

typedef struct _GstClipPublishBoard GstClipPublishBoard;

GstClipPublishBoard *gst_clip_publish_board_new (void);
void gst_clip_publish_board_free (GstClipPublishBoard *self);

/* Takes the message: the value of its topic. `last`: the topic is forgotten when the
 * server has it. */
void gst_clip_publish_board_set (
    GstClipPublishBoard *self, GstClipPublishMessage *message, gboolean last);

/* The server knows of nothing. */
void gst_clip_publish_board_rewind (GstClipPublishBoard *self);

/* Returns: (transfer full) (nullable): what is to be sent next, and counts as sent
 * from now on as `id`. */
GstClipPublishMessage *gst_clip_publish_board_take (
    GstClipPublishBoard *self, guint64 id);

/* The server has it; `id`s of others do nothing. */
void gst_clip_publish_board_done (GstClipPublishBoard *self, guint64 id);

/* Whether the server has all of it. */
gboolean gst_clip_publish_board_is_told (const GstClipPublishBoard *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the regions of frames to embeddings: requests to the engine, as few as
 * possible, of which each borrows the pixels until it is answered. */

#pragma once

#include <clv/clv-engine.h>

#include "gstcliptagregion.h"

G_BEGIN_DECLS

/* Appends a ClvFrame for each region that has a row, in their order. @picture: the
 * frame; its planes are borrowed. */
void gst_clip_tag_encode_add (
    GArray *frames, const ClvFrame *picture, const GArray *regions);

/* Submits the frames, at least one; only one request can have a look. Returns:
 * (transfer full): of ClvFuture; NULL with an error, and no pixel is read. */
GPtrArray *gst_clip_tag_encode_submit (ClvEngine *engine, const GArray *frames,
    const ClvRequest *how, GError **error);

/* Any thread. Nobody wants the answers any more. */
void gst_clip_tag_encode_cancel (GPtrArray *requests);

/* Waits for all answers. FALSE with the first error. */
gboolean gst_clip_tag_encode_wait (GPtrArray *requests, GError **error);

/* The row of a region, D floats, after a successful wait. */
const gfloat *gst_clip_tag_encode_get (
    GPtrArray *requests, guint row, guint width);

/* The answer that has the row, and which of it that is. */
ClvFuture *gst_clip_tag_encode_find (
    GPtrArray *requests, guint row, guint *ret_row);

G_END_DECLS

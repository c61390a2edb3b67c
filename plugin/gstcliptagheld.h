/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames that wait until there are enough to encode together, in the order in
 * which they came. Streaming thread only. */

#pragma once

#include <gst/video/video.h>

#include <clv/clv-engine.h>

G_BEGIN_DECLS

typedef struct {
  GstBuffer *buffer;
  gboolean infer; /* otherwise it gets the result of the frame before it */
} GstClipTagHeld;

/* {0} holds nothing. */
typedef struct {
  GQueue frames; /* of GstClipTagHeld */
  guint n_infer; /* of them, to encode */
} GstClipTagHeldFrames;

/* Takes the buffer. */
void gst_clip_tag_held_push (
    GstClipTagHeldFrames *self, GstBuffer *buffer, gboolean infer);

/* NULL if there is none; otherwise the caller owns the buffer. */
GstBuffer *gst_clip_tag_held_pop (
    GstClipTagHeldFrames *self, gboolean *ret_infer);

/* Drops all frames. */
void gst_clip_tag_held_clear (GstClipTagHeldFrames *self);

/* Encodes the n_infer frames, at most CLV_MAX_BATCH, which stay where they are.
 * Their pixels are mapped for reading only, so that a picture that others hold
 * too is not copied. ret_embeddings: n_infer rows of D floats. */
gboolean gst_clip_tag_held_encode (GstClipTagHeldFrames *self,
    ClvEngine *engine, const GstVideoInfo *info, gfloat *ret_embeddings,
    GError **error);

G_END_DECLS

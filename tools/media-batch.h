/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pictures that are encoded together. They stay mapped until the batch is
 * cleared, so nothing is copied before the upload. */

#pragma once

#include <clv/clv.h>
#include <gst/video/video.h>

#include "media.h"

G_BEGIN_DECLS

/* Enough to share the weights' way through memory, few enough that two
 * batches of 4K pictures fit anywhere. */
#define MEDIA_BATCH_MAX 8

/* {0} is an empty batch. */
typedef struct {
  guint n;
  gboolean patches;  /* are wanted, too */
  ClvFuture *future; /* it is being encoded */
  MediaPicture pictures[MEDIA_BATCH_MAX];
  GstVideoFrame mapped[MEDIA_BATCH_MAX];
  ClvFrame frames[MEDIA_BATCH_MAX];
} MediaBatch;

/* What a picture's caps may be. */
GstCaps *media_batch_caps (void);

/* Takes the picture over, also on failure. */
gboolean media_batch_add (
    MediaBatch *self, MediaPicture *picture, GError **error);

/* self->n rows of D floats, now. */
gboolean media_batch_encode (MediaBatch *self, ClvEngine *engine,
    gfloat *ret_embeddings, GError **error);

/* Begins to encode the pictures, at least one, of which no more can be added. */
gboolean media_batch_submit (
    MediaBatch *self, ClvEngine *engine, GError **error);

/* Whether media_batch_get() would not wait. */
gboolean media_batch_is_done (MediaBatch *self);

/* Waits for what was submitted: self->n rows of D floats, which live as long as the
 * batch. */
const gfloat *media_batch_get (MediaBatch *self, GError **error);

/* Waits for the engine to be done with the pictures. */
void media_batch_clear (MediaBatch *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MediaBatch, media_batch_clear)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames that wait until there are enough to encode together, in the order in
 * which they came. One thread at a time; where as many were held before, nothing
 * allocates but to encode. */

#pragma once

#include <gst/video/video.h>

#include <clv/clv-engine.h>

#include "gstcliptagclock.h"
#include "gstcliptaggate.h"
#include "gstcliptagregion.h"

G_BEGIN_DECLS

/* Whatever batch and interval are: a second or two of video, not a gigabyte. */
#define GST_CLIP_TAG_MAX_HELD 64

typedef struct {
  GstBuffer *buffer;
  GArray *regions;    /* of the buffer */
  gboolean infer;     /* otherwise it gets the result of the frame before it */
  gboolean unchanged; /* since the last one to infer */
  gboolean tagged;    /* has its result */
  GstClipTagClock clock;
  GstClipTagMark mark;
  gint64 arrived; /* monotonic, microseconds */
} GstClipTagHeld;

/* {0} holds nothing. */
typedef struct {
  GstClipTagHeld frames[GST_CLIP_TAG_MAX_HELD + 1]; /* a ring */
  guint first;
  guint n;
  guint n_infer; /* of them, to encode */
  ClvLook look;  /* of the last one that was encoded */
} GstClipTagHeldFrames;

/* Takes the buffer, and a copy of the regions. There must be room: at most GST_CLIP_TAG_MAX_HELD + 1. */
void gst_clip_tag_held_push (
    GstClipTagHeldFrames *self, const GstClipTagHeld *frame);

/* FALSE if there is none; otherwise the caller owns the buffer, but not the
 * regions, which are there until the next push. */
gboolean gst_clip_tag_held_pop (
    GstClipTagHeldFrames *self, GstClipTagHeld *ret_frame);

/* The frame at @index, below n. */
GstClipTagHeld *gst_clip_tag_held_peek (
    GstClipTagHeldFrames *self, guint index);

/* Drops all frames, and the memory that is kept for others. */
void gst_clip_tag_held_clear (GstClipTagHeldFrames *self);

/* Waits for requests, as gst_clip_tag_encode_wait() does, or gives them up. */
typedef gboolean (*GstClipTagWaitFunc) (
    gpointer data, GPtrArray *requests, GError **error);

/* Encodes the regions that have rows of the n_infer frames, at most CLV_MAX_BATCH,
 * which stay where they are. Frames that the device finds unchanged
 * (@change_threshold: 0: none; otherwise each has one row) are not to infer any
 * more. @patches: for heat maps. The answered requests, which have the embeddings,
 * are the caller's. */
GPtrArray *gst_clip_tag_held_encode (GstClipTagHeldFrames *self,
    ClvEngine *engine, const GstVideoInfo *info, gdouble change_threshold,
    gboolean patches, GstClipTagWaitFunc wait, gpointer data, GError **error);

G_END_DECLS

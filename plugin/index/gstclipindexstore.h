/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of moments: they are encoded where they have no embedding, wait
 * for others, and are written together. One thread, but for the last function. */

#pragma once

#include <clv/clv-engine.h>

#include "gstclipindexmoment.h"

G_BEGIN_DECLS

/* So many pictures are encoded at once. */
#define GST_CLIP_INDEX_BATCH 8

typedef struct _GstClipIndexStore GstClipIndexStore;

typedef struct {
  guint64 stored; /* moments that are in the index */
  guint64 known;  /* were there before */
  guint64 dropped;
} GstClipIndexCounts;

/**
 * gst_clip_index_store_new:
 * @element: posts what there is to tell; must outlive the store
 * @path: of the index
 * @engine: (nullable): for pictures; without it moments bring their embeddings
 * @thumbnails: whether moments with a picture get one
 *
 * With an engine the index is opened, and made if it is missing; otherwise the
 * first moment does that, as the model is not known before.
 */
GstClipIndexStore *gst_clip_index_store_new (GstElement *element,
    const gchar *path, ClvEngine *engine, gboolean thumbnails, GError **error);
void gst_clip_index_store_free (GstClipIndexStore *self);

/**
 * gst_clip_index_store_add:
 * @moments: (transfer full) (array length=n): the structs, also on failure
 * @n: 1 to %GST_CLIP_INDEX_BATCH
 *
 * Moments that the media has, or is past, are left out. Writes what waits if
 * that is much, or old.
 */
gboolean gst_clip_index_store_add (GstClipIndexStore *self,
    GstClipIndexMoment **moments, guint n, GError **error);

/* When what waits is to be written, in monotonic time; G_MAXINT64: nothing
 * waits. */
gint64 gst_clip_index_store_get_due (const GstClipIndexStore *self);

/* Writes what waits. */
gboolean gst_clip_index_store_flush (GstClipIndexStore *self, GError **error);

/* The media was read to its end at `duration` seconds. */
gboolean gst_clip_index_store_end (GstClipIndexStore *self,
    GstClipIndexMedia *media, gdouble duration, GError **error);

void gst_clip_index_store_get_counts (
    const GstClipIndexStore *self, GstClipIndexCounts *ret_counts);

/* Any thread: no picture is encoded any more; those that are under way, and come
 * later, are dropped. */
void gst_clip_index_store_cancel (GstClipIndexStore *self);

G_END_DECLS

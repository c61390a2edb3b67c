/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The queue between the streaming thread and the one that writes. */

#pragma once

#include "gstclipindexstore.h"

G_BEGIN_DECLS

typedef struct _GstClipIndexWriter GstClipIndexWriter;

/* Begins a thread, which owns the store. What fails there is posted on the
 * element, once; nothing is taken afterwards. */
GstClipIndexWriter *gst_clip_index_writer_new (
    GstElement *element, GstClipIndexStore *store);

/* Writes what has embeddings, drops the rest, and ends the thread. Does not wait
 * for pictures that are being encoded. */
void gst_clip_index_writer_free (GstClipIndexWriter *self);

typedef enum {
  GST_CLIP_INDEX_OK,
  GST_CLIP_INDEX_DROPPED, /* the queue is full */
  GST_CLIP_INDEX_FLUSHING,
  GST_CLIP_INDEX_FAILED, /* it was posted */
} GstClipIndexAnswer;

/* Before a moment is made: whether there is room for it. `wait`: for that, until
 * gst_clip_index_writer_set_flushing(). What finds none counts as dropped. One
 * thread, which also pushes. */
GstClipIndexAnswer gst_clip_index_writer_reserve (
    GstClipIndexWriter *self, gboolean wait);

/* Takes the moment over; there must be room. */
void gst_clip_index_writer_push (
    GstClipIndexWriter *self, GstClipIndexMoment *moment);

/* Behind what was pushed, the media ends at `duration` seconds. `wait`: until all
 * of it is in the index. */
GstClipIndexAnswer gst_clip_index_writer_end (GstClipIndexWriter *self,
    GstClipIndexMedia *media, gdouble duration, gboolean wait);

/* Any thread: nobody waits while it is set. */
void gst_clip_index_writer_set_flushing (
    GstClipIndexWriter *self, gboolean flushing);

void gst_clip_index_writer_get_counts (
    GstClipIndexWriter *self, GstClipIndexCounts *ret_counts);

G_END_DECLS

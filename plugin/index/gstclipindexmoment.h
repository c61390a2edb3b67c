/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "gstclipindexmedia.h"
#include "gstclipmeta.h"

G_BEGIN_DECLS

/* A moment on its way to the index. What it needs of a frame is copied, so that
 * no buffer is held. */
typedef struct {
  GstClipIndexMedia *media;
  gdouble time; /* seconds, stream time */

  /* Of the frame's metadata; NULL: to be encoded from the picture. */
  gfloat *embedding;
  guint width;
  gchar *model_name;
  gchar *model_id;

  /* Active ones of the whole picture, of all cliptags that it passed. */
  ClvIndexTag *tags;
  guint n_tags;
  GPtrArray *prompts; /* ClvPrompts: have the labels of `tags` */

  GstSample *picture; /* NULL where nobody wants it */
} GstClipIndexMoment;

/**
 * gst_clip_index_moment_new:
 * @media: takes a reference
 * @buffer: whose tags it takes
 * @meta: (nullable): of @buffer, with the embedding
 */
GstClipIndexMoment *gst_clip_index_moment_new (GstClipIndexMedia *media,
    gdouble time, GstBuffer *buffer, const GstClipMeta *meta);

/* Copies the pixels. FALSE where the memory cannot be read. */
gboolean gst_clip_index_moment_add_picture (
    GstClipIndexMoment *self, GstBuffer *buffer, GstCaps *caps);

void gst_clip_index_moment_free (GstClipIndexMoment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstClipIndexMoment, gst_clip_index_moment_free)

/* The first one of the buffer that has an embedding, or NULL. */
const GstClipMeta *gst_clip_index_find_meta (GstBuffer *buffer);

G_END_DECLS

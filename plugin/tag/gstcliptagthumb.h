/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tiny grey picture of a frame, to tell whether the scene has changed. */

#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

#define GST_CLIP_TAG_THUMB_SIDE 16

/* {0} is no thumbnail. */
typedef struct {
  gboolean valid;
  guint8 cells[GST_CLIP_TAG_THUMB_SIDE * GST_CLIP_TAG_THUMB_SIDE];
} GstClipTagThumb;

/* Of 16 × 16 cells that cover the visible picture, each the mean brightness of
 * four of its pixels: 1024 reads, whatever the size of the picture. Allocates
 * nothing. FALSE, and no thumbnail, if the buffer cannot be mapped. */
gboolean gst_clip_tag_thumb_make (
    GstClipTagThumb *ret_thumb, const GstVideoInfo *info, GstBuffer *buffer);

/* Mean absolute difference, 0 to 1, of two that are valid. */
gdouble gst_clip_tag_thumb_compare (
    const GstClipTagThumb *a, const GstClipTagThumb *b);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The regions of a frame, as boxes with their best tag. One thread at a time. */

#pragma once

#include <gst/video/video-overlay-composition.h>

#include "gstclipoverlaydraw.h"
#include "gstclipregionmeta.h"

G_BEGIN_DECLS

typedef struct {
  GArray *boxes;      /* private */
  GArray *before;     /* likewise: of the frame before */
  GPtrArray *results; /* of the frame; they own the labels */
} GstClipOverlayBoxes;

void gst_clip_overlay_boxes_init (GstClipOverlayBoxes *self);
void gst_clip_overlay_boxes_clear (GstClipOverlayBoxes *self);

/* Replaces the boxes by those of the frame: all regions of detectors, and tiles in
 * which a tag is active. Returns whether they look different. */
gboolean gst_clip_overlay_boxes_read (
    GstClipOverlayBoxes *self, GstBuffer *buffer);

/* Appends to @rectangles, of GstVideoOverlayRectangle: four edges and a tag for each
 * box, which are small, however large the box is. Any thread, one at a time in the
 * process. */
void gst_clip_overlay_boxes_draw (const GstClipOverlayBoxes *self,
    const GstClipOverlaySettings *settings, const GstClipOverlayColors *colors,
    const GstClipOverlayArea *area, GPtrArray *rectangles);

G_END_DECLS

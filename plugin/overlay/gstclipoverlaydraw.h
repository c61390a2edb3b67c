/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From rows to pixels: a panel in a corner of the picture, with Pango and
 * cairo. */

#pragma once

#include <gst/video/video-overlay-composition.h>

#include "gstclipoverlaycolors.h"
#include "gstclipoverlayrows.h"
#include "gstclipoverlaysettings.h"

G_BEGIN_DECLS

/* The part of a picture that is drawn on, in its pixels, and their shape. */
typedef struct {
  gint x, y;
  gint width, height;
  gint par_n, par_d;
} GstClipOverlayArea;

/**
 * gst_clip_overlay_draw_rows:
 *
 * Any thread, one at a time in the process. Five rows take some 3 ms at 640 × 360
 * and 14 ms at 3840 × 2160.
 *
 * Returns: (transfer full) (nullable): the panel at its place; %NULL where
 * there are no rows, or no room for one
 */
GstVideoOverlayRectangle *gst_clip_overlay_draw_rows (
    const GstClipOverlayRows *rows, const GstClipOverlaySettings *settings,
    const GstClipOverlayColors *colors, const GstClipOverlayArea *area);

/**
 * gst_clip_overlay_draw_tag:
 * @box: in pixels of the area
 * @inside: the tag is not to leave the box, as there are others around it
 *
 * Any thread, one at a time in the process.
 *
 * Returns: (transfer full): the label and its score, above the box or, where there
 * is no room, in it
 */
GstVideoOverlayRectangle *gst_clip_overlay_draw_tag (
    const GstClipOverlayRow *row, const GstClipOverlaySettings *settings,
    const GstClipOverlayColors *colors, const GstClipOverlayArea *area,
    const GstVideoRectangle *box, gboolean inside);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A heat map over the part of the picture that it is of. One thread at a time. */

#pragma once

#include <gst/video/video-overlay-composition.h>

#include "gstclipheatmap.h"
#include "gstclipoverlaydraw.h"

G_BEGIN_DECLS

/* {0}: nothing is drawn. */
typedef struct {
  GstClipHeatmaps *maps;               /* that the drawn one is of */
  const GstClipHeatmap *map;           /* NULL: none */
  GstVideoOverlayRectangle *rectangle; /* NULL: nothing to be seen */
} GstClipOverlayHeat;

void gst_clip_overlay_heat_clear (GstClipOverlayHeat *self);

/**
 * gst_clip_overlay_heat_update:
 * @wanted: (nullable): the label whose map is drawn; or "top", where no label is
 *   called so: the first map, that of the best label. %NULL or "": none
 * @area: the picture; maps of one of another size are not drawn
 * @stale: draw again, whatever was drawn
 *
 * Draws a map that was not drawn before: some 10 ns for each pixel that it covers.
 *
 * Returns: whether the rectangle is another one
 */
gboolean gst_clip_overlay_heat_update (GstClipOverlayHeat *self,
    GstBuffer *buffer, const gchar *wanted, const GstClipOverlayArea *area,
    gboolean stale);

/**
 * gst_clip_overlay_heat_explain:
 * @wanted: (nullable): as above
 *
 * Returns: (transfer full) (nullable): why the frame, which has tags, can have no
 * such map: what was wanted, and what was found. %NULL where it may have, or
 * where none is wanted
 */
gchar *gst_clip_overlay_heat_explain (GstBuffer *buffer, const gchar *wanted);

G_END_DECLS

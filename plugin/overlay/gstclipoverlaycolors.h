/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which colour a label has. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Each 0 to 1. */
typedef struct {
  gdouble red, green, blue;
} GstClipOverlayColor;

/* Colours that were chosen by hand. Immutable. */
typedef struct _GstClipOverlayColors GstClipOverlayColors;

/**
 * gst_clip_overlay_colors_new:
 * @text: (nullable): "label=colour" with ; or a line end between them; colours
 *   are #rgb, #rrggbb or a name of CSS
 *
 * Returns: the colours, those that can be read; @error names the first entry
 * that cannot
 */
GstClipOverlayColors *gst_clip_overlay_colors_new (
    const gchar *text, GError **error);

void gst_clip_overlay_colors_free (GstClipOverlayColors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    GstClipOverlayColors, gst_clip_overlay_colors_free)

/* The chosen colour, or one that only depends on the label and can be seen on
 * a dark panel. */
GstClipOverlayColor gst_clip_overlay_colors_get (
    const GstClipOverlayColors *self, const gchar *label);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clipoverlay's properties: their values and their texts. Nothing here locks;
 * the element does. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_OVERLAY_SHOW_ACTIVE = 0,
  GST_CLIP_OVERLAY_SHOW_ALL = 1,
  GST_CLIP_OVERLAY_SHOW_TOP = 2,
} GstClipOverlayShow;

#define GST_TYPE_CLIP_OVERLAY_SHOW (gst_clip_overlay_show_get_type ())
GType gst_clip_overlay_show_get_type (void);

typedef enum {
  GST_CLIP_OVERLAY_TOP_LEFT = 0,
  GST_CLIP_OVERLAY_TOP_RIGHT = 1,
  GST_CLIP_OVERLAY_BOTTOM_LEFT = 2,
  GST_CLIP_OVERLAY_BOTTOM_RIGHT = 3,
} GstClipOverlayPosition;

#define GST_TYPE_CLIP_OVERLAY_POSITION (gst_clip_overlay_position_get_type ())
GType gst_clip_overlay_position_get_type (void);

typedef struct {
  gboolean visible;
  GstClipOverlayShow show;
  guint max_labels; /* 0: as many as there is room for */
  GstClipOverlayPosition position;
  gchar *font_desc;   /* NULL: the default */
  gdouble font_size;  /* percent of the picture's smaller side */
  gdouble background; /* opacity, 0 to 1 */
  gchar *colors;      /* see gst_clip_overlay_colors_new() */
  gchar *heatmap;     /* a label or "top"; NULL: none */
  guint serial;       /* grows with each change */
} GstClipOverlaySettings;

void gst_clip_overlay_settings_init (GstClipOverlaySettings *self);
void gst_clip_overlay_settings_clear (GstClipOverlaySettings *self);

/* A deep copy, to be cleared. */
void gst_clip_overlay_settings_copy (
    const GstClipOverlaySettings *self, GstClipOverlaySettings *ret_copy);

void gst_clip_overlay_settings_install (GObjectClass *klass);

/* FALSE for an id that is none of ours. */
gboolean gst_clip_overlay_settings_set (
    GstClipOverlaySettings *self, guint id, const GValue *value);
gboolean gst_clip_overlay_settings_get (
    const GstClipOverlaySettings *self, guint id, GValue *value);

G_END_DECLS

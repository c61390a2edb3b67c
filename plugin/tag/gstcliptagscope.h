/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's properties about what is scored of a picture: all of it, regions that
 * a detector found, tiles. Nothing here locks; the element does. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The other ids are in gstcliptagsettings.h and gstcliptagtiming.h. */
enum {
  GST_CLIP_TAG_PROP_INFERENCE_REGION = 2000,
  GST_CLIP_TAG_PROP_OBJECT_CLASS,
  GST_CLIP_TAG_PROP_MAX_REGIONS,
  GST_CLIP_TAG_PROP_RECLASSIFY_INTERVAL,
  GST_CLIP_TAG_PROP_TILES,
};

/* The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_INFERENCE_REGION_FULL_FRAME = 0,
  GST_CLIP_INFERENCE_REGION_ROI_LIST = 1,
} GstClipInferenceRegion;

#define GST_TYPE_CLIP_INFERENCE_REGION (gst_clip_inference_region_get_type ())
GType gst_clip_inference_region_get_type (void);

/* Read with each frame. */
typedef struct {
  guint max_regions;         /* of a frame, from a detector */
  guint reclassify_interval; /* frames; 0: each region once */
} GstClipTagLimits;

typedef struct {
  /* Read at the start. */
  GstClipInferenceRegion region;
  gchar *object_class; /* NULL: any */
  gchar *tiles;        /* NULL: none */

  GstClipTagLimits limits;
} GstClipTagScopeSettings;

/* What they mean; {0}: the whole picture. */
typedef struct {
  gboolean rois; /* otherwise the whole picture */
  GArray *types; /* of GQuark; NULL: any */
  guint columns; /* of tiles; 0: none */
  guint rows;
} GstClipTagScope;

void gst_clip_tag_scope_settings_init (GstClipTagScopeSettings *self);
void gst_clip_tag_scope_settings_clear (GstClipTagScopeSettings *self);

/* A deep copy, to be cleared. */
void gst_clip_tag_scope_settings_copy (
    const GstClipTagScopeSettings *self, GstClipTagScopeSettings *ret_copy);

void gst_clip_tag_scope_install (GObjectClass *klass);

/* FALSE for an id that is none of the above. */
gboolean gst_clip_tag_scope_set (
    GstClipTagScopeSettings *self, guint id, const GValue *value);
gboolean gst_clip_tag_scope_get (
    const GstClipTagScopeSettings *self, guint id, GValue *value);

/* The error names the property. */
gboolean gst_clip_tag_scope_parse (const GstClipTagScopeSettings *self,
    GstClipTagScope *ret_scope, GError **error);
void gst_clip_tag_scope_clear (GstClipTagScope *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstClipTagScope, gst_clip_tag_scope_clear)

/* How many parts of each picture are scored, whatever is found in it. */
guint gst_clip_tag_scope_n_fixed (const GstClipTagScope *self);

G_END_DECLS

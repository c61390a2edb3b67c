/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagscope.h"

#include <string.h>

#include "gstcliptiles.h"

#define DEFAULT_MAX_REGIONS 16
#define DEFAULT_RECLASSIFY  1

GType
gst_clip_inference_region_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_INFERENCE_REGION_FULL_FRAME, "The whole picture", "full-frame" },
    { GST_CLIP_INFERENCE_REGION_ROI_LIST,
        "The regions that elements upstream have attached to the frame",
        "roi-list" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered =
        g_enum_register_static ("GstClipInferenceRegion", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_tag_scope_settings_init (GstClipTagScopeSettings *self)
{
  *self = (GstClipTagScopeSettings){
    .region = GST_CLIP_INFERENCE_REGION_FULL_FRAME,
    .limits = { DEFAULT_MAX_REGIONS, DEFAULT_RECLASSIFY },
  };
}

void
gst_clip_tag_scope_settings_clear (GstClipTagScopeSettings *self)
{
  g_clear_pointer (&self->object_class, g_free);
  g_clear_pointer (&self->tiles, g_free);
}

void
gst_clip_tag_scope_settings_copy (
    const GstClipTagScopeSettings *self, GstClipTagScopeSettings *ret_copy)
{
  *ret_copy = *self;
  ret_copy->object_class = g_strdup (self->object_class);
  ret_copy->tiles = g_strdup (self->tiles);
}

#ifdef HAVE_ANALYTICS
#define ANALYTICS ", GstAnalyticsODMtd"
#else
#define ANALYTICS ""
#endif

#define READY                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING                                                                \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_rois (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_INFERENCE_REGION,
      g_param_spec_enum ("inference-region", "Inference region",
          "What is scored: the whole picture, or the regions that detectors "
          "upstream have found in it (GstVideoRegionOfInterestMeta" ANALYTICS
          ")",
          GST_TYPE_CLIP_INFERENCE_REGION, GST_CLIP_INFERENCE_REGION_FULL_FRAME,
          READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_OBJECT_CLASS,
      g_param_spec_string ("object-class", "Object class",
          "With inference-region=roi-list: score only regions of this type, as "
          "the detector calls it; several with ; between them, e.g. "
          "\"car; truck\"",
          NULL, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_MAX_REGIONS,
      g_param_spec_uint ("max-regions", "Maximum regions",
          "With inference-region=roi-list: encode at most so many regions of a "
          "frame, first those whose scores are oldest; the others keep the "
          "scores that they have",
          1, 64, DEFAULT_MAX_REGIONS, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_RECLASSIFY_INTERVAL,
      g_param_spec_uint ("reclassify-interval", "Reclassify interval",
          "With inference-region=roi-list: encode a region that is still there "
          "again only after so many frames, 1: always, 0: never",
          0, G_MAXUINT, DEFAULT_RECLASSIFY, PLAYING));
}

void
gst_clip_tag_scope_install (GObjectClass *klass)
{
  install_rois (klass);
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_TILES,
      g_param_spec_string ("tiles", "Tiles",
          "Score each part of a grid, too, so that small things are found: "
          "COLUMNSxROWS, e.g. \"3x2\"; at most 64 tiles",
          NULL, READY));
}

static void
take_string (gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

gboolean
gst_clip_tag_scope_set (
    GstClipTagScopeSettings *self, guint id, const GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_INFERENCE_REGION:
      self->region = g_value_get_enum (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_OBJECT_CLASS:
      take_string (&self->object_class, value);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_REGIONS:
      self->limits.max_regions = g_value_get_uint (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_RECLASSIFY_INTERVAL:
      self->limits.reclassify_interval = g_value_get_uint (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_TILES:
      take_string (&self->tiles, value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_clip_tag_scope_get (
    const GstClipTagScopeSettings *self, guint id, GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_INFERENCE_REGION:
      g_value_set_enum (value, self->region);
      return TRUE;
    case GST_CLIP_TAG_PROP_OBJECT_CLASS:
      g_value_set_string (value, self->object_class);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_REGIONS:
      g_value_set_uint (value, self->limits.max_regions);
      return TRUE;
    case GST_CLIP_TAG_PROP_RECLASSIFY_INTERVAL:
      g_value_set_uint (value, self->limits.reclassify_interval);
      return TRUE;
    case GST_CLIP_TAG_PROP_TILES:
      g_value_set_string (value, self->tiles);
      return TRUE;
    default:
      return FALSE;
  }
}

/* NULL where the text names none. */
static GArray *
parse_types (const gchar *text)
{
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "", ";", -1);
  GArray *types = NULL;

  for (guint i = 0; parts[i] != NULL; i++) {
    GQuark type;

    if (*g_strstrip (parts[i]) == '\0')
      continue;
    if (types == NULL)
      types = g_array_new (FALSE, FALSE, sizeof (GQuark));
    type = g_quark_from_string (parts[i]);
    g_array_append_val (types, type);
  }
  return types;
}

gboolean
gst_clip_tag_scope_parse (const GstClipTagScopeSettings *self,
    GstClipTagScope *ret_scope, GError **error)
{
  GstClipTagScope scope = {
    .rois = self->region == GST_CLIP_INFERENCE_REGION_ROI_LIST,
  };

  if (self->tiles != NULL && *self->tiles != '\0' &&
      !gst_clip_tiles_parse (self->tiles, &scope.columns, &scope.rows, error)) {
    g_prefix_error (error, "tiles: ");
    return FALSE;
  }
  scope.types = parse_types (self->object_class);
  *ret_scope = scope;
  return TRUE;
}

void
gst_clip_tag_scope_clear (GstClipTagScope *self)
{
  g_clear_pointer (&self->types, g_array_unref);
  *self = (GstClipTagScope){ 0 };
}

guint
gst_clip_tag_scope_n_fixed (const GstClipTagScope *self)
{
  return !self->rois + self->columns * self->rows;
}

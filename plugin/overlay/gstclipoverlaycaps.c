/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlaycaps.h"

#include <gst/video/video-overlay-composition.h>
#include <gst/video/video.h>

#define COMPOSITION GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION

static gboolean
has_composition (const GstCaps *caps, guint i)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, i);

  return features != NULL && !gst_caps_features_is_any (features) &&
         gst_caps_features_contains (features, COMPOSITION);
}

static gboolean
is_plain (const GstCaps *caps, guint i)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, i);

  return features == NULL || gst_caps_features_is_equal (features,
                                 GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY);
}

/* Appends structure i with the feature added, or removed. */
static void
append_with (GstCaps *to, const GstCaps *from, guint i, gboolean composition)
{
  GstCapsFeatures *features = gst_caps_get_features (from, i);
  GstCapsFeatures *copy = features != NULL ? gst_caps_features_copy (features)
                                           : gst_caps_features_new_empty ();

  if (!gst_caps_features_is_any (copy)) {
    if (composition)
      gst_caps_features_add (copy, COMPOSITION);
    else
      gst_caps_features_remove (copy, COMPOSITION);
  }
  gst_caps_append_structure_full (
      to, gst_structure_copy (gst_caps_get_structure (from, i)), copy);
}

static void
append_blendable (GstCaps *to, const GstCaps *from, guint i)
{
  static GstStaticCaps blendable = GST_STATIC_CAPS (
      GST_VIDEO_CAPS_MAKE (GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS));
  GstCaps *wanted = gst_static_caps_get (&blendable);
  GstCaps *one = gst_caps_new_full (
      gst_structure_copy (gst_caps_get_structure (from, i)), NULL);

  gst_caps_append (
      to, gst_caps_intersect_full (one, wanted, GST_CAPS_INTERSECT_FIRST));
  gst_caps_unref (one);
  gst_caps_unref (wanted);
}

static void
append_as_is (GstCaps *to, const GstCaps *from, guint i)
{
  if (is_plain (from, i))
    append_blendable (to, from, i);
  else
    append_with (to, from, i, has_composition (from, i));
}

GstCaps *
gst_clip_overlay_caps_to_sink (GstCaps *src_caps)
{
  GstCaps *caps;

  if (gst_caps_is_any (src_caps))
    return src_caps;
  caps = gst_caps_new_empty ();
  for (guint i = 0; i < gst_caps_get_size (src_caps); i++) {
    /* Upstream may have begun a composition already. */
    if (has_composition (src_caps, i))
      append_with (caps, src_caps, i, FALSE);
    append_as_is (caps, src_caps, i);
  }
  gst_caps_unref (src_caps);
  return caps;
}

GstCaps *
gst_clip_overlay_caps_to_src (GstCaps *sink_caps)
{
  GstCaps *caps;

  if (gst_caps_is_any (sink_caps))
    return sink_caps;
  caps = gst_caps_new_empty ();
  for (guint i = 0; i < gst_caps_get_size (sink_caps); i++) {
    append_with (caps, sink_caps, i, TRUE);
    if (!has_composition (sink_caps, i))
      append_as_is (caps, sink_caps, i);
  }
  gst_caps_unref (sink_caps);
  return caps;
}

gboolean
gst_clip_overlay_caps_has_composition (const GstCaps *caps)
{
  return has_composition (caps, 0);
}

gboolean
gst_clip_overlay_caps_can_blend (const GstCaps *caps)
{
  return is_plain (caps, 0);
}

GstCaps *
gst_clip_overlay_caps_add_composition (const GstCaps *caps)
{
  GstCaps *with = gst_caps_new_empty ();

  append_with (with, caps, 0, TRUE);
  return with;
}

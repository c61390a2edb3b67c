/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Caps with and without overlay compositions: what clipoverlay can take for
 * what it can give. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A static caps string. */
#define GST_CLIP_OVERLAY_TEMPLATE_CAPS "video/x-raw; video/x-raw(ANY)"

/* What the picture must be for the given output, and the other way round.
 * Takes the caps. Pictures in plain memory can be blended into, whatever their
 * caps; in others (on a GPU, say) the composition can only be attached. */
GstCaps *gst_clip_overlay_caps_to_sink (GstCaps *src_caps);
GstCaps *gst_clip_overlay_caps_to_src (GstCaps *sink_caps);

/* Fixed caps: */
gboolean gst_clip_overlay_caps_has_composition (const GstCaps *caps);
gboolean gst_clip_overlay_caps_can_blend (const GstCaps *caps);

/* Returns: (transfer full) */
GstCaps *gst_clip_overlay_caps_add_composition (const GstCaps *caps);

G_END_DECLS

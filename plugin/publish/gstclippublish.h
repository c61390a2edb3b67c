/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_CLIP_PUBLISH (gst_clip_publish_get_type ())
G_DECLARE_FINAL_TYPE (
    GstClipPublish, gst_clip_publish, GST, CLIP_PUBLISH, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (clippublish)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CLIP_TAG_BIN (gst_clip_tag_bin_get_type ())
G_DECLARE_FINAL_TYPE (
    GstClipTagBin, gst_clip_tag_bin, GST, CLIP_TAG_BIN, GstBin)

GST_ELEMENT_REGISTER_DECLARE (cliptagbin)

G_END_DECLS

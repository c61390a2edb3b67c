/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Which frames give a line. The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_TO_JSON_INFERRED = 0,
  GST_CLIP_TO_JSON_CHANGES = 1,
} GstClipToJsonLines;

#define GST_TYPE_CLIP_TO_JSON_LINES (gst_clip_to_json_lines_get_type ())
GType gst_clip_to_json_lines_get_type (void);

#define GST_TYPE_CLIP_TO_JSON (gst_clip_to_json_get_type ())
G_DECLARE_FINAL_TYPE (
    GstClipToJson, gst_clip_to_json, GST, CLIP_TO_JSON, GstElement)

GST_ELEMENT_REGISTER_DECLARE (cliptojson)

G_END_DECLS

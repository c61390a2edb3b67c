/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an element counted since it started. Nothing here locks. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_CLIP_TAG_STATS_WINDOW 1024

typedef struct {
  guint64 frames;
  guint64 inferred;

  /* The last inferred frames, a ring, in microseconds. */
  guint32 encode_us[GST_CLIP_TAG_STATS_WINDOW];
  guint32 score_us[GST_CLIP_TAG_STATS_WINDOW];
} GstClipTagStats;

void gst_clip_tag_stats_add (
    GstClipTagStats *self, gint64 encode_us, gint64 score_us);

/* (transfer full): a structure with frames, inferred, reused, and the
 * percentiles in milliseconds where a frame was inferred. */
GstStructure *gst_clip_tag_stats_to_structure (const GstClipTagStats *self);

G_END_DECLS

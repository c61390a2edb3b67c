/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parts of a frame that are scored. */

#pragma once

#include <gst/video/video.h>

#include "gstclipregionmeta.h"
#include "gstcliptaganalytics.h"
#include "gstcliptagscope.h"

G_BEGIN_DECLS

/* Serials: the whole picture, the tiles after it, then what detectors find. */
#define GST_CLIP_TAG_WHOLE     ((guint64) 0)
#define GST_CLIP_TAG_FIRST_ROI ((guint64) 1 << 16)

/* A detector that says more of a frame is not listened to. */
#define GST_CLIP_TAG_MAX_ROIS 256

typedef struct {
  guint64 serial; /* the same for the same part of all frames of a stream */
  GstClipRegion place;
  gint
      row; /* where its embedding is among those of its batch; -1: it has none */

  /* Of the buffer that the region was read from, if a detector found it: one of them
   * or both; only to be touched by who has that buffer. */
  GstVideoRegionOfInterestMeta *roi;
  GstClipTagDetection detection;
} GstClipTagRegion;

/* Otherwise it is the whole picture or a tile. */
static inline gboolean
gst_clip_tag_region_is_found (const GstClipTagRegion *self)
{
  return self->roi != NULL || self->detection.meta != NULL;
}

/**
 * gst_clip_tag_regions_read:
 * @regions: of GstClipTagRegion: becomes what is to be scored of a frame, those of
 *   detectors without a serial, cut at the edges of the visible picture. Those whom a
 *   detector has told of twice, as GstVideoRegionOfInterestMeta and as
 *   GstAnalyticsODMtd, are one
 *
 * Allocates nothing if there is room.
 *
 * Returns: how many regions of detectors have no visible pixel, and are left out
 */
guint gst_clip_tag_regions_read (GArray *regions, const GstClipTagScope *scope,
    const GstVideoInfo *info, GstBuffer *buffer);

/* Changes when a region comes or goes. */
guint gst_clip_tag_regions_hash (const GArray *regions);

G_END_DECLS

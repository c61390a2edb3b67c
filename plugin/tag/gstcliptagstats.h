/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an element counted since it started. Nothing here locks, and nothing
 * allocates but gst_clip_tag_stats_to_structure(). */

#pragma once

#include <gst/gst.h>

#include <clv/clv-image-encoder.h>

#include "gstcliptaggate.h"
#include "gstcliptagpace.h"
#include "gstcliptagsubject.h"

G_BEGIN_DECLS

#define GST_CLIP_TAG_STATS_WINDOW 1024

/* The last values, in microseconds. */
typedef struct {
  guint64 n; /* ever */
  guint32 us[GST_CLIP_TAG_STATS_WINDOW];
} GstClipTagTimes;

/* {0} has counted nothing. */
typedef struct {
  guint64 frames;           /* that left */
  guint64 reused;           /* of them, with the scores of an earlier one */
  guint64 untagged;         /* of them, without any */
  guint64 inferred;         /* scored */
  guint64 skipped;          /* mode live: were to be inferred and got no turn */
  guint64 late;             /* not inferred, by QoS */
  guint64 unchanged;        /* not inferred, by change-threshold */
  guint64 regions;          /* encoded, of detectors and tiles */
  guint64 regions_left_out; /* by max-regions */
  guint64 regions_empty;    /* outside of the picture */
  guint64 batches[CLV_MAX_BATCH]; /* of 1, 2 … frames */

  gdouble auto_rate;       /* what max-rate=0 allows; 0: all */
  GstClipTagMean distance; /* of frames to infer, seconds of the stream */
  gboolean has_inferred;   /* since the stream began anew */
  gdouble inferred_at;     /* the last of them, seconds */

  GstClipTagTimes encode; /* a frame's share of its batch */
  GstClipTagTimes score;  /* the same */
  GstClipTagTimes delay;  /* from a frame's coming in to its going out */
} GstClipTagStats;

/* A batch was encoded in @encode_us and scored in @score_us. */
void gst_clip_tag_stats_add_batch (GstClipTagStats *self,
    const GstClipTagCounts *counts, gint64 encode_us, gint64 score_us);

/* A frame leaves. */
void gst_clip_tag_stats_add_frame (
    GstClipTagStats *self, gboolean tagged, gboolean fresh, gint64 delay_us);

/* A frame at @time, seconds, is or was inferred; twice the same counts once. */
void gst_clip_tag_stats_add_inferred (GstClipTagStats *self, gdouble time);

/* Counts those that are worth it. */
void gst_clip_tag_stats_add_verdict (
    GstClipTagStats *self, GstClipTagVerdict verdict);

/* (transfer full): the counts, and the percentiles in milliseconds of what has
 * been measured. Sorts: call it on a copy, without a lock. */
GstStructure *gst_clip_tag_stats_to_structure (const GstClipTagStats *self);

G_END_DECLS

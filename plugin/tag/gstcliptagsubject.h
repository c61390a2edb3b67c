/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a stream's scores are of: the whole picture, a tile, a region that a
 * detector found. Each has its own smoothing and tags. One thread at a time. */

#pragma once

#include <clv/clv-scorer.h>

#include "gstcliptagregion.h"

G_BEGIN_DECLS

typedef struct {
  guint64 serial;
  GstClipRegion place; /* where it was last */
  gdouble seen;        /* seconds: in the frame at */
  ClvScorer *scorer;

  GstClipResult *result; /* NULL: it was not scored yet */
  gdouble result_time;

  gboolean was_chosen; /* to be encoded, in the frame of this index: */
  guint64 chosen;
  gboolean pending; /* and not scored since */
} GstClipTagSubject;

/* For gst_clip_tag_subjects_choose(). */
typedef struct {
  ClvPrompts *prompts;
  gfloat logit_scale;
  gdouble smoothing;
  guint top_k;
  GstClipTagLimits limits;
} GstClipTagScoring;

/* What is encoded together; {0} is nothing. */
typedef struct {
  guint frames;
  guint rows;     /* pictures, tiles and regions of these */
  guint regions;  /* of the rows, those that are not a whole picture */
  guint left_out; /* regions that max-regions had no room for */
} GstClipTagCounts;

/* (transfer full): of GstClipTagSubject, in the order in which they came. */
GPtrArray *gst_clip_tag_subjects_new (void);

GstClipTagSubject *gst_clip_tag_subjects_find (GPtrArray *self, guint64 serial);

/* Before a batch is chosen: what was chosen before and never scored, is again. */
void gst_clip_tag_subjects_begin (GPtrArray *self);

/* Which regions of the frame number @index are to be encoded: whole pictures and
 * tiles always, others by the limits, those first that were not for longest. Gives
 * them their rows, from those that were counted on, counts them, and adds the
 * subjects that are new. FALSE: none of this frame. */
gboolean gst_clip_tag_subjects_choose (GPtrArray *self,
    const GstClipTagScoring *scoring, GArray *regions, guint64 index,
    GstClipTagCounts *counts);

/* The regions are in the frame at @time. */
void gst_clip_tag_subjects_see (
    GPtrArray *self, const GArray *regions, gdouble time);

/* A region of a detector that is not there any more. */
gboolean gst_clip_tag_subject_is_lost (
    const GstClipTagSubject *self, gdouble time);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One stream's place in time and the state of its tags: from an embedding to
 * scores and bus messages. Streaming thread only. */

#pragma once

#include <gst/video/video.h>

#include <clv/clv-scorer.h>

#include "gstcliptagtopk.h"

G_BEGIN_DECLS

typedef struct {
  GstElement *element; /* that posts the messages; borrowed */
  gboolean post_messages;

  /* Of the current prompt set; NULL before the first. */
  ClvScorer *scorer;
  GstClipTopK *top_k; /* NULL: all labels */
  ClvScore *scores;   /* of the last scored frame */
  GArray *events;

  /* The scorer's clock is the stream time in seconds, negated where playback
   * runs backwards, so that it never decreases. */
  gboolean has_time;
  gboolean has_pts;
  gdouble direction;
  gdouble time;
  gdouble frame_duration;
} GstClipTagStream;

void gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element);
void gst_clip_tag_stream_clear (GstClipTagStream *self);

/* Takes a new prompt set or new settings; tags of the old one must be closed. */
void gst_clip_tag_stream_set_prompts (GstClipTagStream *self,
    ClvPrompts *prompts, gfloat logit_scale, gdouble smoothing, guint top_k);

/* Moves to the time of a frame: its timestamp in @segment; without one, the end
 * of the frame before. */
void gst_clip_tag_stream_advance (GstClipTagStream *self,
    const GstSegment *segment, GstBuffer *buffer, const GstVideoInfo *info);

/* Scores the embedding of the frame advanced to, into self->scores. */
void gst_clip_tag_stream_score (
    GstClipTagStream *self, const GstSegment *segment, const gfloat *embedding);

/* Ends all active tags at the end of the last frame. */
void gst_clip_tag_stream_close (
    GstClipTagStream *self, const GstSegment *segment);

/* Closes, and lets time begin anew: what comes next does not follow. */
void gst_clip_tag_stream_restart (
    GstClipTagStream *self, const GstSegment *segment);

G_END_DECLS

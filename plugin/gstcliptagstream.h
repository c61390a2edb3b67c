/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One stream's place in time and the state of its tags: from an embedding to
 * metadata and bus messages. Streaming thread only. */

#pragma once

#include <gst/video/video.h>

#include <clv/clv-model.h>
#include <clv/clv-scorer.h>

#include "gstclipmeta.h"
#include "gstcliptagtopk.h"

G_BEGIN_DECLS

typedef struct {
  GstElement *element; /* that posts the messages; borrowed */
  gboolean post_messages;
  gboolean attach_embedding;

  /* Of the current prompt set; NULL before the first. */
  ClvModel *model;
  ClvScorer *scorer;
  GstClipTopK *top_k; /* NULL: all labels */
  ClvScore *scores;   /* of the last scored frame */
  GArray *events;

  GstClipResult *result; /* of the last scored frame */
  gdouble result_time;

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
void gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k);

/* Scores the next frame and attaches the result to it. Its time is its timestamp
 * in @segment, without one the end of the frame before. @embedding: D floats, or
 * NULL where it reuses the result of the frame before. @buffer: writable. */
void gst_clip_tag_stream_tag (GstClipTagStream *self, const GstSegment *segment,
    const GstVideoInfo *info, GstBuffer *buffer, const gfloat *embedding);

/* Ends all active tags at the end of the last frame. */
void gst_clip_tag_stream_close (
    GstClipTagStream *self, const GstSegment *segment);

/* Closes, and lets time begin anew: what comes next does not follow. */
void gst_clip_tag_stream_restart (
    GstClipTagStream *self, const GstSegment *segment);

G_END_DECLS

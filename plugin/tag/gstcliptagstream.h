/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One stream's place in time and the state of its tags: from an embedding to
 * metadata and bus messages, which wait in @outbox until the caller, without its
 * locks, sends them. One thread at a time. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-model.h>
#include <clv/clv-scorer.h>

#include "gstclipmeta.h"
#include "gstcliptagclock.h"
#include "gstcliptagoutbox.h"

G_BEGIN_DECLS

typedef struct {
  GstElement *element; /* that posts the messages; borrowed */
  GstClipTagOutbox *outbox;
  gboolean post_messages;
  gboolean attach_embedding;

  /* Of the current prompt set; NULL before the first. */
  ClvModel *model;
  ClvScorer *scorer;
  ClvScore *scores; /* of the last scored frame */
  GArray *events;

  GstClipResult *result; /* of the last scored frame */
  gdouble result_time;

  GstClipTagClock clock; /* of the last scored or tagged frame */
} GstClipTagStream;

void gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element);
void gst_clip_tag_stream_clear (GstClipTagStream *self);

/* Takes a new prompt set or new settings; tags of the old one must be closed. */
void gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k);

/* Scores the next frame: @result is the new one. @clock: of the frame; must
 * follow the one before. @pts: its timestamp. @embedding: D floats. */
void gst_clip_tag_stream_score (GstClipTagStream *self,
    const GstSegment *segment, const GstClipTagClock *clock, GstClockTime pts,
    const gfloat *embedding);

/* Scores the next frame and attaches the result to it. @embedding: D floats, or
 * NULL where it reuses the result of the frame before; without one it gets
 * nothing, and FALSE is returned. @unchanged: for the meta. @buffer: writable. */
gboolean gst_clip_tag_stream_tag (GstClipTagStream *self,
    const GstSegment *segment, const GstClipTagClock *clock, GstBuffer *buffer,
    const gfloat *embedding, gboolean unchanged);

/* Attaches a result of the frame at @result_time to the frame at @time, seconds
 * of one clock. Allocates nothing but the meta. */
void gst_clip_tag_attach (GstBuffer *buffer, GstClipResult *result,
    gdouble result_time, gdouble time, gboolean fresh, gboolean unchanged);

/* Ends all active tags at the end of the last frame. */
void gst_clip_tag_stream_close (
    GstClipTagStream *self, const GstSegment *segment);

/* After a close: forgets the result, and lets time begin anew. What comes next
 * does not follow. */
void gst_clip_tag_stream_forget (GstClipTagStream *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One stream's place in time and the state of its tags: from embeddings to
 * results and bus messages, which wait in @outbox until the caller, without its
 * locks, sends them. One thread at a time. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-model.h>

#include "gstclipmeta.h"
#include "gstcliptagattach.h"
#include "gstcliptagclock.h"
#include "gstcliptagoutbox.h"
#include "gstcliptagsubject.h"

G_BEGIN_DECLS

typedef struct {
  GstElement *element; /* that posts the messages; borrowed */
  GstClipTagOutbox *outbox;
  gboolean post_messages;
  gboolean attach_embedding;
  gboolean attach_heatmap;
  GstClipAnalytics attach_analytics;

  /* Of the current prompt set; NULL before the first. */
  ClvModel *model;
  GstClipTagScoring scoring;
  ClvScore *scores; /* of what was scored last */
  GArray *events;

  GPtrArray *subjects;  /* of GstClipTagSubject */
  GHashTable *results;  /* of the frames so far; NULL: none */
  gdouble results_time; /* of the last scored frame */

  GstClipTagClock clock; /* of the last scored or tagged frame */
} GstClipTagStream;

void gst_clip_tag_stream_init (GstClipTagStream *self, GstElement *element);
void gst_clip_tag_stream_clear (GstClipTagStream *self);

/* Takes a new prompt set or new settings; tags of the old one must be closed. */
void gst_clip_tag_stream_set_prompts (GstClipTagStream *self, ClvModel *model,
    ClvPrompts *prompts, gdouble smoothing, guint top_k);

/* Scores the next frame: @results are new ones. @clock: of the frame; must follow
 * the one before. @pts: its timestamp. @regions: of the frame, chosen by
 * gst_clip_tag_subjects_choose(). @requests: the answers to its batch, see
 * gst_clip_tag_encode_get(). */
void gst_clip_tag_stream_score (GstClipTagStream *self,
    const GstSegment *segment, const GstClipTagClock *clock, GstClockTime pts,
    const GArray *regions, GPtrArray *requests);

/* The next frame looks like the last scored one: what waits for time to pass goes
 * on. FALSE if the results stay as they are. */
gboolean gst_clip_tag_stream_hold (GstClipTagStream *self,
    const GstSegment *segment, const GstClipTagClock *clock,
    const GArray *regions);

/* Scores the next frame and attaches the results to it. @requests: as above, or
 * NULL where it reuses the results of the frames before; where there are none it
 * gets nothing, and FALSE is returned. @unchanged: it looks like the last scored
 * one. @buffer: writable. */
gboolean gst_clip_tag_stream_tag (GstClipTagStream *self,
    const GstSegment *segment, const GstClipTagClock *clock, GstBuffer *buffer,
    const GArray *regions, GPtrArray *requests, gboolean unchanged);

/* Ends all active tags at the end of the last frame. */
void gst_clip_tag_stream_close (
    GstClipTagStream *self, const GstSegment *segment);

/* The same where the next frame comes after a while, and forgets the results:
 * cool-downs and baselines stay. */
void gst_clip_tag_stream_pause (
    GstClipTagStream *self, const GstSegment *segment);

/* After a close: forgets the results, and lets time begin anew. What comes next
 * does not follow. */
void gst_clip_tag_stream_forget (GstClipTagStream *self);

G_END_DECLS

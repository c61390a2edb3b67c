/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The insides of GstClipTagLive, for its two files: gstcliptaglive.c is the streaming
 * thread's side, gstcliptagworker.c the thread that encodes and scores. */

#pragma once

#include "gstcliptaglive.h"

G_BEGIN_DECLS

typedef struct {
  GstBuffer *buffer; /* NULL: no job */
  GArray *regions;
  GstVideoInfo info;
  GstSegment segment;
  GstClipTagClock clock;
  GstClipTagMark mark;
  GstClipTagMark before; /* it, if it is unchanged; since it was taken */
  gdouble change_threshold;
  gboolean patches;
  ClvEngine *engine; /* since it was taken */
  guint epoch;
  guint run;
} GstClipTagJob;

struct _GstClipTagLive {
  gint ref_count; /* atomic: the element's, and one of each thread */

  GMutex scoring;
  GstClipTagStream *stream;
  const GstClipTagLiveFuncs *funcs;

  GMutex mutex;
  GCond work; /* for the worker: a job, or the end of its run */
  GCond idle; /* for finish and close */
  GThread *thread;
  ClvEngine *engine;
  GPtrArray *asked; /* by the worker; NULL: nothing */
  guint run;        /* of open and close */
  guint epoch;      /* see above */
  GstClipTagJob waiting;
  gboolean busy;
  gboolean exited; /* the thread of this run */
  guint64 n_skipped;
  GHashTable *results; /* never changed, but replaced */
  gdouble current_until;
  GstClipTagMark last;
  GstClipTagClock passed; /* of the last frame; {0}: none since the restart */
};

/* gstcliptaglive.c: mutex held. */

/* The caller drops what comes back, without the lock. */
GstBuffer *gst_clip_tag_live_steal_waiting (GstClipTagLive *self);

/* What the worker waits for is not wanted any more. */
void gst_clip_tag_live_cancel_asked (GstClipTagLive *self);

/* gstcliptagworker.c */

/* Mutex held. */
gboolean gst_clip_tag_live_start_thread (GstClipTagLive *self, GError **error);

/* Scoring held. The stream's results are those of the frames from now on. */
void gst_clip_tag_live_publish (GstClipTagLive *self, guint run, guint epoch);

G_END_DECLS

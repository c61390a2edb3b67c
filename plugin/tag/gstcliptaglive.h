/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Inference beside the stream: frames are offered and never wait, a thread takes
 * the newest, encodes and scores it, and every frame may ask for the newest
 * result.
 *
 *     streaming thread                       worker thread
 *       frame ── offer ──► one slot ── take ──► encode ──► score ──► messages
 *         ▲                                                  │
 *         └───────────────── pass ◄── newest results ◄───────┘
 *
 * A frame that the device finds unchanged is not encoded, and the newest results are
 * those of the frame before it still.
 *
 * At most two buffers are held: one in the slot, one in work. Everything that
 * makes frames of before strangers to frames of after (flush, segment, caps,
 * prompts, an error) starts a new epoch, and what belongs to an old one is
 * dropped.
 *
 * Locks: `scoring` guards the stream's scorer; `mutex` guards the rest and is held
 * for a few instructions. Who takes both takes `scoring` first. Neither is held
 * while encoding, nor while messages are posted: their receiver may seek. */

#pragma once

#include <clv/clv-engine.h>

#include "gstcliptaggate.h"
#include "gstcliptagstream.h"

G_BEGIN_DECLS

typedef struct _GstClipTagLive GstClipTagLive;

/* All are called by the worker, which holds no lock; the element lives until they
 * return. */
typedef struct {
  void (*inferred) (gpointer data, const GstClipTagCounts *counts,
      gint64 encode_us, gint64 score_us);
  void (*unchanged) (gpointer data);
  void (*failed) (gpointer data, const GError *error);
  gpointer data;
} GstClipTagLiveFuncs;

/* A frame that may be inferred; it borrows the buffer and its regions. */
typedef struct {
  GstBuffer *buffer;
  const GArray *regions;
  const GstVideoInfo *info;
  const GstSegment *segment;
  GstClipTagClock clock;
  GstClipTagMark mark;
  gdouble change_threshold;
  gboolean patches; /* for heat maps */
  guint epoch;      /* of the state by which it was judged */
} GstClipTagLiveFrame;

/* What the streaming thread wants to know of the worker for a frame. */
typedef struct {
  GHashTable *results; /* (transfer full) (nullable): the newest */
  GstClipTagMark last; /* of the last frame that was taken, and not unchanged */
  gdouble current_until; /* of the last frame that the results were right for */
  guint epoch;
} GstClipTagLiveState;

GstClipTagLive *gst_clip_tag_live_new (void);
void gst_clip_tag_live_unref (GstClipTagLive *self);

/* Before the first frame. @stream and @funcs must live until close. */
void gst_clip_tag_live_open (GstClipTagLive *self, ClvEngine *engine,
    GstClipTagStream *stream, const GstClipTagLiveFuncs *funcs);

/* Drops everything and ends the thread. A thread that the device, or a receiver
 * of its messages, does not answer is left behind after some seconds (FALSE): it
 * touches nothing of the stream any more and ends when it is answered. */
gboolean gst_clip_tag_live_close (GstClipTagLive *self);

/* From now on frames are encoded by this one. */
void gst_clip_tag_live_set_engine (GstClipTagLive *self, ClvEngine *engine);

/* Streaming thread; does not wait. The frame at @clock passes: until the next one
 * tags end with it. */
void gst_clip_tag_live_pass (GstClipTagLive *self, const GstClipTagClock *clock,
    GstClipTagLiveState *ret_state);

/* Streaming thread; does not wait. The frame looks like the last one that was
 * taken: what waits for time to pass (smoothing, minimum durations) goes on, and
 * @state gets the results that are then right. Sends messages. Does nothing while
 * that frame is in work, or another is scored. */
void gst_clip_tag_live_hold (GstClipTagLive *self,
    const GstClipTagLiveFrame *frame, GstClipTagLiveState *state);

/* Streaming thread; does not wait. Takes a reference to the buffer and a copy
 * of the regions. A frame that waits already is replaced, and counted, as one of
 * an old epoch is. FALSE: there is no thread. */
gboolean gst_clip_tag_live_offer (
    GstClipTagLive *self, const GstClipTagLiveFrame *frame, GError **error);

/* Any thread. A new epoch: no result of a frame of before is attached any more,
 * and who waits in gst_clip_tag_live_finish() returns. Tags stay as they are. */
void gst_clip_tag_live_cancel (GstClipTagLive *self);

/* All tags end with the last frame that passed; in mode sync, where none does,
 * with the stream's last. The worker must not touch the stream, and messages are
 * the caller's to send. */
void gst_clip_tag_live_close_tags (
    GstClipTagLive *self, const GstSegment *segment);

/* A new epoch: closes tags, and time begins anew. Sends messages. */
void gst_clip_tag_live_restart (
    GstClipTagLive *self, const GstSegment *segment);

/* The same, but cool-downs and baselines go on. */
void gst_clip_tag_live_pause (GstClipTagLive *self, const GstSegment *segment);

/* Waits until the frames that were taken or wait are done, and their buffers are
 * let go, or are cancelled; at most some seconds. */
void gst_clip_tag_live_finish (GstClipTagLive *self);

/* The next frame is inferred whatever was inferred before; those before it are
 * not any more, but their result stays until then. */
void gst_clip_tag_live_start_anew (GstClipTagLive *self);

/* While locked the worker does not touch the stream. Send no messages then. */
void gst_clip_tag_live_lock_stream (GstClipTagLive *self);
void gst_clip_tag_live_unlock_stream (GstClipTagLive *self);

/* Frames since open that were offered and whose scores nobody saw. */
guint64 gst_clip_tag_live_get_n_skipped (GstClipTagLive *self);

G_END_DECLS

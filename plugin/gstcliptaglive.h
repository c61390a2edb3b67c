/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Inference beside the stream: frames are offered and never wait, a thread takes
 * the newest, encodes and scores it, and every frame may ask for the newest
 * result.
 *
 *     streaming thread                       worker thread
 *       frame ── offer ──► one slot ── take ──► encode ──► score ──► messages
 *         ▲                                                  │
 *         └────────────── get_result ◄── newest result ◄─────┘
 *
 * At most two buffers are held: one in the slot, one in work. Everything that
 * makes frames of before strangers to frames of after (flush, segment, caps)
 * starts a new epoch, and what belongs to an old one is dropped.
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

/* Both are called by the worker, which holds no lock; the element lives until
 * they return. */
typedef struct {
  void (*inferred) (gpointer data, gint64 encode_us, gint64 score_us);
  void (*failed) (gpointer data, const GError *error);
  gpointer data;
} GstClipTagLiveFuncs;

/* A frame that may be inferred; it borrows the buffer. */
typedef struct {
  GstBuffer *buffer;
  const GstVideoInfo *info;
  const GstSegment *segment;
  GstClipTagClock clock;
  GstClipTagMark mark;
} GstClipTagLiveFrame;

/* What the streaming thread wants to know of the worker. */
typedef struct {
  GstClipResult *result; /* (transfer full) (nullable): the newest */
  gdouble result_time;
  GstClipTagMark last; /* of the last frame that was taken */
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

/* Streaming thread; does not wait. */
void gst_clip_tag_live_get_state (
    GstClipTagLive *self, GstClipTagLiveState *ret_state);

/* Streaming thread; does not wait. Takes a reference to the buffer. A frame that
 * waits already is replaced, and counted. FALSE: there is no thread. */
gboolean gst_clip_tag_live_offer (
    GstClipTagLive *self, const GstClipTagLiveFrame *frame, GError **error);

/* Any thread. A new epoch: no result of a frame of before is attached any more,
 * and who waits in gst_clip_tag_live_finish() returns. Tags stay as they are. */
void gst_clip_tag_live_cancel (GstClipTagLive *self);

/* A new epoch, and all tags are closed at the end of the last frame, whose clock
 * is @clock. Sends messages. */
void gst_clip_tag_live_restart (GstClipTagLive *self, const GstSegment *segment,
    const GstClipTagClock *clock);

/* Waits until the frames that were taken or wait are done, or cancelled, or for
 * @timeout_us. */
void gst_clip_tag_live_finish (GstClipTagLive *self, gint64 timeout_us);

/* The next frame is inferred whatever was inferred before. */
void gst_clip_tag_live_start_anew (GstClipTagLive *self);

/* While locked the worker does not touch the stream. Send no messages then. */
void gst_clip_tag_live_lock_stream (GstClipTagLive *self);
void gst_clip_tag_live_unlock_stream (GstClipTagLive *self);

/* Frames since open that were offered and whose scores nobody saw. */
guint64 gst_clip_tag_live_get_n_skipped (GstClipTagLive *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The element's insides, for the files that it is made of:
 *
 *   gstcliptag.c        class, properties, states, events
 *   gstcliptagframe.c   one frame's way
 *   gstcliptagregion.c  which parts of it are scored; gstcliptagtracks.c: and which
 *                       of them were there before
 *   gstcliptagstream.c  scores and tags of each part, over time
 *   gstcliptagattach.c  the metadata
 *   gstcliptagsync.c    frames that wait for their own scores
 *   gstcliptaglive.c    inference beside the stream; gstcliptagworker.c: its thread
 *   gstcliptagoutbox.c  what is told of tags, in order and without locks
 *   gstcliptagquery.c   LATENCY and ALLOCATION
 *   gstcliptagimages.c  frames that are on the device already
 *   gstcliptagbuild.c   what takes long, beside the stream
 *   gstcliptagfault.c   what happens after an error */

#pragma once

#include <clv/clv-engine.h>

#include "gstcliptag.h"
#include "gstcliptagbuild.h"
#include "gstcliptagclock.h"
#include "gstcliptagfault.h"
#include "gstcliptaggate.h"
#include "gstcliptagheld.h"
#include "gstcliptaglive.h"
#include "gstcliptagpace.h"
#include "gstcliptagqos.h"
#include "gstcliptagsettings.h"
#include "gstcliptagstats.h"
#include "gstcliptagstream.h"
#include "gstcliptagtimer.h"
#include "gstcliptagtracks.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_clip_tag_debug);

#define GST_CLIP_TAG_PARENT                                                    \
  GST_BASE_TRANSFORM_CLASS (g_type_class_peek (GST_TYPE_VIDEO_FILTER))

struct _GstClipTag {
  GstVideoFilter parent;

  /* Guarded by the object lock. */
  GstClipTagSettings settings;
  GstClipTagStats stats;
  GstClipTagQos qos;
  GstClipTagFault fault;
  ClvEngine *engine;     /* NULL while stopped; set by start() and stop() */
  ClvEngine *new_engine; /* after a fault, for the next frame to take over */
  ClvPrompts *pending;   /* encoded, for the next frame to take over */
  GstClipTagBuilder *builder; /* NULL while stopped */
  gboolean owes_prompts;      /* those of the settings: the device was lost */
  ClvPrompts *current;        /* of the scorer, for the actions */
  GPtrArray *encoding; /* what the stream waits for in mode sync; borrowed */
  gboolean cancelled;  /* and is not to wait for any other */
  GstClipMode mode;    /* as of start(), as are the next two */
  guint batch_size;
  GstClockTime batch_timeout;
  GstClockTime frame_time; /* by the frame rate; 0: it is not known */

  /* Locks for itself; the thread runs in mode live only. */
  GstClipTagLive *live;
  GstClipTagLiveFuncs live_funcs;
  GstClipTagTimer *timer;

  /* Not changed between start() and stop(). */
  GstClipTagSettings started;
  GstClipTagScope scope; /* of these */

  /* Streaming thread only, valid between start() and stop(). */
  guint requested;      /* serial of the newest set asked for */
  gint64 looked_us;     /* monotonic: at the prompts file */
  gboolean knows_speed; /* and has told it */
  gboolean knows_mode;  /* is_live is right */
  gboolean is_live;
  gboolean has_live_source;
  GstObject *images_owner;  /* of the last frame's images, or NULL */
  ClvDevice *images_device; /* that, to the library */
  gboolean knows_dmabufs;   /* and has told whether they are imported */
  GstClipTagTiming timing;  /* for this frame */
  GstClipTagClock clock;    /* of the newest frame */
  GstClipTagTracks tracks;
  GArray *regions; /* of this frame */
  guint64 n_frames;
  gdouble smoothing; /* what the stream was set up with */
  guint top_k;
  gdouble
      current_until; /* seconds: of the last unchanged frame, or the first */
  gint64 warned_of_age_us; /* monotonic; 0: never */

  /* In mode live guarded by gst_clip_tag_live_lock_stream(). */
  GstClipTagStream stream;

  /* Mode sync. */
  GstClipTagHeldFrames held;
  guint n_ready;          /* of the held frames, scored already */
  guint64 batch;          /* number of the last that began to wait */
  GstClipTagMark last;    /* the last frame to infer */
  GstClipTagMark encoded; /* the last that was inferred */
  GstClipTagPace pace;
  GstFlowReturn flow; /* of what the timer pushed */
};

/* gstcliptagframe.c: streaming thread. */

/* Takes a set over; tags of the old one must be closed. */
void gst_clip_tag_use_prompts (
    GstClipTag *self, ClvPrompts *prompts, gdouble smoothing, guint top_k);

/* change-threshold where the device is to compare frames: it does where a frame is
 * one picture. 0: it does not. */
gdouble gst_clip_tag_get_look_threshold (GstClipTag *self);

/* Takes another engine over, with the same model. */
void gst_clip_tag_take_engine (GstClipTag *self, ClvEngine *engine);

/* Whether heat maps are to be drawn: of the whole picture only. */
gboolean gst_clip_tag_wants_patches (GstClipTag *self);

/* What comes next does not follow what was: tags are closed, no result is reused,
 * and the next frame is inferred. */
void gst_clip_tag_restart (GstClipTag *self);

GstFlowReturn gst_clip_tag_generate_output (
    GstBaseTransform *trans, GstBuffer **ret_buffer);

/* gstcliptagsync.c: streaming thread, or the pad's stream lock held. */

/* Takes the next frame. More than one may then be ready. */
GstFlowReturn gst_clip_tag_sync_push (
    GstClipTag *self, const GstClipTagHeld *frame);

/* A frame that is ready to leave, or NULL. */
GstBuffer *gst_clip_tag_sync_pop (GstClipTag *self);

/* Scores and pushes what is held, before something that must not overtake it. */
GstFlowReturn gst_clip_tag_sync_drain (GstClipTag *self);

void gst_clip_tag_sync_drop (GstClipTag *self);

/* Any thread. TRUE: from now on, and until FALSE, nobody waits for the device:
 * what is encoded is dropped, and the flow is FLUSHING. */
void gst_clip_tag_sync_cancel (GstClipTag *self, gboolean cancel);

/* The timer's: a batch has waited long enough. */
void gst_clip_tag_sync_timeout (gpointer self, guint64 batch);

/* gstcliptagquery.c */

/* How many frames at most wait for the last one of their batch in mode sync, and
 * how long the first of them waits. */
guint gst_clip_tag_max_held (GstClipTag *self, GstClockTime *ret_wait);

/* Whether frames do not wait, by the property, and with AUTO by what upstream's
 * LATENCY says: whether its source is live. */
gboolean gst_clip_tag_find_mode (GstClipTag *self, gboolean *ret_live_source);

gboolean gst_clip_tag_query (
    GstBaseTransform *trans, GstPadDirection direction, GstQuery *query);
gboolean gst_clip_tag_propose_allocation (
    GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query);

G_END_DECLS

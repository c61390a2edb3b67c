/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptaglive.h"

#include "gstcliptagencode.h"
#include "gstcliptagworker.h"

/* Longer than any frame takes on a device that works; gst_clip_tag_live_close()
 * is part of a state change, which somebody waits for. */
#define MAX_CLOSE_US (10 * G_USEC_PER_SEC)

/* The end of a stream and a DRAIN query do not wait longer either. */
#define MAX_FINISH_US (10 * G_USEC_PER_SEC)

GstClipTagLive *
gst_clip_tag_live_new (void)
{
  GstClipTagLive *self = g_new0 (GstClipTagLive, 1);

  self->ref_count = 1;
  g_mutex_init (&self->scoring);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->work);
  g_cond_init (&self->idle);
  return self;
}

void
gst_clip_tag_live_unref (GstClipTagLive *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_mutex_clear (&self->scoring);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->work);
  g_cond_clear (&self->idle);
  g_free (self);
}

GstBuffer *
gst_clip_tag_live_steal_waiting (GstClipTagLive *self)
{
  if (self->waiting.buffer != NULL)
    self->n_skipped++;
  g_clear_pointer (&self->waiting.regions, g_array_unref);
  return g_steal_pointer (&self->waiting.buffer);
}

void
gst_clip_tag_live_cancel_asked (GstClipTagLive *self)
{
  if (self->asked != NULL)
    gst_clip_tag_encode_cancel (self->asked);
}
/* What has been scored ends with the last frame that passed. */
static void
take_passed (GstClipTagLive *self)
{
  GstClipTagClock passed;

  g_mutex_lock (&self->mutex);
  passed = self->passed;
  g_mutex_unlock (&self->mutex);
  if (passed.has_time && self->stream->clock.has_time)
    self->stream->clock = passed;
}

void
gst_clip_tag_live_close_tags (GstClipTagLive *self, const GstSegment *segment)
{
  take_passed (self);
  gst_clip_tag_stream_close (self->stream, segment);
}
void
gst_clip_tag_live_open (GstClipTagLive *self, ClvEngine *engine,
    GstClipTagStream *stream, const GstClipTagLiveFuncs *funcs)
{
  g_mutex_lock (&self->scoring);
  g_mutex_lock (&self->mutex);
  self->stream = stream;
  self->funcs = funcs;
  g_set_object (&self->engine, engine);
  self->run += 2; /* no thread of an earlier run takes itself for this one's */
  self->n_skipped = 0;
  self->passed = (GstClipTagClock){ 0 };
  self->busy = self->exited = FALSE;
  g_mutex_unlock (&self->mutex);
  g_mutex_unlock (&self->scoring);
}

gboolean
gst_clip_tag_live_close (GstClipTagLive *self)
{
  gint64 end = g_get_monotonic_time () + MAX_CLOSE_US;
  g_autoptr (ClvEngine) engine = NULL;
  GThread *thread;
  gboolean ended;

  gst_clip_tag_live_cancel (self);

  /* Not while it scores: after this it finds that its run is over. */
  g_mutex_lock (&self->scoring);
  g_mutex_lock (&self->mutex);
  self->run++;
  engine = g_steal_pointer (&self->engine);
  thread = g_steal_pointer (&self->thread);
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->mutex);
  g_mutex_unlock (&self->scoring);

  g_mutex_lock (&self->mutex);
  ended = thread == NULL || self->exited;
  while (!ended && g_cond_wait_until (&self->idle, &self->mutex, end))
    ended = self->exited;
  self->busy = FALSE;
  g_mutex_unlock (&self->mutex);
  if (thread != NULL && ended)
    g_thread_join (thread);
  else if (thread != NULL)
    g_thread_unref (thread);
  return ended;
}

void
gst_clip_tag_live_set_engine (GstClipTagLive *self, ClvEngine *engine)
{
  g_autoptr (ClvEngine) old = NULL;

  g_mutex_lock (&self->mutex);
  old = self->engine;
  self->engine = g_object_ref (engine);
  g_mutex_unlock (&self->mutex);
}

void
gst_clip_tag_live_pass (GstClipTagLive *self, const GstClipTagClock *clock,
    GstClipTagLiveState *ret_state)
{
  g_mutex_lock (&self->mutex);
  self->passed = *clock;
  ret_state->results =
      self->results == NULL ? NULL : g_hash_table_ref (self->results);
  ret_state->last = self->last;
  ret_state->current_until = self->current_until;
  ret_state->epoch = self->epoch;
  g_mutex_unlock (&self->mutex);
}

/* Mutex held. Whether the results are those of the frame that was the last one when
 * @state was taken. */
static gboolean
has_results_of (GstClipTagLive *self, const GstClipTagLiveState *state)
{
  return state->epoch == self->epoch && !self->busy &&
         self->waiting.buffer == NULL && self->results != NULL &&
         self->last.index == state->last.index;
}

void
gst_clip_tag_live_hold (GstClipTagLive *self, const GstClipTagLiveFrame *frame,
    GstClipTagLiveState *state)
{
  g_autoptr (GHashTable) old = NULL;
  gboolean held;

  if (!g_mutex_trylock (&self->scoring))
    return;
  g_mutex_lock (&self->mutex);
  held = has_results_of (self, state);
  g_mutex_unlock (&self->mutex);
  held = held && gst_clip_tag_stream_hold (self->stream, frame->segment,
                     &frame->clock, frame->regions);
  if (held) {
    gst_clip_tag_live_publish (self, self->run, frame->epoch);
    old = state->results;
    state->results = g_hash_table_ref (self->stream->results);
  }
  g_mutex_unlock (&self->scoring);
  if (held)
    gst_clip_tag_outbox_send (self->stream->outbox);
}

gboolean
gst_clip_tag_live_offer (
    GstClipTagLive *self, const GstClipTagLiveFrame *frame, GError **error)
{
  g_autoptr (GstBuffer) replaced = NULL;
  gboolean started;

  g_mutex_lock (&self->mutex);
  started =
      self->thread != NULL || gst_clip_tag_live_start_thread (self, error);
  if (started && frame->epoch != self->epoch) {
    self->n_skipped++;
  } else if (started) {
    replaced = gst_clip_tag_live_steal_waiting (self);
    self->waiting = (GstClipTagJob){
      .buffer = gst_buffer_ref (frame->buffer),
      .regions = g_array_copy ((GArray *) frame->regions),
      .info = *frame->info,
      .segment = *frame->segment,
      .clock = frame->clock,
      .mark = frame->mark,
      .change_threshold = frame->change_threshold,
      .patches = frame->patches,
      .epoch = self->epoch,
      .run = self->run,
    };
    g_cond_signal (&self->work);
  }
  g_mutex_unlock (&self->mutex);
  return started;
}

void
gst_clip_tag_live_cancel (GstClipTagLive *self)
{
  g_autoptr (GstBuffer) dropped = NULL;
  g_autoptr (GHashTable) old = NULL;

  g_mutex_lock (&self->mutex);
  self->epoch++;
  gst_clip_tag_live_cancel_asked (self);
  dropped = gst_clip_tag_live_steal_waiting (self);
  old = g_steal_pointer (&self->results);
  self->last.valid = FALSE;
  g_cond_broadcast (&self->idle);
  g_mutex_unlock (&self->mutex);
}

static void
restart_after (GstClipTagLive *self, const GstSegment *segment,
    void (*end) (GstClipTagStream *stream, const GstSegment *segment))
{
  gst_clip_tag_live_cancel (self);
  g_mutex_lock (&self->scoring);
  take_passed (self);
  end (self->stream, segment);
  g_mutex_lock (&self->mutex);
  self->passed = (GstClipTagClock){ 0 };
  g_mutex_unlock (&self->mutex);
  g_mutex_unlock (&self->scoring);
  gst_clip_tag_outbox_send (self->stream->outbox);
}

static void
close_and_forget (GstClipTagStream *stream, const GstSegment *segment)
{
  gst_clip_tag_stream_close (stream, segment);
  gst_clip_tag_stream_forget (stream);
}

void
gst_clip_tag_live_restart (GstClipTagLive *self, const GstSegment *segment)
{
  restart_after (self, segment, close_and_forget);
}

void
gst_clip_tag_live_pause (GstClipTagLive *self, const GstSegment *segment)
{
  restart_after (self, segment, gst_clip_tag_stream_pause);
}

void
gst_clip_tag_live_finish (GstClipTagLive *self)
{
  gint64 end = g_get_monotonic_time () + MAX_FINISH_US;
  guint epoch;

  g_mutex_lock (&self->mutex);
  epoch = self->epoch;
  while ((self->busy || self->waiting.buffer != NULL) && epoch == self->epoch)
    if (!g_cond_wait_until (&self->idle, &self->mutex, end))
      break;
  g_mutex_unlock (&self->mutex);
}

void
gst_clip_tag_live_start_anew (GstClipTagLive *self)
{
  g_autoptr (GstBuffer) dropped = NULL;

  g_mutex_lock (&self->mutex);
  self->epoch++;
  gst_clip_tag_live_cancel_asked (self);
  dropped = gst_clip_tag_live_steal_waiting (self);
  self->last.valid = FALSE;
  g_mutex_unlock (&self->mutex);
}

void
gst_clip_tag_live_lock_stream (GstClipTagLive *self)
{
  g_mutex_lock (&self->scoring);
}

void
gst_clip_tag_live_unlock_stream (GstClipTagLive *self)
{
  g_mutex_unlock (&self->scoring);
}

guint64
gst_clip_tag_live_get_n_skipped (GstClipTagLive *self)
{
  guint64 n;

  g_mutex_lock (&self->mutex);
  n = self->n_skipped;
  g_mutex_unlock (&self->mutex);
  return n;
}

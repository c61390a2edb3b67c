/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptaglive.h"

#include <clv/clv-error.h>

#include "gstclipframe.h"
#include "gstcliptagencode.h"

/* Longer than any frame takes on a device that works; gst_clip_tag_live_close()
 * is part of a state change, which somebody waits for. */
#define MAX_CLOSE_US (10 * G_USEC_PER_SEC)

/* The end of a stream and a DRAIN query do not wait longer either. */
#define MAX_FINISH_US (10 * G_USEC_PER_SEC)

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
} Job;

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
  Job waiting;
  gboolean busy;
  gboolean exited; /* the thread of this run */
  guint64 n_skipped;
  GHashTable *results; /* never changed, but replaced */
  gdouble current_until;
  GstClipTagMark last;
  GstClipTagClock passed; /* of the last frame; {0}: none since the restart */
};

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

/* Mutex held. The caller drops what comes back, without the lock. */
static GstBuffer *
steal_waiting (GstClipTagLive *self)
{
  if (self->waiting.buffer != NULL)
    self->n_skipped++;
  g_clear_pointer (&self->waiting.regions, g_array_unref);
  return g_steal_pointer (&self->waiting.buffer);
}

/* Mutex held. What the worker waits for is not wanted any more. */
static void
cancel_asked (GstClipTagLive *self)
{
  if (self->asked != NULL)
    gst_clip_tag_encode_cancel (self->asked);
}

static gboolean
is_current (GstClipTagLive *self, const Job *job)
{
  return job->run == self->run && job->epoch == self->epoch;
}

/* The answers to what is to be encoded of a frame that is mapped. NULL with an
 * error; that it was cancelled is one. */
static GPtrArray *
ask (GstClipTagLive *self, const Job *job, const GArray *frames, ClvLook *look,
    GError **error)
{
  const ClvRequest how = { .stream = self,
    .look = job->change_threshold > 0 ? look : NULL,
    .change_threshold = job->change_threshold,
    .encode_always = job->mark.must,
    .patches = job->patches };
  g_autoptr (GPtrArray) requests =
      gst_clip_tag_encode_submit (job->engine, frames, &how, error);
  gboolean good;

  if (requests == NULL)
    return NULL;
  g_mutex_lock (&self->mutex);
  self->asked = requests;
  if (!is_current (self, job))
    cancel_asked (self);
  g_mutex_unlock (&self->mutex);
  good = gst_clip_tag_encode_wait (requests, error);
  g_mutex_lock (&self->mutex);
  self->asked = NULL;
  g_mutex_unlock (&self->mutex);
  return good ? g_steal_pointer (&requests) : NULL;
}

static GPtrArray *
encode (GstClipTagLive *self, Job *job, ClvLook *look, GError **error)
{
  g_autoptr (GArray) frames = g_array_new (FALSE, FALSE, sizeof (ClvFrame));
  GstClipFrameMap map;
  ClvFrame picture;
  GPtrArray *requests;

  if (!gst_clip_frame_map (&map, &picture, &job->info, job->buffer,
          clv_engine_get_device (job->engine), error))
    return NULL;
  gst_clip_tag_encode_add (frames, &picture, job->regions);
  requests = ask (self, job, frames, look, error);
  if (requests == NULL)
    look->known = FALSE;
  gst_clip_frame_unmap (&map);
  return requests;
}

/* Waits for a job. FALSE: the run is over. */
static gboolean
take (GstClipTagLive *self, guint run, Job *ret_job)
{
  gboolean taken;

  g_mutex_lock (&self->mutex);
  while (self->run == run && self->waiting.buffer == NULL)
    g_cond_wait (&self->work, &self->mutex);
  taken = self->run == run;
  if (taken) {
    *ret_job = self->waiting;
    self->waiting.buffer = NULL;
    self->waiting.regions = NULL;
    ret_job->before = self->last;
    self->last = ret_job->mark;
    self->busy = TRUE;
    ret_job->engine = g_object_ref (self->engine);
  }
  g_mutex_unlock (&self->mutex);
  return taken;
}

/* What is to be encoded of the frame; nothing if it is not wanted any more. */
static void
choose (GstClipTagLive *self, const Job *job, GstClipTagCounts *ret_counts)
{
  gboolean wanted;

  *ret_counts = (GstClipTagCounts){ 0 };
  g_mutex_lock (&self->scoring);
  g_mutex_lock (&self->mutex);
  wanted = is_current (self, job);
  g_mutex_unlock (&self->mutex);
  if (wanted) {
    gst_clip_tag_subjects_begin (self->stream->subjects);
    gst_clip_tag_subjects_choose (self->stream->subjects,
        &self->stream->scoring, job->regions, job->mark.index, ret_counts);
  }
  g_mutex_unlock (&self->scoring);
}

/* A flush may have come while the frame was scored. */
static void
publish (GstClipTagLive *self, const Job *job)
{
  g_autoptr (GHashTable) old = NULL;

  g_mutex_lock (&self->mutex);
  if (is_current (self, job)) {
    old = self->results;
    self->results = g_hash_table_ref (self->stream->results);
    self->current_until = self->stream->results_time;
  }
  g_mutex_unlock (&self->mutex);
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

/* Scoring held. Closes, and time begins anew. */
static void
restart_stream (GstClipTagLive *self, const GstSegment *segment)
{
  gst_clip_tag_live_close_tags (self, segment);
  gst_clip_tag_stream_forget (self->stream);
}

static void
forget_result (GstClipTagLive *self)
{
  g_autoptr (GHashTable) old = NULL;

  g_mutex_lock (&self->mutex);
  old = g_steal_pointer (&self->results);
  self->last.valid = FALSE;
  g_mutex_unlock (&self->mutex);
}

/* After an error was reported: what was judged before would be tried at once, and
 * count as another failure. */
static void
drop_untried (GstClipTagLive *self)
{
  g_autoptr (GstBuffer) dropped = NULL;

  g_mutex_lock (&self->mutex);
  self->epoch++;
  dropped = steal_waiting (self);
  g_mutex_unlock (&self->mutex);
}

/* Whether anybody wants to know of the frame; if not, it is counted. */
static gboolean
is_wanted (GstClipTagLive *self, const Job *job)
{
  gboolean wanted;

  g_mutex_lock (&self->mutex);
  wanted = is_current (self, job);
  if (!wanted)
    self->n_skipped++;
  g_mutex_unlock (&self->mutex);
  return wanted;
}

/* The newest results are right for this frame, too. */
static void
keep_results (GstClipTagLive *self, const Job *job)
{
  g_mutex_lock (&self->mutex);
  if (is_current (self, job)) {
    self->last = job->before;
    self->current_until = job->clock.time;
  }
  g_mutex_unlock (&self->mutex);
}

/* Scores with @scoring held, so that it is over when gst_clip_tag_live_close() or
 * _restart() has had it; tells of it afterwards. */
static void
use (GstClipTagLive *self, const Job *job, const GstClipTagCounts *counts,
    GPtrArray *requests, const GError *error, gint64 encode_us)
{
  const gboolean unchanged =
      requests != NULL &&
      clv_future_get_unchanged (g_ptr_array_index (requests, 0)) != 0;
  gint64 begin = g_get_monotonic_time (), score_us;
  g_autoptr (GstClipTagOutbox) outbox = NULL;
  g_autoptr (GstElement) element = NULL; /* may outlive a close otherwise */

  g_mutex_lock (&self->scoring);
  if (!is_wanted (self, job)) {
    g_mutex_unlock (&self->scoring);
    return;
  }
  if (unchanged) {
    keep_results (self, job);
  } else if (error != NULL) {
    /* No frame carries old scores until it works again. */
    forget_result (self);
    restart_stream (self, &job->segment);
  } else {
    gst_clip_tag_stream_score (self->stream, &job->segment, &job->clock,
        GST_BUFFER_PTS (job->buffer), job->regions, requests);
    publish (self, job);
  }
  element = gst_object_ref (self->stream->element);
  outbox = gst_clip_tag_outbox_ref (self->stream->outbox);
  g_mutex_unlock (&self->scoring);

  score_us = g_get_monotonic_time () - begin;
  gst_clip_tag_outbox_send (outbox);
  if (error != NULL) {
    self->funcs->failed (self->funcs->data, error);
    drop_untried (self);
  } else if (unchanged) {
    self->funcs->unchanged (self->funcs->data);
  } else {
    self->funcs->inferred (self->funcs->data, counts, encode_us, score_us);
  }
}

typedef struct {
  GstClipTagLive *live;
  guint run;
} Start;

static gpointer
worker (gpointer data)
{
  Start *start = data;
  GstClipTagLive *self = start->live;
  guint run = start->run;
  ClvLook look = { 0 };
  Job job;

  while (take (self, run, &job)) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) requests = NULL;
    gint64 begin = g_get_monotonic_time ();
    GstClipTagCounts counts;

    choose (self, &job, &counts);
    if (counts.rows > 0)
      requests = encode (self, &job, &look, &error);
    use (self, &job, &counts, requests, error, g_get_monotonic_time () - begin);

    /* Before the next is taken: one waits and one is in work, never three. */
    g_array_unref (job.regions);
    gst_buffer_unref (job.buffer);
    g_object_unref (job.engine);
    g_mutex_lock (&self->mutex);
    if (self->run == run)
      self->busy = FALSE;
    g_cond_broadcast (&self->idle);
    g_mutex_unlock (&self->mutex);
  }

  g_mutex_lock (&self->mutex);
  if (self->run == run + 1)
    self->exited = TRUE;
  g_cond_broadcast (&self->idle);
  g_mutex_unlock (&self->mutex);
  gst_clip_tag_live_unref (self);
  g_free (start);
  return NULL;
}

/* Mutex held. */
static gboolean
start_thread (GstClipTagLive *self, GError **error)
{
  Start *start = g_new (Start, 1);

  *start = (Start){ .live = self, .run = self->run };
  g_atomic_int_inc (&self->ref_count);
  self->thread = g_thread_try_new ("cliptag-live", worker, start, error);
  if (self->thread != NULL)
    return TRUE;
  g_atomic_int_add (&self->ref_count, -1);
  g_free (start);
  return FALSE;
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

gboolean
gst_clip_tag_live_offer (
    GstClipTagLive *self, const GstClipTagLiveFrame *frame, GError **error)
{
  g_autoptr (GstBuffer) replaced = NULL;
  gboolean started;

  g_mutex_lock (&self->mutex);
  started = self->thread != NULL || start_thread (self, error);
  if (started && frame->epoch != self->epoch) {
    self->n_skipped++;
  } else if (started) {
    replaced = steal_waiting (self);
    self->waiting = (Job){
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
  cancel_asked (self);
  dropped = steal_waiting (self);
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
  cancel_asked (self);
  dropped = steal_waiting (self);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread of mode live: takes the newest frame, encodes and scores it. */

#include "gstcliptagworker.h"

#include <clv/clv-error.h>

#include "gstclipframe.h"
#include "gstcliptagencode.h"

static gboolean
is_current (GstClipTagLive *self, const GstClipTagJob *job)
{
  return job->run == self->run && job->epoch == self->epoch;
}

/* The answers to what is to be encoded of a frame that is mapped. NULL with an
 * error; that it was cancelled is one. */
static GPtrArray *
ask (GstClipTagLive *self, const GstClipTagJob *job, const GArray *frames,
    ClvLook *look, GError **error)
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
    gst_clip_tag_live_cancel_asked (self);
  g_mutex_unlock (&self->mutex);
  good = gst_clip_tag_encode_wait (requests, error);
  g_mutex_lock (&self->mutex);
  self->asked = NULL;
  g_mutex_unlock (&self->mutex);
  return good ? g_steal_pointer (&requests) : NULL;
}

static GPtrArray *
encode (GstClipTagLive *self, GstClipTagJob *job, ClvLook *look, GError **error)
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
take (GstClipTagLive *self, guint run, GstClipTagJob *ret_job)
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
choose (GstClipTagLive *self, const GstClipTagJob *job,
    GstClipTagCounts *ret_counts)
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
void
gst_clip_tag_live_publish (GstClipTagLive *self, guint run, guint epoch)
{
  g_autoptr (GHashTable) old = NULL;

  g_mutex_lock (&self->mutex);
  if (run == self->run && epoch == self->epoch) {
    old = self->results;
    self->results = g_hash_table_ref (self->stream->results);
    self->current_until = self->stream->results_time;
  }
  g_mutex_unlock (&self->mutex);
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
  dropped = gst_clip_tag_live_steal_waiting (self);
  g_mutex_unlock (&self->mutex);
}

/* Whether anybody wants to know of the frame; if not, it is counted. */
static gboolean
is_wanted (GstClipTagLive *self, const GstClipTagJob *job)
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
keep_results (GstClipTagLive *self, const GstClipTagJob *job)
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
use (GstClipTagLive *self, const GstClipTagJob *job,
    const GstClipTagCounts *counts, GPtrArray *requests, const GError *error,
    gint64 encode_us)
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
    if (gst_clip_tag_stream_hold (
            self->stream, &job->segment, &job->clock, job->regions))
      gst_clip_tag_live_publish (self, job->run, job->epoch);
    keep_results (self, job);
  } else if (error != NULL) {
    /* No frame carries old scores until it works again. */
    forget_result (self);
    restart_stream (self, &job->segment);
  } else {
    gst_clip_tag_stream_score (self->stream, &job->segment, &job->clock,
        GST_BUFFER_PTS (job->buffer), job->regions, requests);
    gst_clip_tag_live_publish (self, job->run, job->epoch);
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
  GstClipTagJob job;

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

gboolean
gst_clip_tag_live_start_thread (GstClipTagLive *self, GError **error)
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

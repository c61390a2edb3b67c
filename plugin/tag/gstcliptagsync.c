/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode sync: a frame leaves with its own scores, or those of the frame before
 * it, and waits for its batch. */

#include <gio/gio.h>

#include "gstcliptagencode.h"
#include "gstcliptagprivate.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

void
gst_clip_tag_sync_drop (GstClipTag *self)
{
  gst_clip_tag_held_clear (&self->held);
  self->n_ready = 0;
  gst_clip_tag_timer_disarm (self->timer);
}

/* What is to be encoded of the held frames; those of which nothing is are not
 * inferred. */
static void
choose (GstClipTag *self, GstClipTagCounts *counts)
{
  GstClipTagStream *stream = &self->stream;

  gst_clip_tag_subjects_begin (stream->subjects);
  for (guint i = 0; i < self->held.n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (&self->held, i);

    held->infer = held->infer && gst_clip_tag_subjects_choose (stream->subjects,
                                     &stream->scoring, held->regions,
                                     held->mark.index, counts);
  }
  self->held.n_infer = counts->frames;
}

void
gst_clip_tag_sync_cancel (GstClipTag *self, gboolean cancel)
{
  GST_OBJECT_LOCK (self);
  self->cancelled = cancel;
  if (cancel && self->encoding != NULL)
    gst_clip_tag_encode_cancel (self->encoding);
  GST_OBJECT_UNLOCK (self);
}

/* Until gst_clip_tag_sync_cancel(). */
static gboolean
wait_for (gpointer data, GPtrArray *requests, GError **error)
{
  GstClipTag *self = data;
  gboolean cancelled, answered;

  GST_OBJECT_LOCK (self);
  cancelled = self->cancelled;
  self->encoding = requests;
  GST_OBJECT_UNLOCK (self);
  if (cancelled)
    gst_clip_tag_encode_cancel (requests);
  answered = gst_clip_tag_encode_wait (requests, error);
  GST_OBJECT_LOCK (self);
  self->encoding = NULL;
  GST_OBJECT_UNLOCK (self);
  return answered;
}

/* After an error that the stream survives, frames have no result. */
static GstFlowReturn
encode_held (
    GstClipTag *self, GstClipTagCounts *counts, GPtrArray **ret_requests)
{
  g_autoptr (GError) error = NULL;

  *ret_requests = NULL;
  choose (self, counts);
  if (counts->frames == 0)
    return GST_FLOW_OK;
  *ret_requests = gst_clip_tag_held_encode (&self->held, self->engine,
      &GST_VIDEO_FILTER (self)->in_info, gst_clip_tag_get_look_threshold (self),
      gst_clip_tag_wants_patches (self), wait_for, self, &error);
  if (*ret_requests != NULL)
    return GST_FLOW_OK;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return GST_FLOW_FLUSHING;
  gst_clip_tag_stream_close (
      &self->stream, &GST_BASE_TRANSFORM (self)->segment);
  gst_clip_tag_stream_forget (&self->stream);
  self->last.valid = FALSE;
  gst_clip_tag_outbox_send (self->stream.outbox);
  return gst_clip_tag_fault_report (self, error) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* What became of the batch. What the device found unchanged was not inferred: the
 * next frames are judged by the one before it. */
static void
count_held (GstClipTag *self, GstClipTagCounts *counts, gint64 encode_us,
    gint64 score_us)
{
  const guint n = self->held.n_infer, n_unchanged = counts->frames - n;

  counts->frames = n;
  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_batch (&self->stats, counts, encode_us, score_us);
  self->stats.unchanged += n_unchanged;
  for (guint i = 0; i < self->held.n; i++) {
    const GstClipTagHeld *held = gst_clip_tag_held_peek (&self->held, i);

    if (!held->infer)
      continue;
    self->encoded = held->mark;
    gst_clip_tag_stats_add_inferred (&self->stats, held->mark.time);
  }
  GST_OBJECT_UNLOCK (self);
  if (n_unchanged > 0)
    self->last = self->encoded;
  if (n > 0)
    gst_clip_tag_pace_add (
        &self->pace, (gdouble) (encode_us + score_us) / n / G_USEC_PER_SEC);
}

/* Encodes and scores what is held: all of it is ready then. What there is to tell
 * is for the caller to send; a receiver may seek, and nothing is held then. */
static GstFlowReturn
score_held (GstClipTag *self)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  GstClipTagCounts counts = { 0 };
  gint64 begin = g_get_monotonic_time (), encoded_at;
  g_autoptr (GPtrArray) requests = NULL;
  GstFlowReturn flow;

  gst_clip_tag_timer_disarm (self->timer);
  flow = encode_held (self, &counts, &requests);
  if (flow != GST_FLOW_OK)
    return flow;
  encoded_at = g_get_monotonic_time ();
  for (guint i = 0; i < self->held.n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (&self->held, i);

    held->infer = held->infer && requests != NULL;
    held->tagged = gst_clip_tag_stream_tag (&self->stream, &trans->segment,
        &held->clock, held->buffer, held->regions,
        held->infer ? requests : NULL, held->unchanged);
  }
  self->n_ready = self->held.n;
  if (requests == NULL) {
    self->held.n_infer = 0;
    return GST_FLOW_OK;
  }
  gst_clip_tag_fault_recover (self);
  count_held (
      self, &counts, encoded_at - begin, g_get_monotonic_time () - encoded_at);
  return GST_FLOW_OK;
}

GstBuffer *
gst_clip_tag_sync_pop (GstClipTag *self)
{
  GstClipTagHeld frame;

  if (self->n_ready == 0)
    return NULL;
  self->n_ready--;
  gst_clip_tag_held_pop (&self->held, &frame);
  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_frame (&self->stats, frame.tagged, frame.infer,
      g_get_monotonic_time () - frame.arrived);
  GST_OBJECT_UNLOCK (self);
  return frame.buffer;
}

/* Pushes what is ready, if the flow is OK until then. */
static GstFlowReturn
push_ready (GstClipTag *self, GstFlowReturn flow)
{
  GstBuffer *buffer;

  while (flow == GST_FLOW_OK && (buffer = gst_clip_tag_sync_pop (self)) != NULL)
    flow = gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
  gst_clip_tag_sync_drop (self);
  return flow;
}

GstFlowReturn
gst_clip_tag_sync_drain (GstClipTag *self)
{
  GstFlowReturn flow = GST_FLOW_OK;

  if (self->held.n > self->n_ready)
    flow = score_held (self);
  gst_clip_tag_outbox_send (self->stream.outbox);
  return push_ready (self, flow);
}

void
gst_clip_tag_sync_timeout (gpointer data, guint64 batch)
{
  GstClipTag *self = data;
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  g_autoptr (GstClipTagOutbox) outbox = NULL;
  GstFlowReturn flow;

  GST_PAD_STREAM_LOCK (trans->sinkpad);
  if (batch == self->batch && self->held.n > self->n_ready &&
      !GST_PAD_IS_FLUSHING (trans->srcpad)) {
    GST_LOG_OBJECT (self, "batch-timeout: %u of %u frames", self->held.n_infer,
        self->batch_size);
    flow = push_ready (self, score_held (self));
    if (flow != GST_FLOW_OK)
      self->flow = flow;
    outbox = gst_clip_tag_outbox_ref (self->stream.outbox);
  }
  GST_PAD_STREAM_UNLOCK (trans->sinkpad);

  /* A seek waits for the thread that waits for this lock. */
  if (outbox != NULL)
    gst_clip_tag_outbox_send (outbox);
}

GstFlowReturn
gst_clip_tag_sync_push (GstClipTag *self, const GstClipTagHeld *frame)
{
  GstFlowReturn flow;
  GstClockTime wait;

  gst_clip_tag_held_push (&self->held, frame);

  /* A frame that reuses a result that is there has nothing to wait for; and
   * without a frame rate nobody could say how long a frame waits. */
  if (self->held.n_infer > 0 && self->held.n_infer < self->batch_size &&
      self->held.n <= gst_clip_tag_max_held (self, &wait)) {
    if (self->held.n == 1)
      self->batch++;
    if (self->held.n == 1 && self->batch_timeout > 0)
      gst_clip_tag_timer_arm (self->timer, self->batch, self->batch_timeout);
    return GST_FLOW_OK;
  }
  flow = score_held (self);
  if (flow != GST_FLOW_OK) {
    gst_clip_tag_sync_drop (self);
    return flow;
  }
  gst_clip_tag_outbox_send (self->stream.outbox);
  return GST_FLOW_OK;
}

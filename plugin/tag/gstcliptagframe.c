/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One frame's way through the element. Streaming thread. */

#include "gstcliptagimages.h"
#include "gstcliptagload.h"
#include "gstcliptagprivate.h"
#include "gstclipwatch.h"

#include <math.h>

#define GST_CAT_DEFAULT gst_clip_tag_debug

/* Between two warnings about old scores. */
#define WARNING_INTERVAL_US (5 * G_USEC_PER_SEC)

/* Before the speed is told: the first ones wait for compilers. */
#define ENOUGH_INFERRED 8

void
gst_clip_tag_use_prompts (
    GstClipTag *self, ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  gst_clip_tag_stream_set_prompts (&self->stream,
      clv_engine_get_model (self->engine), prompts, smoothing, top_k);
  GST_OBJECT_LOCK (self);
  g_set_object (&self->current, prompts);
  GST_OBJECT_UNLOCK (self);
  self->smoothing = smoothing;
  self->top_k = top_k;
  self->last.valid = FALSE;
  gst_clip_tag_live_start_anew (self->live);
}

/* The next frame is like the first one. */
static void
forget_frames (GstClipTag *self)
{
  gst_clip_tag_tracks_forget (&self->tracks);
  self->last.valid = FALSE;
  self->clock = (GstClipTagClock){ 0 };
  GST_OBJECT_LOCK (self);
  self->stats.has_inferred = FALSE;
  GST_OBJECT_UNLOCK (self);
}

void
gst_clip_tag_restart (GstClipTag *self)
{
  gst_clip_tag_live_restart (self->live, &GST_BASE_TRANSFORM (self)->segment);
  forget_frames (self);
}

/* What is read with each frame, and what others have made ready for this one. */
typedef struct {
  gboolean failed;
  gdouble smoothing;
  guint top_k;
  gboolean attach_embedding;
  gboolean attach_heatmap;
  GstClipAnalytics attach_analytics;
  gboolean post_messages;
  GstClipTagLimits limits;
  GstClipTagOrder *order; /* NULL: the prompts are as they were */
  ClvPrompts *prompts;    /* NULL: none */
  ClvEngine *engine;      /* NULL: none */
} News;

/* Whether somebody should look at the prompts file. That may take long where it
 * is on another machine, so it is not done here. */
static gboolean
is_time_to_look (GstClipTag *self)
{
  gint64 now;

  if (!self->settings.watch_prompts || self->settings.prompts_file == NULL)
    return FALSE;
  now = g_get_monotonic_time ();
  if (now - self->looked_us < GST_CLIP_WATCH_US ||
      !gst_clip_tag_builder_may_look (self->builder))
    return FALSE;
  self->looked_us = now;
  return TRUE;
}

static void
get_news (GstClipTag *self, News *ret_news, GstClipTagTiming *ret_timing)
{
  GST_OBJECT_LOCK (self);
  *ret_news = (News){
    .failed = self->fault.failed,
    .smoothing = self->settings.smoothing,
    .top_k = self->settings.top_k,
    .attach_embedding = self->settings.attach_embedding,
    .attach_heatmap = self->settings.attach_heatmap,
    .attach_analytics = self->settings.attach_analytics,
    .post_messages = self->settings.post_messages,
    .limits = self->settings.scope.limits,
    .prompts = g_steal_pointer (&self->pending),
    .engine = g_steal_pointer (&self->new_engine),
  };
  *ret_timing = self->settings.timing;
  if (self->settings.serial != self->requested) {
    ret_news->order =
        gst_clip_tag_order_new (GST_CLIP_TAG_BUILD_PROMPTS, &self->settings);
    self->requested = self->settings.serial;
  } else if (is_time_to_look (self)) {
    ret_news->order =
        gst_clip_tag_order_new (GST_CLIP_TAG_BUILD_EDITED, &self->settings);
  }
  GST_OBJECT_UNLOCK (self);
}

void
gst_clip_tag_take_engine (GstClipTag *self, ClvEngine *engine)
{
  g_autoptr (ClvEngine) old = NULL;

  GST_OBJECT_LOCK (self);
  old = self->engine;
  self->engine = engine;
  GST_OBJECT_UNLOCK (self);
  gst_clip_tag_live_set_engine (self->live, engine);
}

/* The frames that came before the change get the old scores. */
static GstFlowReturn
take_prompts (GstClipTag *self, News *news)
{
  GstFlowReturn flow = gst_clip_tag_sync_drain (self);
  g_autoptr (ClvPrompts) prompts = g_steal_pointer (&news->prompts);

  gst_clip_tag_live_lock_stream (self->live);
  if (prompts == NULL)
    prompts = g_object_ref (self->stream.scoring.prompts);
  gst_clip_tag_live_close_tags (
      self->live, &GST_BASE_TRANSFORM (self)->segment);
  gst_clip_tag_use_prompts (self, prompts, news->smoothing, news->top_k);
  gst_clip_tag_live_unlock_stream (self->live);
  gst_clip_tag_outbox_send (self->stream.outbox);
  return flow;
}

static gboolean
are_same_limits (const GstClipTagLimits *a, const GstClipTagLimits *b)
{
  return a->max_regions == b->max_regions &&
         a->reclassify_interval == b->reclassify_interval;
}

/* Applies what changed since the last frame, and orders a new prompt set where
 * the properties that it is made of did. */
static GstFlowReturn
take_settings (GstClipTag *self)
{
  guint interval = self->timing.interval;
  News news;

  get_news (self, &news, &self->timing);
  if (news.order != NULL)
    gst_clip_tag_builder_push (self->builder, news.order);
  if (news.engine != NULL)
    gst_clip_tag_take_engine (self, news.engine);
  if (interval != self->timing.interval && self->batch_size > 1)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));

  if (news.attach_embedding != self->stream.attach_embedding ||
      news.attach_heatmap != self->stream.attach_heatmap ||
      news.attach_analytics != self->stream.attach_analytics ||
      news.post_messages != self->stream.post_messages ||
      !are_same_limits (&news.limits, &self->stream.scoring.limits)) {
    gst_clip_tag_live_lock_stream (self->live);
    self->stream.scoring.limits = news.limits;
    self->stream.attach_embedding = news.attach_embedding;
    self->stream.attach_heatmap = news.attach_heatmap;
    self->stream.attach_analytics = news.attach_analytics;
    self->stream.post_messages = news.post_messages;
    gst_clip_tag_live_unlock_stream (self->live);
  }
  if (news.failed) {
    g_clear_object (&news.prompts);
    return GST_FLOW_ERROR;
  }
  if (news.prompts == NULL && news.smoothing == self->smoothing &&
      news.top_k == self->top_k)
    return GST_FLOW_OK;
  return take_prompts (self, &news);
}

static void
take_mode (GstClipTag *self)
{
  gboolean is_live;

  if (self->knows_mode)
    return;
  is_live = gst_clip_tag_find_mode (self, &self->has_live_source);
  GST_INFO_OBJECT (self, "mode %s", is_live ? "live" : "sync");
  if (is_live != self->is_live)
    gst_clip_tag_restart (self);
  self->is_live = is_live;
  self->knows_mode = TRUE;
}

/* Moves the clock to the frame. */
static GstFlowReturn
take_time (GstClipTag *self, GstBuffer *buffer)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClipTagClock next = self->clock;
  GstClipTagSequence sequence;
  GstFlowReturn flow = GST_FLOW_OK;

  sequence = gst_clip_tag_clock_advance (
      &next, segment, buffer, &GST_VIDEO_FILTER (self)->in_info);
  if (sequence != GST_CLIP_TAG_FOLLOWS) {
    flow = gst_clip_tag_sync_drain (self);
    if (sequence == GST_CLIP_TAG_AFTER_PAUSE)
      gst_clip_tag_live_pause (self->live, segment);
    else
      gst_clip_tag_live_restart (self->live, segment);
    forget_frames (self);
  }
  if (!self->clock.has_time)
    self->current_until = next.time;
  self->clock = next;
  return flow;
}

/* What is to be scored of the frame. */
static void
take_regions (GstClipTag *self, GstBuffer *buffer)
{
  guint n_empty = gst_clip_tag_regions_read (
      self->regions, &self->scope, &GST_VIDEO_FILTER (self)->in_info, buffer);

  if (self->scope.rois)
    gst_clip_tag_tracks_assign (&self->tracks, self->regions, self->clock.time);
  if (n_empty == 0)
    return;
  GST_OBJECT_LOCK (self);
  self->stats.regions_empty += n_empty;
  GST_OBJECT_UNLOCK (self);
}

static GstClipTagMark
next_mark (GstClipTag *self)
{
  return (GstClipTagMark){
    .valid = TRUE,
    .index = self->n_frames++,
    .time = self->clock.time,
    .regions = gst_clip_tag_regions_hash (self->regions),
  };
}

/* max-rate=0 in mode sync. A stream that somebody watches, or that cannot be asked
 * to wait, must not be slower than the clock; any other has time for every frame. A
 * limit that is given is the user's business. Object lock held. */
static gdouble
find_rate (GstClipTag *self)
{
  const GstClipTagTiming *timing = &self->timing;
  const gboolean clocked =
      self->has_live_source || (timing->qos && self->qos.heard);

  if (timing->max_rate > 0 || timing->interval > 1 || !clocked)
    return timing->max_rate;
  return self->stats.auto_rate = gst_clip_tag_pace_get_rate (&self->pace);
}

gdouble
gst_clip_tag_get_look_threshold (GstClipTag *self)
{
  return self->scope.rois || self->scope.columns > 0
             ? 0
             : self->timing.change_threshold;
}

gboolean
gst_clip_tag_wants_patches (GstClipTag *self)
{
  return self->stream.attach_heatmap && !self->scope.rois;
}

/* The same frame may be told of more than once. */
static void
note_inferred (GstClipTag *self, const GstClipTagMark *last)
{
  if (!last->valid)
    return;
  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_inferred (&self->stats, last->time);
  GST_OBJECT_UNLOCK (self);
}

static GstFlowReturn
push_sync (GstClipTag *self, GstBuffer *buffer, gint64 arrived)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClipTagVerdict verdict = GST_CLIP_TAG_SKIP_BROKEN;
  GstClipTagMark mark = next_mark (self);
  GstClipTagHeld frame = { .buffer = buffer,
    .regions = self->regions,
    .clock = self->clock,
    .arrived = arrived };
  GstMessage *message = NULL;
  gboolean late;

  GST_OBJECT_LOCK (self);
  self->stats.auto_rate = 0;
  self->timing.max_rate = find_rate (self);
  late = self->timing.qos &&
         gst_clip_tag_qos_is_late (&self->qos, segment, buffer);
  GST_OBJECT_UNLOCK (self);
  if (gst_clip_tag_fault_may_try (self))
    verdict = gst_clip_tag_gate_judge (&self->timing, &self->last, &mark, late,
        &GST_VIDEO_FILTER (self)->in_info, buffer);
  frame.infer = verdict == GST_CLIP_TAG_INFER && self->regions->len > 0;
  frame.unchanged = verdict == GST_CLIP_TAG_SKIP_UNCHANGED;
  frame.mark = mark;
  if (frame.infer)
    self->last = mark;
  GST_LOG_OBJECT (self, "%" GST_TIME_FORMAT " is %s",
      GST_TIME_ARGS (GST_BUFFER_PTS (buffer)),
      gst_clip_tag_verdict_to_string (verdict));

  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_verdict (&self->stats, verdict);
  if (verdict == GST_CLIP_TAG_SKIP_LATE)
    message = gst_clip_tag_qos_message (&self->qos, GST_ELEMENT (self), segment,
        buffer, self->stats.inferred, self->stats.late);
  GST_OBJECT_UNLOCK (self);
  if (message != NULL)
    gst_element_post_message (GST_ELEMENT (self), message);
  return gst_clip_tag_sync_push (self, &frame);
}

/* Scores are of now while the picture is unchanged, however long ago they were
 * computed, and while there is nothing to score. */
static void
warn_of_age (GstClipTag *self, const GstClipTagLiveState *state,
    GstClipTagVerdict verdict)
{
  gdouble max_age = (gdouble) self->timing.max_age / GST_SECOND;
  gdouble since = self->current_until, age;
  gint64 now;

  if (verdict == GST_CLIP_TAG_SKIP_UNCHANGED || self->regions->len == 0)
    since = self->current_until = self->clock.time;
  if (state->results != NULL)
    since = MAX (since, state->current_until);
  age = self->clock.time - since;

  if (max_age == 0 || age <= max_age)
    return;
  now = g_get_monotonic_time ();
  if (self->warned_of_age_us != 0 &&
      now - self->warned_of_age_us < WARNING_INTERVAL_US)
    return;
  self->warned_of_age_us = now;
  GST_ELEMENT_WARNING (self, RESOURCE, BUSY,
      ("%s for %.3f s, max-age is %.3f s",
          state->results != NULL ? "No newer scores" : "No scores", age,
          max_age),
      ("%s", verdict == GST_CLIP_TAG_SKIP_BROKEN
                 ? "frames cannot be encoded"
                 : "the device does not keep up, or inference-interval and "
                   "max-rate leave out too many frames"));
}

/* A frame without regions is of use only to find that those of before are lost. */
static gboolean
is_worth_offering (GstClipTag *self, GHashTable *results)
{
  return self->regions->len > 0 ||
         (results != NULL && g_hash_table_size (results) >
                                 gst_clip_tag_scope_n_fixed (&self->scope));
}

/* The buffer gets the newest results and may be inferred for those after it; it
 * stays the caller's. FALSE: the thread that infers cannot be started. */
static gboolean
pass_live (GstClipTag *self, GstBuffer *buffer, gint64 arrived)
{
  GstClipTagVerdict verdict = GST_CLIP_TAG_SKIP_BROKEN;
  GstClipTagLiveFrame frame = { .buffer = buffer,
    .regions = self->regions,
    .info = &GST_VIDEO_FILTER (self)->in_info,
    .segment = &GST_BASE_TRANSFORM (self)->segment,
    .clock = self->clock,
    .mark = next_mark (self),
    .change_threshold = gst_clip_tag_get_look_threshold (self),
    .patches = gst_clip_tag_wants_patches (self) };
  GstClipTagLiveState state;
  g_autoptr (GError) error = NULL;
  gboolean tagged;

  gst_clip_tag_live_pass (self->live, &self->clock, &state);
  frame.epoch = state.epoch;
  note_inferred (self, &state.last);
  if (gst_clip_tag_fault_may_try (self))
    verdict = gst_clip_tag_gate_judge (
        &self->timing, &state.last, &frame.mark, FALSE, frame.info, buffer);
  if (verdict == GST_CLIP_TAG_SKIP_UNCHANGED)
    gst_clip_tag_live_hold (self->live, &frame, &state);
  /* The frame that it looks like may still be in work. */
  tagged = gst_clip_tag_attach (buffer, self->regions, state.results,
      self->clock.time,
      verdict == GST_CLIP_TAG_SKIP_UNCHANGED ? state.last.time : (gdouble) NAN,
      self->stream.attach_analytics);
  GST_LOG_OBJECT (self, "%" GST_TIME_FORMAT " is %s and leaves %s",
      GST_TIME_ARGS (GST_BUFFER_PTS (buffer)),
      gst_clip_tag_verdict_to_string (verdict),
      tagged ? "with scores" : "without scores");

  /* After the meta is there: the worker's reference makes it read-only. */
  if (verdict == GST_CLIP_TAG_INFER &&
      is_worth_offering (self, state.results) &&
      !gst_clip_tag_live_offer (self->live, &frame, &error))
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("Cannot start a thread: %s", error->message), (NULL));
  warn_of_age (self, &state, verdict);
  g_clear_pointer (&state.results, g_hash_table_unref);

  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_verdict (&self->stats, verdict);
  gst_clip_tag_stats_add_frame (
      &self->stats, tagged, FALSE, g_get_monotonic_time () - arrived);
  GST_OBJECT_UNLOCK (self);
  return error == NULL;
}

/* A first run knows no speed when it starts. */
static void
tell_speed (GstClipTag *self)
{
  guint64 n;

  if (self->knows_speed)
    return;
  GST_OBJECT_LOCK (self);
  n = self->stats.inferred;
  GST_OBJECT_UNLOCK (self);
  if (n >= ENOUGH_INFERRED)
    self->knows_speed =
        gst_clip_tag_tell_speed (GST_ELEMENT (self), self->engine);
}

/* A buffer comes in, and all that is ready goes out: GstBaseTransform calls
 * until there is nothing. */
GstFlowReturn
gst_clip_tag_generate_output (GstBaseTransform *trans, GstBuffer **ret_buffer)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  gint64 arrived = g_get_monotonic_time ();
  GstBuffer *buffer = NULL;
  GstFlowReturn flow;

  *ret_buffer = gst_clip_tag_sync_pop (self);
  if (*ret_buffer != NULL || trans->queued_buf == NULL)
    return GST_FLOW_OK;
  flow = self->flow;
  if (!GST_VIDEO_FILTER (self)->negotiated)
    flow = GST_FLOW_NOT_NEGOTIATED;
  if (flow == GST_FLOW_OK)
    flow = take_settings (self);
  if (flow != GST_FLOW_OK) {
    gst_clear_buffer (&trans->queued_buf);
    return flow;
  }

  /* Makes it writable. */
  flow = GST_CLIP_TAG_PARENT->generate_output (trans, &buffer);
  if (flow != GST_FLOW_OK || buffer == NULL)
    return flow;
  gst_clip_tag_images_take (self, buffer);
  take_mode (self);
  tell_speed (self);
  flow = take_time (self, buffer);
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  take_regions (self, buffer);
  if (self->is_live) {
    *ret_buffer = buffer;
    return pass_live (self, buffer, arrived) ? GST_FLOW_OK : GST_FLOW_ERROR;
  }
  flow = push_sync (self, buffer, arrived);
  if (flow == GST_FLOW_OK)
    *ret_buffer = gst_clip_tag_sync_pop (self);
  return flow;
}

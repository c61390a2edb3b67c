/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-cliptag
 * @title: cliptag
 * @see_also: #GstClipMeta
 *
 * Says how well phrases in plain words match each video frame, with a CLIP
 * model that runs in Vulkan compute. Pixels pass through untouched; the scores
 * of all phrases are attached to the frame as #GstClipMeta, and a `clip-tag`
 * element message is posted on the bus when a tag starts and when it stops.
 *
 * Behind a live source (mode live) no frame ever waits: the newest is encoded
 * beside the stream, and each frame leaves with the newest scores that are
 * there, which say which frame they are from. Otherwise (mode sync) each frame
 * leaves with its own scores; with an `inference-interval` of n, the n - 1
 * frames after an encoded one carry its scores and say so. With a `batch-size`
 * of b, frames wait until b of them can be encoded together, which many devices
 * do faster: the LATENCY query says how long they wait.
 *
 * Prompts, threshold, scoring, interval and smoothing may be changed while
 * playing. New phrases are encoded beside the stream, and take over at the first
 * frame after that; a set that cannot be read or encoded is a warning on the
 * bus, and the old set stays. So it is with edits of the prompts file where
 * `watch-prompts` is set.
 *
 * ## Example
 * |[
 * gst-launch-1.0 -m videotestsrc pattern=ball num-buffers=50 \
 *   ! cliptag prompts="a white circle; a red square; snow" ! fakesink
 * ]|
 */

#include "gstcliptag.h"

#include "gstclipframe.h"
#include "gstclipprecision.h"
#include "gstcliptagactions.h"
#include "gstcliptagimages.h"
#include "gstcliptagload.h"
#include "gstcliptagprivate.h"
#include "gstclipupstream.h"

#ifdef HAVE_VULKAN
#define CAPS                                                                   \
  GST_CLIP_FRAME_CAPS ";" GST_CLIP_FRAME_IMAGE_CAPS                            \
                      ";" GST_CLIP_FRAME_DMABUF_CAPS
#else
#define CAPS GST_CLIP_FRAME_CAPS ";" GST_CLIP_FRAME_DMABUF_CAPS
#endif

GST_DEBUG_CATEGORY (gst_clip_tag_debug);
#define GST_CAT_DEFAULT gst_clip_tag_debug

G_DEFINE_FINAL_TYPE (GstClipTag, gst_clip_tag, GST_TYPE_VIDEO_FILTER)
GST_ELEMENT_REGISTER_DEFINE (
    cliptag, "cliptag", GST_RANK_NONE, GST_TYPE_CLIP_TAG)

static void
gst_clip_tag_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipTag *self = GST_CLIP_TAG (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_clip_tag_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static const gchar *
precision_name (ClvPrecision precision)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (GST_TYPE_CLIP_PRECISION);

  return g_enum_get_value (klass, precision)->value_nick;
}

static GstStructure *
get_stats (GstClipTag *self)
{
  g_autofree GstClipTagStats *stats = g_new (GstClipTagStats, 1);
  g_autoptr (ClvEngine) engine = NULL;
  GstStructure *structure;

  GST_OBJECT_LOCK (self);
  *stats = self->stats;
  if (self->engine != NULL)
    engine = g_object_ref (self->engine);
  GST_OBJECT_UNLOCK (self);

  stats->skipped = gst_clip_tag_live_get_n_skipped (self->live);
  structure = gst_clip_tag_stats_to_structure (stats);
  if (engine != NULL) {
    ClvDevice *device = clv_engine_get_device (engine);
    const ClvDeviceInfo *info = clv_device_get_info (device);
    g_autofree gchar *kernels = clv_device_describe_kernels (device);

    gst_structure_set (structure, "model", G_TYPE_STRING,
        clv_model_get_name (clv_engine_get_model (engine)), "device",
        G_TYPE_STRING, info->name, "driver", G_TYPE_STRING, info->driver,
        "precision", G_TYPE_STRING,
        precision_name (clv_engine_get_precision (engine)), "kernels",
        G_TYPE_STRING, kernels, NULL);
  }
  return structure;
}

static void
gst_clip_tag_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipTag *self = GST_CLIP_TAG (object);
  gboolean known;

  if (id == GST_CLIP_TAG_PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_clip_tag_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* The three are called by the thread of mode live. */
static void
count_inferred (gpointer data, const GstClipTagCounts *counts, gint64 encode_us,
    gint64 score_us)
{
  GstClipTag *self = data;

  if (counts->frames > 0)
    gst_clip_tag_fault_recover (self);
  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_batch (&self->stats, counts, encode_us, score_us);
  GST_OBJECT_UNLOCK (self);
}

static void
count_unchanged (gpointer data)
{
  GstClipTag *self = data;

  gst_clip_tag_fault_recover (self);
  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add_verdict (&self->stats, GST_CLIP_TAG_SKIP_UNCHANGED);
  GST_OBJECT_UNLOCK (self);
}

static void
report_failed (gpointer data, const GError *error)
{
  gst_clip_tag_fault_report (data, error);
}

/* From the settings as they are now. */
static void
begin (GstClipTag *self, ClvEngine *engine, GstClipTagBuilder *builder)
{
  const GstClipTagTiming *timing = &self->started.timing;

  GST_OBJECT_LOCK (self);
  self->stats = (GstClipTagStats){ 0 };
  self->qos = (GstClipTagQos){ 0 };
  self->fault = (GstClipTagFault){ 0 };
  self->engine = engine;
  self->builder = builder;
  self->owes_prompts = FALSE;
  self->cancelled = FALSE;
  self->mode = timing->mode;
  self->batch_size = MAX (timing->batch_size, 1);
  self->batch_timeout = timing->batch_timeout;
  self->frame_time = 0;
  GST_OBJECT_UNLOCK (self);

  self->timing = *timing;
  self->requested = self->started.serial;
  self->looked_us = 0;
  self->knows_mode = FALSE;
  self->is_live = FALSE;
  self->has_live_source = FALSE;
  gst_clip_tag_pace_init (&self->pace, clv_engine_get_rate (engine));
  self->clock = (GstClipTagClock){ 0 };
  self->n_frames = 0;
  self->warned_of_age_us = 0;
  self->flow = GST_FLOW_OK;
}

static gboolean
gst_clip_tag_start (GstBaseTransform *trans)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  g_autoptr (ClvPrompts) prompts = NULL;
  GstClipTagBuilder *builder;
  ClvEngine *engine;

  gst_clip_tag_settings_clear (&self->started);
  GST_OBJECT_LOCK (self);
  gst_clip_tag_settings_copy (&self->settings, &self->started);
  GST_OBJECT_UNLOCK (self);
  gst_clip_tag_scope_clear (&self->scope);
  builder = gst_clip_tag_builder_new (self, &self->started);
  if (!gst_clip_tag_load (GST_ELEMENT (self), &self->started, &self->scope,
          &engine, &prompts)) {
    gst_clip_tag_builder_stop (builder);
    return FALSE;
  }

  begin (self, engine, builder);
  self->knows_speed = gst_clip_tag_tell_speed (GST_ELEMENT (self), engine);
  self->regions = g_array_new (FALSE, FALSE, sizeof (GstClipTagRegion));
  gst_clip_tag_stream_init (&self->stream, GST_ELEMENT (self));
  self->stream.post_messages = self->started.post_messages;
  self->stream.attach_embedding = self->started.attach_embedding;
  self->stream.attach_heatmap = self->started.attach_heatmap;
  self->stream.attach_analytics = self->started.attach_analytics;
  self->stream.scoring.limits = self->started.scope.limits;
  gst_clip_tag_live_open (self->live, engine, &self->stream, &self->live_funcs);
  gst_clip_tag_use_prompts (
      self, prompts, self->started.smoothing, self->started.top_k);
  return TRUE;
}

/* From here on what it builds is nobody's. */
static void
stop_builder (GstClipTag *self)
{
  GstClipTagBuilder *builder;

  GST_OBJECT_LOCK (self);
  builder = g_steal_pointer (&self->builder);
  GST_OBJECT_UNLOCK (self);
  if (!gst_clip_tag_builder_stop (builder))
    GST_WARNING_OBJECT (
        self, "the device does not answer: new prompts are left behind");
}

static gboolean
gst_clip_tag_stop (GstBaseTransform *trans)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvEngine) new_engine = NULL;
  g_autoptr (ClvPrompts) pending = NULL;
  g_autoptr (ClvPrompts) current = NULL;

  gst_clip_tag_timer_stop (self->timer);
  if (!gst_clip_tag_live_close (self->live))
    GST_WARNING_OBJECT (self, "the device does not answer: left behind");

  stop_builder (self);
  gst_clip_tag_sync_drop (self);
  gst_clip_tag_live_close_tags (self->live, &trans->segment);
  gst_clip_tag_outbox_send (self->stream.outbox);
  gst_clip_tag_stream_clear (&self->stream);
  g_clear_pointer (&self->regions, g_array_unref);
  gst_clip_tag_tracks_clear (&self->tracks);

  /* Dropped after the lock: the last reference frees the device. */
  GST_OBJECT_LOCK (self);
  engine = g_steal_pointer (&self->engine);
  new_engine = g_steal_pointer (&self->new_engine);
  pending = g_steal_pointer (&self->pending);
  current = g_steal_pointer (&self->current);
  GST_OBJECT_UNLOCK (self);
  gst_clip_tag_images_clear (self);
  if (!self->knows_speed && clv_engine_get_rate (engine) > 0)
    gst_clip_tag_tell_speed (GST_ELEMENT (self), engine);
  return TRUE;
}

/* Who waits for the device need not any more. */
static GstStateChangeReturn
gst_clip_tag_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_clip_tag_sync_cancel (GST_CLIP_TAG (element), TRUE);
    gst_clip_tag_live_cancel (GST_CLIP_TAG (element)->live);
  }
  return GST_ELEMENT_CLASS (gst_clip_tag_parent_class)
      ->change_state (element, transition);
}

/* The buffer's pixels stay as they are; see gst_clip_tag_generate_output(). */
static GstFlowReturn
gst_clip_tag_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  return GST_FLOW_OK;
}

static void
reset_qos (GstClipTag *self)
{
  GST_OBJECT_LOCK (self);
  self->qos = (GstClipTagQos){ 0 };
  GST_OBJECT_UNLOCK (self);
}

/* The position of the one in use is that of the last frame. */
static gboolean
is_same_segment (const GstSegment *segment, const GstSegment *in_use)
{
  GstSegment begin = *in_use;

  begin.position = segment->position;
  return gst_segment_is_equal (segment, &begin);
}

/* What must be done before the event goes on. */
static void
heed_event (GstClipTag *self, GstEvent *event)
{
  const GstSegment *segment;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      gst_clip_tag_sync_cancel (self, TRUE);
      gst_clip_tag_live_cancel (self->live);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_clip_tag_sync_cancel (self, FALSE);
      reset_qos (self);
      self->flow = GST_FLOW_OK;
      gst_clip_tag_restart (self);
      break;
    case GST_EVENT_STREAM_START:
      self->knows_mode = FALSE;
      if (gst_clip_upstream_is_new (GST_BASE_TRANSFORM_SINK_PAD (self), event))
        gst_clip_tag_restart (self);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &segment);
      if (is_same_segment (segment, &GST_BASE_TRANSFORM (self)->segment))
        break;
      reset_qos (self);
      gst_clip_tag_restart (self);
      break;
    case GST_EVENT_EOS:
      gst_clip_tag_live_finish (self->live);
      gst_clip_tag_restart (self);
      break;
    default:
      break;
  }
}

static gboolean
is_cancelled (GstClipTag *self)
{
  gboolean cancelled;

  GST_OBJECT_LOCK (self);
  cancelled = self->cancelled;
  GST_OBJECT_UNLOCK (self);
  return cancelled;
}

static gboolean
gst_clip_tag_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipTag *self = GST_CLIP_TAG (trans);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gst_clip_tag_sync_drop (self);
  else if (GST_EVENT_IS_SERIALIZED (event))
    gst_clip_tag_sync_drain (self);
  heed_event (self, event);

  /* The flush that ended the wait for the last frames has not gone on yet: an end
   * before it would end what comes after it. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && is_cancelled (self)) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
      ->sink_event (trans, event);
}

static gboolean
gst_clip_tag_src_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipTag *self = GST_CLIP_TAG (trans);

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    GST_OBJECT_LOCK (self);
    gst_clip_tag_qos_update (&self->qos, event);
    GST_OBJECT_UNLOCK (self);
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
      ->src_event (trans, event);
}

static gboolean
gst_clip_tag_set_info (GstVideoFilter *filter, GstCaps *in_caps,
    GstVideoInfo *in_info, GstCaps *out_caps, GstVideoInfo *out_info)
{
  GstClipTag *self = GST_CLIP_TAG (filter);
  gint n = GST_VIDEO_INFO_FPS_N (in_info), d = GST_VIDEO_INFO_FPS_D (in_info);

  /* The filter keeps it as it is after this. */
  if (!gst_clip_frame_resolve_drm (in_caps, in_info))
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->frame_time = n > 0 ? gst_util_uint64_scale_int (GST_SECOND, d, n) : 0;
  GST_OBJECT_UNLOCK (self);

  /* The filter's own is still that of the frames before. */
  if (filter->in_info.finfo != NULL &&
      !gst_video_info_is_equal (in_info, &filter->in_info)) {
    gst_clip_tag_live_cancel (self->live);
    self->last.valid = FALSE;
  }
  if (self->batch_size > 1)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  return TRUE;
}

static void
gst_clip_tag_finalize (GObject *object)
{
  GstClipTag *self = GST_CLIP_TAG (object);

  gst_clip_tag_settings_clear (&self->settings);
  gst_clip_tag_settings_clear (&self->started);
  gst_clip_tag_scope_clear (&self->scope);
  gst_clip_tag_live_unref (self->live);
  gst_clip_tag_timer_free (self->timer);

  G_OBJECT_CLASS (gst_clip_tag_parent_class)->finalize (object);
}

static ClvEngine *
ref_engine (GstElement *element)
{
  GstClipTag *self = GST_CLIP_TAG (element);
  ClvEngine *engine;

  GST_OBJECT_LOCK (self);
  engine = self->engine ? g_object_ref (self->engine) : NULL;
  GST_OBJECT_UNLOCK (self);
  return engine;
}

static ClvPrompts *
ref_prompts (GstElement *element)
{
  GstClipTag *self = GST_CLIP_TAG (element);
  ClvPrompts *prompts;

  GST_OBJECT_LOCK (self);
  prompts = self->current ? g_object_ref (self->current) : NULL;
  GST_OBJECT_UNLOCK (self);
  return prompts;
}

static void
gst_clip_tag_class_init (GstClipTagClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);
  static const GstClipTagActionFuncs funcs = { ref_engine, ref_prompts };
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);

  GST_DEBUG_CATEGORY_INIT (gst_clip_tag_debug, "cliptag", 0, "CLIP tagger");

  object_class->set_property = gst_clip_tag_set_property;
  object_class->get_property = gst_clip_tag_get_property;
  object_class->finalize = gst_clip_tag_finalize;
  element_class->change_state = gst_clip_tag_change_state;
  trans_class->start = gst_clip_tag_start;
  trans_class->stop = gst_clip_tag_stop;
  trans_class->sink_event = gst_clip_tag_sink_event;
  trans_class->src_event = gst_clip_tag_src_event;
  trans_class->generate_output = gst_clip_tag_generate_output;
  trans_class->transform_ip = gst_clip_tag_transform_ip;
  trans_class->query = gst_clip_tag_query;
  trans_class->propose_allocation = gst_clip_tag_propose_allocation;
  filter_class->set_info = gst_clip_tag_set_info;

  gst_clip_tag_settings_install (object_class);
  gst_clip_tag_actions_install (object_class, &funcs);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_SCORING, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_CALIBRATION, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_PRECISION, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_MODE, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_ON_ERROR, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_INFERENCE_REGION, 0);
#ifdef HAVE_ANALYTICS
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_ANALYTICS, 0);
#endif

  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_element_class_set_static_metadata (element_class, "CLIP video tagger",
      "Filter/Analyzer/Video",
      "Attaches to each frame how well phrases in plain words match it",
      "The clv authors");
}

static void
gst_clip_tag_init (GstClipTag *self)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);

  gst_clip_tag_settings_init (&self->settings);
  self->batch_size = 1;
  self->live = gst_clip_tag_live_new ();
  self->live_funcs = (GstClipTagLiveFuncs){
    .inferred = count_inferred,
    .unchanged = count_unchanged,
    .failed = report_failed,
    .data = self,
  };
  self->timer = gst_clip_tag_timer_new (
      GST_ELEMENT (self), gst_clip_tag_sync_timeout, self);

  /* The buffer is changed (it gets the meta), its memory is not. */
  gst_base_transform_set_in_place (trans, TRUE);

  /* GstBaseTransform would drop late frames; the property of the same name here
   * only spares their inference. */
  gst_base_transform_set_qos_enabled (trans, FALSE);
}

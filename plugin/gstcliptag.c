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
 * Each frame leaves with its own scores; with an `inference-interval` of n, the
 * n - 1 frames after an encoded one carry its scores and say so. With a
 * `batch-size` of b, frames wait until b of them can be encoded together, which
 * many devices do faster: the LATENCY query says how long they wait.
 *
 * Prompts, threshold, scoring, interval and smoothing may be changed while
 * playing. New phrases are encoded beside the stream, and take over at the first
 * frame after that; a set that cannot be read or encoded is a warning on the
 * bus, and the old set stays.
 *
 * ## Example
 * |[
 * gst-launch-1.0 -m videotestsrc pattern=ball num-buffers=50 \
 *   ! cliptag prompts="a white circle; a red square; snow" ! fakesink
 * ]|
 */

#include "gstcliptag.h"

#include <clv/clv-engine.h>
#include <clv/clv-image-encoder.h>

#include "gstcliperror.h"
#include "gstclipframe.h"
#include "gstclipmeta.h"
#include "gstcliptagheld.h"
#include "gstcliptagload.h"
#include "gstcliptagsettings.h"
#include "gstcliptagstats.h"
#include "gstcliptagstream.h"

/* Whatever batch and interval are: a second or two of video, not a gigabyte. */
#define MAX_HELD 64

GST_DEBUG_CATEGORY_STATIC (gst_clip_tag_debug);
#define GST_CAT_DEFAULT gst_clip_tag_debug

struct _GstClipTag {
  GstVideoFilter parent;

  /* Guarded by the object lock. */
  GstClipTagSettings settings;
  GstClipTagStats stats;
  ClvEngine *engine;       /* NULL while stopped; set by start() and stop() */
  ClvPrompts *pending;     /* encoded, for the next frame to take over */
  guint batch_size;        /* as of start() */
  GstClockTime frame_time; /* by the frame rate; 0: it is not known */

  /* Streaming thread only, valid between start() and stop(). */
  GThreadPool *builders; /* one thread, encodes prompt sets */
  guint requested;       /* serial of the newest set asked for */
  GstClipTagStream stream;
  gdouble smoothing; /* what the stream was set up with */
  guint top_k;
  guint interval;
  GstClipTagHeldFrames held;
  guint n_ready;       /* of the held frames, scored already */
  gfloat *embeddings;  /* of a batch */
  gboolean start_anew; /* the next frame is inferred, whatever the interval */
  guint n_since;       /* frames since the last to infer, that one included */
};

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
  g_autoptr (ClvEngine) engine = NULL;
  GstStructure *structure;

  GST_OBJECT_LOCK (self);
  structure = gst_clip_tag_stats_to_structure (&self->stats);
  if (self->engine != NULL)
    engine = g_object_ref (self->engine);
  GST_OBJECT_UNLOCK (self);

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

/* On the builder thread: makes and encodes one prompt set. The pool is gone
 * before stop() drops the engine. */
static void
build_prompts (gpointer data, gpointer user_data)
{
  GstClipTagSettings *settings = data;
  GstClipTag *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  gboolean current;

  prompts = gst_clip_tag_load_prompts (settings, self->engine, &error);

  /* A newer order makes this one's outcome, good or bad, uninteresting. */
  GST_OBJECT_LOCK (self);
  current = settings->serial == self->settings.serial;
  if (current && prompts != NULL)
    g_set_object (&self->pending, prompts);
  GST_OBJECT_UNLOCK (self);

  if (current && prompts == NULL)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot use the new prompts, the old ones stay", error);
  gst_clip_tag_settings_clear (settings);
  g_free (settings);
}

static void
use_prompts (
    GstClipTag *self, ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  gst_clip_tag_stream_set_prompts (&self->stream,
      clv_engine_get_model (self->engine), prompts, smoothing, top_k);
  self->smoothing = smoothing;
  self->top_k = top_k;
  self->start_anew = TRUE;
}

static gboolean
gst_clip_tag_start (GstBaseTransform *trans)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  GstClipTagSettings settings;
  g_autoptr (ClvPrompts) prompts = NULL;
  ClvEngine *engine;
  guint width;

  GST_OBJECT_LOCK (self);
  gst_clip_tag_settings_copy (&self->settings, &settings);
  self->stats.frames = self->stats.inferred = 0;
  GST_OBJECT_UNLOCK (self);

  if (!gst_clip_tag_load (GST_ELEMENT (self), &settings, &engine, &prompts)) {
    gst_clip_tag_settings_clear (&settings);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->engine = engine;
  self->batch_size = MAX (settings.batch_size, 1);
  self->frame_time = 0;
  GST_OBJECT_UNLOCK (self);

  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  self->embeddings = g_new (gfloat, (gsize) CLV_MAX_BATCH * width);
  self->builders = g_thread_pool_new (build_prompts, self, 1, FALSE, NULL);
  self->requested = settings.serial;
  self->interval = settings.interval;
  gst_clip_tag_stream_init (&self->stream, GST_ELEMENT (self));
  use_prompts (self, prompts, settings.smoothing, settings.top_k);
  gst_clip_tag_settings_clear (&settings);
  return TRUE;
}

static void
drop_held (GstClipTag *self)
{
  gst_clip_tag_held_clear (&self->held);
  self->n_ready = 0;
}

static gboolean
gst_clip_tag_stop (GstBaseTransform *trans)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvPrompts) pending = NULL;

  /* Waits for a set that is being encoded: it uses the engine. */
  g_thread_pool_free (g_steal_pointer (&self->builders), FALSE, TRUE);
  drop_held (self);
  gst_clip_tag_stream_close (&self->stream, &trans->segment);
  gst_clip_tag_stream_clear (&self->stream);
  g_clear_pointer (&self->embeddings, g_free);

  /* Dropped after the lock: the last reference frees the device. */
  GST_OBJECT_LOCK (self);
  engine = g_steal_pointer (&self->engine);
  pending = g_steal_pointer (&self->pending);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* Encodes and scores what is held: all of it is ready then. */
static gboolean
score_held (GstClipTag *self)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  guint width =
      clv_model_get_embedding_width (clv_engine_get_model (self->engine));
  guint n_infer = self->held.n_infer, row = 0;
  gint64 begin = g_get_monotonic_time (), encoded, scored;
  g_autoptr (GError) error = NULL;

  if (n_infer > 0 &&
      !gst_clip_tag_held_encode (&self->held, self->engine,
          &GST_VIDEO_FILTER (self)->in_info, self->embeddings, &error)) {
    gst_clip_post_error (
        GST_ELEMENT (self), GST_MESSAGE_ERROR, "Cannot encode a frame", error);
    return FALSE;
  }
  encoded = g_get_monotonic_time ();
  for (GList *link = self->held.frames.head; link != NULL; link = link->next) {
    GstClipTagHeld *held = link->data;

    gst_clip_tag_stream_tag (&self->stream, &trans->segment,
        &GST_VIDEO_FILTER (self)->in_info, held->buffer,
        held->infer ? self->embeddings + (gsize) row++ * width : NULL);
  }
  self->n_ready = self->held.frames.length;
  scored = g_get_monotonic_time ();

  GST_OBJECT_LOCK (self);
  self->stats.frames += self->n_ready;
  for (guint i = 0; i < n_infer; i++)
    gst_clip_tag_stats_add (&self->stats, (encoded - begin) / n_infer,
        (scored - encoded) / n_infer);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static GstBuffer *
pop_ready (GstClipTag *self)
{
  gboolean infer;

  if (self->n_ready == 0)
    return NULL;
  self->n_ready--;
  return gst_clip_tag_held_pop (&self->held, &infer);
}

/* Scores and pushes what is held, before something that must not overtake it. */
static GstFlowReturn
drain (GstClipTag *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GstBuffer *buffer;

  if (self->held.frames.length > self->n_ready && !score_held (self))
    flow = GST_FLOW_ERROR;
  while (flow == GST_FLOW_OK && (buffer = pop_ready (self)) != NULL)
    flow = gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
  drop_held (self);
  return flow;
}

/* Applies what changed since the last frame, and orders a new prompt set where
 * the properties that it is made of did. */
static GstFlowReturn
take_settings (GstClipTag *self)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  g_autoptr (ClvPrompts) prompts = NULL;
  GstClipTagSettings *order = NULL;
  gdouble smoothing;
  guint top_k, interval;
  GstFlowReturn flow;

  GST_OBJECT_LOCK (self);
  interval = self->settings.interval;
  smoothing = self->settings.smoothing;
  top_k = self->settings.top_k;
  self->stream.attach_embedding = self->settings.attach_embedding;
  self->stream.post_messages = self->settings.post_messages;
  if (self->settings.serial != self->requested) {
    order = g_new0 (GstClipTagSettings, 1);
    gst_clip_tag_settings_copy (&self->settings, order);
    self->requested = self->settings.serial;
  }
  prompts = g_steal_pointer (&self->pending);
  GST_OBJECT_UNLOCK (self);

  if (order != NULL)
    g_thread_pool_push (self->builders, order, NULL);
  if (interval != self->interval && self->batch_size > 1)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  self->interval = interval;
  if (prompts == NULL && smoothing == self->smoothing && top_k == self->top_k)
    return GST_FLOW_OK;

  /* The frames that came before the change get the old scores. */
  flow = drain (self);
  if (prompts == NULL)
    prompts = g_object_ref (clv_scorer_get_prompts (self->stream.scorer));
  gst_clip_tag_stream_close (&self->stream, segment);
  use_prompts (self, prompts, smoothing, top_k);
  return flow;
}

/* How many frames at most wait for the last one of their batch, and how long
 * the first of them waits. */
static guint
max_held (GstClipTag *self, GstClockTime *ret_wait)
{
  guint64 n = 0;

  GST_OBJECT_LOCK (self);
  if (self->frame_time > 0)
    n = (guint64) (self->batch_size - 1) * self->settings.interval;
  n = MIN (n, MAX_HELD);
  *ret_wait = n * self->frame_time;
  GST_OBJECT_UNLOCK (self);
  return n;
}

/* A buffer comes in, and all that is ready goes out: GstBaseTransform calls
 * until there is nothing. */
static GstFlowReturn
gst_clip_tag_generate_output (GstBaseTransform *trans, GstBuffer **ret_buffer)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  GstBuffer *buffer = NULL;
  GstClockTime wait;
  GstFlowReturn flow;
  gboolean infer;

  *ret_buffer = pop_ready (self);
  if (*ret_buffer != NULL || trans->queued_buf == NULL)
    return GST_FLOW_OK;
  flow = GST_VIDEO_FILTER (self)->negotiated ? take_settings (self)
                                             : GST_FLOW_NOT_NEGOTIATED;
  if (flow != GST_FLOW_OK) {
    gst_clear_buffer (&trans->queued_buf);
    return flow;
  }

  /* Makes it writable. */
  flow = GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
             ->generate_output (trans, &buffer);
  if (flow != GST_FLOW_OK || buffer == NULL)
    return flow;
  infer = self->start_anew || self->n_since >= self->interval;
  self->n_since = infer ? 1 : self->n_since + 1;
  self->start_anew = FALSE;
  gst_clip_tag_held_push (&self->held, buffer, infer);

  /* A frame that reuses a result that is there has nothing to wait for; and
   * without a frame rate nobody could say how long a frame waits. */
  if (self->held.n_infer > 0 && self->held.n_infer < self->batch_size &&
      self->held.frames.length <= max_held (self, &wait))
    return GST_FLOW_OK;
  if (!score_held (self)) {
    drop_held (self);
    return GST_FLOW_ERROR;
  }
  *ret_buffer = pop_ready (self);
  return GST_FLOW_OK;
}

/* The buffer's pixels stay as they are; see gst_clip_tag_generate_output(). */
static GstFlowReturn
gst_clip_tag_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  return GST_FLOW_OK;
}

static gboolean
gst_clip_tag_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  const GstSegment *segment;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    drop_held (self);
  else if (GST_EVENT_IS_SERIALIZED (event))
    drain (self);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &segment);
      if (gst_segment_is_equal (segment, &trans->segment))
        break;
      gst_clip_tag_stream_restart (&self->stream, &trans->segment);
      self->start_anew = TRUE;
      break;
    case GST_EVENT_EOS:
    case GST_EVENT_FLUSH_STOP:
      gst_clip_tag_stream_restart (&self->stream, &trans->segment);
      self->start_anew = TRUE;
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
      ->sink_event (trans, event);
}

static gboolean
gst_clip_tag_query (
    GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  GstClockTime min, max, wait;
  gboolean live;

  if (direction == GST_PAD_SINK && GST_QUERY_TYPE (query) == GST_QUERY_DRAIN)
    drain (self);
  if (!GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
           ->query (trans, direction, query))
    return FALSE;
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE (query) == GST_QUERY_LATENCY) {
    max_held (self, &wait);
    gst_query_parse_latency (query, &live, &min, &max);
    gst_query_set_latency (query, live, min + wait,
        GST_CLOCK_TIME_IS_VALID (max) ? max + wait : max);
  }
  return TRUE;
}

/* Buffers that are held are missing in upstream's pool. */
static void
ask_for_more_buffers (GstQuery *query, guint held)
{
  guint n_pools = gst_query_get_n_allocation_pools (query);
  GstVideoInfo info;
  GstCaps *caps;

  for (guint i = 0; i < n_pools; i++) {
    GstBufferPool *pool;
    guint size, min, max;

    gst_query_parse_nth_allocation_pool (query, i, &pool, &size, &min, &max);
    gst_query_set_nth_allocation_pool (
        query, i, pool, size, min + held, max > 0 ? max + held : 0);
    gst_clear_object (&pool);
  }
  gst_query_parse_allocation (query, &caps, NULL);
  if (n_pools == 0 && caps != NULL && gst_video_info_from_caps (&info, caps))
    gst_query_add_allocation_pool (query, NULL, info.size, held + 1, 0);
}

static gboolean
gst_clip_tag_propose_allocation (
    GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query)
{
  GstClockTime wait;
  guint held = max_held (GST_CLIP_TAG (trans), &wait);

  /* Asks the element downstream, because pixels pass through as they are: what
   * layout is promised upstream is for the real consumer to say. */
  gboolean answered = GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
                          ->propose_allocation (trans, decide_query, query);

  if (held == 0)
    return answered;
  ask_for_more_buffers (query, held);
  return TRUE;
}

static gboolean
gst_clip_tag_set_info (GstVideoFilter *filter, GstCaps *in_caps,
    GstVideoInfo *in_info, GstCaps *out_caps, GstVideoInfo *out_info)
{
  GstClipTag *self = GST_CLIP_TAG (filter);
  gint n = GST_VIDEO_INFO_FPS_N (in_info), d = GST_VIDEO_INFO_FPS_D (in_info);

  GST_OBJECT_LOCK (self);
  self->frame_time = n > 0 ? gst_util_uint64_scale_int (GST_SECOND, d, n) : 0;
  GST_OBJECT_UNLOCK (self);
  if (self->batch_size > 1)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  return TRUE;
}

static void
gst_clip_tag_finalize (GObject *object)
{
  gst_clip_tag_settings_clear (&GST_CLIP_TAG (object)->settings);

  G_OBJECT_CLASS (gst_clip_tag_parent_class)->finalize (object);
}

static void
gst_clip_tag_class_init (GstClipTagClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);
  g_autoptr (GstCaps) caps = gst_caps_from_string (GST_CLIP_FRAME_CAPS);

  GST_DEBUG_CATEGORY_INIT (gst_clip_tag_debug, "cliptag", 0, "CLIP tagger");

  object_class->set_property = gst_clip_tag_set_property;
  object_class->get_property = gst_clip_tag_get_property;
  object_class->finalize = gst_clip_tag_finalize;
  trans_class->start = gst_clip_tag_start;
  trans_class->stop = gst_clip_tag_stop;
  trans_class->sink_event = gst_clip_tag_sink_event;
  trans_class->generate_output = gst_clip_tag_generate_output;
  trans_class->transform_ip = gst_clip_tag_transform_ip;
  trans_class->query = gst_clip_tag_query;
  trans_class->propose_allocation = gst_clip_tag_propose_allocation;
  filter_class->set_info = gst_clip_tag_set_info;

  gst_clip_tag_settings_install (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_SCORING, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_CALIBRATION, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_PRECISION, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_MODE, 0);

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
  self->batch_size = MAX (self->settings.batch_size, 1);

  /* The buffer is changed (it gets the meta), its memory is not. */
  gst_base_transform_set_in_place (trans, TRUE);

  /* GstVideoFilter turns it on; a late frame would then leave no scores. */
  gst_base_transform_set_qos_enabled (trans, FALSE);
}

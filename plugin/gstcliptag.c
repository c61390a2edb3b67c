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
 * n - 1 frames after an encoded one carry its scores and say so.
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

#include "gstcliperror.h"
#include "gstclipframe.h"
#include "gstclipmeta.h"
#include "gstcliptagsettings.h"
#include "gstcliptagstats.h"
#include "gstcliptagstream.h"

GST_DEBUG_CATEGORY_STATIC (gst_clip_tag_debug);
#define GST_CAT_DEFAULT gst_clip_tag_debug

struct _GstClipTag {
  GstVideoFilter parent;

  /* Guarded by the object lock. */
  GstClipTagSettings settings;
  GstClipTagStats stats;
  ClvEngine *engine;   /* NULL while stopped; set by start() and stop() */
  ClvPrompts *pending; /* encoded, for the next frame to take over */

  /* Streaming thread only, valid between start() and stop(). */
  GThreadPool *builders; /* one thread, encodes prompt sets */
  guint requested;       /* serial of the newest set asked for */
  GstClipTagStream stream;
  gdouble smoothing; /* what the stream was set up with */
  guint top_k;
  gfloat *embedding;
  GstClipResult *result; /* of the last inferred frame, NULL: infer the next */
  gdouble result_time;
  guint n_since; /* frames since then, that one included */
};

/* What a frame needs to know of the settings. */
typedef struct {
  guint interval;
  gdouble smoothing;
  guint top_k;
  gboolean attach_embedding;
} FrameSettings;

G_DEFINE_FINAL_TYPE (GstClipTag, gst_clip_tag, GST_TYPE_VIDEO_FILTER)
GST_ELEMENT_REGISTER_DEFINE (
    cliptag, "cliptag", GST_RANK_NONE, GST_TYPE_CLIP_TAG)

static void
post_start_error (GstClipTag *self, const gchar *what, const GError *error)
{
  gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_ERROR, what, error);
}

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
  gboolean current, encoded;

  prompts = gst_clip_tag_settings_make_prompts (settings, &error);
  encoded = prompts != NULL &&
            clv_engine_encode_prompts (self->engine, prompts, &error);

  /* A newer order makes this one's outcome, good or bad, uninteresting. */
  GST_OBJECT_LOCK (self);
  current = settings->serial == self->settings.serial;
  if (current && encoded)
    g_set_object (&self->pending, prompts);
  GST_OBJECT_UNLOCK (self);

  if (current && !encoded)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot use the new prompts, the old ones stay", error);
  gst_clip_tag_settings_clear (settings);
  g_free (settings);
}

/* Fetches the engine and the first prompt set. */
static gboolean
load (GstClipTag *self, const GstClipTagSettings *settings,
    ClvEngine **ret_engine, ClvPrompts **ret_prompts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (ClvEngine) engine = NULL;

  /* The cheap part first: a wrong prompt is found before a model is loaded. */
  prompts = gst_clip_tag_settings_make_prompts (settings, &error);
  if (prompts == NULL) {
    post_start_error (self, "Cannot use the prompts", error);
    return FALSE;
  }
  if (settings->model == NULL || settings->model[0] == '\0') {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS,
        ("property model: wanted a directory or a model's name, found none"),
        (NULL));
    return FALSE;
  }
  engine = clv_engine_get (
      settings->model, settings->device, settings->precision, &error);
  if (engine == NULL) {
    g_autofree gchar *what =
        g_strdup_printf ("Cannot load the model \"%s\" on the device \"%s\"",
            settings->model, settings->device ? settings->device : "auto");

    post_start_error (self, what, error);
    return FALSE;
  }
  if (!clv_engine_encode_prompts (engine, prompts, &error)) {
    post_start_error (self, "Cannot encode the prompts", error);
    return FALSE;
  }
  *ret_engine = g_steal_pointer (&engine);
  *ret_prompts = g_steal_pointer (&prompts);
  return TRUE;
}

static void
use_prompts (
    GstClipTag *self, ClvPrompts *prompts, gdouble smoothing, guint top_k)
{
  ClvModel *model = clv_engine_get_model (self->engine);

  gst_clip_tag_stream_set_prompts (&self->stream, prompts,
      clv_model_get_logit_scale (model), smoothing, top_k);
  self->smoothing = smoothing;
  self->top_k = top_k;
  g_clear_pointer (&self->result, gst_clip_result_unref);
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

  if (!load (self, &settings, &engine, &prompts)) {
    gst_clip_tag_settings_clear (&settings);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->engine = engine;
  GST_OBJECT_UNLOCK (self);

  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  self->embedding = g_new (gfloat, width);
  self->builders = g_thread_pool_new (build_prompts, self, 1, FALSE, NULL);
  self->requested = settings.serial;
  gst_clip_tag_stream_init (&self->stream, GST_ELEMENT (self));
  use_prompts (self, prompts, settings.smoothing, settings.top_k);
  gst_clip_tag_settings_clear (&settings);
  return TRUE;
}

static gboolean
gst_clip_tag_stop (GstBaseTransform *trans)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvPrompts) pending = NULL;

  /* Waits for a set that is being encoded: it uses the engine. */
  g_thread_pool_free (g_steal_pointer (&self->builders), FALSE, TRUE);
  gst_clip_tag_stream_close (&self->stream, &trans->segment);
  gst_clip_tag_stream_clear (&self->stream);
  g_clear_pointer (&self->result, gst_clip_result_unref);
  g_clear_pointer (&self->embedding, g_free);

  /* Dropped after the lock: the last reference frees the device. */
  GST_OBJECT_LOCK (self);
  engine = g_steal_pointer (&self->engine);
  pending = g_steal_pointer (&self->pending);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* Applies what changed since the last frame, and orders a new prompt set where
 * the properties that it is made of did. */
static void
take_settings (
    GstClipTag *self, const GstSegment *segment, FrameSettings *ret_settings)
{
  g_autoptr (ClvPrompts) prompts = NULL;
  GstClipTagSettings *order = NULL;

  GST_OBJECT_LOCK (self);
  *ret_settings = (FrameSettings){
    .interval = self->settings.interval,
    .smoothing = self->settings.smoothing,
    .top_k = self->settings.top_k,
    .attach_embedding = self->settings.attach_embedding,
  };
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
  if (prompts == NULL && ret_settings->smoothing == self->smoothing &&
      ret_settings->top_k == self->top_k)
    return;
  if (prompts == NULL)
    prompts = g_object_ref (clv_scorer_get_prompts (self->stream.scorer));
  gst_clip_tag_stream_close (&self->stream, segment);
  use_prompts (self, prompts, ret_settings->smoothing, ret_settings->top_k);
}

/* Into self->embedding. */
static gboolean
encode (GstClipTag *self, GstBuffer *buffer, GError **error)
{
  GstVideoFrame mapped;
  ClvFrame frame;
  gboolean encoded;

  /* Read only, so that a picture that others hold too is not copied. */
  if (!gst_video_frame_map (&mapped, &GST_VIDEO_FILTER (self)->in_info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "the buffer of %" G_GSIZE_FORMAT " bytes cannot be read as a picture",
        gst_buffer_get_size (buffer));
    return FALSE;
  }
  encoded = gst_clip_frame_init (&frame, &mapped);
  if (!encoded)
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "pictures in this layout of %s cannot be read",
        gst_video_format_to_string (GST_VIDEO_FRAME_FORMAT (&mapped)));
  encoded = encoded && clv_engine_encode_frames (
                           self->engine, &frame, 1, self->embedding, error);
  gst_video_frame_unmap (&mapped);
  return encoded;
}

static gboolean
infer (GstClipTag *self, const GstSegment *segment, GstBuffer *buffer,
    const FrameSettings *settings)
{
  ClvModel *model = clv_engine_get_model (self->engine);
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time (), encoded, scored;
  guint width = clv_model_get_embedding_width (model);

  if (!encode (self, buffer, &error)) {
    gst_clip_post_error (
        GST_ELEMENT (self), GST_MESSAGE_ERROR, "Cannot encode a frame", error);
    return FALSE;
  }
  encoded = g_get_monotonic_time ();
  gst_clip_tag_stream_score (&self->stream, segment, self->embedding);

  g_clear_pointer (&self->result, gst_clip_result_unref);
  self->result = gst_clip_result_new (
      clv_scorer_get_prompts (self->stream.scorer), clv_model_get_name (model),
      clv_model_get_id (model), GST_BUFFER_PTS (buffer), self->stream.scores,
      settings->attach_embedding ? self->embedding : NULL, width);
  self->result_time = self->stream.time;
  self->n_since = 0;
  scored = g_get_monotonic_time ();

  GST_OBJECT_LOCK (self);
  gst_clip_tag_stats_add (&self->stats, encoded - begin, scored - encoded);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static GstFlowReturn
gst_clip_tag_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  GstVideoFilter *filter = GST_VIDEO_FILTER (trans);
  FrameSettings settings;
  gboolean fresh;

  if (!filter->negotiated)
    return GST_FLOW_NOT_NEGOTIATED;

  take_settings (self, &trans->segment, &settings);
  gst_clip_tag_stream_advance (
      &self->stream, &trans->segment, buffer, &filter->in_info);
  fresh = self->result == NULL || self->n_since >= settings.interval ||
          self->stream.time < self->result_time;
  if (fresh && !infer (self, &trans->segment, buffer, &settings))
    return GST_FLOW_ERROR;
  self->n_since++;

  GST_OBJECT_LOCK (self);
  self->stats.frames++;
  GST_OBJECT_UNLOCK (self);

  gst_buffer_add_clip_meta (buffer, self->result, fresh,
      (self->stream.time - self->result_time) * GST_SECOND + 0.5);
  return GST_FLOW_OK;
}

static gboolean
gst_clip_tag_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  const GstSegment *segment;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &segment);
      if (gst_segment_is_equal (segment, &trans->segment))
        break;
      gst_clip_tag_stream_restart (&self->stream, &trans->segment);
      g_clear_pointer (&self->result, gst_clip_result_unref);
      break;
    case GST_EVENT_EOS:
    case GST_EVENT_FLUSH_STOP:
      gst_clip_tag_stream_restart (&self->stream, &trans->segment);
      g_clear_pointer (&self->result, gst_clip_result_unref);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_tag_parent_class)
      ->sink_event (trans, event);
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
  g_autoptr (GstCaps) caps = gst_caps_from_string (GST_CLIP_FRAME_CAPS);

  GST_DEBUG_CATEGORY_INIT (gst_clip_tag_debug, "cliptag", 0, "CLIP tagger");

  object_class->set_property = gst_clip_tag_set_property;
  object_class->get_property = gst_clip_tag_get_property;
  object_class->finalize = gst_clip_tag_finalize;
  trans_class->start = gst_clip_tag_start;
  trans_class->stop = gst_clip_tag_stop;
  trans_class->sink_event = gst_clip_tag_sink_event;
  trans_class->transform_ip = gst_clip_tag_transform_ip;

  gst_clip_tag_settings_install (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_SCORING, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_PRECISION, 0);

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

  /* The buffer is changed (it gets the meta), its memory is not. */
  gst_base_transform_set_in_place (trans, TRUE);

  /* GstVideoFilter turns it on; a late frame would then leave no scores. */
  gst_base_transform_set_qos_enabled (trans, FALSE);
}

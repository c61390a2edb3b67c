/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-clipindex
 * @title: clipindex
 * @see_also: cliptag, #GstClipMeta
 *
 * Stores moments of the video that passes in an index, where `clv search` finds
 * them by a sentence: media, time, embedding, active tags and maybe a small
 * picture. Embeddings come from a `cliptag attach-embedding=true` before it; with
 * the property `model` it encodes frames that bring none.
 *
 * Frames pass as they are. A thread of the element writes, many moments at a
 * time; a frame waits for it only where too many moments wait (`when-full`). The
 * end of the stream waits until everything is stored.
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! queue \
 *   ! cliptag prompts="a bus; a bicycle" max-rate=1 attach-embedding=true \
 *   ! clipindex location=street.db thumbnails=true ! fakesink
 * ]|
 */

#include "gstclipindex.h"

#include "gstcliperror.h"
#include "gstclipframe.h"
#include "gstclipindexsettings.h"
#include "gstclipindexwriter.h"
#include "gstclippace.h"
#include "gstclipprecision.h"
#include "gstclipupstream.h"

GST_DEBUG_CATEGORY_STATIC (gst_clip_index_debug);
#define GST_CAT_DEFAULT gst_clip_index_debug

/* After so much of a stream in which nothing could be stored, that is said. */
#define PATIENCE_S 10.0

#define TEMPLATE_CAPS                                                          \
  "video/x-raw(ANY), format = (string) " GST_CLIP_FRAME_FORMATS

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TEMPLATE_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TEMPLATE_CAPS));

struct _GstClipIndex {
  GstBaseTransform parent;

  /* Guarded by the object lock. */
  GstClipIndexSettings settings;
  GstClipIndexWriter *writer; /* NULL while stopped */

  /* Not changed between start() and stop(). */
  GstClipIndexSettings started;

  /* Streaming thread only. */
  GstClipIndexMedia *media; /* NULL: none has begun */
  GstClipPace pace;
  gboolean wait;  /* of this media */
  gdouble end;    /* seconds, of its last frame */
  gboolean found; /* there was a moment, or it was said that there is none */
};

G_DEFINE_FINAL_TYPE (GstClipIndex, gst_clip_index, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (
    clipindex, "clipindex", GST_RANK_NONE, GST_TYPE_CLIP_INDEX)

static void
gst_clip_index_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipIndex *self = GST_CLIP_INDEX (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_clip_index_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
get_stats (GstClipIndex *self, GValue *value)
{
  GstClipIndexCounts counts = { 0 };

  GST_OBJECT_LOCK (self);
  if (self->writer != NULL)
    gst_clip_index_writer_get_counts (self->writer, &counts);
  GST_OBJECT_UNLOCK (self);
  g_value_take_boxed (
      value, gst_structure_new ("clip-index-stats", "stored", G_TYPE_UINT64,
                 counts.stored, "known", G_TYPE_UINT64, counts.known, "dropped",
                 G_TYPE_UINT64, counts.dropped, NULL));
}

static void
gst_clip_index_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipIndex *self = GST_CLIP_INDEX (object);
  gboolean known;

  if (id == GST_CLIP_INDEX_PROP_STATS) {
    get_stats (self, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_clip_index_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstClipIndexStore *
open_store (GstClipIndex *self, GError **error)
{
  const GstClipIndexSettings *settings = &self->started;
  g_autoptr (ClvEngine) engine = NULL;
  g_autofree gchar *path = settings->location != NULL
                               ? g_strdup (settings->location)
                               : clv_index_get_default_path (error);

  if (path == NULL)
    return NULL;
  if (settings->model != NULL) {
    engine = clv_engine_get (settings->model,
        settings->device != NULL ? settings->device : "auto",
        settings->precision, error);
    if (engine == NULL)
      return NULL;
  }
  return gst_clip_index_store_new (
      GST_ELEMENT (self), path, engine, settings->thumbnails, error);
}

static gboolean
gst_clip_index_start (GstBaseTransform *trans)
{
  GstClipIndex *self = GST_CLIP_INDEX (trans);
  g_autoptr (GError) error = NULL;
  GstClipIndexStore *store;

  GST_OBJECT_LOCK (self);
  gst_clip_index_settings_clear (&self->started);
  gst_clip_index_settings_copy (&self->settings, &self->started);
  GST_OBJECT_UNLOCK (self);

  store = open_store (self, &error);
  if (store == NULL) {
    gst_clip_post_error (
        GST_ELEMENT (self), GST_MESSAGE_ERROR, "Cannot store moments", error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->writer = gst_clip_index_writer_new (GST_ELEMENT (self), store);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_clip_index_stop (GstBaseTransform *trans)
{
  GstClipIndex *self = GST_CLIP_INDEX (trans);
  GstClipIndexWriter *writer;

  g_clear_pointer (&self->media, gst_clip_index_media_unref);
  GST_OBJECT_LOCK (self);
  writer = g_steal_pointer (&self->writer);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&writer, gst_clip_index_writer_free);
  return TRUE;
}

/* Any thread. */
static void
set_flushing (GstClipIndex *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->writer != NULL)
    gst_clip_index_writer_set_flushing (self->writer, flushing);
  GST_OBJECT_UNLOCK (self);
}

/* Who waits for the writer need not any more. */
static GstStateChangeReturn
gst_clip_index_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_flushing (GST_CLIP_INDEX (element), TRUE);
  return GST_ELEMENT_CLASS (gst_clip_index_parent_class)
      ->change_state (element, transition);
}

static gboolean
begin_media (GstClipIndex *self)
{
  const GstClipIndexSettings *settings = &self->started;
  GstPad *sink = GST_BASE_TRANSFORM_SINK_PAD (self);
  g_autoptr (GError) error = NULL;
  const gdouble interval = (gdouble) settings->interval / GST_SECOND;

  if (self->media != NULL)
    return TRUE;
  self->media = gst_clip_index_media_new (
      sink, settings->media, interval, settings->thumbnails, &error);
  if (self->media == NULL) {
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_ERROR,
        "Cannot name the stream in the index", error);
    return FALSE;
  }
  self->wait = settings->when_full == GST_CLIP_INDEX_FULL_WAIT ||
               (settings->when_full == GST_CLIP_INDEX_FULL_AUTO &&
                   !gst_clip_upstream_is_live (sink));
  self->pace = (GstClipPace){ .interval = interval };
  self->end = 0;
  self->found = FALSE;
  GST_INFO_OBJECT (self, "media %s", self->media->name);
  return TRUE;
}

/* Seconds; negative where there is no such time. */
static gdouble
to_time (GstClipIndex *self, GstClockTime pts)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  guint64 time = GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (pts))
    time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
  return GST_CLOCK_TIME_IS_VALID (time) ? (gdouble) time / GST_SECOND : -1.0;
}

/* When the picture that would be stored was; negative if there is none. An
 * embedding of an earlier frame that looks the same is as good as an own one. */
static gdouble
find_time (GstClipIndex *self, GstBuffer *buffer, const GstClipMeta *meta)
{
  if (meta == NULL && self->started.model == NULL)
    return -1.0;
  if (meta == NULL || meta->fresh || meta->unchanged)
    return to_time (self, GST_BUFFER_PTS (buffer));
  return to_time (self, meta->pts);
}

static void
note_end (GstClipIndex *self, GstBuffer *buffer)
{
  const gdouble time = to_time (self, GST_BUFFER_PTS (buffer));
  const gdouble duration =
      GST_BUFFER_DURATION_IS_VALID (buffer)
          ? (gdouble) GST_BUFFER_DURATION (buffer) / GST_SECOND
          : 0;

  if (time >= 0)
    self->end = MAX (self->end, time + duration);
}

/* A pipeline that stores nothing looks like one that works. */
static void
tell_of_nothing (GstClipIndex *self)
{
  self->found = TRUE;
  GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
      ("Nothing is stored in the index: wanted frames with time stamps and "
       "embeddings (cliptag attach-embedding=true), or a model, found none in "
       "the first %.1f s of %s",
          self->end, self->media->name),
      (NULL));
}

static GstFlowReturn
store_frame (GstClipIndex *self, GstBuffer *buffer, const GstClipMeta *meta,
    gdouble time)
{
  g_autoptr (GstClipIndexMoment) moment = NULL;
  g_autoptr (GstCaps) caps = NULL;

  switch (gst_clip_index_writer_reserve (self->writer, self->wait)) {
    case GST_CLIP_INDEX_OK:
      break;
    case GST_CLIP_INDEX_DROPPED:
      GST_DEBUG_OBJECT (self, "no room for the moment at %.3f s", time);
      return GST_FLOW_OK;
    case GST_CLIP_INDEX_FLUSHING:
      return GST_FLOW_FLUSHING;
    case GST_CLIP_INDEX_FAILED:
      return GST_FLOW_ERROR;
  }
  moment = gst_clip_index_moment_new (self->media, time, buffer, meta);
  if (meta == NULL || self->started.thumbnails) {
    caps = gst_pad_get_current_caps (GST_BASE_TRANSFORM_SINK_PAD (self));
    if (!gst_clip_index_moment_add_picture (moment, buffer, caps)) {
      GST_ELEMENT_ERROR (self, RESOURCE, READ,
          ("Cannot read a picture for the index: its memory cannot be mapped."),
          ("%" GST_PTR_FORMAT, buffer));
      return GST_FLOW_ERROR;
    }
  }
  GST_LOG_OBJECT (self, "moment at %.3f s", time);
  gst_clip_index_writer_push (self->writer, g_steal_pointer (&moment));
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_clip_index_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstClipIndex *self = GST_CLIP_INDEX (trans);
  const GstClipMeta *meta = gst_clip_index_find_meta (buffer);
  const gdouble time = find_time (self, buffer, meta);

  if (!begin_media (self))
    return GST_FLOW_ERROR;
  note_end (self, buffer);
  if (time < 0) {
    if (!self->found && self->end > PATIENCE_S)
      tell_of_nothing (self);
    return GST_FLOW_OK;
  }
  self->found = TRUE;
  return gst_clip_pace_take (&self->pace, time)
             ? store_frame (self, buffer, meta, time)
             : GST_FLOW_OK;
}

/* FALSE where something failed, which was posted. */
static gboolean
end_media (GstClipIndex *self, gboolean wait)
{
  GstClipIndexAnswer answer;

  if (self->media == NULL)
    return TRUE;
  if (!self->found)
    tell_of_nothing (self);
  answer =
      gst_clip_index_writer_end (self->writer, self->media, self->end, wait);
  g_clear_pointer (&self->media, gst_clip_index_media_unref);
  return answer != GST_CLIP_INDEX_FAILED;
}

static gboolean
gst_clip_index_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipIndex *self = GST_CLIP_INDEX (trans);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      set_flushing (self, FALSE);
      break;
    case GST_EVENT_STREAM_START:
      if (gst_clip_upstream_is_new (GST_BASE_TRANSFORM_SINK_PAD (self), event))
        end_media (self, FALSE);
      break;
    case GST_EVENT_EOS:
      end_media (self, TRUE);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_index_parent_class)
      ->sink_event (trans, event);
}

static void
gst_clip_index_finalize (GObject *object)
{
  GstClipIndex *self = GST_CLIP_INDEX (object);

  gst_clip_index_settings_clear (&self->settings);
  gst_clip_index_settings_clear (&self->started);
  G_OBJECT_CLASS (gst_clip_index_parent_class)->finalize (object);
}

static void
gst_clip_index_class_init (GstClipIndexClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      gst_clip_index_debug, "clipindex", 0, "moments to an index");

  object_class->set_property = gst_clip_index_set_property;
  object_class->get_property = gst_clip_index_get_property;
  object_class->finalize = gst_clip_index_finalize;
  element_class->change_state = gst_clip_index_change_state;
  trans_class->start = gst_clip_index_start;
  trans_class->stop = gst_clip_index_stop;
  trans_class->sink_event = gst_clip_index_sink_event;
  trans_class->transform_ip = gst_clip_index_transform_ip;
  trans_class->passthrough_on_same_caps = TRUE;
  trans_class->transform_ip_on_passthrough = TRUE;

  gst_clip_index_settings_install (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_INDEX_FULL, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_PRECISION, 0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "CLIP index",
      "Filter/Analyzer/Video",
      "Stores moments of video, so that clv search finds them by a sentence",
      "The clv authors");
}

static void
gst_clip_index_init (GstClipIndex *self)
{
  gst_clip_index_settings_init (&self->settings);
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}

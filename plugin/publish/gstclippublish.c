/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-clippublish
 * @title: clippublish
 * @see_also: cliptag, cliptojson, #GstClipMeta
 *
 * Sends what cliptag finds to where other programs read it: a server of MQTT or
 * Kafka, or a file. A message tells that a tag starts or stops; with MQTT the server
 * also keeps the state of each label, and whether the element is there.
 *
 * Frames pass as they are, and never wait: the streaming thread puts messages in a
 * queue in memory, a thread of the element moves them to a spool on disk, and they
 * stay there until the server has acknowledged them, over lost connections and
 * restarts. Where there is no room the oldest are dropped, which the property `stats`
 * counts and warnings tell.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! decodebin ! cliptag prompts="an open gate; a closed gate" \
 *   ! clippublish uri=mqtt://localhost source=gate ! fakesink
 * ]|
 */

#include "gstclippublish.h"

#include "gstcliperror.h"
#include "gstclippublishteller.h"
#include "gstclipupstream.h"

GST_DEBUG_CATEGORY (gst_clip_publish_debug);
#define GST_CAT_DEFAULT gst_clip_publish_debug

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

struct _GstClipPublish {
  GstBaseTransform parent;

  /* Guarded by the object lock. */
  GstClipPublishSettings settings;
  GstClipPublishTeller *teller; /* NULL while stopped */

  /* Not changed between start() and stop(). */
  GstClockTime flush_timeout;

  /* Streaming thread only. */
  gboolean begun;
};

G_DEFINE_FINAL_TYPE (GstClipPublish, gst_clip_publish, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (
    clippublish, "clippublish", GST_RANK_NONE, GST_TYPE_CLIP_PUBLISH)

static void
gst_clip_publish_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_clip_publish_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
get_stats (GstClipPublish *self, GValue *value)
{
  GstClipPublishCounts counts = { 0 };

  GST_OBJECT_LOCK (self);
  if (self->teller != NULL)
    gst_clip_publisher_get_counts (
        gst_clip_publish_teller_get_publisher (self->teller), &counts);
  GST_OBJECT_UNLOCK (self);
  g_value_take_boxed (value,
      gst_structure_new ("clip-publish-stats", "connected", G_TYPE_BOOLEAN,
          counts.connected, "connections", G_TYPE_UINT64, counts.connections,
          "published", G_TYPE_UINT64, counts.published, "dropped",
          G_TYPE_UINT64, counts.dropped, "waiting", G_TYPE_UINT64,
          counts.waiting, "spooled", G_TYPE_UINT64, counts.spooled, NULL));
}

static void
gst_clip_publish_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (object);
  gboolean known;

  if (id == GST_CLIP_PUBLISH_PROP_STATS) {
    get_stats (self, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_clip_publish_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static gboolean
gst_clip_publish_start (GstBaseTransform *trans)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (trans);
  GstClipPublishSettings settings;
  GstClipPublishTeller *teller;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  gst_clip_publish_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);
  teller = gst_clip_publish_teller_new (GST_ELEMENT (self), &settings, &error);
  self->flush_timeout = settings.flush_timeout;
  self->begun = FALSE;
  gst_clip_publish_settings_clear (&settings);

  if (teller == NULL) {
    gst_clip_post_error (
        GST_ELEMENT (self), GST_MESSAGE_ERROR, "Cannot publish tags", error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->teller = teller;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_clip_publish_stop (GstBaseTransform *trans)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (trans);
  GstClipPublishTeller *teller;

  GST_OBJECT_LOCK (self);
  teller = g_steal_pointer (&self->teller);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&teller, gst_clip_publish_teller_stop);
  return TRUE;
}

/* Any thread: whoever waits for the server need not any more. */
static void
set_flushing (GstClipPublish *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->teller != NULL)
    gst_clip_publisher_set_flushing (
        gst_clip_publish_teller_get_publisher (self->teller), flushing);
  GST_OBJECT_UNLOCK (self);
}

static GstStateChangeReturn
gst_clip_publish_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_flushing (GST_CLIP_PUBLISH (element), TRUE);
  return GST_ELEMENT_CLASS (gst_clip_publish_parent_class)
      ->change_state (element, transition);
}

static void
begin (GstClipPublish *self)
{
  g_autofree gchar *media = NULL;

  if (self->begun)
    return;
  self->begun = TRUE;
  media = gst_clip_upstream_get_uri (GST_BASE_TRANSFORM_SINK_PAD (self));
  gst_clip_publish_teller_begin (self->teller, media);
}

static GstFlowReturn
gst_clip_publish_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (trans);

  begin (self);
  gst_clip_publish_teller_look (self->teller, buffer, &trans->segment);
  return GST_FLOW_OK;
}

static gboolean
gst_clip_publish_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstClipPublish *self = GST_CLIP_PUBLISH (trans);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      set_flushing (self, FALSE);
      gst_clip_publish_teller_end (self->teller);
      break;
    case GST_EVENT_STREAM_START:
      if (!gst_clip_upstream_is_new (GST_BASE_TRANSFORM_SINK_PAD (self), event))
        break;
      gst_clip_publish_teller_end (self->teller);
      self->begun = FALSE;
      break;
    case GST_EVENT_EOS:
      gst_clip_publish_teller_end (self->teller);
      gst_clip_publisher_flush (
          gst_clip_publish_teller_get_publisher (self->teller),
          (gint64) GST_TIME_AS_USECONDS (self->flush_timeout));
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_clip_publish_parent_class)
      ->sink_event (trans, event);
}

static void
gst_clip_publish_finalize (GObject *object)
{
  gst_clip_publish_settings_clear (&GST_CLIP_PUBLISH (object)->settings);
  G_OBJECT_CLASS (gst_clip_publish_parent_class)->finalize (object);
}

static void
gst_clip_publish_class_init (GstClipPublishClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      gst_clip_publish_debug, "clippublish", 0, "CLIP tags to other programs");

  object_class->set_property = gst_clip_publish_set_property;
  object_class->get_property = gst_clip_publish_get_property;
  object_class->finalize = gst_clip_publish_finalize;
  element_class->change_state = gst_clip_publish_change_state;
  trans_class->start = gst_clip_publish_start;
  trans_class->stop = gst_clip_publish_stop;
  trans_class->sink_event = gst_clip_publish_sink_event;
  trans_class->transform_ip = gst_clip_publish_transform_ip;
  trans_class->passthrough_on_same_caps = TRUE;
  trans_class->transform_ip_on_passthrough = TRUE;

  gst_clip_publish_settings_install (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_PUBLISH_WHAT, 0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "CLIP publisher",
      "Filter/Network/Metadata",
      "Sends tags that start and stop to MQTT, Kafka or a file",
      "The clv authors");
}

static void
gst_clip_publish_init (GstClipPublish *self)
{
  gst_clip_publish_settings_init (&self->settings);
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}

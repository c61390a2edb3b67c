/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-cliptojson
 * @title: cliptojson
 * @see_also: cliptag, #GstClipMeta
 *
 * Video with tags in, JSON lines out: an object with the scores of all labels for
 * each inferred frame, or only where what is active changes. The lines are those
 * of `clv tag --format jsonl`; docs/tags.schema.json says what is in them.
 *
 * Each buffer is one line. It has the time stamp of the picture that the scores
 * are of. Frames that give no line become GAP events, so that what follows knows
 * how far the stream is.
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! queue \
 *   ! cliptag prompts="a bus; a bicycle" ! cliptojson ! filesink location=street.jsonl
 * ]|
 */

#include "gstcliptojson.h"

#include <gst/video/video.h>
#include <string.h>

#include "gstclipsaid.h"
#include "gstclipupstream.h"

GST_DEBUG_CATEGORY_STATIC (gst_clip_to_json_debug);
#define GST_CAT_DEFAULT gst_clip_to_json_debug

/* As GStreamer's own elements to JSON have it (vp82json). */
#define SRC_CAPS "text/x-json, format = (string) clv-tags"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (SRC_CAPS));

enum { PROP_LINES = 1, PROP_MEDIA };

struct _GstClipToJson {
  GstElement parent;

  GstPad *sink;
  GstPad *src;

  /* Guarded by the object lock. */
  GstClipToJsonLines lines;
  gchar *media;

  /* Streaming thread only. */
  GstSegment segment;
  gchar *found_media; /* what upstream reads; NULL if it does not tell */
  gboolean asked;     /* for it */
  GPtrArray *last;    /* GstClipSaid, of the last frame */
};

G_DEFINE_FINAL_TYPE (GstClipToJson, gst_clip_to_json, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE (
    cliptojson, "cliptojson", GST_RANK_NONE, GST_TYPE_CLIP_TO_JSON)

GType
gst_clip_to_json_lines_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_TO_JSON_INFERRED,
        "One for each frame of which something was inferred", "inferred" },
    { GST_CLIP_TO_JSON_CHANGES,
        "One where other labels are active than before, in the picture or in "
        "its regions, and for the first frame",
        "changes" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipToJsonLines", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

static void
gst_clip_to_json_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LINES:
      self->lines = g_value_get_enum (value);
      break;
    case PROP_MEDIA:
      g_free (self->media);
      self->media = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_clip_to_json_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LINES:
      g_value_set_enum (value, self->lines);
      break;
    case PROP_MEDIA:
      g_value_set_string (value, self->media);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

/* What is read, once a stream. */
static void
find_media (GstClipToJson *self)
{
  if (self->asked)
    return;
  self->asked = TRUE;
  g_free (self->found_media);
  self->found_media = gst_clip_upstream_get_uri (self->sink);
}

/* `before`: what the same cliptag said of the frame before, or NULL. */
static gboolean
is_wanted (const GstClipSaid *said, const GstClipSaid *before,
    GstClipToJsonLines lines)
{
  if (before == NULL)
    return TRUE;
  return lines == GST_CLIP_TO_JSON_INFERRED
             ? gst_clip_said_has_new (said, before)
             : strcmp (said->active, before->active) != 0;
}

/* Of the picture that the scores are of. */
static GstBuffer *
make_line (GstClipToJson *self, const GstClipSaid *said, GstBuffer *frame)
{
  g_autofree gchar *media = NULL;
  GstBuffer *buffer;
  gchar *line;

  GST_OBJECT_LOCK (self);
  media = g_strdup (self->media);
  GST_OBJECT_UNLOCK (self);
  line = gst_clip_said_to_line (
      said, frame, &self->segment, media != NULL ? media : self->found_media);
  buffer = gst_buffer_new_wrapped (line, strlen (line));
  GST_BUFFER_PTS (buffer) = gst_clip_said_get_pts (said, frame);
  GST_BUFFER_DURATION (buffer) = GST_BUFFER_DURATION (frame);
  return buffer;
}

static GstFlowReturn
push_gap (GstClipToJson *self, GstBuffer *frame)
{
  if (GST_BUFFER_PTS_IS_VALID (frame))
    gst_pad_push_event (self->src, gst_event_new_gap (GST_BUFFER_PTS (frame),
                                       GST_BUFFER_DURATION (frame)));
  return GST_PAD_IS_FLUSHING (self->src) ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

/* A frame without any scores says nothing, so it changes nothing either. Takes the
 * list over. */
static void
remember (GstClipToJson *self, GPtrArray *now)
{
  for (guint i = 0; i < now->len; i++)
    gst_clip_said_forget_metas (now->pdata[i]);
  if (now->len == 0) {
    g_ptr_array_unref (now);
    return;
  }
  g_ptr_array_unref (self->last);
  self->last = now;
}

static GstFlowReturn
gst_clip_to_json_chain (GstPad *pad, GstObject *parent, GstBuffer *frame)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (parent);
  GPtrArray *now = gst_clip_said_list (frame);
  GstFlowReturn flow = GST_FLOW_OK;
  GstClipToJsonLines lines;
  gboolean any = FALSE;

  GST_OBJECT_LOCK (self);
  lines = self->lines;
  GST_OBJECT_UNLOCK (self);
  find_media (self);
  for (guint i = 0; i < now->len && flow == GST_FLOW_OK; i++) {
    const GstClipSaid *said = now->pdata[i];

    if (is_wanted (said, gst_clip_said_find (self->last, said), lines)) {
      any = TRUE;
      flow = gst_pad_push (self->src, make_line (self, said, frame));
    }
  }
  remember (self, now);
  if (!any)
    flow = push_gap (self, frame);
  gst_buffer_unref (frame);
  return flow;
}

static gboolean
gst_clip_to_json_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (parent);
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      self->asked = FALSE;
      g_ptr_array_set_size (self->last, 0);
      break;
    case GST_EVENT_FLUSH_STOP:
      g_ptr_array_set_size (self->last, 0);
      gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_CAPS:
      gst_event_unref (event);
      caps = gst_static_pad_template_get_caps (&src_template);
      event = gst_event_new_caps (caps);
      gst_caps_unref (caps);
      return gst_pad_push_event (self->src, event);
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

/* Pixels are not read, so they may lie in any way, and what follows has no say in
 * how. */
static gboolean
answer_allocation (GstQuery *query)
{
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  gst_query_add_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, NULL);
  return TRUE;
}

static gboolean
gst_clip_to_json_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstCaps *filter, *caps, *template;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_ALLOCATION:
      return answer_allocation (query);
    case GST_QUERY_CAPS:
      /* One side's caps are not the other's. */
      gst_query_parse_caps (query, &filter);
      template = gst_pad_get_pad_template_caps (pad);
      caps = filter != NULL ? gst_caps_intersect_full (
                                  filter, template, GST_CAPS_INTERSECT_FIRST)
                            : gst_caps_ref (template);
      gst_query_set_caps_result (query, caps);
      gst_caps_unref (caps);
      gst_caps_unref (template);
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_parse_accept_caps (query, &caps);
      template = gst_pad_get_pad_template_caps (pad);
      gst_query_set_accept_caps_result (
          query, gst_caps_is_subset (caps, template));
      gst_caps_unref (template);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static GstStateChangeReturn
gst_clip_to_json_change_state (GstElement *element, GstStateChange transition)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (element);
  GstStateChangeReturn change =
      GST_ELEMENT_CLASS (gst_clip_to_json_parent_class)
          ->change_state (element, transition);

  /* Pads are down now: nothing streams. */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    self->asked = FALSE;
    g_ptr_array_set_size (self->last, 0);
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  }
  return change;
}

static void
gst_clip_to_json_finalize (GObject *object)
{
  GstClipToJson *self = GST_CLIP_TO_JSON (object);

  g_free (self->media);
  g_free (self->found_media);
  g_ptr_array_unref (self->last);
  G_OBJECT_CLASS (gst_clip_to_json_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_LINES,
      g_param_spec_enum ("lines", "Lines", "Which frames give a line",
          GST_TYPE_CLIP_TO_JSON_LINES, GST_CLIP_TO_JSON_INFERRED,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_MEDIA,
      g_param_spec_string ("media", "Media",
          "What lines call the stream; unset: the URI of what is read", NULL,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
}

static void
gst_clip_to_json_class_init (GstClipToJsonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      gst_clip_to_json_debug, "cliptojson", 0, "CLIP tags to JSON lines");

  object_class->set_property = gst_clip_to_json_set_property;
  object_class->get_property = gst_clip_to_json_get_property;
  object_class->finalize = gst_clip_to_json_finalize;
  element_class->change_state = gst_clip_to_json_change_state;

  install_properties (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_TO_JSON_LINES, 0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "CLIP tags to JSON",
      "Converter/Metadata", "Makes JSON lines of the tags that cliptag found",
      "The clv authors");
}

static void
gst_clip_to_json_init (GstClipToJson *self)
{
  self->last = gst_clip_said_list_new ();
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);

  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, gst_clip_to_json_chain);
  gst_pad_set_event_function (self->sink, gst_clip_to_json_sink_event);
  gst_pad_set_query_function (self->sink, gst_clip_to_json_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);

  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->src, gst_clip_to_json_query);
  gst_pad_use_fixed_caps (self->src);
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}

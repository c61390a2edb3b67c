/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-cliptagbin
 * @title: cliptagbin
 * @see_also: cliptag, decodebin3
 *
 * cliptag behind a decoder: takes anything that decodebin3 takes, encoded or
 * raw, on its sink pad, or what `uri` names, and gives raw video with the
 * metadata of cliptag. All properties of cliptag are here, too.
 *
 * The first video stream is decoded. Others, sound and subtitles are not:
 * they are deselected, and dropped by the decoder.
 *
 * ## Examples
 * |[
 * gst-launch-1.0 -m filesrc location=street.mp4 \
 *   ! cliptagbin prompts="a bus; a bicycle; an empty street" ! fakesink
 * ]|
 * |[
 * gst-launch-1.0 cliptagbin uri=rtsp://camera/stream prompts="a car; a person" \
 *   ! clipoverlay ! videoconvert ! autovideosink
 * ]|
 */

#include "gstcliptagbin.h"

#include "gstclipdecodererror.h"
#include "gstclipproxy.h"
#include "gstclipupstream.h"
#include "tag/gstcliptag.h"

GST_DEBUG_CATEGORY_STATIC (gst_clip_tag_bin_debug);
#define GST_CAT_DEFAULT gst_clip_tag_bin_debug

/* Frames that are decoded ahead. More would only make live video old. */
#define MAX_QUEUED 3

enum {
  PROP_URI = 1,
  PROP_FIRST_PROXIED,
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

struct _GstClipTagBin {
  GstBin parent;

  GstPad *sink;        /* a ghost of the decoder's, while there is one */
  GstElement *queue;   /* NULL if the element does not exist */
  GstElement *convert; /* likewise */
  GstElement *tag;

  /* Guarded by the object lock. */
  gchar *uri;
  GstElement *decoder; /* from PAUSED on; a new one for each start */
  gchar *playing;      /* the uri that it decodes, or NULL */
  gchar *missing;      /* what it found no decoder for, or NULL */
};

G_DEFINE_FINAL_TYPE (GstClipTagBin, gst_clip_tag_bin, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE (
    cliptagbin, "cliptagbin", GST_RANK_NONE, GST_TYPE_CLIP_TAG_BIN)

static void
gst_clip_tag_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipTagBin *self = GST_CLIP_TAG_BIN (object);

  if (id >= PROP_FIRST_PROXIED) {
    g_object_set_property (G_OBJECT (self->tag), pspec->name, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_free (self->uri);
  self->uri = g_value_dup_string (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_clip_tag_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipTagBin *self = GST_CLIP_TAG_BIN (object);

  if (id >= PROP_FIRST_PROXIED) {
    g_object_get_property (G_OBJECT (self->tag), pspec->name, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_value_set_string (value, self->uri);
  GST_OBJECT_UNLOCK (self);
}

/* The decoder asks about each stream of a new collection: 1 selects it. */
static gint
select_stream (GstElement *decoder, GstStreamCollection *collection,
    GstStream *stream, gpointer user_data)
{
  guint n = gst_stream_collection_get_size (collection);

  for (guint i = 0; i < n; i++) {
    GstStream *other = gst_stream_collection_get_stream (collection, i);

    if (gst_stream_get_stream_type (other) & GST_STREAM_TYPE_VIDEO)
      return other == stream;
  }
  return 0;
}

static gboolean
is_video (GstPad *pad)
{
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);

  return !gst_caps_is_any (caps) && !gst_caps_is_empty (caps) &&
         g_str_has_prefix (
             gst_structure_get_name (gst_caps_get_structure (caps, 0)),
             "video/");
}

typedef struct {
  GstPad *sink; /* to link with */
  GstPad *gone; /* not this one; NULL: any */
} Wanted;

static gboolean
link_if_video (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  const Wanted *wanted = user_data;

  return pad == wanted->gone || !is_video (pad) ||
         gst_pad_link (pad, wanted->sink) != GST_PAD_LINK_OK;
}

/* Links the decoder's first video pad, unless one is linked. Pads come and go
 * with the streams of the input, in either order. */
static void
link_video (GstClipTagBin *self, GstElement *decoder, GstPad *gone)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (self->queue, "sink");
  Wanted wanted = { sink, gone };

  if (!gst_pad_is_linked (sink))
    gst_element_foreach_src_pad (decoder, link_if_video, &wanted);
}

static void
pad_added (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  link_video (user_data, decoder, NULL);
}

static void
pad_removed (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  link_video (user_data, decoder, pad);
}

/* Takes the decoder out, if there is one. */
static void
remove_decoder (GstClipTagBin *self)
{
  GstElement *decoder;

  GST_OBJECT_LOCK (self);
  decoder = g_steal_pointer (&self->decoder);
  g_clear_pointer (&self->playing, g_free);
  g_clear_pointer (&self->missing, g_free);
  GST_OBJECT_UNLOCK (self);

  gst_ghost_pad_set_target (GST_GHOST_PAD (self->sink), NULL);
  if (decoder == NULL)
    return;
  g_signal_handlers_disconnect_by_data (decoder, self);
  gst_element_set_locked_state (decoder, TRUE);
  gst_element_set_state (decoder, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), decoder);
}

/* What cannot be used of `uri`, as an error on the bus. */
static gboolean
check_uri (GstClipTagBin *self, const gchar *uri)
{
  if (uri != NULL && !gst_uri_is_valid (uri)) {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS,
        ("uri: \"%s\": wanted a URI such as file:///path/to/a.mp4, found none.",
            uri),
        (NULL));
    return FALSE;
  }
  if (uri != NULL && gst_pad_is_linked (self->sink)) {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS,
        ("uri: \"%s\": wanted one input, found two: the sink pad is linked, "
         "too.",
            uri),
        (NULL));
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_decoder (GstClipTagBin *self)
{
  g_autofree gchar *uri = NULL;
  const gchar *name;
  GstElement *decoder;

  g_object_get (self, "uri", &uri, NULL);
  name = uri != NULL ? "uridecodebin3" : "decodebin3";
  if (!check_uri (self, uri))
    return FALSE;
  decoder = gst_element_factory_make (name, "decoder");
  if (decoder == NULL || self->queue == NULL || self->convert == NULL) {
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
        ("GStreamer's element %s is missing (its package may be "
         "gstreamer1.0-plugins-base).",
            decoder == NULL       ? name
            : self->queue == NULL ? "queue"
                                  : "videoconvert"),
        (NULL));
    gst_clear_object (&decoder);
    return FALSE;
  }
  if (uri != NULL)
    g_object_set (decoder, "uri", uri, NULL);
  g_signal_connect (decoder, "select-stream", G_CALLBACK (select_stream), self);
  g_signal_connect (decoder, "pad-added", G_CALLBACK (pad_added), self);
  g_signal_connect (decoder, "pad-removed", G_CALLBACK (pad_removed), self);

  GST_OBJECT_LOCK (self);
  self->decoder = decoder;
  self->playing = g_strdup (uri);
  GST_OBJECT_UNLOCK (self);
  gst_bin_add (GST_BIN (self), decoder);
  if (uri == NULL) {
    g_autoptr (GstPad) sink = gst_element_get_static_pad (decoder, "sink");

    gst_ghost_pad_set_target (GST_GHOST_PAD (self->sink), sink);
  }
  return TRUE;
}

/* GstBin starts from the last element to the first, as far as they are linked;
 * the decoder is not linked yet, and what it gives before the others are ready
 * would be lost. */
static gboolean
start_others (GstClipTagBin *self)
{
  GstElement *others[] = { self->tag, self->convert, self->queue };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (gst_element_set_state (others[i], GST_STATE_PAUSED) ==
        GST_STATE_CHANGE_FAILURE)
      return FALSE;
  return TRUE;
}

static GstStateChangeReturn
gst_clip_tag_bin_change_state (GstElement *element, GstStateChange transition)
{
  GstClipTagBin *self = GST_CLIP_TAG_BIN (element);
  GstStateChangeReturn change;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    remove_decoder (self); /* of a start that failed */
    if (!add_decoder (self) || !start_others (self))
      return GST_STATE_CHANGE_FAILURE;
  }
  change = GST_ELEMENT_CLASS (gst_clip_tag_bin_parent_class)
               ->change_state (element, transition);

  /* decodebin3 is not made to be started twice. */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
      transition == GST_STATE_CHANGE_READY_TO_NULL)
    remove_decoder (self);
  return change;
}

/* What is decoded, as far as anybody knows: the uri, or that of the element
 * upstream. */
static gchar *
name_input (GstClipTagBin *self)
{
  gchar *uri;

  GST_OBJECT_LOCK (self);
  uri = g_strdup (self->playing);
  GST_OBJECT_UNLOCK (self);
  return uri != NULL ? uri : gst_clip_upstream_get_uri (self->sink);
}

static gboolean
is_decoder_message (GstClipTagBin *self, GstMessage *message)
{
  g_autoptr (GstElement) decoder = NULL;
  GstObject *source = GST_MESSAGE_SRC (message);

  GST_OBJECT_LOCK (self);
  if (self->decoder != NULL)
    decoder = gst_object_ref (self->decoder);
  GST_OBJECT_UNLOCK (self);
  return decoder != NULL && source != NULL &&
         (source == GST_OBJECT (decoder) ||
             gst_object_has_as_ancestor (source, GST_OBJECT (decoder)));
}

/* As a path where it is one. */
static gchar *
name_input_path (GstClipTagBin *self)
{
  g_autofree gchar *input = name_input (self);
  gchar *path = input != NULL ? g_filename_from_uri (input, NULL, NULL) : NULL;

  return path != NULL ? path : g_steal_pointer (&input);
}

/* Nobody else says so: the demuxer fails with "Internal data stream error", and
 * not even that if it has other streams. */
static void
post_missing (GstClipTagBin *self, const gchar *what)
{
  g_autofree gchar *input = name_input_path (self);

  GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
      ("%s: wanted a decoder for %s, found none.",
          input != NULL ? input : "the input", what),
      (NULL));
}

/* A demuxer knows bytes, not files. Takes the message. */
static GstMessage *
add_input_name (GstClipTagBin *self, GstMessage *message)
{
  g_autofree gchar *input = name_input_path (self);
  g_autofree gchar *missing = NULL;
  g_autoptr (GError) error = NULL;

  /* The error may come before decodebin3's message, behind parsebin's. */
  GST_OBJECT_LOCK (self);
  missing = g_strdup (self->missing);
  GST_OBJECT_UNLOCK (self);
  gst_message_parse_error (message, &error, NULL);
  if (missing != NULL && error->domain == GST_STREAM_ERROR)
    post_missing (self, missing);
  return gst_clip_decoder_error_add_input (message, input);
}

/* RTSP announces its streams one by one. */
static gboolean
is_rtsp (GstClipTagBin *self)
{
  gboolean is;

  GST_OBJECT_LOCK (self);
  is = self->playing != NULL &&
       g_ascii_strncasecmp (self->playing, "rtsp", 4) == 0;
  GST_OBJECT_UNLOCK (self);
  return is;
}

/* Without video nothing would ever come out. */
static void
check_collection (GstClipTagBin *self, GstMessage *message)
{
  g_autoptr (GstStreamCollection) collection = NULL;
  g_autofree gchar *name = NULL;
  GstStreamType found = 0;
  guint n;

  gst_message_parse_stream_collection (message, &collection);
  n = gst_stream_collection_get_size (collection);
  for (guint i = 0; i < n; i++)
    found |= gst_stream_get_stream_type (
        gst_stream_collection_get_stream (collection, i));
  if ((found & GST_STREAM_TYPE_VIDEO) || n == 0 || is_rtsp (self))
    return;
  name = name_input (self);
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("%s: wanted a video stream, found none.",
          name != NULL ? name : "the input"),
      ("found %u streams: %s%s%s", n,
          found & GST_STREAM_TYPE_AUDIO ? "audio " : "",
          found & GST_STREAM_TYPE_TEXT ? "text " : "",
          found & (GST_STREAM_TYPE_UNKNOWN | GST_STREAM_TYPE_CONTAINER)
              ? "unknown"
              : ""));
}

static void
gst_clip_tag_bin_handle_message (GstBin *bin, GstMessage *message)
{
  GstClipTagBin *self = GST_CLIP_TAG_BIN (bin);
  g_autofree gchar *missing = NULL;
  gboolean wanted = FALSE;

  if (is_decoder_message (self, message)) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      message = add_input_name (self, message);
    else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_COLLECTION)
      check_collection (self, message);
    missing = gst_clip_decoder_error_find_missing (message, &wanted);
    GST_OBJECT_LOCK (self);
    if (self->missing == NULL)
      self->missing = g_strdup (missing);
    GST_OBJECT_UNLOCK (self);
  }
  GST_BIN_CLASS (gst_clip_tag_bin_parent_class)->handle_message (bin, message);

  /* Behind the decoder's own message, which says how to get it. */
  if (missing != NULL && wanted)
    post_missing (self, missing);
}

static void
gst_clip_tag_bin_finalize (GObject *object)
{
  g_free (GST_CLIP_TAG_BIN (object)->uri);

  G_OBJECT_CLASS (gst_clip_tag_bin_parent_class)->finalize (object);
}

static void
gst_clip_tag_bin_class_init (GstClipTagBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstElementClass *tag_class = g_type_class_ref (GST_TYPE_CLIP_TAG);
  GstPadTemplate *tag_src =
      gst_element_class_get_pad_template (tag_class, "src");

  GST_DEBUG_CATEGORY_INIT (
      gst_clip_tag_bin_debug, "cliptagbin", 0, "CLIP tagger with a decoder");

  object_class->set_property = gst_clip_tag_bin_set_property;
  object_class->get_property = gst_clip_tag_bin_get_property;
  object_class->finalize = gst_clip_tag_bin_finalize;
  element_class->change_state = gst_clip_tag_bin_change_state;
  GST_BIN_CLASS (klass)->handle_message = gst_clip_tag_bin_handle_message;

  g_object_class_install_property (object_class, PROP_URI,
      g_param_spec_string ("uri", "URI",
          "What to decode, instead of what comes in on the sink pad", NULL,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY));
  gst_clip_proxy_install (
      object_class, GST_TYPE_CLIP_TAG, GST_TYPE_ELEMENT, PROP_FIRST_PROXIED);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_pad_template (
      element_class, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                         GST_PAD_TEMPLATE_CAPS (tag_src)));
  gst_element_class_set_static_metadata (element_class,
      "CLIP tagger with a decoder", "Bin/Decoder/Analyzer/Video",
      "Decodes video and attaches to each frame how well phrases match it",
      "The clv authors");
  g_type_class_unref (tag_class);
}

static void
gst_clip_tag_bin_init (GstClipTagBin *self)
{
  GstElementClass *klass = GST_ELEMENT_GET_CLASS (self);
  g_autoptr (GstPad) tag_src = NULL;

  self->sink = gst_ghost_pad_new_no_target_from_template (
      "sink", gst_element_class_get_pad_template (klass, "sink"));
  gst_element_add_pad (GST_ELEMENT (self), self->sink);

  self->tag = g_object_new (GST_TYPE_CLIP_TAG, "name", "tag", NULL);
  gst_bin_add (GST_BIN (self), self->tag);
  self->queue = gst_element_factory_make ("queue", "queue");
  self->convert = gst_element_factory_make ("videoconvert", "convert");
  if (self->queue != NULL && self->convert != NULL) {
    g_object_set (self->queue, "max-size-buffers", MAX_QUEUED, "max-size-bytes",
        0, "max-size-time", (guint64) 0, NULL);
    gst_bin_add_many (GST_BIN (self), self->queue, self->convert, NULL);
    gst_element_link_many (self->queue, self->convert, self->tag, NULL);
  }
  tag_src = gst_element_get_static_pad (self->tag, "src");
  gst_element_add_pad (GST_ELEMENT (self),
      gst_ghost_pad_new_from_template (
          "src", tag_src, gst_element_class_get_pad_template (klass, "src")));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippicture.h"

#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include "gstclipframe.h"

#define MAX_DECODE_US (60 * G_USEC_PER_SEC)
#define POLL_NS       (50 * GST_MSECOND)

/* Several streams may appear; the first video is taken. */
static void
link_pad (GstElement *decoder, GstPad *pad, gpointer convert)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (convert, "sink");

  if (!gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
}

static GstElement *
add (GstElement *pipeline, const gchar *factory, GError **error)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL)
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "GStreamer has no element '%s': is gst-plugins-base installed?",
        factory);
  else
    gst_bin_add (GST_BIN (pipeline), element);
  return element;
}

/* giostreamsrc ! decodebin ! videoconvert ! appsink. videoconvert passes the
 * formats that the library reads; without dithering, so that a picture of more
 * than 8 bits always becomes the same. */
static GstElement *
build (GstElement *pipeline, GBytes *bytes, GError **error)
{
  g_autoptr (GstCaps) raw = gst_caps_from_string ("video/x-raw(ANY)");
  g_autoptr (GstCaps) readable = gst_caps_from_string (GST_CLIP_FRAME_CAPS);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (bytes);
  GstElement *source, *decoder, *convert, *sink;

  if (!(source = add (pipeline, "giostreamsrc", error)) ||
      !(decoder = add (pipeline, "decodebin", error)) ||
      !(convert = add (pipeline, "videoconvert", error)) ||
      !(sink = add (pipeline, "appsink", error)))
    return NULL;
  g_object_set (source, "stream", stream, NULL);
  g_object_set (decoder, "caps", raw, "expose-all-streams", FALSE, NULL);
  gst_util_set_object_arg (G_OBJECT (convert), "dither", "none");
  g_object_set (sink, "caps", readable, "sync", FALSE, "max-buffers", 1,
      "enable-last-sample", FALSE, NULL);
  g_signal_connect_object (
      decoder, "pad-added", G_CALLBACK (link_pad), convert, G_CONNECT_DEFAULT);
  gst_element_link (source, decoder);
  gst_element_link (convert, sink);
  return sink;
}

/* The error on the bus; FALSE if there is none. decodebin calls a file without
 * video a missing plugin. */
static gboolean
take_bus_error (GstElement *pipeline, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) cause = NULL;

  if (message == NULL)
    return FALSE;
  gst_message_parse_error (message, &cause, NULL);
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "wanted a picture that GStreamer can decode here: %s", cause->message);
  return TRUE;
}

static GstSample *
wait_for_picture (GstElement *pipeline, GstElement *sink, GError **error)
{
  const gint64 end = g_get_monotonic_time () + MAX_DECODE_US;

  do {
    GstSample *sample =
        gst_app_sink_try_pull_preroll (GST_APP_SINK (sink), POLL_NS);

    if (sample != NULL)
      return sample;
    if (take_bus_error (pipeline, error))
      return NULL;
    if (gst_app_sink_is_eos (GST_APP_SINK (sink))) {
      g_set_error_literal (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "wanted a picture, found a file without one");
      return NULL;
    }
  } while (g_get_monotonic_time () < end);
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "wanted a picture that is decoded in %d seconds, found none by then",
      (gint) (MAX_DECODE_US / G_USEC_PER_SEC));
  return NULL;
}

static GstSample *
decode (GBytes *bytes, GError **error)
{
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *sink = build (pipeline, bytes, error);
  GstSample *sample = NULL;

  if (sink == NULL)
    return NULL;
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  sample = wait_for_picture (pipeline, sink, error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return sample;
}

/* FALSE with an error where it is not a raw picture. */
static gboolean
read_info (GstSample *sample, GstVideoInfo *ret_info, GError **error)
{
  GstCaps *caps = sample ? gst_sample_get_caps (sample) : NULL;
  g_autofree gchar *found = NULL;

  if (caps != NULL && gst_sample_get_buffer (sample) != NULL &&
      gst_video_info_from_caps (ret_info, caps) &&
      GST_VIDEO_INFO_FORMAT (ret_info) != GST_VIDEO_FORMAT_ENCODED)
    return TRUE;
  if (sample == NULL)
    found = g_strdup ("none");
  else if (caps == NULL)
    found = g_strdup ("one without caps");
  else if (gst_sample_get_buffer (sample) == NULL)
    found = g_strdup ("one without a buffer");
  else
    found = gst_caps_to_string (caps);
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "wanted a sample with raw video, found %s", found);
  return FALSE;
}

gboolean
gst_clip_picture_encode_sample (
    ClvEngine *engine, GstSample *sample, gfloat *ret_embedding, GError **error)
{
  GstClipFrameMap map;
  GstVideoInfo info;
  ClvFrame frame;
  gboolean ok;

  if (!read_info (sample, &info, error) ||
      !gst_clip_frame_map (&map, &frame, &info, gst_sample_get_buffer (sample),
          clv_engine_get_device (engine), error))
    return FALSE;
  ok = clv_engine_encode_frames (engine, &frame, 1, ret_embedding, error);
  gst_clip_frame_unmap (&map);
  return ok;
}

gboolean
gst_clip_picture_encode (const gchar *path, GBytes *bytes,
    gfloat *ret_embedding, gpointer engine, GError **error)
{
  GstSample *sample = decode (bytes, error);
  gboolean ok = sample != NULL && gst_clip_picture_encode_sample (
                                      engine, sample, ret_embedding, error);

  g_clear_pointer (&sample, gst_sample_unref);
  return ok;
}

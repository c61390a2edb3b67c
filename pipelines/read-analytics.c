/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tags without clv's own metadata: a detector upstream, here one that always finds
 * "left" and "right", tells of its regions as GstAnalyticsODMtd, cliptag says with a
 * GstAnalyticsClsMtd what each is, and only GStreamer's own elements and functions
 * follow. Prints what each region is, and draws it where there is a PICTURE to write:
 *
 *   read-analytics VIDEO "a phrase; another one" [FRAMES [PICTURE.png]] */

#include <gst/analytics/analytics.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#define TAG                                                                    \
  "filesrc name=source ! decodebin ! videoconvert ! "                          \
  "cliptag name=tag inference-region=roi-list ! "
#define DRAW                                                                   \
  "objectdetectionoverlay name=reader ! videoconvert ! pngenc snapshot=true "  \
  "! "                                                                         \
  "filesink name=sink"
#define PRINT "fakesink name=reader"

/* What a detector would do. */
static GstPadProbeReturn
detect (GstPad *pad, GstPadProbeInfo *info, gpointer unused)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstAnalyticsODMtd mtd;
  GstVideoInfo video;

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (caps == NULL || !gst_video_info_from_caps (&video, caps))
    return GST_PAD_PROBE_OK;
  for (gint i = 0; i < 2; i++)
    gst_analytics_relation_meta_add_od_mtd (
        gst_buffer_add_analytics_relation_meta (buffer),
        g_quark_from_string (i == 0 ? "left" : "right"), i * video.width / 2,
        video.height / 4, video.width / 2, video.height / 2, 0.9f, &mtd);
  return GST_PAD_PROBE_OK;
}

static void
print_detection (GstAnalyticsODMtd *detection)
{
  GQuark type = gst_analytics_od_mtd_get_obj_type (detection);
  GstAnalyticsClsMtd cls;

  g_print ("  %s:", g_quark_to_string (type));
  if (gst_analytics_relation_meta_get_direct_related (detection->meta,
          detection->id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
          gst_analytics_cls_mtd_get_mtd_type (), NULL, &cls))
    g_print (" %s %.2f",
        g_quark_to_string (gst_analytics_cls_mtd_get_quark (&cls, 0)),
        gst_analytics_cls_mtd_get_level (&cls, 0));
  g_print ("\n");
}

static GstPadProbeReturn
read_analytics (GstPad *pad, GstPadProbeInfo *info, gpointer unused)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  gpointer state = NULL;
  GstAnalyticsODMtd detection;

  g_print ("%" GST_TIME_FORMAT "\n", GST_TIME_ARGS (GST_BUFFER_PTS (buffer)));
  while (meta != NULL && gst_analytics_relation_meta_iterate (meta, &state,
                             gst_analytics_od_mtd_get_mtd_type (), &detection))
    print_detection (&detection);
  return GST_PAD_PROBE_OK;
}

static void
probe (GstElement *pipeline, const gchar *name, GstPadProbeCallback callback)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, NULL, NULL);
}

/* To the end, or to an error. */
static gboolean
play (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (error != NULL)
    g_printerr ("%s\n", error->message);
  return error == NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;

  gst_init (&argc, &argv);
  if (argc < 3) {
    g_printerr ("usage: %s VIDEO PROMPTS [FRAMES [PICTURE.png]]\n", argv[0]);
    return 2;
  }
  pipeline = gst_parse_launch (argc > 4 ? TAG DRAW : TAG PRINT, &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "source::location", argv[1],
      "tag::prompts", argv[2], NULL);
  if (argc > 4)
    gst_child_proxy_set (
        GST_CHILD_PROXY (pipeline), "sink::location", argv[4], NULL);
  else if (argc > 3)
    gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "reader::num-buffers",
        atoi (argv[3]), NULL);
  probe (pipeline, "tag", detect);
  probe (pipeline, "reader", read_analytics);
  return play (pipeline) ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores the regions that a detector finds, here one that always says "left" and
 * "right", and the tiles of a grid: read-regions VIDEO "a phrase; another one"
 * [FRAMES [COLUMNSxROWS]] */

#include <gst/gst.h>
#include <gst/video/video.h>

#include "gstclipregionmeta.h"

/* What a detector would do. */
static GstPadProbeReturn
detect (GstPad *pad, GstPadProbeInfo *info, gpointer unused)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo video;

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (caps == NULL || !gst_video_info_from_caps (&video, caps))
    return GST_PAD_PROBE_OK;
  for (gint i = 0; i < 2; i++) {
    const guint half = (guint) video.width / 2;

    gst_buffer_add_video_region_of_interest_meta (buffer,
        i == 0 ? "left" : "right", (guint) i * half, 0, half,
        (guint) video.height)
        ->id = 1 + i;
  }
  return GST_PAD_PROBE_OK;
}

static void
print_regions (GstElement *sink, GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;

  g_print ("%" GST_TIME_FORMAT "\n", GST_TIME_ARGS (GST_BUFFER_PTS (buffer)));
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_REGION_META_API_TYPE))) {
    const GstClipRegionMeta *clip = (const GstClipRegionMeta *) meta;
    const GstClipRegion *region = &clip->region;
    const gint best = gst_clip_region_meta_get_best (clip);

    if (region->column >= 0)
      g_print ("  tile %d, %d", region->column, region->row);
    else
      g_print ("  %s", g_quark_to_string (region->roi_type));
    g_print (" at %u, %u, %ux%u:", region->x, region->y, region->width,
        region->height);
    if (best >= 0)
      g_print (" %s %.2f", gst_clip_region_meta_get_label (clip, best),
          clip->scores[best].smoothed);
    g_print ("\n");
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) tag = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  gst_init (&argc, &argv);
  if (argc < 3) {
    g_printerr ("usage: %s VIDEO PROMPTS [FRAMES [COLUMNSxROWS]]\n", argv[0]);
    return 2;
  }
  pipeline = gst_parse_launch ("filesrc name=source ! decodebin ! queue ! "
                               "cliptag name=tag inference-region=roi-list ! "
                               "fakesink name=sink signal-handoffs=true",
      &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "source::location", argv[1],
      "tag::prompts", argv[2], "tag::tiles", argc > 4 ? argv[4] : NULL,
      "sink::num-buffers", argc > 3 ? atoi (argv[3]) : -1, NULL);
  tag = gst_bin_get_by_name (GST_BIN (pipeline), "tag");
  pad = gst_element_get_static_pad (tag, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, detect, NULL, NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (print_regions), NULL);

  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (error != NULL)
    g_printerr ("%s\n", error->message);
  return error == NULL ? 0 : 1;
}

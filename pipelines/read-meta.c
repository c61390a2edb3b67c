/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads each frame's scores: read-meta VIDEO "a phrase; another one" [FRAMES] */

#include <gst/gst.h>

#include "gstclipmeta.h"

static void
print_scores (GstElement *sink, GstBuffer *buffer)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);

  g_print ("%" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (buffer)));
  for (guint i = 0; meta != NULL && i < meta->n_scores; i++)
    g_print ("  %s%s %.2f", gst_clip_meta_get_label (meta, i),
        meta->scores[i].active ? "*" : "", meta->scores[i].smoothed);
  g_print ("\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  gst_init (&argc, &argv);
  if (argc < 3) {
    g_printerr ("usage: %s VIDEO PROMPTS [FRAMES]\n", argv[0]);
    return 2;
  }
  pipeline = gst_parse_launch (
      "filesrc name=source ! decodebin ! queue ! cliptag name=tag ! "
      "fakesink name=sink signal-handoffs=true",
      &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "source::location", argv[1],
      "tag::prompts", argv[2], "sink::num-buffers",
      argc > 3 ? atoi (argv[3]) : -1, NULL);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (print_scores), NULL);

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

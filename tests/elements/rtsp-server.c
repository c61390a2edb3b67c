/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two cameras: H.264 over RTSP, on 127.0.0.1 only.
 *
 *   rtsp-server PORT     0: any that is free
 *
 * Its first line is the port that it has. Each line on its standard input makes
 * both cameras change size and frame rate; at its end the program ends, too. It is
 * a program of its own so that it can die, and so that a test's memory is that of
 * the test. */

#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

typedef struct {
  const gchar *path;
  const gchar *pattern;
  const gchar *caps[2]; /* one after the other */
  GstElement *filter;   /* while it plays */
} Camera;

static Camera cameras[] = {
  { "/one", "ball",
      { "video/x-raw,format=I420,width=320,height=240,framerate=30/1",
          "video/x-raw,format=I420,width=176,height=144,framerate=10/1" },
      NULL },
  { "/two", "smpte",
      { "video/x-raw,format=I420,width=160,height=120,framerate=15/1",
          "video/x-raw,format=I420,width=352,height=288,framerate=25/1" },
      NULL },
};
static guint n_changes;

static void
set_caps (Camera *camera)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (camera->caps[n_changes % 2]);

  g_object_set (camera->filter, "caps", caps, NULL);
}

static void
configure (GstRTSPMediaFactory *factory, GstRTSPMedia *media, Camera *camera)
{
  g_autoptr (GstElement) bin = gst_rtsp_media_get_element (media);

  gst_clear_object (&camera->filter);
  camera->filter = gst_bin_get_by_name (GST_BIN (bin), "filter");
  set_caps (camera);
}

static gboolean
read_command (GIOChannel *input, GIOCondition condition, gpointer loop)
{
  g_autofree gchar *line = NULL;

  if (g_io_channel_read_line (input, &line, NULL, NULL, NULL) !=
      G_IO_STATUS_NORMAL) {
    g_main_loop_quit (loop);
    return G_SOURCE_REMOVE;
  }
  n_changes++;
  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++)
    if (cameras[i].filter != NULL)
      set_caps (&cameras[i]);
  return G_SOURCE_CONTINUE;
}

static void
add_camera (GstRTSPMountPoints *mounts, Camera *camera)
{
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new ();
  g_autofree gchar *line = g_strdup_printf (
      "( videotestsrc is-live=true pattern=%s ! capsfilter name=filter ! "
      "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
      "threads=1 ! rtph264pay name=pay0 pt=96 config-interval=-1 )",
      camera->pattern);

  gst_rtsp_media_factory_set_launch (factory, line);
  gst_rtsp_media_factory_set_shared (factory, TRUE);
  g_signal_connect (factory, "media-configure", G_CALLBACK (configure), camera);
  gst_rtsp_mount_points_add_factory (mounts, camera->path, factory);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  GstRTSPServer *server;
  GstRTSPMountPoints *mounts;

  gst_init (&argc, &argv);
  server = gst_rtsp_server_new ();
  gst_rtsp_server_set_address (server, "127.0.0.1");
  gst_rtsp_server_set_service (server, argc > 1 ? argv[1] : "0");
  mounts = gst_rtsp_server_get_mount_points (server);
  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++)
    add_camera (mounts, &cameras[i]);
  g_object_unref (mounts);
  if (gst_rtsp_server_attach (server, NULL) == 0) {
    g_printerr ("rtsp-server: no port %s\n", argc > 1 ? argv[1] : "0");
    return 1;
  }
  g_print ("%d\n", gst_rtsp_server_get_bound_port (server));
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, read_command, loop);
  g_main_loop_run (loop);
  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++)
    gst_clear_object (&cameras[i].filter);
  g_object_unref (server);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A camera in a window, with a bar for each phrase: camera-window ["a phrase; another one" [DEVICE]]
 *
 * Other phrases can be typed meanwhile; the title says which one fits best. Where there is no such device a live test
 * picture is used. Escape ends it. */

#include <gst/app/app.h>
#include <gst/video/video.h>
#include <gtk/gtk.h>

#include "gstclipmeta.h"

static GtkWidget *window, *picture, *entry, *bars, *problem;
static GError *failure;

static void
show_picture (GstBuffer *buffer, const GstVideoInfo *info)
{
  gpointer pixels;
  gsize size;

  gst_buffer_extract_dup (buffer, 0, -1, &pixels, &size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, size);
  g_autoptr (GdkTexture) texture = gdk_memory_texture_new (
      info->width, info->height, GDK_MEMORY_R8G8B8A8, bytes, info->stride[0]);
  gtk_picture_set_paintable (GTK_PICTURE (picture), GDK_PAINTABLE (texture));
}

static void
make_bars (const GstClipMeta *meta)
{
  while (gtk_grid_get_child_at (GTK_GRID (bars), 0, 0) != NULL)
    gtk_grid_remove_row (GTK_GRID (bars), 0);
  for (guint i = 0; i < meta->n_scores; i++) {
    const gchar *label = gst_clip_meta_get_label (meta, i);
    GtkWidget *bar = gtk_level_bar_new ();

    gtk_widget_set_hexpand (bar, TRUE);
    gtk_grid_attach (GTK_GRID (bars), gtk_label_new (label), 0, i, 1, 1);
    gtk_grid_attach (GTK_GRID (bars), bar, 1, i, 1, 1);
  }
  gtk_label_set_text (GTK_LABEL (problem), NULL);
}

static void
show_scores (const GstClipMeta *meta)
{
  static guint64 generation; /* of the phrases that have bars */
  gint best = -1;

  if (meta->generation != generation)
    make_bars (meta);
  generation = meta->generation;
  for (guint i = 0; i < meta->n_scores; i++) {
    GtkWidget *bar = gtk_grid_get_child_at (GTK_GRID (bars), 1, i);
    gfloat score = meta->scores[i].smoothed; /* a cosine may be below 0 */

    gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), CLAMP (score, 0, 1));
    if (meta->scores[i].active &&
        (best < 0 || score > meta->scores[best].smoothed))
      best = i;
  }
  gtk_window_set_title (GTK_WINDOW (window),
      best < 0 ? "nothing" : gst_clip_meta_get_label (meta, best));
}

/* Before each frame of the window: the newest one of the camera. */
static gboolean
show_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer sink)
{
  g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, 0);
  GstVideoInfo info;
  GstClipMeta *meta;

  if (sample == NULL)
    return G_SOURCE_CONTINUE;
  gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
  show_picture (gst_sample_get_buffer (sample), &info);
  meta = gst_buffer_get_clip_meta (gst_sample_get_buffer (sample));
  if (meta != NULL) /* not before the first scores */
    show_scores (meta);
  return G_SOURCE_CONTINUE;
}

static void
take_prompts (GtkEditable *editable, GstElement *tag)
{
  const gchar *text = gtk_editable_get_text (editable);

  if (*text != '\0')
    g_object_set (tag, "prompts", text, NULL);
}

static gboolean
handle_message (GstBus *bus, GstMessage *message, gpointer loop)
{
  g_autoptr (GError) warning = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning (message, &warning, NULL); /* of phrases, say */
    gtk_label_set_text (GTK_LABEL (problem), warning->message);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, failure ? NULL : &failure, NULL);
    g_main_loop_quit (loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
quit (GtkWindow *closed, GMainLoop *loop)
{
  g_main_loop_quit (loop);
  return TRUE; /* the window stays until the pipeline has stopped */
}

static void
make_window (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  window = gtk_window_new ();
  picture = gtk_picture_new ();
  entry = gtk_search_entry_new ();
  bars = gtk_grid_new ();
  problem = gtk_label_new (NULL);
  g_object_set (box, "margin-top", 12, "margin-bottom", 12, "margin-start", 12,
      "margin-end", 12, NULL);
  gtk_widget_set_vexpand (picture, TRUE);
  gtk_grid_set_column_spacing (GTK_GRID (bars), 12);
  gtk_label_set_wrap (GTK_LABEL (problem), TRUE);
  gtk_box_append (GTK_BOX (box), picture);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), bars);
  gtk_box_append (GTK_BOX (box), problem);
  gtk_window_set_child (GTK_WINDOW (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), 480, 560);
}

int
main (int argc, char **argv)
{
  const gchar *prompts = argc > 1 ? argv[1] : "a white circle; a red square";
  const gchar *device = argc > 2 ? argv[2] : "/dev/video0";
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  gst_init (&argc, &argv);
  gtk_init ();
  make_window ();

  g_autofree gchar *camera =
      g_file_test (device, G_FILE_TEST_EXISTS)
          ? g_strdup_printf ("v4l2src device=%s ! decodebin", device)
          : g_strdup ("videotestsrc is-live=true pattern=ball");
  g_autofree gchar *line = g_strdup_printf (
      "%s ! cliptag name=tag ! videoconvert ! video/x-raw,format=RGBA ! "
      "appsink name=sink max-buffers=1 drop=true",
      camera);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &failure);
  if (failure != NULL) {
    g_printerr ("%s\n", failure->message);
    return 1;
  }
  g_autoptr (GstElement) tag = gst_bin_get_by_name (GST_BIN (pipeline), "tag");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_add_watch (bus, handle_message, loop);
  g_object_set (tag, "prompts", prompts, NULL);
  gtk_editable_set_text (GTK_EDITABLE (entry), prompts);
  /* Comes a moment after the last key, not with each of them. */
  g_signal_connect (entry, "search-changed", G_CALLBACK (take_prompts), tag);
  g_signal_connect_swapped (/* Escape */
      entry, "stop-search", G_CALLBACK (gtk_window_close), window);
  gtk_widget_add_tick_callback (picture, show_frame, sink, NULL);
  g_signal_connect (window, "close-request", G_CALLBACK (quit), loop);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gtk_window_present (GTK_WINDOW (window));
  g_main_loop_run (loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gtk_window_destroy (GTK_WINDOW (window));
  if (failure != NULL)
    g_printerr ("%s\n", failure->message);
  return failure == NULL ? 0 : 1;
}

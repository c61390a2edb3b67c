/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bin-test.h"

#include <gst/app/gstappsink.h>

#include <glib/gstdio.h>

/* Every frame must have scores. */
static void
count_frame (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  g_assert_nonnull (gst_buffer_get_clip_meta (buffer));
  ((Run *) user_data)->n_frames++;
}

Run *
run_new (const gchar *format, ...)
{
  Run *self = g_new0 (Run, 1);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = NULL;
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  self->bin = gst_bin_get_by_name (GST_BIN (self->pipeline), "bin");
  self->out = gst_bin_get_by_name (GST_BIN (self->pipeline), "out");
  self->bus = gst_element_get_bus (self->pipeline);
  if (!GST_IS_APP_SINK (self->out))
    g_signal_connect (self->out, "handoff", G_CALLBACK (count_frame), self);
  if (model != NULL)
    g_object_set (self->bin, "model", model, NULL);
  return self;
}

void
run_free (Run *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->out);
  gst_object_unref (self->bin);
  gst_object_unref (self->pipeline);
  g_free (self);
}

guint
play_all (Run *self)
{
  g_autoptr (GstMessage) message = NULL;

  self->n_frames = 0;
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_timed_pop_filtered (
      self->bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  return self->n_frames;
}

GError *
play_to_error (Run *self)
{
  GError *error = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *debug = NULL;

  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      self->bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, &debug);
  g_test_message ("%s (%s)", error->message, debug);
  return error;
}

gchar *
temporary_path (const gchar *suffix)
{
  g_autofree gchar *name = g_strdup_printf ("cliptagbin-XXXXXX%s", suffix);
  gchar *path = NULL;
  gint fd = g_file_open_tmp (name, &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  return path;
}

gchar *
make_file (const gchar *line, const gchar *suffix)
{
  gchar *path = temporary_path (suffix);
  g_autofree gchar *whole = g_strdup_printf (line, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (whole, &error);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  return path;
}

gchar *
make_video (void)
{
  return make_file (
      "videotestsrc num-buffers=30 ! "
      "video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! jpegenc ! "
      "mux. audiotestsrc num-buffers=130 ! audioconvert ! vorbisenc ! "
      "matroskamux name=mux ! filesink location=%s",
      ".mkv");
}

void
remove_file (gchar *path)
{
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_free (path);
}

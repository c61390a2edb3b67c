/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Metas on their way to another pipeline, through unixfdsink and unixfdsrc. */

#include <glib/gstdio.h>
#include <string.h>

#include "gstclipserial.h"
#include "meta-test.h"
#include "serial-test.h"

#define N_FRAMES 12

typedef struct {
  gchar *dir;
  GstElement *sender;
  GstElement *receiver;
  ClvPrompts *prompts; /* of what each frame is given */
  GPtrArray *received; /* buffers */
} Fixture;

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->dir = g_dir_make_tmp ("clv-unixfd-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  self->received =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  g_ptr_array_unref (self->received);
  gst_clear_object (&self->sender);
  gst_clear_object (&self->receiver);
  g_clear_object (&self->prompts);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->dir);
}

static GstElement *
make_pipeline (const Fixture *self, const gchar *format)
{
  g_autofree gchar *path = g_build_filename (self->dir, "socket", NULL);
  g_autofree gchar *launch = g_strdup_printf (format, path);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (launch, &error);

  g_assert_no_error (error);
  return pipeline;
}

static GstPadProbeReturn
add_metas (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  serial_test_add (buffer, ((Fixture *) data)->prompts);
  return GST_PAD_PROBE_OK;
}

static void
keep (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  /* The memory goes back to the sender. */
  GstBuffer *metas = gst_buffer_new ();

  gst_buffer_copy_into (
      metas, buffer, GST_BUFFER_COPY_META | GST_BUFFER_COPY_TIMESTAMPS, 0, 0);
  g_ptr_array_add (((Fixture *) data)->received, metas);
}

static void
wait_for_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    g_assert_no_error (error);
  }
}

/* FALSE: there are no such elements here. */
static gboolean
send_frames (Fixture *self)
{
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;

  if (!gst_registry_check_feature_version (
          gst_registry_get (), "unixfdsink", 1, 24, 0)) {
    g_test_skip ("no unixfdsink (gst-plugins-bad)");
    return FALSE;
  }
  self->sender = make_pipeline (self,
      "videotestsrc name=source num-buffers=" G_STRINGIFY (
          N_FRAMES) " ! video/x-raw,width=32,height=32,framerate=30/1"
                    " ! unixfdsink wait-for-connection=true socket-path=%s");
  self->receiver = make_pipeline (self,
      "unixfdsrc socket-path=%s ! fakesink name=sink signal-handoffs=true "
      "sync=false");
  source = gst_bin_get_by_name (GST_BIN (self->sender), "source");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, add_metas, self, NULL);
  sink = gst_bin_get_by_name (GST_BIN (self->receiver), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (keep), self);

  /* The socket is there once the sender is ready. */
  g_assert_cmpint (gst_element_set_state (self->sender, GST_STATE_PAUSED), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (self->receiver, GST_STATE_PLAYING);
  gst_element_set_state (self->sender, GST_STATE_PLAYING);
  wait_for_end (self->receiver);
  gst_element_set_state (self->receiver, GST_STATE_NULL);
  gst_element_set_state (self->sender, GST_STATE_NULL);
  g_assert_cmpuint (self->received->len, ==, N_FRAMES);
  return TRUE;
}

static void
test_metas_arrive (Fixture *self, gconstpointer unused)
{
  self->prompts = serial_test_prompts ();
  if (!send_frames (self))
    return;
  for (guint i = 0; i < N_FRAMES; i++) {
    GstBuffer *found = g_ptr_array_index (self->received, i);
    g_autoptr (GstBuffer) wanted = gst_buffer_new ();

    GST_BUFFER_PTS (wanted) = GST_BUFFER_PTS (found);
    serial_test_add (wanted, self->prompts);
    serial_test_assert_same (found, wanted);
  }
}

/* More labels than a message may have: the stream goes on without them. */
static void
test_what_is_too_large_stays_behind (Fixture *self, gconstpointer unused)
{
  g_autoptr (GString) phrases = g_string_new (NULL);

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (phrases, "number %u; ", i);
  self->prompts = meta_test_prompts (phrases->str);
  if (!send_frames (self))
    return;
  for (guint i = 0; i < N_FRAMES; i++)
    g_assert_null (
        gst_buffer_get_clip_meta (g_ptr_array_index (self->received, i)));
}

/* As a newer sender might write it; the receiver skips it and reads on. */
static void
test_a_version_that_is_not_known_is_skipped (
    Fixture *self, gconstpointer unused)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstBuffer) other = gst_buffer_new ();
  guint32 consumed = 0;
  guint first;

  self->prompts = serial_test_prompts ();
  serial_test_add (buffer, self->prompts);
  g_assert_true (gst_meta_serialize_simple (
      (GstMeta *) gst_buffer_get_clip_meta (buffer), array));
  first = array->len;
  g_assert_true (gst_meta_serialize_simple (
      (GstMeta *) gst_buffer_get_clip_heatmap_meta (buffer), array));

  /* Sizes of all and of the name, the name, its end, the version. */
  g_assert_cmpstr ((const gchar *) array->data + 8, ==, "GstClipMeta");
  g_assert_cmpuint (array->data[8 + 12], ==, GST_CLIP_SERIAL_VERSION);
  array->data[8 + 12]++;
  g_assert_null (
      gst_meta_deserialize (other, array->data, array->len, &consumed));
  g_assert_cmpuint (consumed, ==, first);
  g_assert_nonnull (gst_meta_deserialize (
      other, array->data + first, array->len - first, &consumed));
  g_assert_nonnull (gst_buffer_get_clip_heatmap_meta (other));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  /* What an element of clv in the receiver's pipeline does. */
  g_assert_nonnull (GST_CLIP_META_INFO);
  g_assert_nonnull (GST_CLIP_REGION_META_INFO);
  g_assert_nonnull (GST_CLIP_HEATMAP_META_INFO);
#define ADD(name)                                                              \
  g_test_add (                                                                 \
      "/clip/unixfd/" #name, Fixture, NULL, set_up, test_##name, tear_down)
  ADD (metas_arrive);
  ADD (what_is_too_large_stays_behind);
  ADD (a_version_that_is_not_known_is_skipped);
#undef ADD
  return g_test_run ();
}

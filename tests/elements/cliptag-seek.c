/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is told of a tag may seek there and then, on the thread that tells. */

#include "tag-test.h"

#define LABEL "a black screen"

typedef struct {
  GstElement *pipeline;
  GMutex mutex;
  GCond changed;
  guint n_seeks; /* still to do */
  guint n_starts;
  gboolean active;
  gboolean in_order; /* starts and stops take turns */
} Receiver;

/* TRUE: it is time to seek. */
static gboolean
take_message (Receiver *self, const GstStructure *tag)
{
  gboolean start =
      g_str_equal (gst_structure_get_string (tag, "event"), "start");
  gboolean seek;

  if (!g_str_equal (gst_structure_get_string (tag, "label"), LABEL))
    return FALSE;
  g_mutex_lock (&self->mutex);
  self->in_order = self->in_order && start != self->active;
  self->active = start;
  self->n_starts += start;
  g_cond_signal (&self->changed);
  seek = start && self->n_seeks > 0;
  if (seek)
    self->n_seeks--;
  g_mutex_unlock (&self->mutex);
  return seek;
}

static GstBusSyncReply
receive (GstBus *bus, GstMessage *message, gpointer data)
{
  Receiver *self = data;

  if (gst_message_has_name (message, "clip-tag") &&
      take_message (self, gst_message_get_structure (message)))
    gst_element_seek_simple (
        self->pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
  return GST_BUS_PASS;
}

/* Until the tag has started once more after all seeks. */
static void
wait_for_last_start (Receiver *self, guint n_seeks)
{
  const gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->mutex);
  while (in_time && self->n_starts <= n_seeks)
    in_time = g_cond_wait_until (&self->changed, &self->mutex, end);
  g_mutex_unlock (&self->mutex);
  if (!in_time)
    g_error ("nothing goes on after a seek"); /* nor would a stop */
}

/* Black frames; who hears of each of the first `n_seeks` starts seeks. `n_frames`: -1:
 * as many as it takes. */
static void
run (const gchar *source, const gchar *properties, gint n_frames, guint n_seeks)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autofree gchar *line = g_strdup_printf (
      "%s pattern=black num-buffers=%d ! "
      "video/x-raw,width=64,height=48,framerate=30/1 ! "
      "cliptag model=\"%s\" prompts=\"" LABEL "; a white screen\" %s ! "
      "fakesink sync=true",
      source, n_frames, model != NULL ? model : "demo", properties);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  Receiver receiver = {
    .pipeline = pipeline, .n_seeks = n_seeks, .in_order = TRUE
  };

  g_assert_no_error (error);
  g_test_message ("%s, %d frames", properties, n_frames);
  g_mutex_init (&receiver.mutex);
  g_cond_init (&receiver.changed);
  gst_bus_set_sync_handler (bus, receive, &receiver, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  if (n_frames < 0) {
    wait_for_last_start (&receiver, n_seeks);
    gst_element_send_event (pipeline, gst_event_new_eos ());
  }
  message = gst_bus_timed_pop_filtered (
      bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (message == NULL)
    g_error ("nothing goes on after a seek"); /* nor would a stop */
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_true (receiver.in_order);
  g_assert_false (receiver.active);
  g_assert_cmpuint (receiver.n_seeks, ==, 0);
  g_assert_cmpuint (receiver.n_starts, >=, n_seeks);
  g_mutex_clear (&receiver.mutex);
  g_cond_clear (&receiver.changed);
}

/* The first inference may outlast any number of frames: no frame waits for it. */
static void
test_in_mode_live (void)
{
  run ("videotestsrc", "mode=live", -1, 3);
}

/* The streaming thread waits for the last scores when the seek comes. */
static void
test_at_the_end_in_mode_live (void)
{
  run ("videotestsrc", "mode=live", 1, 1);
}

static void
test_in_mode_sync (void)
{
  run ("videotestsrc", "mode=sync", 30, 3);
}

/* The frames of the batch are dropped while its messages are sent. */
static void
test_in_a_batch (void)
{
  run ("videotestsrc", "mode=sync batch-size=4", 30, 3);
}

/* The timer's thread tells. */
static void
test_after_a_batch_timeout (void)
{
  run ("videotestsrc is-live=true",
      "mode=sync batch-size=32 batch-timeout=20000000", -1, 3);
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/seek/" name, function)
  ADD ("in-mode-live", test_in_mode_live);
  ADD ("at-the-end-in-mode-live", test_at_the_end_in_mode_live);
  ADD ("in-mode-sync", test_in_mode_sync);
  ADD ("in-a-batch", test_in_a_batch);
  ADD ("after-a-batch-timeout", test_after_a_batch_timeout);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fault-test.h"

#define TENTH(n) ((n) *GST_SECOND / 10)

/* What a lost device holds is not freed, and it says so. */
static gboolean
is_fatal (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer user_data)
{
  return strstr (message, "what it holds is not freed") == NULL;
}

static void
ignore (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer user_data)
{
}

static void
expect_lost_devices (void)
{
  g_test_log_set_fatal_handler (is_fatal, NULL);
  g_log_set_handler (
      "clv", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, ignore, NULL);
}

TagTest *
fault_test_new (guint mode, guint on_error)
{
  vulkan_fault_set (VULKAN_FAULT_NONE);
  expect_lost_devices ();
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "threshold", 0.0, "mode", mode,
      "on-error", on_error, NULL);
}

GstFlowReturn
fault_test_push (TagTest *test, guint width)
{
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_RGB, width, 48);
  GstBuffer *buffer = tag_picture_new (&info, TAG_PICTURE_BLACK, 0, 0);

  GST_BUFFER_PTS (buffer) = TENTH (test->n_pushed++);
  GST_BUFFER_DURATION (buffer) = TENTH (1);
  return gst_harness_push (test->harness, buffer);
}

guint
fault_test_change_size (TagTest *test)
{
  static guint width = 64;
  g_autofree gchar *caps = NULL;

  width += 8;
  caps = g_strdup_printf (
      "video/x-raw,format=RGB,width=%u,height=48,framerate=10/1", width);
  gst_harness_set_src_caps_str (test->harness, caps);
  return width;
}

void
fault_test_push_until_inferred (TagTest *test, guint width, guint n)
{
  guint64 goal = tag_test_get_stat (test->element, "inferred") + n;
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  while (tag_test_get_stat (test->element, "inferred") < goal) {
    g_assert_cmpint (fault_test_push (test, width), ==, GST_FLOW_OK);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
  }
  while (gst_harness_buffers_in_queue (test->harness) > 0)
    gst_buffer_unref (gst_harness_pull (test->harness));
}

void
fault_test_expect_messages (
    TagTest *test, guint errors, guint warnings, guint infos)
{
  guint found[3] = { 0 };
  GstMessage *message;

  while ((message = gst_bus_pop (test->bus)) != NULL) {
    found[0] += GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
    found[1] += GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING;
    found[2] += GST_MESSAGE_TYPE (message) == GST_MESSAGE_INFO;
    gst_message_unref (message);
  }
  g_assert_cmpuint (found[0], ==, errors);
  g_assert_cmpuint (found[1], ==, warnings);
  g_assert_cmpuint (found[2], ==, infos);
}

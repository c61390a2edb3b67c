/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that breaks in the middle of a stream: by on-error the element fails
 * with an error that says why, or video goes on without scores until the device
 * works again. What has another device does not notice. */

#include "fault-test.h"

static const struct {
  VulkanFault fault;
  const gchar *text;
  GstResourceError code;
  gboolean lasts; /* until it is taken back */
} faults[] = {
  { VULKAN_FAULT_SUBMIT_LOST, "vkQueueSubmit: device lost",
      GST_RESOURCE_ERROR_FAILED, FALSE },
  { VULKAN_FAULT_WAIT_LOST, "vkWaitForFences: device lost",
      GST_RESOURCE_ERROR_FAILED, FALSE },
  { VULKAN_FAULT_SLOW, "no answer for", GST_RESOURCE_ERROR_FAILED, FALSE },
  { VULKAN_FAULT_SUBMIT_MEMORY, "vkQueueSubmit: out of device memory",
      GST_RESOURCE_ERROR_NO_SPACE_LEFT, TRUE },
  { VULKAN_FAULT_ALLOCATE, "vkAllocateMemory: out of device memory",
      GST_RESOURCE_ERROR_NO_SPACE_LEFT, TRUE },
};

/* Fails unless the next message of this type is about this fault. */
static void
expect_message (TagTest *test, GstMessageType type, guint fault)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (test->bus, 60 * GST_SECOND, type);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_RESOURCE_ERROR, (gint) faults[fault].code);
  g_assert_nonnull (strstr (error->message, faults[fault].text));
}

/* From a new start on, whatever was before. */
static void
start_again (TagTest *test)
{
  gst_element_set_state (test->element, GST_STATE_READY);
  g_assert_cmpint (gst_element_set_state (test->element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  fault_test_push_until_inferred (test, fault_test_change_size (test), 2);
}

static void
test_it_fails_and_starts_again (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (faults); i++) {
    guint fault = i / 2, width;
    g_autoptr (TagTest) test =
        fault_test_new (fault_test_modes[i % 2], FAULT_TEST_FAIL);
    GstFlowReturn flow = GST_FLOW_OK;

    fault_test_push_until_inferred (test, fault_test_change_size (test), 1);
    width = fault_test_change_size (test);
    vulkan_fault_set (faults[fault].fault);
    for (guint n = 0; n < 3000 && flow == GST_FLOW_OK; n++) {
      flow = fault_test_push (test, width);
      g_usleep (20000);
    }
    g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
    g_assert_cmpuint (vulkan_fault_count (), >, 0);
    expect_message (test, GST_MESSAGE_ERROR, fault);
    g_assert_cmpint (fault_test_push (test, width), ==, GST_FLOW_ERROR);
    fault_test_expect_messages (test, 0, 0, 0);

    if (faults[fault].lasts)
      vulkan_fault_set (VULKAN_FAULT_NONE);
    start_again (test);
  }
}

static void
test_video_passes_until_it_works_again (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (faults); i++) {
    guint fault = i / 2, width;
    g_autoptr (TagTest) test =
        fault_test_new (fault_test_modes[i % 2], FAULT_TEST_PASS);
    guint64 n_frames;

    fault_test_push_until_inferred (test, fault_test_change_size (test), 1);
    width = fault_test_change_size (test);
    vulkan_fault_set (faults[fault].fault);
    while (vulkan_fault_count () == 0)
      g_assert_cmpint (fault_test_push (test, width), ==, GST_FLOW_OK);
    expect_message (test, GST_MESSAGE_WARNING, fault);
    n_frames = tag_test_get_stat (test->element, "frames");
    g_assert_cmpuint (n_frames, ==, test->n_pushed);

    if (faults[fault].lasts)
      vulkan_fault_set (VULKAN_FAULT_NONE);
    fault_test_push_until_inferred (test, width, 2);
    fault_test_expect_messages (test, 0, 0, 1);
    g_assert_cmpuint (
        tag_test_get_stat (test->element, "frames"), ==, test->n_pushed);
    g_assert_cmpuint (tag_test_get_stat (test->element, "untagged"), >, 0);
  }
}

/* The driver does not open a new device at once. */
static void
test_a_device_that_cannot_be_opened_is_tried_again (void)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_SYNC, FAULT_TEST_PASS);

  fault_test_push_until_inferred (test, 64, 1);
  vulkan_fault_set (VULKAN_FAULT_SUBMIT_LOST);
  g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
  g_assert_cmpuint (vulkan_fault_count (), ==, 1);
  vulkan_fault_set (VULKAN_FAULT_OPEN);
  while (vulkan_fault_count () == 0) {
    g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
    g_usleep (20000);
  }
  vulkan_fault_set (VULKAN_FAULT_NONE);
  fault_test_push_until_inferred (test, 64, 2);
  fault_test_expect_messages (test, 0, 1, 1);
}

static void
test_a_start_without_a_device_is_an_error (void)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_SYNC, FAULT_TEST_PASS);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (test->element, GST_STATE_READY);
  vulkan_fault_set (VULKAN_FAULT_OPEN);
  g_assert_cmpint (gst_element_set_state (test->element, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT);
  g_assert_nonnull (strstr (error->message, "initialization failed"));
  vulkan_fault_set (VULKAN_FAULT_NONE);
  start_again (test);
}

/* Both have an engine of their own, on a device of their own. */
static void
test_another_device_goes_on (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fault_test_modes); i++) {
    g_autoptr (TagTest) well =
        fault_test_new (fault_test_modes[i], FAULT_TEST_FAIL);
    g_autoptr (TagTest) broken = NULL;
    guint64 untagged;

    fault_test_push_until_inferred (well, 64, 1);
    untagged = tag_test_get_stat (well->element, "untagged");
    vulkan_fault_second_device (TRUE);
    broken = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", "device",
        i == 0 ? "0" : "llvmpipe", "mode", fault_test_modes[i], NULL);
    vulkan_fault_second_device (FALSE);
    fault_test_push_until_inferred (broken, 64, 1);

    vulkan_fault_set_newest (VULKAN_FAULT_WAIT_LOST);
    while (fault_test_push (broken, 64) == GST_FLOW_OK)
      g_usleep (20000);
    expect_message (broken, GST_MESSAGE_ERROR, 1);

    fault_test_push_until_inferred (well, 64, 5);
    g_assert_cmpuint (
        tag_test_get_stat (well->element, "untagged"), ==, untagged);
    fault_test_expect_messages (well, 0, 0, 0);
  }
}

/* They share an engine: all of them notice, and share the next one. */
static void
test_all_streams_of_a_device_recover (void)
{
  TagTest *tests[4];

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    tests[i] = fault_test_new (fault_test_modes[i % 2], FAULT_TEST_PASS);
    fault_test_push_until_inferred (tests[i], 64, 1);
  }
  vulkan_fault_set (VULKAN_FAULT_WAIT_LOST);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_assert_cmpint (fault_test_push (tests[i], 64), ==, GST_FLOW_OK);
    expect_message (tests[i], GST_MESSAGE_WARNING, 1);
  }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    fault_test_push_until_inferred (tests[i], 64, 2);
    fault_test_expect_messages (tests[i], 0, 0, 1);
    tag_test_free (tests[i]);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/faults/" name, function)
  ADD ("it-fails-and-starts-again", test_it_fails_and_starts_again);
  ADD ("video-passes-until-it-works-again",
      test_video_passes_until_it_works_again);
  ADD ("a-device-that-cannot-be-opened-is-tried-again",
      test_a_device_that_cannot_be_opened_is_tried_again);
  ADD ("a-start-without-a-device-is-an-error",
      test_a_start_without_a_device_is_an_error);
  ADD ("another-device-goes-on", test_another_device_goes_on);
  ADD ("all-streams-of-a-device-recover", test_all_streams_of_a_device_recover);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

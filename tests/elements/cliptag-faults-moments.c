/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that breaks while something else happens: new prompts, the end of the
 * stream, a flush, a stop. */

#include "fault-test.h"

#define TENTH(n) ((n) *GST_SECOND / 10)

/* Pushes until frames carry so many scores, or none (0). */
static void
push_until_scores (TagTest *test, guint n)
{
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;
  guint found = G_MAXUINT;

  while (found != n) {
    g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
    while (gst_harness_buffers_in_queue (test->harness) > 0) {
      g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);
      GstClipMeta *meta = gst_buffer_get_clip_meta (out);

      found = meta != NULL ? meta->n_scores : 0;
    }
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
  }
}

/* Never the same phrases: their embeddings would be known. */
static void
set_three_prompts (TagTest *test)
{
  static guint n;
  g_autofree gchar *prompts =
      g_strdup_printf ("thing %d of %u; one; two", n++, g_random_int ());

  g_object_set (test->element, "prompts", prompts, NULL);
}

static void
test_new_prompts_come_through_a_loss (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fault_test_modes); i++) {
    g_autoptr (TagTest) test =
        fault_test_new (fault_test_modes[i], FAULT_TEST_PASS);

    fault_test_push_until_inferred (test, 64, 1);
    set_three_prompts (test);
    vulkan_fault_set (VULKAN_FAULT_WAIT_LOST);
    push_until_scores (test, 3);
    g_assert_cmpuint (vulkan_fault_count (), >, 0);
  }
}

/* The picture does not change, so no frame is encoded. */
static void
test_new_prompts_find_out_that_the_device_is_lost (void)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_SYNC, FAULT_TEST_PASS);

  fault_test_push_until_inferred (test, 64, 1);
  g_object_set (test->element, "change-threshold", 0.5, "refresh-interval",
      G_GUINT64_CONSTANT (0), NULL);
  push_until_scores (test, 2);
  set_three_prompts (test);
  vulkan_fault_set (VULKAN_FAULT_SUBMIT_LOST);
  push_until_scores (test, 3);
  g_assert_cmpuint (vulkan_fault_count (), ==, 1);
  fault_test_expect_messages (test, 0, 0, 0);
}

/* Nothing can be encoded for a while: the old set stays until it can. */
static void
test_new_prompts_wait_for_a_device (void)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_SYNC, FAULT_TEST_PASS);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  fault_test_push_until_inferred (test, 64, 1);
  vulkan_fault_set (VULKAN_FAULT_SUBMIT_LOST);
  push_until_scores (test, 0);
  vulkan_fault_set (VULKAN_FAULT_OPEN);
  fault_test_expect_messages (test, 0, 1, 0);
  set_three_prompts (test);
  g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
  message = gst_bus_timed_pop_filtered (
      test->bus, 60 * GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "new prompts"));

  vulkan_fault_set (VULKAN_FAULT_NONE);
  push_until_scores (test, 3);
  fault_test_expect_messages (test, 0, 0, 1);
}

/* Frames that come out, in order and without scores; then the end. */
static void
expect_untagged_and_eos (TagTest *test, guint first, guint n)
{
  GstEvent *event;
  gboolean ended = FALSE;

  g_assert_cmpuint (gst_harness_buffers_in_queue (test->harness), ==, n);
  for (guint i = first; i < first + n; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);

    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, TENTH (i));
    g_assert_null (gst_buffer_get_clip_meta (out));
  }
  while ((event = gst_harness_try_pull_event (test->harness)) != NULL) {
    ended = ended || GST_EVENT_TYPE (event) == GST_EVENT_EOS;
    gst_event_unref (event);
  }
  g_assert_true (ended);
}

static void
test_held_frames_are_there_at_the_end (void)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_SYNC, FAULT_TEST_PASS);

  gst_element_set_state (test->element, GST_STATE_READY);
  g_object_set (test->element, "batch-size", 4, NULL);
  gst_element_set_state (test->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (test->harness, TAG_TEST_SMALL_CAPS);
  fault_test_push_until_inferred (test, 64, 4);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
  vulkan_fault_set (VULKAN_FAULT_WAIT_LOST);
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  expect_untagged_and_eos (test, 4, 3);
  fault_test_expect_messages (test, 0, 1, 0);
}

static void
test_a_loss_at_the_end_is_an_error (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fault_test_modes); i++) {
    g_autoptr (TagTest) test =
        fault_test_new (fault_test_modes[i], FAULT_TEST_FAIL);

    gst_element_set_state (test->element, GST_STATE_READY);
    g_object_set (test->element, "batch-size", 2, NULL);
    gst_element_set_state (test->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (test->harness, TAG_TEST_SMALL_CAPS);
    fault_test_push_until_inferred (test, 64, 2);
    vulkan_fault_set (VULKAN_FAULT_SUBMIT_LOST);
    g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
    gst_harness_push_event (test->harness, gst_event_new_eos ());
    fault_test_expect_messages (test, 1, 0, 0);
  }
}

static gpointer
push_one (gpointer test)
{
  return GINT_TO_POINTER (fault_test_push (test, 64));
}

static void
wait_for_hang (void)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (vulkan_fault_count () == 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* The frame that waits for the device comes back at once, and what comes of it
 * later is of no stream. */
static void
test_a_flush_does_not_wait_for_the_device (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fault_test_modes); i++) {
    g_autoptr (TagTest) test =
        fault_test_new (fault_test_modes[i], FAULT_TEST_PASS);
    GstSegment segment;
    GThread *thread;
    GstFlowReturn flow;

    g_test_message ("mode %u", fault_test_modes[i]);
    fault_test_push_until_inferred (test, 64, 1);
    vulkan_fault_set (VULKAN_FAULT_HANG);
    thread = g_thread_new ("push", push_one, test);
    wait_for_hang ();
    gst_harness_push_event (test->harness, gst_event_new_flush_start ());
    flow = GPOINTER_TO_INT (g_thread_join (thread));
    g_assert_cmpint (flow, ==,
        fault_test_modes[i] == TAG_TEST_LIVE ? GST_FLOW_OK : GST_FLOW_FLUSHING);
    gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (test->harness, gst_event_new_segment (&segment));

    vulkan_fault_set (VULKAN_FAULT_NONE);
    fault_test_push_until_inferred (test, 64, 2);
    fault_test_expect_messages (test, 0, 1, 1);
  }
}

/* In mode live nobody is waited for longer than ten seconds. */
static void
stop_while_it_hangs (gboolean encodes_prompts)
{
  g_autoptr (TagTest) test = fault_test_new (TAG_TEST_LIVE, FAULT_TEST_PASS);

  fault_test_push_until_inferred (test, 64, 1);
  if (encodes_prompts)
    set_three_prompts (test);
  vulkan_fault_set (VULKAN_FAULT_HANG);
  g_assert_cmpint (fault_test_push (test, 64), ==, GST_FLOW_OK);
  wait_for_hang ();
  gst_element_set_state (test->element, GST_STATE_READY);
  fault_test_expect_messages (test, 0, 0, 0);

  /* Phrases whose embeddings are known: who still waits may be the first to notice that
   * the device is lost. */
  vulkan_fault_set (VULKAN_FAULT_NONE);
  g_object_set (
      test->element, "prompts", "a black picture; a white picture", NULL);
  g_assert_cmpint (gst_element_set_state (test->element, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_harness_set_src_caps_str (test->harness, TAG_TEST_SMALL_CAPS);
  fault_test_push_until_inferred (test, 64, 2);
}

static void
test_a_stop_does_not_wait_for_ever (void)
{
  stop_while_it_hangs (FALSE);
}

static void
test_nor_for_new_prompts (void)
{
  stop_while_it_hangs (TRUE);
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/faults-moments/" name, function)
  ADD ("new-prompts-come-through-a-loss", test_new_prompts_come_through_a_loss);
  ADD ("new-prompts-find-out-that-the-device-is-lost",
      test_new_prompts_find_out_that_the_device_is_lost);
  ADD ("new-prompts-wait-for-a-device", test_new_prompts_wait_for_a_device);
  ADD ("held-frames-are-there-at-the-end",
      test_held_frames_are_there_at_the_end);
  ADD ("a-loss-at-the-end-is-an-error", test_a_loss_at_the_end_is_an_error);
  ADD ("a-flush-does-not-wait-for-the-device",
      test_a_flush_does_not_wait_for_the_device);
  ADD ("a-stop-does-not-wait-for-ever", test_a_stop_does_not_wait_for_ever);
  ADD ("nor-for-new-prompts", test_nor_for_new_prompts);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames that wait for their batch: none is lost, none overtakes, and the
 * LATENCY query says how long they wait. */

#include "tag-test.h"

static const TagPicture pictures[] = { TAG_PICTURE_COLORS, TAG_PICTURE_WHITE,
  TAG_PICTURE_SWAPPED_COLORS, TAG_PICTURE_BLACK };

static TagTest *
new_test (guint batch_size, guint interval)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat; a dog",
      "attach-embedding", TRUE, "batch-size", batch_size, "inference-interval",
      interval, NULL);
}

static void
push (TagTest *test, guint n)
{
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer =
        tag_picture_small (pictures[test->n_pushed % G_N_ELEMENTS (pictures)]);

    GST_BUFFER_PTS (buffer) = test->n_pushed++ * GST_SECOND / 10;
    GST_BUFFER_DURATION (buffer) = GST_SECOND / 10;
    g_assert_cmpint (gst_harness_push (test->harness, buffer), ==, GST_FLOW_OK);
  }
}

/* Fails unless exactly the frames first … first + n - 1 have come out. */
static void
expect_frames (TagTest *test, guint first, guint n, guint interval)
{
  g_assert_cmpuint (gst_harness_buffers_in_queue (test->harness), ==, n);
  for (guint i = first; i < first + n; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_nonnull (meta);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * GST_SECOND / 10);
    g_assert_cmpint (meta->fresh, ==, i % interval == 0);
    g_assert_cmpuint (meta->pts, ==, (i - i % interval) * GST_SECOND / 10);
  }
}

static void
test_a_batch_leaves_together (void)
{
  g_autoptr (TagTest) test = new_test (3, 1);

  push (test, 2);
  expect_frames (test, 0, 0, 1);
  push (test, 1);
  expect_frames (test, 0, 3, 1);
  push (test, 4);
  expect_frames (test, 3, 3, 1);
}

/* With an interval of 2, frames 0, 2 and 4 are the batch. */
static void
test_reused_frames_wait_for_those_before_them (void)
{
  g_autoptr (TagTest) test = new_test (3, 2);

  push (test, 4);
  expect_frames (test, 0, 0, 2);
  push (test, 1);
  expect_frames (test, 0, 5, 2);
  push (test, 1);
  expect_frames (test, 5, 1, 2);
}

static void
test_a_batch_gives_the_scores_of_single_frames (void)
{
  g_autoptr (TagTest) single = new_test (1, 1);
  g_autoptr (TagTest) batch = new_test (4, 1);

  push (batch, 4);
  push (single, 4);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GstBuffer) a = gst_harness_pull (single->harness);
    g_autoptr (GstBuffer) b = gst_harness_pull (batch->harness);

    g_assert_cmpfloat (tag_embedding_cosine (a, b), >, 0.99999);
    g_assert_cmpfloat_with_epsilon (
        gst_buffer_get_clip_meta (a)->scores[0].score,
        gst_buffer_get_clip_meta (b)->scores[0].score, 1e-3);
  }
}

static void
test_the_end_of_the_stream_ends_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);

  push (test, 2);
  g_assert_true (gst_harness_push_event (test->harness, gst_event_new_eos ()));
  expect_frames (test, 0, 2, 1);
}

static void
test_new_caps_end_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);

  push (test, 2);
  gst_harness_set_src_caps_str (test->harness,
      "video/x-raw,format=NV12,width=32,height=32,framerate=10/1");
  expect_frames (test, 0, 2, 1);
}

static void
test_changed_settings_end_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);

  push (test, 2);
  g_object_set (test->element, "top-k", 1, NULL);
  push (test, 1);
  expect_frames (test, 0, 2, 1);
  push (test, 3);
  expect_frames (test, 2, 4, 1);
}

static void
test_a_drain_query_ends_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);
  g_autoptr (GstQuery) query = gst_query_new_drain ();

  push (test, 2);
  gst_pad_peer_query (test->harness->srcpad, query);
  expect_frames (test, 0, 2, 1);
}

static void
test_a_flush_drops_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);
  GstSegment segment;

  push (test, 2);
  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  push (test, 4);
  expect_frames (test, 2, 4, 1);
}

static void
test_stopping_drops_a_batch (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);

  push (test, 3);
  gst_element_set_state (test->element, GST_STATE_NULL);
  expect_frames (test, 0, 0, 1);
}

static void
test_the_latency_query_says_how_long_a_frame_waits (void)
{
  static const guint cases[][3] = { /* batch, interval, tenths of a second */
    { 1, 1, 0 }, { 1, 5, 0 }, { 4, 1, 3 }, { 4, 2, 6 }, { 32, 1, 31 },
    { 32, 1000, 64 }
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TagTest) test = new_test (cases[i][0], cases[i][1]);

    push (test, 1);
    g_assert_cmpuint (gst_harness_query_latency (test->harness), ==,
        cases[i][2] * GST_SECOND / 10);
  }
}

static void
test_held_buffers_are_asked_for (void)
{
  g_autoptr (TagTest) test = new_test (5, 2);
  g_autoptr (GstCaps) caps = gst_caps_from_string (TAG_TEST_SMALL_CAPS);
  g_autoptr (GstQuery) query = gst_query_new_allocation (caps, TRUE);
  guint min;

  push (test, 1);
  g_assert_true (gst_pad_peer_query (test->harness->srcpad, query));
  g_assert_cmpuint (gst_query_get_n_allocation_pools (query), >, 0);
  gst_query_parse_nth_allocation_pool (query, 0, NULL, NULL, &min, NULL);
  g_assert_cmpuint (min, >=, 8);
}

static void
test_video_without_a_rate_is_not_held (void)
{
  g_autoptr (TagTest) test = new_test (4, 1);

  gst_harness_set_src_caps_str (
      test->harness, "video/x-raw,format=RGB,width=64,height=48,framerate=0/1");
  push (test, 1);
  expect_frames (test, 0, 1, 1);
  g_assert_cmpuint (gst_harness_query_latency (test->harness), ==, 0);
}

/* The interval would hold thousands of frames. */
static void
test_held_frames_are_limited (void)
{
  g_autoptr (TagTest) test = new_test (32, 1000);

  push (test, 64);
  expect_frames (test, 0, 0, 1000);
  push (test, 1);
  expect_frames (test, 0, 65, 1000);
  push (test, 1);
  expect_frames (test, 65, 1, 1000);
}

static TagTest *
new_timed_test (const gchar *caps)
{
  TagTest *test = tag_test_new (caps, "prompts", "a cat; a dog", "batch-size",
      4, "batch-timeout", (guint64) 150 * GST_MSECOND, NULL);

  gst_harness_use_testclock (test->harness);
  return test;
}

/* Waits until the element waits for its clock, and lets that time come. */
static void
let_the_time_come (TagTest *test)
{
  g_autoptr (GstTestClock) clock = gst_harness_get_testclock (test->harness);
  GstClockID id;

  gst_test_clock_wait_for_next_pending_id (clock, &id);
  g_assert_cmpuint (gst_clock_id_get_time (id), ==,
      gst_clock_get_time (GST_CLOCK (clock)) + 150 * GST_MSECOND);
  gst_clock_id_unref (id);
  g_assert_true (gst_harness_crank_single_clock_wait (test->harness));
}

/* Fails unless the frames first … first + n - 1 come out, sooner or later. */
static void
pull_frames (TagTest *test, guint first, guint n)
{
  for (guint i = first; i < first + n; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);

    g_assert_nonnull (out);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * GST_SECOND / 10);
    g_assert_true (gst_buffer_get_clip_meta (out)->fresh);
  }
  g_assert_cmpuint (gst_harness_buffers_in_queue (test->harness), ==, 0);
}

static void
test_a_batch_does_not_wait_longer_than_its_timeout (void)
{
  g_autoptr (TagTest) test = new_timed_test (TAG_TEST_SMALL_CAPS);

  for (guint i = 0; i < 3; i++) {
    push (test, 2);
    expect_frames (test, 0, 0, 1);
    let_the_time_come (test);
    pull_frames (test, 2 * i, 2);
  }
}

static void
test_a_full_batch_needs_no_timeout (void)
{
  g_autoptr (TagTest) test = new_timed_test (TAG_TEST_SMALL_CAPS);
  g_autoptr (GstTestClock) clock = gst_harness_get_testclock (test->harness);

  push (test, 4);
  expect_frames (test, 0, 4, 1);
  g_assert_cmpuint (gst_test_clock_peek_id_count (clock), ==, 0);
  gst_harness_set_time (test->harness, GST_SECOND);
  push (test, 1);
  let_the_time_come (test);
  pull_frames (test, 4, 1);
}

static void
test_the_timeout_bounds_the_latency (void)
{
  g_autoptr (TagTest) test = new_timed_test (TAG_TEST_SMALL_CAPS);

  push (test, 1);
  g_assert_cmpuint (
      gst_harness_query_latency (test->harness), ==, 150 * GST_MSECOND);
}

static void
test_with_a_timeout_video_without_a_rate_is_held (void)
{
  g_autoptr (TagTest) test = new_timed_test (
      "video/x-raw,format=RGB,width=64,height=48,framerate=0/1");

  push (test, 3);
  expect_frames (test, 0, 0, 1);
  g_assert_cmpuint (
      gst_harness_query_latency (test->harness), ==, 150 * GST_MSECOND);
  let_the_time_come (test);
  pull_frames (test, 0, 3);
}

static void
test_stopping_does_not_wait_for_a_timeout (void)
{
  g_autoptr (TagTest) test = new_timed_test (TAG_TEST_SMALL_CAPS);

  for (guint i = 0; i < 3; i++) {
    push (test, 1);
    gst_element_set_state (test->element, GST_STATE_READY);
    expect_frames (test, 0, 0, 1);
    gst_element_set_state (test->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (test->harness, TAG_TEST_SMALL_CAPS);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/batch/" name, function)
  ADD ("a-batch-leaves-together", test_a_batch_leaves_together);
  ADD ("reused-frames-wait-for-those-before-them",
      test_reused_frames_wait_for_those_before_them);
  ADD ("a-batch-gives-the-scores-of-single-frames",
      test_a_batch_gives_the_scores_of_single_frames);
  ADD ("the-end-of-the-stream-ends-a-batch",
      test_the_end_of_the_stream_ends_a_batch);
  ADD ("new-caps-end-a-batch", test_new_caps_end_a_batch);
  ADD ("changed-settings-end-a-batch", test_changed_settings_end_a_batch);
  ADD ("a-drain-query-ends-a-batch", test_a_drain_query_ends_a_batch);
  ADD ("a-flush-drops-a-batch", test_a_flush_drops_a_batch);
  ADD ("stopping-drops-a-batch", test_stopping_drops_a_batch);
  ADD ("the-latency-query-says-how-long-a-frame-waits",
      test_the_latency_query_says_how_long_a_frame_waits);
  ADD ("held-buffers-are-asked-for", test_held_buffers_are_asked_for);
  ADD ("video-without-a-rate-is-not-held",
      test_video_without_a_rate_is_not_held);
  ADD ("held-frames-are-limited", test_held_frames_are_limited);
  ADD ("a-batch-does-not-wait-longer-than-its-timeout",
      test_a_batch_does_not_wait_longer_than_its_timeout);
  ADD ("a-full-batch-needs-no-timeout", test_a_full_batch_needs_no_timeout);
  ADD ("the-timeout-bounds-the-latency", test_the_timeout_bounds_the_latency);
  ADD ("with-a-timeout-video-without-a-rate-is-held",
      test_with_a_timeout_video_without_a_rate_is_held);
  ADD ("stopping-does-not-wait-for-a-timeout",
      test_stopping_does_not_wait_for_a_timeout);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

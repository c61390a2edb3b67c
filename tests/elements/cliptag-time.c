/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the clocks of cameras do: pause, jump, wrap, stop, and run backwards. */

#include "tag-test.h"

#include <glib/gstdio.h>

#define TENTH(n) ((n) *GST_SECOND / 10)
#define ON       TAG_PICTURE_BLACK
#define OFF      TAG_PICTURE_WHITE
#define HOUR     (3600 * GST_SECOND)

static const gchar *const label = "a black picture";

static TagTest *
new_test (guint mode)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "mode", mode, "smoothing", 0.05,
      NULL);
}

static void
push_flagged (
    TagTest *test, GstClockTime pts, TagPicture picture, GstBufferFlags flags)
{
  GstBuffer *buffer = tag_picture_small (picture);
  guint64 goal = tag_test_get_stat (test->element, "inferred") + 1;

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_FLAG_SET (buffer, flags);
  gst_buffer_unref (gst_harness_push_and_pull (test->harness, buffer));
  tag_test_wait_stat (test->element, "inferred", goal);
}

static void
push_at (TagTest *test, GstClockTime pts, TagPicture picture)
{
  push_flagged (test, pts, picture, 0);
}

/* `n` frames, ten a second. */
static void
push_from (TagTest *test, GstClockTime pts, guint n, TagPicture picture)
{
  for (guint i = 0; i < n; i++)
    push_at (test, pts + TENTH (i), picture);
}

/* The next message is of the label, and says this. */
static void
expect_stop (TagTest *test, GstClockTime stream_time, GstClockTime duration)
{
  g_autoptr (GstMessage) message = tag_test_pop_tag (test);
  const GstStructure *structure;
  guint64 found;

  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (structure, "event"), ==, "stop");
  g_assert_cmpstr (gst_structure_get_string (structure, "label"), ==, label);
  g_assert_true (gst_structure_get_uint64 (structure, "stream-time", &found));
  g_assert_cmpuint (found, ==, stream_time);
  g_assert_true (gst_structure_get_uint64 (structure, "duration", &found));
  g_assert_cmpuint (found, ==, duration);
}

/* The tag did not hold while nobody looked. */
static void
test_a_tag_ends_where_the_camera_pauses (gconstpointer mode)
{
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  push_from (test, 0, 5, ON);
  tag_test_expect_tag (test, label, "start", 0);
  push_from (test, HOUR, 2, ON);
  expect_stop (test, TENTH (5), TENTH (5));
  tag_test_expect_tag (test, label, "start", HOUR);
  push_at (test, HOUR + TENTH (2), OFF);
  expect_stop (test, HOUR + TENTH (2), TENTH (2));
}

static void
test_a_few_missing_frames_are_no_pause (gconstpointer mode)
{
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  push_from (test, 0, 5, ON);
  push_from (test, 8 * GST_SECOND, 5, ON);
  tag_test_expect_tag (test, label, "start", 0);
  push_at (test, TENTH (85), OFF);
  expect_stop (test, TENTH (85), TENTH (85));
}

/* One that takes a picture a minute has no pauses between them. */
static void
test_a_slow_camera_does_not_pause (void)
{
  g_autoptr (TagTest) test =
      tag_test_new ("video/x-raw,format=RGB,width=64,height=48,framerate=0/1",
          "prompts", "a black picture; a white picture", NULL);

  for (guint i = 0; i < 5; i++)
    push_at (test, i * 60 * GST_SECOND, ON);
  tag_test_expect_tag (test, label, "start", 0);
  push_at (test, 5 * 60 * GST_SECOND, OFF);
  expect_stop (test, 5 * 60 * GST_SECOND, 5 * 60 * GST_SECOND);
}

static gchar *
write_prompts (const gchar *more)
{
  gchar *path = NULL;
  g_autofree gchar *content =
      g_strdup_printf ("{ \"groups\": [ { \"prompts\": [ "
                       "{ \"text\": \"a black picture\", %s }, "
                       "\"a white picture\" ] } ] }",
          more);
  gint fd = g_file_open_tmp ("clv-time-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  return path;
}

static TagTest *
new_test_with_file (const gchar *path)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts-file", path, NULL);
}

/* What was seen before the pause does not count after it. */
static void
test_a_pause_is_no_minimum_duration (void)
{
  g_autofree gchar *path = write_prompts ("\"min-duration\": 1");
  g_autoptr (TagTest) test = new_test_with_file (path);

  push_from (test, 0, 5, ON);
  push_from (test, HOUR, 5, ON);
  g_assert_null (tag_test_pop_tag (test));
  push_from (test, HOUR + TENTH (5), 7, ON);
  tag_test_expect_tag (test, label, "start", HOUR);
  g_unlink (path);
}

/* It counts from where the tag ended. */
static void
test_a_cool_down_goes_on_in_a_pause (void)
{
  g_autofree gchar *path = write_prompts ("\"cool-down\": 60");
  g_autoptr (TagTest) test = new_test_with_file (path);

  push_from (test, 0, 5, ON);
  tag_test_expect_tag (test, label, "start", 0);
  push_from (test, 30 * GST_SECOND, 5, ON);
  expect_stop (test, TENTH (5), TENTH (5));
  g_assert_null (tag_test_pop_tag (test));
  push_from (test, 60 * GST_SECOND, 10, ON);
  tag_test_expect_tag (test, label, "start", TENTH (605));
  g_unlink (path);
}

/* 33 bits of 90 kHz: after 26.5 hours a clock begins anew. */
static void
test_a_clock_wraps (gconstpointer mode)
{
  const GstClockTime end =
      gst_util_uint64_scale (G_GUINT64_CONSTANT (1) << 33, GST_SECOND, 90000);
  const GstClockTime last = end / TENTH (1) * TENTH (1);
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  push_from (test, last - TENTH (4), 5, ON);
  push_from (test, 0, 2, ON);
  tag_test_expect_tag (test, label, "start", last - TENTH (4));
  expect_stop (test, last + TENTH (1), TENTH (5));
  tag_test_expect_tag (test, label, "start", 0);
  push_at (test, TENTH (2), OFF);
  expect_stop (test, TENTH (2), TENTH (2));
}

/* As much as B-frames out of order would. */
static void
test_jitter_ends_no_tag (gconstpointer mode)
{
  static const guint order[] = { 0, 3, 1, 2, 6, 4, 5, 9, 7, 8 };
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    push_at (test, TENTH (order[i]), ON);
  tag_test_expect_tag (test, label, "start", 0);
  push_at (test, TENTH (10), OFF);
  expect_stop (test, TENTH (10), TENTH (10));
}

/* They go on from where the clock was. */
static void
test_timestamps_may_be_missing (gconstpointer mode)
{
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  push_from (test, 5 * GST_SECOND, 3, ON);
  for (guint i = 0; i < 3; i++)
    push_at (test, GST_CLOCK_TIME_NONE, ON);
  push_at (test, TENTH (56), OFF);
  tag_test_expect_tag (test, label, "start", TENTH (50));
  expect_stop (test, TENTH (56), TENTH (6));
}

/* Packets were lost: frames are marked, and gaps are told. */
static void
test_lost_packets_end_no_tag (gconstpointer mode)
{
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  push_from (test, 0, 3, ON);
  for (guint i = 3; i < 12; i += 3) {
    gst_harness_push_event (
        test->harness, gst_event_new_gap (TENTH (i), TENTH (2)));
    push_flagged (test, TENTH (i + 2), ON, GST_BUFFER_FLAG_DISCONT);
  }
  tag_test_expect_tag (test, label, "start", 0);
  push_at (test, TENTH (12), OFF);
  expect_stop (test, TENTH (12), TENTH (12));
}

static void
send_segment (TagTest *test, gdouble rate, GstClockTime stop, GstClockTime time)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.stop = stop;
  segment.time = time;
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
}

/* Stream time, whatever the rate. */
static void
test_a_rate_changes_no_time (gconstpointer mode)
{
  static const gdouble rates[] = { 0.25, 2, 16 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

    send_segment (test, rates[i], GST_CLOCK_TIME_NONE, GST_SECOND);
    push_from (test, 0, 5, ON);
    push_at (test, TENTH (5), OFF);
    tag_test_expect_tag (test, label, "start", GST_SECOND);
    expect_stop (test, TENTH (15), TENTH (5));
  }
}

/* A frame then begins at its end. */
static void
test_playing_backwards (gconstpointer mode)
{
  g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));

  send_segment (test, -1, 2 * GST_SECOND, 0);
  for (guint i = 0; i < 5; i++)
    push_at (test, TENTH (19 - i), ON);
  push_at (test, TENTH (14), OFF);
  tag_test_expect_tag (test, label, "start", TENTH (20));
  expect_stop (test, TENTH (15), TENTH (5));
}

/* Whichever way it is played, and though the last frame is longer than the segment. */
static void
test_the_end_has_a_timestamp (gconstpointer mode)
{
  static const struct {
    gdouble rate;
    GstClockTime stop, end;
  } cases[] = { { 1, TENTH (1) / 2, TENTH (1) }, { -1, TENTH (1), 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TagTest) test = new_test (GPOINTER_TO_UINT (mode));
    g_autoptr (GstMessage) message = NULL;
    guint64 stream_time, pts;

    send_segment (test, cases[i].rate, cases[i].stop, 0);
    push_at (test, 0, ON);
    gst_harness_push_event (test->harness, gst_event_new_eos ());
    gst_message_unref (tag_test_pop_tag (test)); /* the start */
    message = tag_test_pop_tag (test);
    g_assert_true (
        gst_structure_get (gst_message_get_structure (message), "stream-time",
            G_TYPE_UINT64, &stream_time, "pts", G_TYPE_UINT64, &pts, NULL));
    g_assert_cmpuint (stream_time, ==, cases[i].end);
    g_assert_cmpuint (pts, ==, cases[i].end);
  }
}

/* Tags that change with each frame do not pile up where nobody reads the bus. */
static void
test_a_bus_that_nobody_reads (void)
{
  g_autoptr (TagTest) test = new_test (TAG_TEST_SYNC);

  gst_bus_set_flushing (test->bus, TRUE);
  for (guint i = 0; i < 50; i++)
    push_at (test, TENTH (3 * i), i & 1 ? ON : OFF);
  gst_bus_set_flushing (test->bus, FALSE);
  g_assert_null (tag_test_pop_tag (test));
  push_at (test, TENTH (150), OFF);
  expect_stop (test, TENTH (150), TENTH (3));
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/time/" name, function)
#define ADD_BOTH(name, function)                                               \
  g_test_add_data_func ("/elements/cliptag/time/" name "/sync",                \
      GUINT_TO_POINTER (TAG_TEST_SYNC), function);                             \
  g_test_add_data_func ("/elements/cliptag/time/" name "/live",                \
      GUINT_TO_POINTER (TAG_TEST_LIVE), function)
  ADD_BOTH ("a-tag-ends-where-the-camera-pauses",
      test_a_tag_ends_where_the_camera_pauses);
  ADD_BOTH ("a-few-missing-frames-are-no-pause",
      test_a_few_missing_frames_are_no_pause);
  ADD ("a-slow-camera-does-not-pause", test_a_slow_camera_does_not_pause);
  ADD ("a-pause-is-no-minimum-duration", test_a_pause_is_no_minimum_duration);
  ADD ("a-cool-down-goes-on-in-a-pause", test_a_cool_down_goes_on_in_a_pause);
  ADD_BOTH ("a-clock-wraps", test_a_clock_wraps);
  ADD_BOTH ("jitter-ends-no-tag", test_jitter_ends_no_tag);
  ADD_BOTH ("timestamps-may-be-missing", test_timestamps_may_be_missing);
  ADD_BOTH ("lost-packets-end-no-tag", test_lost_packets_end_no_tag);
  ADD_BOTH ("a-rate-changes-no-time", test_a_rate_changes_no_time);
  ADD_BOTH ("playing-backwards", test_playing_backwards);
  ADD_BOTH ("the-end-has-a-timestamp", test_the_end_has_a_timestamp);
  ADD ("a-bus-that-nobody-reads", test_a_bus_that_nobody_reads);
#undef ADD
#undef ADD_BOTH
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode live: no frame waits, and what it carries is of its own stream and
 * never from before a break. */

#include "tag-test.h"

#ifndef SANITIZED
/* The C library's own. */
gpointer __libc_malloc (gsize size);
gpointer __libc_calloc (gsize n, gsize size);
gpointer __libc_realloc (gpointer memory, gsize size);

static __thread guint n_allocations; /* of this thread */

/* These take the place of the C library's, for GLib and GStreamer too. */
void *
malloc (gsize size)
{
  n_allocations++;
  return __libc_malloc (size);
}

void *
calloc (gsize n, gsize size)
{
  n_allocations++;
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, gsize size)
{
  n_allocations++;
  return __libc_realloc (memory, size);
}
#endif

#define TENTH(n) ((n) *GST_SECOND / 10)
#define ON       TAG_PICTURE_BLACK
#define OFF      TAG_PICTURE_WHITE

static TagTest *
new_test (void)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "mode", TAG_TEST_LIVE, NULL);
}

/* Pushes a frame and waits until `n` frames have been inferred in all. */
static void
push_and_infer (TagTest *test, TagPicture picture, guint n)
{
  gst_buffer_unref (tag_test_push (test, tag_picture_small (picture)));
  tag_test_wait_stat (test->element, "inferred", n);
}

/* The frame leaves with the scores of the one at `pts`, or with none
 * (GST_CLOCK_TIME_NONE). */
static void
expect_scores_of (TagTest *test, GstClockTime pts)
{
  g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (OFF));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);

  if (!GST_CLOCK_TIME_IS_VALID (pts)) {
    g_assert_null (meta);
    return;
  }
  g_assert_nonnull (meta);
  g_assert_false (meta->fresh);
  g_assert_cmpuint (meta->pts, ==, pts);
  g_assert_cmpuint (meta->age, ==, GST_BUFFER_PTS (out) - pts);
}

static void
send_segment (TagTest *test, GstClockTime stream_time)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.time = stream_time;
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
}

static void
flush (TagTest *test)
{
  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  send_segment (test, 0);
}

static void
test_a_frame_has_the_newest_result (void)
{
  g_autoptr (TagTest) test = new_test ();

  expect_scores_of (test, GST_CLOCK_TIME_NONE);
  tag_test_wait_stat (test->element, "inferred", 1);
  expect_scores_of (test, 0);
  tag_test_wait_stat (test->element, "inferred", 2);
  expect_scores_of (test, TENTH (1));
  g_assert_cmpuint (tag_test_get_stat (test->element, "untagged"), ==, 1);
  g_assert_cmpuint (tag_test_get_stat (test->element, "reused"), ==, 2);
}

/* Every frame comes out before the next goes in; those that got no turn are
 * counted. */
static void
test_frames_do_not_wait (void)
{
  g_autoptr (TagTest) test = new_test ();
  guint64 inferred, skipped;

  for (guint i = 0; i < 200; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (OFF)));
  tag_test_wait_stat (test->element, "inferred", 1);
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  inferred = tag_test_get_stat (test->element, "inferred");
  tag_test_wait_stat (test->element, "skipped", 200 - inferred);
  skipped = tag_test_get_stat (test->element, "skipped");
  g_assert_cmpuint (tag_test_get_stat (test->element, "frames"), ==, 200);
  g_assert_cmpuint (skipped, >, 0);
  g_assert_cmpuint (inferred + skipped, ==, 200);
}

#ifndef SANITIZED
typedef struct {
  guint begin;
  guint most;
} Allocations;

static GstPadProbeReturn
come_in (GstPad *pad, GstPadProbeInfo *info, gpointer allocations)
{
  ((Allocations *) allocations)->begin = n_allocations;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
go_out (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Allocations *allocations = data;

  allocations->most =
      MAX (allocations->most, n_allocations - allocations->begin);
  return GST_PAD_PROBE_OK;
}
#endif

#ifndef SANITIZED
/* What any meta takes, with this GLib and this GStreamer. */
static guint
count_meta_allocations (GstBuffer *picture)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_copy (picture);
  guint begin = n_allocations;

  gst_buffer_add_video_crop_meta (buffer);
  return n_allocations - begin;
}

/* Pushes 1000 frames that reuse a result. Most allocations of one; says how long
 * one takes. */
static guint
count_allocations (TagTest *test, GstBuffer *picture)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (test->element, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (test->element, "src");
  g_autoptr (GstStructure) stats = NULL;
  Allocations allocations = { 0 };
  gdouble p50, p99;

  for (guint n = 0; n < 2; n++) {
    gst_buffer_unref (tag_test_push (test, gst_buffer_copy (picture)));
    tag_test_wait_stat (test->element, "inferred", 1);
  }
  gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_BUFFER, come_in, &allocations, NULL);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_BUFFER, go_out, &allocations, NULL);
  for (guint n = 0; n < 1000; n++)
    gst_buffer_unref (tag_test_push (test, gst_buffer_copy (picture)));

  g_object_get (test->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get (stats, "delay-ms-p50", G_TYPE_DOUBLE, &p50,
      "delay-ms-p99", G_TYPE_DOUBLE, &p99, NULL));
  g_test_message (
      "a passing frame takes %.0f us, p99 %.0f us", p50 * 1000, p99 * 1000);
  g_assert_cmpfloat (p50, <, 2);
  return allocations.most;
}
#endif

/* Left out by rate, and as nothing has changed. */
static void
test_a_passing_frame_allocates_its_meta_only (void)
{
#ifdef SANITIZED
  g_test_skip ("sanitizers have their own malloc");
#else
  static const guint modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_NV12, 1920, 1080);
  g_autoptr (GstBuffer) picture = tag_picture_new (&info, OFF, 0, 0);

  for (guint i = 0; i < 4; i++) {
    g_autoptr (TagTest) test = tag_test_new (
        "video/x-raw,format=NV12,width=1920,height=1080,framerate=10/1",
        "prompts", "a cat; a dog", "mode", modes[i % 2], "max-rate",
        i < 2 ? 0.001 : 0, "change-threshold", 0.01, "refresh-interval",
        (guint64) 0, NULL);

    if (g_object_class_find_property (
            G_OBJECT_GET_CLASS (test->element), "attach-analytics") != NULL)
      gst_util_set_object_arg (
          G_OBJECT (test->element), "attach-analytics", "none");
    g_assert_cmpuint (count_allocations (test, picture), <=,
        count_meta_allocations (picture));
    g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 1);
    g_assert_cmpuint (tag_test_get_stat (test->element, "reused"), >=, 1000);
  }
#endif
}

static void
count_free (gpointer n_alive, GstMiniObject *object)
{
  g_atomic_int_add ((gint *) n_alive, -1);
}

/* A camera has few buffers. */
static void
test_at_most_two_buffers_are_held (void)
{
  g_autoptr (TagTest) test = new_test ();
  gint n_alive = 0;

  for (guint i = 0; i < 100; i++) {
    GstBuffer *buffer = tag_picture_small (OFF);

    g_atomic_int_inc (&n_alive);
    gst_mini_object_weak_ref (GST_MINI_OBJECT (buffer), count_free, &n_alive);
    gst_buffer_unref (tag_test_push (test, buffer));
    g_assert_cmpint (g_atomic_int_get (&n_alive), <=, 2);
  }
  gst_element_set_state (test->element, GST_STATE_NULL);
  g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
}

/* The harness says that it is live. */
static void
test_no_latency_is_added (void)
{
  static const guint modes[] = { TAG_TEST_AUTO, TAG_TEST_SYNC, TAG_TEST_LIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
        "a cat", "mode", modes[i], "batch-size", 4, NULL);
    GstClockTime added = modes[i] == TAG_TEST_SYNC ? TENTH (3) : 0;

    gst_harness_set_upstream_latency (test->harness, 20 * GST_MSECOND);
    tag_test_push_only (test, tag_picture_small (OFF));
    g_assert_cmpuint (gst_harness_query_latency (test->harness), ==,
        20 * GST_MSECOND + added);
    g_assert_cmpuint (gst_harness_buffers_in_queue (test->harness), ==,
        modes[i] == TAG_TEST_SYNC ? 0 : 1);
  }
}

static void
test_nothing_from_before_a_flush_comes_after_it (void)
{
  g_autoptr (TagTest) test = new_test ();

  push_and_infer (test, ON, 1);
  expect_scores_of (test, 0);
  flush (test);
  test->n_pushed = 50;
  expect_scores_of (test, GST_CLOCK_TIME_NONE);
  tag_test_wait_stat (test->element, "inferred", 2);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (OFF));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_true (meta == NULL || meta->pts >= TENTH (50));
  }
}

/* The frame in work when the break comes is finished after it. The first scores
 * are those of a frame of after. */
static void
test_a_frame_in_work_at_a_flush_is_forgotten (void)
{
  g_autoptr (TagTest) test = new_test ();
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  for (guint turn = 1; turn <= 12; turn++) {
    gboolean tagged = FALSE;

    gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
    g_usleep (turn * 700);
    flush (test);
    test->n_pushed = 1000 * turn;
    while (!tagged) {
      g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (OFF));
      GstClipMeta *meta = gst_buffer_get_clip_meta (out);

      tagged = meta != NULL;
      g_assert_true (meta == NULL || meta->pts >= TENTH (1000 * turn));
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (1000);
    }
  }
}

static void
test_nothing_from_before_new_caps_comes_after_them (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_NV12, 32, 32);

  push_and_infer (test, ON, 1);
  gst_harness_set_src_caps_str (test->harness,
      "video/x-raw,format=NV12,width=32,height=32,framerate=10/1");
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_new (&info, OFF, 0, 0));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_true (i > 0 || meta == NULL);
    g_assert_true (meta == NULL || meta->pts >= TENTH (1));
  }
}

static void
test_a_new_segment_ends_tags (void)
{
  g_autoptr (TagTest) test = new_test ();

  push_and_infer (test, ON, 1);
  send_segment (test, 100 * GST_SECOND);
  tag_test_expect_tag (test, "a black picture", "start", 0);
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (1));
  test->n_pushed = 0;
  expect_scores_of (test, GST_CLOCK_TIME_NONE);
  tag_test_wait_stat (test->element, "inferred", 2);
  tag_test_expect_tag (test, "a white picture", "start", 100 * GST_SECOND);
}

/* One frame only: it is still in work, or not even begun. */
static void
test_the_end_waits_for_the_last_frame (void)
{
  g_autoptr (TagTest) test = new_test ();

  gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  tag_test_expect_tag (test, "a black picture", "start", 0);
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (1));
  g_assert_null (tag_test_pop_tag (test));
}

/* Tags last until the last frame, not until the last that was inferred. */
static void
test_tags_end_with_the_last_frame (void)
{
  g_autoptr (TagTest) test = new_test ();

  g_object_set (test->element, "inference-interval", 1000, NULL);
  push_and_infer (test, ON, 1);
  for (guint i = 0; i < 9; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  tag_test_expect_tag (test, "a black picture", "start", 0);
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (10));
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 1);
}

static void
test_it_starts_again (void)
{
  g_autoptr (TagTest) test = new_test ();

  for (guint i = 0; i < 5; i++) {
    gst_element_set_state (test->element, GST_STATE_READY);
    gst_element_set_state (test->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (test->harness, TAG_TEST_SMALL_CAPS);
    test->n_pushed = 0;
    expect_scores_of (test, GST_CLOCK_TIME_NONE);
    tag_test_wait_stat (test->element, "inferred", 1);
    expect_scores_of (test, 0);
  }
}

static void
test_prompts_change_while_playing (void)
{
  g_autoptr (TagTest) test = new_test ();
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  guint64 generation;

  push_and_infer (test, ON, 1);
  {
    g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (ON));

    generation = gst_buffer_get_clip_meta (out)->generation;
  }
  g_object_set (test->element, "prompts", "one; two; three", NULL);
  while (TRUE) {
    g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (ON));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    /* The old scores go on until the first of the new set. */
    g_assert_nonnull (meta);
    if (meta->generation > generation) {
      g_assert_cmpstr (gst_clip_meta_get_label (meta, 0), ==, "one");
      break;
    }
    g_assert_cmpstr (gst_clip_meta_get_label (meta, 0), ==, "a black picture");
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (2000);
  }
  tag_test_expect_tag (test, "a black picture", "start", 0);
  {
    g_autoptr (GstMessage) stop = tag_test_pop_tag (test);

    g_assert_cmpstr (
        gst_structure_get_string (gst_message_get_structure (stop), "label"),
        ==, "a black picture");
  }
}

static void
test_old_scores_are_reported (void)
{
  g_autoptr (TagTest) test = new_test ();
  g_autoptr (GstMessage) warning = NULL, another = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (test->element, "max-age", (guint64) GST_SECOND,
      "inference-interval", 1000, NULL);
  push_and_infer (test, ON, 1);
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
  g_assert_null (gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING));
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
  warning = gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING);
  g_assert_nonnull (warning);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "max-age"));

  /* Not for every frame. */
  another = gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING);
  g_assert_null (another);
}

static gchar *
pop_warning (TagTest *test)
{
  g_autoptr (GstMessage) warning =
      gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  if (warning == NULL)
    return NULL;
  gst_message_parse_warning (warning, &error, NULL);
  return g_strdup (error->message);
}

/* It is as the scores say; they age from the first frame that is not. */
static void
test_scores_of_an_unchanged_picture_are_not_old (void)
{
  g_autoptr (TagTest) test = new_test ();
  g_autofree gchar *none = NULL, *warning = NULL;

  g_object_set (test->element, "max-age", (guint64) GST_SECOND,
      "change-threshold", 0.02, "refresh-interval", (guint64) 5 * GST_SECOND,
      NULL);
  push_and_infer (test, ON, 1);
  for (guint i = 1; i < 60; i++) {
    gst_buffer_unref (tag_test_push (test, tag_picture_small (ON)));
    if (i == 50) /* refreshed */
      tag_test_wait_stat (test->element, "inferred", 2);
  }
  g_object_set (test->element, "inference-interval", 1000, NULL);
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (OFF)));
  none = pop_warning (test);
  g_assert_null (none);
  gst_buffer_unref (tag_test_push (test, tag_picture_small (OFF)));
  warning = pop_warning (test);
  g_assert_nonnull (warning);
  g_assert_nonnull (strstr (warning, "for 1.100 s, max-age is 1.000 s"));
}

typedef struct {
  guint n_frames;
  guint n_fresh;
} Counts;

static void
count (GstElement *sink, GstBuffer *buffer, GstPad *pad, Counts *counts)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);

  counts->n_frames++;
  if (meta != NULL && meta->fresh)
    counts->n_fresh++;
}

static void
test_auto_is_live_behind_a_live_source (void)
{
  for (guint live = 0; live < 2; live++) {
    g_autofree gchar *line = g_strdup_printf (
        "videotestsrc is-live=%u num-buffers=8 ! "
        "video/x-raw,width=64,height=48,framerate=30/1 ! queue ! "
        "cliptag prompts=\"a cat; a dog\" qos=false ! "
        "fakesink name=out signal-handoffs=true",
        live);
    g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
    g_autoptr (GstElement) sink =
        gst_bin_get_by_name (GST_BIN (pipeline), "out");
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstMessage) message = NULL;
    Counts counts = { 0 };

    g_signal_connect (sink, "handoff", G_CALLBACK (count), &counts);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (
        bus, 120 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    g_assert_cmpuint (counts.n_frames, ==, 8);
    g_assert_cmpuint (counts.n_fresh, ==, live ? 0 : 8);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/live/" name, function)
  ADD ("a-frame-has-the-newest-result", test_a_frame_has_the_newest_result);
  ADD ("frames-do-not-wait", test_frames_do_not_wait);
  ADD ("a-passing-frame-allocates-its-meta-only",
      test_a_passing_frame_allocates_its_meta_only);
  ADD ("at-most-two-buffers-are-held", test_at_most_two_buffers_are_held);
  ADD ("no-latency-is-added", test_no_latency_is_added);
  ADD ("nothing-from-before-a-flush-comes-after-it",
      test_nothing_from_before_a_flush_comes_after_it);
  ADD ("a-frame-in-work-at-a-flush-is-forgotten",
      test_a_frame_in_work_at_a_flush_is_forgotten);
  ADD ("nothing-from-before-new-caps-comes-after-them",
      test_nothing_from_before_new_caps_comes_after_them);
  ADD ("a-new-segment-ends-tags", test_a_new_segment_ends_tags);
  ADD ("the-end-waits-for-the-last-frame",
      test_the_end_waits_for_the_last_frame);
  ADD ("tags-end-with-the-last-frame", test_tags_end_with_the_last_frame);
  ADD ("it-starts-again", test_it_starts_again);
  ADD ("prompts-change-while-playing", test_prompts_change_while_playing);
  ADD ("old-scores-are-reported", test_old_scores_are_reported);
  ADD ("scores-of-an-unchanged-picture-are-not-old",
      test_scores_of_an_unchanged_picture_are_not_old);
  ADD ("auto-is-live-behind-a-live-source",
      test_auto_is_live_behind_a_live_source);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

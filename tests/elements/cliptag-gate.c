/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which frames are inferred, by rate, change and lateness; and what happens to
 * those that cannot be. */

#include "tag-test.h"

#include <string.h>

#define TENTH(n) ((n) *GST_SECOND / 10)

/* Pushes the picture. Was it inferred itself? */
static gboolean
is_fresh (TagTest *test, TagPicture picture)
{
  g_autoptr (GstBuffer) out = tag_test_push (test, tag_picture_small (picture));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);

  g_assert_nonnull (meta);
  return meta->fresh;
}

static void
test_a_rate_leaves_out_frames_by_time (void)
{
  static const struct {
    gdouble rate;
    guint every;
  } cases[] = { { 0, 1 }, { 100, 1 }, { 10, 1 }, { 9.9, 2 }, { 5, 2 },
    { 10 / 3.0, 3 }, { 1, 10 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
        "a cat", "max-rate", cases[i].rate, NULL);

    for (guint n = 0; n < 12; n++)
      g_assert_cmpint (
          is_fresh (test, TAG_PICTURE_COLORS), ==, n % cases[i].every == 0);
  }
}

/* The rate is counted from the last frame that was inferred; what is reused says
 * how old it is. */
static void
test_a_rate_counts_from_the_last_inferred_frame (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "max-rate", 2.0, NULL);
  static const guint pushed[] = { 0, 4, 7, 8, 11, 12, 30 };
  static const gboolean fresh[] = { TRUE, FALSE, TRUE, FALSE, FALSE, TRUE,
    TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (pushed); i++) {
    test->n_pushed = pushed[i];
    g_assert_cmpint (is_fresh (test, TAG_PICTURE_COLORS), ==, fresh[i]);
  }
}

static void
test_rate_and_interval_change_while_playing (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);

  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_object_set (test->element, "max-rate", 5.0, NULL);
  g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_object_set (test->element, "inference-interval", 3, NULL);
  g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
}

/* At most two a second of video, however fast the device is. */
static void
test_a_rate_holds_in_mode_live (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a cat", "mode", TAG_TEST_LIVE, "max-rate", 2.0, NULL);
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  GstClockTime last = 0;

  for (guint n_results = 0; n_results < 4;) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
    if (meta == NULL || (n_results > 0 && meta->pts == last))
      continue;
    g_assert_true (n_results == 0 || meta->pts >= last + TENTH (5));
    last = meta->pts;
    n_results++;
  }
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), <=,
      1 + test->n_pushed / 5);
}

static void
test_unchanged_pictures_are_not_inferred (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a cat", "change-threshold", 0.05, "refresh-interval", (guint64) 0, NULL);

  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  for (guint i = 0; i < 150; i++)
    g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_true (is_fresh (test, TAG_PICTURE_WHITE));
  g_assert_false (is_fresh (test, TAG_PICTURE_WHITE));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_cmpuint (tag_test_get_stat (test->element, "unchanged"), ==, 151);
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 3);
}

/* The meta tells an unchanged picture from one that was left out by rate. */
static void
test_the_meta_says_why_a_frame_was_left_out (void)
{
  static const guint modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (TagTest) test =
        tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", "mode", modes[i],
            "change-threshold", 0.05, "max-rate", 5.0, NULL);

    for (guint n = 0; n < 8; n++) {
      g_autoptr (GstBuffer) out = tag_test_push (test,
          tag_picture_small (n < 6 ? TAG_PICTURE_COLORS : TAG_PICTURE_WHITE));
      g_autoptr (GstBuffer) copy = gst_buffer_copy (out);
      GstClipMeta *meta = gst_buffer_get_clip_meta (copy);

      if (n == 0)
        tag_test_wait_stat (test->element, "inferred", 1);
      if (meta == NULL) { /* the first of mode live */
        g_assert_cmpuint (n, ==, 0);
        continue;
      }
      /* Frame 1 is too soon after 0, 2 to 5 look like it, 6 does not. */
      g_assert_cmpint (meta->unchanged, ==, n >= 2 && n < 6);
      g_assert_false (meta->fresh && meta->unchanged);
    }
  }
}

static void
test_unchanged_pictures_are_refreshed (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", "change-threshold",
          0.05, "refresh-interval", (guint64) TENTH (5), NULL);

  for (guint i = 0; i < 21; i++)
    g_assert_cmpint (is_fresh (test, TAG_PICTURE_COLORS), ==, i % 5 == 0);
}

static void
assert_same_scores (GstBuffer *found, GstBuffer *wanted)
{
  const GstClipMeta *a = gst_buffer_get_clip_meta (found);
  const GstClipMeta *b = gst_buffer_get_clip_meta (wanted);

  g_assert_cmpuint (a->n_scores, ==, b->n_scores);
  for (guint i = 0; i < a->n_scores; i++) {
    g_assert_cmpfloat_with_epsilon (
        a->scores[i].smoothed, b->scores[i].smoothed, 1e-3);
    g_assert_cmpint (a->scores[i].active, ==, b->scores[i].active);
  }
}

static void
assert_same_tags (TagTest *found, TagTest *wanted)
{
  GstMessage *message;
  guint n = 0;

  while ((message = tag_test_pop_tag (wanted)) != NULL) {
    const GstStructure *tag = gst_message_get_structure (message);
    guint64 stream_time = 0;

    gst_structure_get_uint64 (tag, "stream-time", &stream_time);
    tag_test_expect_tag (found, gst_structure_get_string (tag, "label"),
        gst_structure_get_string (tag, "event"), stream_time);
    gst_message_unref (message);
    n++;
  }
  g_assert_null (tag_test_pop_tag (found));
  g_assert_cmpuint (n, >, 0);
}

/* What waits for time to pass goes on: the picture is seen, if not encoded. */
static void
test_unchanged_pictures_go_on_in_time (gconstpointer mode)
{
  static const gchar *const wanted = "a black picture; a white picture";
  g_autoptr (TagTest) all = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", wanted, "smoothing", 0.5, NULL);
  g_autoptr (TagTest) gated = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      wanted, "smoothing", 0.5, "mode", GPOINTER_TO_UINT (mode),
      "change-threshold", 0.05, "refresh-interval", (guint64) 0, NULL);

  for (guint i = 0; i < 45; i++) {
    const TagPicture picture =
        i / 15 == 1 ? TAG_PICTURE_WHITE : TAG_PICTURE_BLACK;
    g_autoptr (GstBuffer) a = tag_test_push (all, tag_picture_small (picture));
    g_autoptr (GstBuffer) b =
        tag_test_push (gated, tag_picture_small (picture));

    if (i % 15 == 0)
      tag_test_wait_stat (gated->element, "inferred", i / 15 + 1);
    else
      assert_same_scores (b, a);
  }
  g_assert_cmpuint (tag_test_get_stat (gated->element, "inferred"), ==, 3);
  assert_same_tags (gated, all);
}

/* Adds ±amount to each byte. */
static GstBuffer *
add_noise (GstBuffer *buffer, gint amount)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
  for (gsize i = 0; i < map.size; i++) {
    gint value = map.data[i] + g_test_rand_int_range (-amount, amount + 1);

    map.data[i] = CLAMP (value, 0, 255);
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static void
test_noise_is_no_change (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "change-threshold", 0.02, NULL);

  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstBuffer) out = tag_test_push (
        test, add_noise (tag_picture_small (TAG_PICTURE_COLORS), 6));

    g_assert_cmpint (gst_buffer_get_clip_meta (out)->fresh, ==, i == 0);
  }
}

/* In every format, and of the visible part only. */
static void
test_changes_are_seen_in_every_format (void)
{
  static const gchar *const formats[] = { "NV12", "I420", "RGB", "BGR", "RGBx",
    "BGRx", "xRGB", "xBGR", "RGBA", "BGRA", "ARGB", "ABGR", "GRAY8", "NV21",
    "YV12", "YUY2", "UYVY", "Y42B", "Y444", "P010_10LE", "I420_10LE" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info =
        tag_info (gst_video_format_from_string (formats[i]), 47, 33);
    g_autoptr (GstCaps) caps = gst_video_info_to_caps (&info);
    g_autofree gchar *text = gst_caps_to_string (caps);
    g_autoptr (TagTest) test = tag_test_new (text, "prompts", "a cat",
        "change-threshold", 0.2, "inference-interval", 1, NULL);
    static const TagPicture pictures[] = { TAG_PICTURE_BLACK, TAG_PICTURE_BLACK,
      TAG_PICTURE_WHITE, TAG_PICTURE_WHITE };

    g_test_message ("%s", formats[i]);
    for (guint n = 0; n < G_N_ELEMENTS (pictures); n++) {
      g_autoptr (GstBuffer) out =
          tag_test_push (test, tag_picture_new (&info, pictures[n], 5, 3));

      g_assert_cmpint (gst_buffer_get_clip_meta (out)->fresh, ==, n % 2 == 0);
    }
  }
}

static void
test_a_cropped_change_is_none (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "change-threshold", 0.01, NULL);

  for (guint i = 0; i < 4; i++) {
    GstBuffer *buffer = tag_picture_small (TAG_PICTURE_BLACK);
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
    GstMapInfo map;

    *crop = (GstVideoCropMeta){
      .meta = crop->meta, .x = 8, .y = 16, .width = 40, .height = 32
    };
    g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
    memset (map.data, i * 80, 16 * 64 * 3); /* above it */
    memset (map.data + 20 * 64 * 3, i == 3 ? 200 : 0, 64 * 3);
    gst_buffer_unmap (buffer, &map);
    g_autoptr (GstBuffer) out = tag_test_push (test, buffer);
    g_assert_cmpint (
        gst_buffer_get_clip_meta (out)->fresh, ==, i == 0 || i == 3);
  }
}

/* Downstream says that the frame at `time` was late by `diff`. */
static void
send_qos (TagTest *test, GstClockTime time, GstClockTimeDiff diff)
{
  gst_harness_push_upstream_event (test->harness,
      gst_event_new_qos (
          diff > 0 ? GST_QOS_TYPE_UNDERFLOW : GST_QOS_TYPE_OVERFLOW, 1.5, diff,
          time));
}

static void
test_late_frames_are_not_inferred (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "max-rate", 1000.0, NULL);
  guint n_messages = 0;
  guint64 processed, dropped;
  GstMessage *message;

  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  send_qos (test, TENTH (0), TENTH (4));
  for (guint i = 1; i < 7; i++)
    g_assert_cmpint (is_fresh (test, TAG_PICTURE_COLORS), ==, i >= 4);
  send_qos (test, TENTH (6), -(GstClockTimeDiff) TENTH (6));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));

  while ((message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_QOS))) {
    guint64 running, stream, timestamp, duration;

    gst_message_parse_qos (
        message, NULL, &running, &stream, &timestamp, &duration);
    gst_message_parse_qos_stats (message, NULL, &processed, &dropped);
    n_messages++;
    g_assert_cmpuint (running, ==, TENTH (n_messages));
    g_assert_cmpuint (timestamp, ==, TENTH (n_messages));
    g_assert_cmpuint (processed, ==, 1);
    g_assert_cmpuint (dropped, ==, n_messages);
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_messages, ==, 3);
  g_assert_cmpuint (tag_test_get_stat (test->element, "late"), ==, 3);
}

static void
test_lateness_can_be_ignored_and_ends_with_a_flush (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "max-rate", 1000.0, NULL);
  GstSegment segment;

  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  send_qos (test, 0, 100 * GST_SECOND);
  g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));
  g_object_set (test->element, "qos", FALSE, NULL);
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_object_set (test->element, "qos", TRUE, NULL);
  g_assert_false (is_fresh (test, TAG_PICTURE_COLORS));

  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
  g_assert_true (is_fresh (test, TAG_PICTURE_COLORS));
}

/* Too short for its caps. */
static GstBuffer *
broken_picture (void)
{
  GstBuffer *buffer = tag_picture_small (TAG_PICTURE_BLACK);

  gst_buffer_set_size (buffer, 100);
  return buffer;
}

static void
test_a_frame_that_cannot_be_encoded_is_an_error (void)
{
  static const guint modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (TagTest) test = tag_test_new (
        TAG_TEST_SMALL_CAPS, "prompts", "a cat", "mode", modes[i], NULL);
    g_autoptr (GstMessage) message = NULL;
    GstFlowReturn flow = gst_harness_push (test->harness, broken_picture ());

    message = gst_bus_timed_pop_filtered (
        test->bus, 60 * GST_SECOND, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    if (modes[i] == TAG_TEST_LIVE)
      flow = gst_harness_push (
          test->harness, tag_picture_small (TAG_PICTURE_BLACK));
    g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
    g_assert_null (gst_bus_pop_filtered (test->bus, GST_MESSAGE_ERROR));
  }
}

typedef struct {
  guint warnings;
  guint errors;
  guint infos;
  guint tags;
} Messages;

/* Adds what is on the bus now, and takes it off. */
static void
count_messages (TagTest *test, Messages *messages)
{
  GstMessage *message;

  while ((message = gst_bus_pop (test->bus)) != NULL) {
    messages->warnings += GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING;
    messages->errors += GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
    messages->infos += GST_MESSAGE_TYPE (message) == GST_MESSAGE_INFO;
    messages->tags += gst_message_has_name (message, "clip-tag");
    gst_message_unref (message);
  }
}

/* Pushes frames until so many have been inferred. */
static void
push_until_inferred (TagTest *test, guint n)
{
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  while (tag_test_get_stat (test->element, "inferred") < n) {
    gst_buffer_unref (
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (20000);
  }
}

/* One warning; then no scores until it is tried again, and says so. */
static void
test_video_passes_after_an_error (void)
{
  static const guint modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (TagTest) test =
        tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat; a dog",
            "threshold", 0.0, "mode", modes[i], "on-error", 1 /* pass */, NULL);
    gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
    Messages messages = { 0 };

    push_until_inferred (test, 1);
    count_messages (test, &messages);
    g_assert_cmpuint (messages.tags, ==, 2);

    /* In mode live a frame may get no turn. */
    while (messages.warnings == 0) {
      gst_buffer_unref (tag_test_push (test, broken_picture ()));
      g_usleep (20000);
      count_messages (test, &messages);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
    push_until_inferred (
        test, tag_test_get_stat (test->element, "inferred") + 2);
    count_messages (test, &messages);
    g_assert_cmpuint (tag_test_get_stat (test->element, "untagged"), >, 1);
    g_assert_cmpuint (messages.warnings, ==, 1);
    g_assert_cmpuint (messages.errors, ==, 0);
    g_assert_cmpuint (messages.infos, ==, 1);

    /* Both tags stopped and started again. */
    g_assert_cmpuint (messages.tags, ==, 6);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/gate/" name, function)
  ADD ("a-rate-leaves-out-frames-by-time",
      test_a_rate_leaves_out_frames_by_time);
  ADD ("a-rate-counts-from-the-last-inferred-frame",
      test_a_rate_counts_from_the_last_inferred_frame);
  ADD ("rate-and-interval-change-while-playing",
      test_rate_and_interval_change_while_playing);
  ADD ("a-rate-holds-in-mode-live", test_a_rate_holds_in_mode_live);
  ADD ("unchanged-pictures-are-not-inferred",
      test_unchanged_pictures_are_not_inferred);
  ADD ("the-meta-says-why-a-frame-was-left-out",
      test_the_meta_says_why_a_frame_was_left_out);
  ADD ("unchanged-pictures-are-refreshed",
      test_unchanged_pictures_are_refreshed);
  g_test_add_data_func (
      "/elements/cliptag/gate/unchanged-pictures-go-on-in-time/sync",
      GUINT_TO_POINTER (TAG_TEST_SYNC), test_unchanged_pictures_go_on_in_time);
  g_test_add_data_func (
      "/elements/cliptag/gate/unchanged-pictures-go-on-in-time/live",
      GUINT_TO_POINTER (TAG_TEST_LIVE), test_unchanged_pictures_go_on_in_time);
  ADD ("noise-is-no-change", test_noise_is_no_change);
  ADD ("changes-are-seen-in-every-format",
      test_changes_are_seen_in_every_format);
  ADD ("a-cropped-change-is-none", test_a_cropped_change_is_none);
  ADD ("late-frames-are-not-inferred", test_late_frames_are_not_inferred);
  ADD ("lateness-can-be-ignored-and-ends-with-a-flush",
      test_lateness_can_be_ignored_and_ends_with_a_flush);
  ADD ("a-frame-that-cannot-be-encoded-is-an-error",
      test_a_frame_that_cannot_be_encoded_is_an_error);
  ADD ("video-passes-after-an-error", test_video_passes_after_an_error);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

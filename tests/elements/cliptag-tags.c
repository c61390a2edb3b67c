/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When tags start and stop, and what changes while playing. */

#include "tag-test.h"

#include <string.h>

#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

#define CANDIDATES "a black picture; a white picture; snow; a cat; darkness"

/* One phrase, and a threshold that one of the two pictures passes and the other
 * does not: found with the model at hand, so any model will do. */
typedef struct {
  gchar *label;
  gdouble threshold;
  TagPicture on;
  TagPicture off;
} Separator;

static Separator separator;

static void
find_separator (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      CANDIDATES, "scoring", 3 /* cosine */, NULL);
  g_autoptr (GstBuffer) black =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK));
  g_autoptr (GstBuffer) white =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_WHITE));
  GstClipMeta *a = gst_buffer_get_clip_meta (black);
  GstClipMeta *b = gst_buffer_get_clip_meta (white);
  gfloat most = 0;

  for (guint i = 0; i < a->n_scores; i++) {
    gfloat x = a->scores[i].cosine, y = b->scores[i].cosine;

    /* A negative threshold would mean the default one. */
    if ((x + y) / 2 <= 0.001f || fabsf (x - y) <= most)
      continue;
    most = fabsf (x - y);
    g_free (separator.label);
    separator = (Separator){
      .label = g_strdup (gst_clip_meta_get_label (a, i)),
      .threshold = (x + y) / 2,
      .on = x > y ? TAG_PICTURE_BLACK : TAG_PICTURE_WHITE,
      .off = x > y ? TAG_PICTURE_WHITE : TAG_PICTURE_BLACK,
    };
  }
  g_assert_cmpfloat (most, >, 0.001f);
}

static TagTest *
new_test (void)
{
  if (separator.label == NULL)
    find_separator ();
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", separator.label,
      "scoring", 3, "threshold", separator.threshold, NULL);
}

/* A letter a frame: 1 is the picture that the label matches, 0 the other. */
static void
push_sequence (TagTest *test, const gchar *sequence)
{
  for (const gchar *p = sequence; *p != '\0'; p++) {
    g_autoptr (GstBuffer) out = tag_test_push (
        test, tag_picture_small (*p == '1' ? separator.on : separator.off));

    g_assert_cmpint (
        gst_buffer_get_clip_meta (out)->scores[0].active, ==, *p == '1');
  }
}

#define TENTH(n) ((n) *GST_SECOND / 10)

static void
test_tags_start_and_stop_with_the_picture (void)
{
  g_autoptr (TagTest) test = new_test ();

  push_sequence (test, "0011101");
  tag_test_expect_tag (test, separator.label, "start", TENTH (2));
  tag_test_expect_tag (test, separator.label, "stop", TENTH (5));
  tag_test_expect_tag (test, separator.label, "start", TENTH (6));
  g_assert_null (tag_test_pop_tag (test));
}

/* Says what is seen: black and white pictures by their names. */
static void
test_black_and_white_are_told_apart (void)
{
  g_autoptr (TagTest) test = NULL;

  if (g_getenv ("CLV_TEST_MODEL") != NULL) {
    g_test_skip ("only the demo model is known to know black and white");
    return;
  }
  test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture; snow", NULL);
  for (guint i = 0; i < 6; i++)
    gst_buffer_unref (tag_test_push (
        test, tag_picture_small (
                  i / 2 % 2 == 0 ? TAG_PICTURE_BLACK : TAG_PICTURE_WHITE)));
  tag_test_expect_tag (test, "a black picture", "start", 0);
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (2));
  tag_test_expect_tag (test, "a white picture", "start", TENTH (2));
  tag_test_expect_tag (test, "a black picture", "start", TENTH (4));
  tag_test_expect_tag (test, "a white picture", "stop", TENTH (4));
  g_assert_null (tag_test_pop_tag (test));
}

static void
test_messages_say_how_long_and_how_strong (void)
{
  g_autoptr (TagTest) test = new_test ();
  g_autoptr (GstMessage) start = NULL, stop = NULL;
  gdouble score, peak, mean;
  guint64 pts, duration;

  push_sequence (test, "01110");
  start = tag_test_pop_tag (test);
  stop = tag_test_pop_tag (test);
  g_assert_nonnull (stop);
  g_assert_true (gst_structure_get (gst_message_get_structure (stop), "score",
      G_TYPE_DOUBLE, &score, "peak", G_TYPE_DOUBLE, &peak, "mean",
      G_TYPE_DOUBLE, &mean, "pts", G_TYPE_UINT64, &pts, "duration",
      G_TYPE_UINT64, &duration, NULL));
  g_assert_cmpuint (pts, ==, TENTH (4));
  g_assert_cmpuint (duration, ==, TENTH (3));
  g_assert_cmpfloat (score, <, separator.threshold);
  g_assert_cmpfloat (mean, >, separator.threshold);
  g_assert_cmpfloat (peak, >=, mean);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (stop), "group"), ==,
      "default");
}

static void
test_the_end_of_the_stream_ends_tags (void)
{
  g_autoptr (TagTest) test = new_test ();

  push_sequence (test, "11");
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  tag_test_expect_tag (test, separator.label, "start", 0);
  tag_test_expect_tag (test, separator.label, "stop", TENTH (2));
}

static void
test_a_flush_ends_tags (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstSegment segment;

  push_sequence (test, "11");
  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  tag_test_expect_tag (test, separator.label, "start", 0);
  tag_test_expect_tag (test, separator.label, "stop", TENTH (2));

  /* A seek backwards: time begins anew. */
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  test->n_pushed = 0;
  push_sequence (test, "01");
  tag_test_expect_tag (test, separator.label, "start", TENTH (1));
}

static void
test_a_new_segment_ends_tags_in_the_old_one (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstSegment segment;

  push_sequence (test, "11");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.time = 100 * GST_SECOND;
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  tag_test_expect_tag (test, separator.label, "start", 0);
  tag_test_expect_tag (test, separator.label, "stop", TENTH (2));
  test->n_pushed = 0;
  push_sequence (test, "1");
  tag_test_expect_tag (test, separator.label, "start", 100 * GST_SECOND);
}

static void
test_the_same_segment_again_ends_no_tag (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", CANDIDATES, NULL);
  g_autoptr (GstMessage) more = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstEvent) event =
        gst_pad_get_sticky_event (test->harness->srcpad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment;

    gst_buffer_unref (
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
    gst_event_parse_segment (event, &segment);
    gst_harness_push_event (test->harness, gst_event_new_segment (segment));
  }
  gst_message_unref (tag_test_pop_tag (test));
  more = tag_test_pop_tag (test);
  g_assert_null (more);

  /* Another stream has other tags. */
  gst_harness_push_event (
      test->harness, gst_event_new_stream_start ("another"));
  more = tag_test_pop_tag (test);
  g_assert_nonnull (more);
}

static void
test_stopping_ends_tags (void)
{
  g_autoptr (TagTest) test = new_test ();

  push_sequence (test, "1");
  gst_element_set_state (test->element, GST_STATE_READY);
  tag_test_expect_tag (test, separator.label, "start", 0);
  tag_test_expect_tag (test, separator.label, "stop", TENTH (1));
}

static void
test_frames_without_time_stamps_follow_each_other (void)
{
  g_autoptr (TagTest) test = new_test ();
  static const gchar sequence[] = "0110";
  g_autoptr (GstMessage) start = NULL;
  guint64 pts;

  for (guint i = 0; sequence[i] != '\0'; i++)
    gst_buffer_unref (gst_harness_push_and_pull (test->harness,
        tag_picture_small (sequence[i] == '1' ? separator.on : separator.off)));
  start = tag_test_pop_tag (test);
  g_assert_nonnull (start);
  g_assert_true (gst_structure_get_uint64 (
      gst_message_get_structure (start), "pts", &pts));
  g_assert_cmpuint (pts, ==, GST_CLOCK_TIME_NONE);
  tag_test_expect_tag (test, separator.label, "stop", TENTH (3));
}

static void
test_messages_can_be_turned_off (void)
{
  g_autoptr (TagTest) test = new_test ();

  g_object_set (test->element, "post-messages", FALSE, NULL);
  push_sequence (test, "0101");
  g_assert_null (tag_test_pop_tag (test));
}

static void
test_smoothing_holds_a_tag_back (void)
{
  g_autoptr (TagTest) test = new_test ();

  /* Ten seconds of time constant: a tenth of one changes little. */
  g_object_set (test->element, "smoothing", 10.0, NULL);
  gst_buffer_unref (tag_test_push (test, tag_picture_small (separator.off)));
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (separator.on));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);

  g_assert_cmpfloat (meta->scores[0].score, >, separator.threshold);
  g_assert_cmpfloat (meta->scores[0].smoothed, <, separator.threshold);
  g_assert_false (meta->scores[0].active);
}

/* Pushes frames until the first label is `label`; a set is encoded beside the
 * stream, so it is not the very next frame. */
static void
push_until_label (TagTest *test, const gchar *label)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    if (g_str_equal (gst_clip_meta_get_label (meta, 0), label)) {
      g_assert_true (meta->fresh);
      return;
    }
    g_usleep (2000);
  }
  g_error ("no frame got the label \"%s\"", label);
}

static gchar *
write_file (const gchar *content)
{
  g_autoptr (GError) error = NULL;
  gchar *path = NULL;
  gint fd = g_file_open_tmp ("clv-XXXXXX.json", &path, &error);

  g_assert_no_error (error);
  close (fd);
  g_assert_true (g_file_set_contents (path, content, -1, &error));
  return path;
}

static void
test_prompts_change_while_playing (void)
{
  g_autofree gchar *path =
      write_file ("{ \"groups\": [ { \"name\": \"g\", \"prompts\": [ { "
                  "\"label\": \"ball\", "
                  "\"text\": [\"a ball\", \"a round ball\"] } ] } ] }");
  g_autoptr (TagTest) test = new_test ();
  g_autofree gchar *prompts = NULL;
  g_autoptr (GstBuffer) old =
      tag_test_push (test, tag_picture_small (separator.on));
  GstClipMeta *meta = gst_buffer_get_clip_meta (old);
  guint64 generation = meta->generation;

  tag_test_expect_tag (test, separator.label, "start", 0);
  g_object_set (test->element, "prompts", "one; two; three", NULL);
  push_until_label (test, "one");
  /* The tag of the old set ends; its own frames keep its labels. */
  g_autoptr (GstMessage) stop = tag_test_pop_tag (test);
  g_assert_nonnull (stop);
  g_assert_cmpstr (gst_clip_meta_get_label (meta, 0), ==, separator.label);

  g_object_set (test->element, "prompts-file", path, NULL);
  g_object_get (test->element, "prompts", &prompts, NULL);
  g_assert_null (prompts);
  push_until_label (test, "ball");
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (separator.on));
  g_assert_cmpuint (gst_buffer_get_clip_meta (out)->generation, >, generation);
  g_unlink (path);
}

static void
test_bad_prompts_while_playing_are_a_warning (void)
{
  static const gchar *const bad[][2] = {
    { "prompts", " ; " },
    { "prompts-file", "/no/such/prompts.json" },
    { "template", "a photo" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (TagTest) test = new_test ();
    g_autoptr (GstMessage) warning = NULL;

    gst_buffer_unref (tag_test_push (test, tag_picture_small (separator.on)));
    g_object_set (test->element, bad[i][0], bad[i][1], NULL);
    gst_buffer_unref (tag_test_push (test, tag_picture_small (separator.on)));
    warning = gst_bus_timed_pop_filtered (
        test->bus, 60 * GST_SECOND, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
    g_assert_nonnull (warning);
    g_assert_cmpint (GST_MESSAGE_TYPE (warning), ==, GST_MESSAGE_WARNING);
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (separator.on));
    g_assert_cmpstr (
        gst_clip_meta_get_label (gst_buffer_get_clip_meta (out), 0), ==,
        separator.label);
  }
}

static void
count_orders (GstDebugCategory *category, GstDebugLevel level,
    const gchar *file, const gchar *function, gint line, GObject *object,
    GstDebugMessage *message, gpointer n_orders)
{
  if (strstr (gst_debug_message_get (message), "encodes prompts, order"))
    g_atomic_int_inc ((gint *) n_orders);
}

/* Those that come while one is being encoded take the place of each other. */
static void
test_overtaken_prompts_are_not_encoded (void)
{
  const gint n_changes = 30;
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "mode", TAG_TEST_LIVE, NULL);
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gint n_orders = 0;
  guint n_labels = 0;

  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_DEBUG);
  gst_debug_add_log_function (count_orders, &n_orders, NULL);
  for (gint i = 1; i <= n_changes; i++) {
    g_autoptr (GString) prompts =
        g_string_new (i < n_changes ? "x" : "x; last");

    for (guint k = 0; i < n_changes && k < 60; k++)
      g_string_append_printf (prompts, "; thing %d of %u", i, k);
    g_object_set (test->element, "prompts", prompts->str, NULL);
    gst_buffer_unref (
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
  }
  while (n_labels != 2) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    n_labels = meta != NULL ? meta->n_scores : 0;
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (2000);
  }
  gst_debug_remove_log_function (count_orders);
  gst_debug_unset_threshold_for_name ("cliptag");
  g_test_message ("%d of %d were encoded", n_orders, n_changes);
  g_assert_cmpint (g_atomic_int_get (&n_orders), >=, 1);
  g_assert_cmpint (g_atomic_int_get (&n_orders), <, n_changes);
}

/* With a threshold of 0 every softmax score is enough. */
static void
test_top_k_lets_the_best_through (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      CANDIDATES, "scoring", 1 /* softmax */, "threshold", 0.0, NULL);
  guint n_starts = 0;

  for (guint k = 0; k < 7; k++) {
    g_object_set (test->element, "top-k", k, NULL);
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);
    gfloat worst_active = 1, best_inactive = 0;
    guint n_active = 0;
    GstMessage *message;

    for (guint i = 0; i < meta->n_scores; i++) {
      if (meta->scores[i].active) {
        n_active++;
        worst_active = MIN (worst_active, meta->scores[i].smoothed);
      } else
        best_inactive = MAX (best_inactive, meta->scores[i].smoothed);
    }
    g_assert_cmpuint (n_active, ==, k == 0 ? 5 : MIN (k, 5));
    g_assert_cmpfloat (worst_active, >=, best_inactive);

    /* A change of k ends all and starts the k best. */
    for (n_starts = 0; (message = tag_test_pop_tag (test)) != NULL;
         gst_message_unref (message))
      n_starts +=
          g_str_equal (gst_structure_get_string (
                           gst_message_get_structure (message), "event"),
              "start");
    g_assert_cmpuint (n_starts, ==, n_active);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/tags/" name, function)
  ADD ("tags-start-and-stop-with-the-picture",
      test_tags_start_and_stop_with_the_picture);
  ADD ("black-and-white-are-told-apart", test_black_and_white_are_told_apart);
  ADD ("messages-say-how-long-and-how-strong",
      test_messages_say_how_long_and_how_strong);
  ADD ("the-end-of-the-stream-ends-tags", test_the_end_of_the_stream_ends_tags);
  ADD ("a-flush-ends-tags", test_a_flush_ends_tags);
  ADD ("a-new-segment-ends-tags-in-the-old-one",
      test_a_new_segment_ends_tags_in_the_old_one);
  ADD ("the-same-segment-again-ends-no-tag",
      test_the_same_segment_again_ends_no_tag);
  ADD ("stopping-ends-tags", test_stopping_ends_tags);
  ADD ("frames-without-time-stamps-follow-each-other",
      test_frames_without_time_stamps_follow_each_other);
  ADD ("messages-can-be-turned-off", test_messages_can_be_turned_off);
  ADD ("smoothing-holds-a-tag-back", test_smoothing_holds_a_tag_back);
  ADD ("prompts-change-while-playing", test_prompts_change_while_playing);
  ADD ("bad-prompts-while-playing-are-a-warning",
      test_bad_prompts_while_playing_are_a_warning);
  ADD ("overtaken-prompts-are-not-encoded",
      test_overtaken_prompts_are_not_encoded);
  ADD ("top-k-lets-the-best-through", test_top_k_lets_the_best_through);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

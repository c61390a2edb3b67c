/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* max-rate=0: how many frames are inferred where nobody says how many. */

#include "tag-test.h"

#include "../../plugin/tag/gstcliptagpace.h"

/* A thousand frames a second: no device here infers them all in time. */
#define FRAME_TIME GST_MSECOND
#define N_FRAMES   30

static void
test_an_inference_takes_four_fifths_of_the_time (void)
{
  GstClipTagPace pace;

  gst_clip_tag_pace_init (&pace, 0);
  g_assert_cmpfloat (gst_clip_tag_pace_get_rate (&pace), ==, 0);
  for (guint i = 0; i < 3; i++)
    gst_clip_tag_pace_add (&pace, 0.1);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 8, 1e-9);
  for (guint i = 0; i < 100; i++) /* others share the device now */
    gst_clip_tag_pace_add (&pace, 0.4);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 2, 1e-3);
}

/* The first inference waits for compilers. */
static void
test_the_first_is_no_measure (void)
{
  GstClipTagPace pace;

  gst_clip_tag_pace_init (&pace, 10);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 8, 1e-9);
  gst_clip_tag_pace_add (&pace, 20);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 8, 1e-9);
  gst_clip_tag_pace_add (&pace, 0.2);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 4, 1e-9);

  gst_clip_tag_pace_init (&pace, 0); /* nothing better is known */
  gst_clip_tag_pace_add (&pace, 8);
  g_assert_cmpfloat_with_epsilon (
      gst_clip_tag_pace_get_rate (&pace), 0.1, 1e-9);
  gst_clip_tag_pace_add (&pace, 0.2);
  g_assert_cmpfloat_with_epsilon (gst_clip_tag_pace_get_rate (&pace), 4, 1e-9);
}

static gdouble
get_rate (TagTest *test, const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  gdouble value;

  g_object_get (test->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_double (stats, name, &value));
  return value;
}

/* How many of the frames are inferred. No two of them are closer than the rate
 * in force allows, where there is one. */
static guint
push_fast (TagTest *test)
{
  GstClockTime last = GST_CLOCK_TIME_NONE;
  gdouble rate = 0;
  guint n = 0;

  for (guint i = 0; i < N_FRAMES; i++) {
    GstBuffer *picture = tag_picture_small (TAG_PICTURE_COLORS);
    g_autoptr (GstBuffer) out = NULL;
    GstClockTime pts = test->n_pushed++ * FRAME_TIME;

    GST_BUFFER_PTS (picture) = pts;
    GST_BUFFER_DURATION (picture) = FRAME_TIME;
    out = gst_harness_push_and_pull (test->harness, picture);
    rate = get_rate (test, "auto-rate");
    if (!gst_buffer_get_clip_meta (out)->fresh)
      continue;
    if (rate > 0 && GST_CLOCK_TIME_IS_VALID (last))
      g_assert_cmpfloat (
          (gdouble) (pts - last) / GST_SECOND, >=, 1 / rate - 1e-6);
    last = pts;
    n++;
  }
  return n;
}

static void
send_qos (TagTest *test)
{
  gst_harness_push_upstream_event (
      test->harness, gst_event_new_qos (GST_QOS_TYPE_OVERFLOW, 0.5,
                         -(GstClockTimeDiff) GST_SECOND, GST_SECOND));
}

/* A file that nobody watches has time for every frame. */
static void
test_every_frame_where_time_does_not_press (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);

  g_assert_cmpuint (push_fast (test), ==, N_FRAMES);
  g_assert_cmpfloat (get_rate (test, "auto-rate"), ==, 0);
  g_assert_cmpfloat_with_epsilon (
      get_rate (test, "inference-rate"), 1000, 1e-6);
}

static void
test_a_live_source_is_kept_up_with (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);

  gst_harness_set_live (test->harness, TRUE);
  g_assert_cmpuint (push_fast (test), <, N_FRAMES);
  while (tag_test_get_stat (test->element, "inferred") < 3)
    push_fast (test); /* the first one waits for compilers, and longer */
  g_assert_cmpfloat (get_rate (test, "auto-rate"), >, 0);
  g_assert_cmpfloat (get_rate (test, "inference-rate"), <, 999);
}

/* From the first QoS event on, unless nobody cares. */
static void
test_a_sink_with_a_clock_is_kept_up_with (void)
{
  for (guint qos = 0; qos < 2; qos++) {
    g_autoptr (TagTest) test = tag_test_new (
        TAG_TEST_SMALL_CAPS, "prompts", "a cat", "qos", qos, NULL);

    g_assert_cmpuint (push_fast (test), ==, N_FRAMES);
    send_qos (test);
    if (qos)
      g_assert_cmpuint (push_fast (test), <, N_FRAMES);
    else
      g_assert_cmpuint (push_fast (test), ==, N_FRAMES);
  }
}

static void
test_what_is_given_wins (void)
{
  static const struct {
    guint interval;
    gdouble rate;
    guint n_inferred;
  } cases[] = { { 1, 1000, N_FRAMES }, { 2, 0, N_FRAMES / 2 },
    { 1, 100, N_FRAMES / 10 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
        "a cat", "inference-interval", cases[i].interval, "max-rate",
        cases[i].rate, NULL);

    gst_harness_set_live (test->harness, TRUE);
    g_assert_cmpuint (push_fast (test), ==, cases[i].n_inferred);
    g_assert_cmpfloat (get_rate (test, "auto-rate"), ==, 0);
  }
}

/* As often as the device is free, and the element says how often that was. */
static void
test_live_tells_its_rate (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "mode", TAG_TEST_LIVE, NULL);
  gdouble rate;

  for (guint n = 1; n <= 3; n++) { /* one at a time: each is inferred */
    gst_buffer_unref (
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS)));
    tag_test_wait_stat (test->element, "inferred", n);
  }
  gst_buffer_unref (
      tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS)));
  rate = get_rate (test, "inference-rate");
  g_assert_cmpfloat_with_epsilon (rate, 10, 1e-6); /* of the frames */
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/pace/" name, function)
  ADD ("an-inference-takes-four-fifths-of-the-time",
      test_an_inference_takes_four_fifths_of_the_time);
  ADD ("the-first-is-no-measure", test_the_first_is_no_measure);
  ADD ("every-frame-where-time-does-not-press",
      test_every_frame_where_time_does_not_press);
  ADD ("a-live-source-is-kept-up-with", test_a_live_source_is_kept_up_with);
  ADD ("a-sink-with-a-clock-is-kept-up-with",
      test_a_sink_with_a_clock_is_kept_up_with);
  ADD ("what-is-given-wins", test_what_is_given_wins);
  ADD ("live-tells-its-rate", test_live_tells_its_rate);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

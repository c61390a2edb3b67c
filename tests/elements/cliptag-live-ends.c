/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mode live: when tags end, and what is left of frames then. */

#include "tag-test.h"

#include <string.h>

#define TENTH(n) ((n) *GST_SECOND / 10)
#define ON       TAG_PICTURE_BLACK
#define OFF      TAG_PICTURE_WHITE

/* Of which the first frame of a stream is inferred only. */
static TagTest *
new_test (void)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "mode", TAG_TEST_LIVE,
      "inference-interval", 1000, NULL);
}

static void
push (TagTest *test, TagPicture picture, guint n)
{
  for (guint i = 0; i < n; i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (picture)));
}

/* A black picture holds from 0 on, and nine frames more have passed. */
static TagTest *
new_test_with_a_tag (void)
{
  TagTest *test = new_test ();

  push (test, ON, 1);
  tag_test_wait_stat (test->element, "inferred", 1);
  push (test, ON, 9);
  tag_test_expect_tag (test, "a black picture", "start", 0);
  g_assert_null (tag_test_pop_tag (test));
  return test;
}

static void
test_a_change_ends_tags_with_the_last_frame (void)
{
  for (guint i = 0; i < 2; i++) {
    g_autoptr (TagTest) test = new_test_with_a_tag ();

    if (i == 0)
      g_object_set (test->element, "top-k", 1, NULL);
    else
      g_object_set (test->element, "smoothing", 0.5, NULL);
    push (test, ON, 1);
    tag_test_expect_tag (test, "a black picture", "stop", TENTH (10));
    tag_test_wait_stat (test->element, "inferred", 2);
    tag_test_expect_tag (test, "a black picture", "start", TENTH (10));
  }
}

static void
test_new_prompts_end_tags_with_the_last_frame (void)
{
  g_autoptr (TagTest) test = new_test_with_a_tag ();
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  guint n_before;

  g_object_set (test->element, "prompts", "a black screen; snow", NULL);
  do {
    n_before = test->n_pushed;
    push (test, ON, 1);
    g_usleep (2000);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  } while (!gst_bus_have_pending (test->bus));
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (n_before));
}

static void
test_a_stop_ends_tags_with_the_last_frame (void)
{
  g_autoptr (TagTest) test = new_test_with_a_tag ();

  gst_element_set_state (test->element, GST_STATE_NULL);
  tag_test_expect_tag (test, "a black picture", "stop", TENTH (10));
}

/* A frame that has no turn yet at a change has none after it: its tags would
 * start before those of the old settings end. */
static void
test_no_tag_starts_before_the_change (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "mode", TAG_TEST_LIVE, NULL);
  GstClockTime stopped = 0, time;
  GstMessage *message;

  push (test, ON, 1);
  tag_test_wait_stat (test->element, "inferred", 1);
  for (guint i = 0; i < 20; i++) {
    push (test, ON, 3);
    g_object_set (test->element, "smoothing", 0.1 * (i % 2), NULL);
    push (test, ON, 1);
    tag_test_wait_stat (test->element, "inferred",
        tag_test_get_stat (test->element, "inferred") + 1);
  }
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  while ((message = tag_test_pop_tag (test)) != NULL) {
    const GstStructure *tag = gst_message_get_structure (message);

    g_assert_true (gst_structure_get_uint64 (tag, "stream-time", &time));
    g_assert_cmpuint (time, >=, stopped);
    if (g_str_equal (gst_structure_get_string (tag, "event"), "stop"))
      stopped = time;
    gst_message_unref (message);
  }
}

/* Starts and stops are in order, and none comes after the stop. */
static void
test_nothing_comes_after_a_stop (void)
{
  for (guint turn = 0; turn < 10; turn++) {
    g_autoptr (TagTest) test = new_test ();
    gint n_active = 0;
    GstMessage *message;

    push (test, ON, 1);
    if (turn % 2 == 0)
      tag_test_wait_stat (test->element, "inferred", 1);
    push (test, ON, 2);
    g_usleep (turn * 3000);
    gst_element_set_state (test->element, GST_STATE_NULL);
    while ((message = tag_test_pop_tag (test)) != NULL) {
      const GstStructure *tag = gst_message_get_structure (message);

      n_active += g_str_equal (gst_structure_get_string (tag, "event"), "start")
                      ? 1
                      : -1;
      g_assert_cmpint (n_active, >=, 0);
      gst_message_unref (message);
    }
    g_assert_cmpint (n_active, ==, 0);
    g_usleep (20000);
    g_assert_null (tag_test_pop_tag (test));
  }
}

static void
count_free (gpointer n_alive, GstMiniObject *object)
{
  g_atomic_int_add ((gint *) n_alive, -1);
}

static void
test_a_drain_query_leaves_no_buffer (void)
{
  gint n_alive = 0;
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a black picture; a white picture", "mode", TAG_TEST_LIVE, NULL);

  for (guint turn = 1; turn <= 5; turn++) {
    g_autoptr (GstQuery) query = gst_query_new_drain ();

    for (guint i = 0; i < 3; i++) {
      GstBuffer *buffer = tag_picture_small (OFF);

      g_atomic_int_inc (&n_alive);
      gst_mini_object_weak_ref (GST_MINI_OBJECT (buffer), count_free, &n_alive);
      gst_buffer_unref (tag_test_push (test, buffer));
    }
    gst_pad_peer_query (test->harness->srcpad, query);
    g_assert_cmpint (g_atomic_int_get (&n_alive), ==, 0);
  }
}

/* Holds up who tells of a tag's stop, until it is let go. */
typedef struct {
  GMutex mutex;
  GCond cond;
  gboolean holds;
  gboolean is_free;
  gint n_failures; /* atomic */
} Gate;

static GstBusSyncReply
hold_up (GstBus *bus, GstMessage *message, gpointer data)
{
  Gate *gate = data;

  if (!gst_message_has_name (message, "clip-tag") ||
      !g_str_equal (gst_structure_get_string (
                        gst_message_get_structure (message), "event"),
          "stop"))
    return GST_BUS_PASS;
  g_mutex_lock (&gate->mutex);
  gate->holds = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->is_free)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
  return GST_BUS_PASS;
}

static void
wait_until_held (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  while (!gate->holds)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
}

static void
let_go (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->is_free = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

static void
count_failures (GstDebugCategory *category, GstDebugLevel level,
    const gchar *file, const gchar *function, gint line, GObject *object,
    GstDebugMessage *message, gpointer gate)
{
  if (strstr (gst_debug_message_get (message), "cannot encode a frame"))
    g_atomic_int_inc (&((Gate *) gate)->n_failures);
}

/* Too short for its caps. */
static void
push_broken (TagTest *test)
{
  GstBuffer *buffer = tag_picture_small (ON);

  gst_buffer_set_size (buffer, 100);
  gst_buffer_unref (tag_test_push (test, buffer));
}

/* The next frame comes before the failure of the first is known: it is not tried
 * as if a second had passed. */
static void
test_one_failure_counts_once (void)
{
  Gate gate = { 0 };
  g_autoptr (TagTest) test = new_test_with_a_tag ();

  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_WARNING);
  gst_debug_add_log_function (count_failures, &gate, NULL);
  gst_bus_set_sync_handler (test->bus, hold_up, &gate, NULL);
  g_object_set (
      test->element, "inference-interval", 1, "on-error", 1 /* pass */, NULL);
  push_broken (test);
  wait_until_held (&gate);
  push_broken (test);
  let_go (&gate);
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  g_assert_cmpint (g_atomic_int_get (&gate.n_failures), ==, 1);
  g_assert_cmpuint (tag_test_get_stat (test->element, "skipped"), ==, 1);
  gst_debug_remove_log_function (count_failures);

  tag_test_expect_tag (test, "a black picture", "stop", TENTH (11));
  g_assert_null (tag_test_pop_tag (test));
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/live-ends/" name, function)
  ADD ("a-change-ends-tags-with-the-last-frame",
      test_a_change_ends_tags_with_the_last_frame);
  ADD ("new-prompts-end-tags-with-the-last-frame",
      test_new_prompts_end_tags_with_the_last_frame);
  ADD ("a-stop-ends-tags-with-the-last-frame",
      test_a_stop_ends_tags_with_the_last_frame);
  ADD ("no-tag-starts-before-the-change", test_no_tag_starts_before_the_change);
  ADD ("nothing-comes-after-a-stop", test_nothing_comes_after_a_stop);
  ADD ("a-drain-query-leaves-no-buffer", test_a_drain_query_leaves_no_buffer);
  ADD ("one-failure-counts-once", test_one_failure_counts_once);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tags of regions over time: as what a region is known again, when its tags start
 * and stop, and what messages say of it. */

#include "region-test.h"

#define ROI_LIST 1 /* of inference-region */

#define W 320
#define H 240

#define TENTH(n) ((n) *GST_SECOND / 10)

static TagTest *
new_test (void)
{
  return tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS,
      "inference-region", ROI_LIST, NULL);
}

/* What is in a region of 100 × 100. */
typedef enum { GREY, RED, BLUE } Inside;

typedef struct {
  const gchar *type;
  gint id;
  guint x, y;
  Inside inside;
} Thing;

static void
push (TagTest *test, const Thing *things, guint n)
{
  GstBuffer *picture = region_picture_new (W, H);

  for (guint i = 0; i < n; i++) {
    const Thing *thing = &things[i];

    if (thing->inside == RED)
      region_picture_red_circle (picture, W, thing->x + 20, thing->y + 20, 60);
    if (thing->inside == BLUE)
      region_picture_blue_square (picture, W, thing->x + 20, thing->y + 20, 60);
    region_add_roi (
        picture, thing->type, thing->id, thing->x, thing->y, 100, 100);
  }
  gst_buffer_unref (tag_test_push (test, picture));
}

static void
expect (TagTest *test, const gchar *label, const gchar *event,
    GstClockTime stream_time, gint roi_id, guint x)
{
  g_autoptr (GstMessage) message = tag_test_pop_tag (test);
  const GstStructure *structure;
  GstClockTime found_time;
  guint found_x, width;
  gint found_id;

  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (structure, "label"), ==, label);
  g_assert_cmpstr (gst_structure_get_string (structure, "event"), ==, event);
  g_assert_cmpstr (gst_structure_get_string (structure, "region"), ==, "roi");
  g_assert_cmpstr (gst_structure_get_string (structure, "roi-type"), ==, "a");
  g_assert_true (gst_structure_get (structure, "stream-time", G_TYPE_UINT64,
      &found_time, "x", G_TYPE_UINT, &found_x, "width", G_TYPE_UINT, &width,
      "roi-id", G_TYPE_INT, &found_id, NULL));
  g_assert_cmpuint (found_time, ==, stream_time);
  g_assert_cmpint (found_id, ==, roi_id);
  g_assert_cmpuint (found_x, ==, x);
  g_assert_cmpuint (width, ==, 100);
}

static void
test_each_region_has_its_own_tags (void)
{
  g_autoptr (TagTest) test = new_test ();

  push (test, (Thing[]){ { "a", 1, 0, 0, GREY }, { "a", 2, 200, 0, BLUE } }, 2);
  expect (test, "a grey screen", "start", 0, 1, 0);
  expect (test, "a blue square", "start", 0, 2, 200);
  push (test, (Thing[]){ { "a", 2, 190, 0, BLUE }, { "a", 1, 0, 0, RED } }, 2);
  expect (test, "a red circle", "start", TENTH (1), 1, 0);
  expect (test, "a grey screen", "stop", TENTH (1), 1, 0);
  g_assert_null (tag_test_pop_tag (test));
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  expect (test, "a red circle", "stop", TENTH (2), 1, 0);
  expect (test, "a blue square", "stop", TENTH (2), 2, 190);
  g_assert_null (tag_test_pop_tag (test));
}

/* By its number, however far it went; by its place without one. */
static void
test_a_region_is_known_again (void)
{
  g_autoptr (TagTest) test = new_test ();

  push (
      test, (Thing[]){ { "a", 5, 0, 0, RED }, { "a", 0, 100, 100, BLUE } }, 2);
  expect (test, "a red circle", "start", 0, 5, 0);
  expect (test, "a blue square", "start", 0, 0, 100);
  push (test, (Thing[]){ { "a", 0, 120, 110, BLUE }, { "a", 5, 220, 0, RED } },
      2);
  g_assert_null (tag_test_pop_tag (test));
  push (test, (Thing[]){ { "a", 0, 0, 0, BLUE } }, 1); /* too far */
  expect (test, "a blue square", "start", TENTH (2), 0, 0);
  g_assert_null (tag_test_pop_tag (test));
}

/* Two with one number cannot be told apart by it. */
static void
test_regions_with_one_number_are_told_apart_by_place (void)
{
  g_autoptr (TagTest) test = new_test ();

  push (test, (Thing[]){ { "a", 5, 0, 0, RED }, { "a", 5, 200, 0, BLUE } }, 2);
  expect (test, "a red circle", "start", 0, 5, 0);
  expect (test, "a blue square", "start", 0, 5, 200);
  push (test, (Thing[]){ { "a", 5, 190, 0, BLUE }, { "a", 5, 10, 0, RED } }, 2);
  g_assert_null (tag_test_pop_tag (test));
}

/* A detector may miss it for a while. */
static void
test_tags_of_a_lost_region_end_where_it_was_last (void)
{
  g_autoptr (TagTest) test = new_test ();
  const Thing thing = { "a", 1, 20, 0, RED };

  push (test, &thing, 1);
  expect (test, "a red circle", "start", 0, 1, 20);
  for (guint i = 1; i < 9; i++)
    push (test, NULL, 0);
  push (test, &thing, 1); /* at 0.9 s */
  for (guint i = 10; i < 20; i++)
    push (test, NULL, 0);
  g_assert_null (tag_test_pop_tag (test));
  push (test, NULL, 0); /* at 2 s */
  expect (test, "a red circle", "stop", TENTH (10), 1, 20);
  push (test, &thing, 1);
  expect (test, "a red circle", "start", TENTH (21), 1, 20);
  g_assert_null (tag_test_pop_tag (test));
}

/* Beside the stream nobody looks at frames without regions, but to find this. */
static void
test_tags_of_a_lost_region_end_in_mode_live (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS,
          "inference-region", ROI_LIST, "mode", TAG_TEST_LIVE, NULL);
  const Thing thing = { "a", 1, 20, 0, RED };
  g_autoptr (GstMessage) message = NULL;
  const gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  push (test, &thing, 1);
  tag_test_wait_stat (test->element, "inferred", 1);
  expect (test, "a red circle", "start", 0, 1, 20);
  for (guint i = 1; i < 12; i++)
    push (test, NULL, 0);
  while ((message = tag_test_pop_tag (test)) == NULL) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (2000);
  }
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "event"),
      ==, "stop");
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 1);
}

/* Half a second until the mean has followed. */
static void
test_smoothing_is_of_each_region (void)
{
  g_autoptr (TagTest) test = new_test ();

  g_object_set (test->element, "smoothing", 0.5, NULL);
  push (test, (Thing[]){ { "a", 1, 0, 0, GREY }, { "a", 2, 200, 0, RED } }, 2);
  expect (test, "a grey screen", "start", 0, 1, 0);
  expect (test, "a red circle", "start", 0, 2, 200);
  push (test, (Thing[]){ { "a", 1, 0, 0, RED }, { "a", 2, 200, 0, RED } }, 2);
  g_assert_null (tag_test_pop_tag (test));
  for (guint i = 0; i < 5; i++)
    push (test, (Thing[]){ { "a", 1, 0, 0, RED } }, 1);
  expect (test, "a red circle", "start", TENTH (4), 1, 0);
}

/* gvatrack puts its own number beside that of the detector. */
static void
test_a_trackers_number_goes_first (void)
{
  g_autoptr (TagTest) test = new_test ();

  for (guint i = 0; i < 2; i++) {
    GstBuffer *picture = region_picture_new (W, H);
    GstVideoRegionOfInterestMeta *roi;

    region_picture_red_circle (picture, W, 20 + 200 * i, 20, 60);
    roi = region_add_roi (picture, "a", 100 + (gint) i, 200 * i, 0, 100, 100);
    gst_video_region_of_interest_meta_add_param (
        roi, gst_structure_new ("object_id", "id", G_TYPE_INT, 3, NULL));
    gst_buffer_unref (tag_test_push (test, picture));
  }
  expect (test, "a red circle", "start", 0, 3, 0);
  g_assert_null (tag_test_pop_tag (test));
}

/* What was before it is not known again. */
static void
test_a_flush_forgets_regions (void)
{
  g_autoptr (TagTest) test = new_test ();
  const Thing thing = { "a", 1, 20, 0, RED };
  GstSegment segment;

  push (test, &thing, 1);
  expect (test, "a red circle", "start", 0, 1, 20);
  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  expect (test, "a red circle", "stop", TENTH (1), 1, 20);
  push (test, &thing, 1);
  expect (test, "a red circle", "start", TENTH (1), 1, 20);
}

static void
add (void)
{
#define ADD(name) g_test_add_func ("/cliptag/region-tags/" #name, test_##name)
  ADD (each_region_has_its_own_tags);
  ADD (a_region_is_known_again);
  ADD (regions_with_one_number_are_told_apart_by_place);
  ADD (tags_of_a_lost_region_end_where_it_was_last);
  ADD (tags_of_a_lost_region_end_in_mode_live);
  ADD (smoothing_is_of_each_region);
  ADD (a_trackers_number_goes_first);
  ADD (a_flush_forgets_regions);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

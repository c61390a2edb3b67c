/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Regions that a detector found: what they are scored as, when, and as what they
 * are known again. */

#include "region-test.h"

static void
test_each_region_has_its_own_scores (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;
  GstClipRegionMeta *left, *right;

  region_add_roi (picture, "thing", 4, 20, 60, 100, 100);
  region_add_roi (picture, "shape", 9, 201, 71, 99, 98);
  out = tag_test_push (test, picture);

  g_assert_null (gst_buffer_get_clip_meta (out));
  g_assert_cmpuint (region_count (out), ==, 2);
  left = region_get_roi (out, 4);
  right = region_get_roi (out, 9);
  region_expect_best (left, "a red circle");
  region_expect_best (right, "a blue square");
  g_assert_cmpuint (right->region.x, ==, 201);
  g_assert_cmpuint (right->region.y, ==, 71);
  g_assert_cmpuint (right->region.width, ==, 99);
  g_assert_cmpuint (right->region.height, ==, 98);
  g_assert_cmpstr (g_quark_to_string (right->region.roi_type), ==, "shape");
  g_assert_cmpint (right->region.row, ==, -1);
  g_assert_true (left->fresh);
  g_assert_cmpuint (left->pts, ==, GST_BUFFER_PTS (out));
  g_assert_cmpuint (left->n_scores, ==, 3);
  g_assert_null (gst_clip_region_meta_get_label (left, 3));
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 2);
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 1);
}

/* Who reads the detector's meta, as DL Streamer's elements do, finds the tag. */
static void
test_the_detectors_meta_is_told (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;
  GstVideoRegionOfInterestMeta *roi;
  const GstStructure *tag;
  gdouble confidence;

  region_add_roi (picture, "thing", 4, 20, 60, 100, 100);
  out = tag_test_push (test, picture);
  roi = gst_buffer_get_video_region_of_interest_meta_id (out, 4);
  g_assert_nonnull (roi);
  tag = gst_video_region_of_interest_meta_get_param (roi, "clip-tag");
  g_assert_nonnull (tag);
  g_assert_cmpstr (gst_structure_get_string (tag, "label"), ==, "a red circle");
  g_assert_cmpstr (gst_structure_get_string (tag, "group"), ==, "default");
  g_assert_true (gst_structure_get_double (tag, "confidence", &confidence));
  g_assert_cmpfloat (confidence, >=, 0.5);
}

static void
test_frames_without_regions_pass (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  g_autoptr (GstBuffer) out = tag_test_push (test, region_picture_two ());

  g_assert_null (gst_buffer_get_clip_meta (out));
  g_assert_cmpuint (region_count (out), ==, 0);
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 0);
  g_assert_cmpuint (tag_test_get_stat (test->element, "untagged"), ==, 1);
}

/* A number below 0 is large where numbers have no sign. */
static void
test_regions_are_cut_at_the_edges (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;
  GstClipRegionMeta *meta;

  region_add_roi (picture, "a", 1, (guint) -10, 200, 50, 4000);
  region_add_roi (picture, "a", 2, REGION_TEST_WIDTH, 10, 50, 50);
  region_add_roi (picture, "a", 3, 10, 10, 0, 50);
  region_add_roi (picture, "a", 4, 10, (guint) -60, 20, 60);
  region_add_roi (picture, "a", 5, REGION_TEST_WIDTH - 1,
      REGION_TEST_HEIGHT - 1, G_MAXUINT, G_MAXUINT);
  region_add_roi (picture, "a", 6, G_MAXUINT, G_MAXUINT, 1, 1);
  out = tag_test_push (test, picture);

  g_assert_cmpuint (region_count (out), ==, 2);
  meta = region_get_roi (out, 1);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->region.x, ==, 0);
  g_assert_cmpuint (meta->region.y, ==, 200);
  g_assert_cmpuint (meta->region.width, ==, 40);
  g_assert_cmpuint (meta->region.height, ==, 40);
  g_assert_nonnull (region_get_roi (out, 5));
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions-empty"), ==, 4);
}

static void
test_only_the_wanted_classes_are_scored (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "inference-region", REGION_TEST_ROI_LIST,
      "object-class", " car ;truck;", NULL);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;

  region_add_roi (picture, "car", 1, 0, 0, 50, 50);
  region_add_roi (picture, "person", 2, 50, 0, 50, 50);
  region_add_roi (picture, "truck", 3, 100, 0, 50, 50);
  out = tag_test_push (test, picture);
  g_assert_cmpuint (region_count (out), ==, 2);
  g_assert_null (region_get_roi (out, 2));
}

/* The region with the number 7, which goes to the right. */
static GstBuffer *
push_moving (TagTest *test, guint frame)
{
  GstBuffer *picture =
      region_picture_new (REGION_TEST_WIDTH, REGION_TEST_HEIGHT);

  region_picture_red_circle (
      picture, REGION_TEST_WIDTH, 20 + 10 * frame, 80, 60);
  region_add_roi (picture, "ball", 7, 10 * frame, 60, 100, 100);
  return tag_test_push (test, picture);
}

static void
test_a_region_is_scored_again_after_the_interval (void)
{
  g_autoptr (TagTest) test = region_test_new ("reclassify-interval", 3);

  for (guint i = 0; i < 7; i++) {
    g_autoptr (GstBuffer) out = push_moving (test, i);
    GstClipRegionMeta *meta = region_get_roi (out, 7);

    region_expect_best (meta, "a red circle");
    g_assert_cmpint (meta->fresh, ==, i % 3 == 0);
    g_assert_cmpuint (meta->region.x, ==, 10 * i); /* where it is now */
    g_assert_cmpuint (meta->pts, ==, i / 3 * 3 * GST_SECOND / 10);
    g_assert_cmpuint (meta->age, ==, i % 3 * GST_SECOND / 10);
  }
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 3);
  g_assert_cmpuint (tag_test_get_stat (test->element, "inferred"), ==, 3);
}

static void
test_with_interval_0_a_region_is_scored_once (void)
{
  g_autoptr (TagTest) test = region_test_new ("reclassify-interval", 0);

  for (guint i = 0; i < 4; i++)
    gst_buffer_unref (push_moving (test, i));
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 1);
}

/* Those first that have no scores yet, then those with the oldest. */
static void
test_regions_take_turns (void)
{
  g_autoptr (TagTest) test = region_test_new ("max-regions", 2);

  for (guint frame = 0; frame < 4; frame++) {
    GstBuffer *picture = region_picture_two ();
    g_autoptr (GstBuffer) out = NULL;

    for (gint id = 1; id <= 5; id++)
      region_add_roi (picture, "a", id, 50 * (guint) id, 0, 40, 40);
    out = tag_test_push (test, picture);
    g_assert_cmpuint (region_count (out), ==, MIN (2 * (frame + 1), 5));
    for (gint id = 1; id <= 5; id++) {
      static const gint turns[4][2] = { { 1, 2 }, { 3, 4 }, { 5, 1 },
        { 2, 3 } };
      GstClipRegionMeta *meta = region_get_roi (out, id);

      if (meta != NULL)
        g_assert_cmpint (
            meta->fresh, ==, id == turns[frame][0] || id == turns[frame][1]);
    }
  }
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 8);
  g_assert_cmpuint (
      tag_test_get_stat (test->element, "regions-left-out"), ==, 12);
}

/* More than the engine encodes in one request. */
static void
test_many_regions_of_one_frame (void)
{
  g_autoptr (TagTest) test = region_test_new ("max-regions", 64);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;

  for (gint id = 1; id <= 38; id++)
    region_add_roi (picture, "a", id, 0, 0, 100, 100);
  region_add_roi (picture, "a", 39, 20, 60, 100, 100);
  region_add_roi (picture, "a", 40, 200, 70, 100, 100);
  out = tag_test_push (test, picture);
  g_assert_cmpuint (region_count (out), ==, 40);
  region_expect_best (region_get_roi (out, 39), "a red circle");
  region_expect_best (region_get_roi (out, 40), "a blue square");
}

static void
test_a_region_appears_in_an_unchanged_picture (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "inference-region", REGION_TEST_ROI_LIST,
      "change-threshold", 0.05, NULL);

  for (guint frame = 0; frame < 4; frame++) {
    GstBuffer *picture = region_picture_two ();
    g_autoptr (GstBuffer) out = NULL;
    GstClipRegionMeta *meta;

    region_add_roi (picture, "a", 1, 20, 60, 100, 100);
    if (frame >= 2)
      region_add_roi (picture, "a", 2, 200, 70, 100, 100);
    out = tag_test_push (test, picture);
    meta = region_get_roi (out, 1);
    g_assert_nonnull (meta);
    g_assert_cmpint (meta->fresh, ==, frame % 2 == 0);
    g_assert_cmpint (meta->unchanged, ==, frame % 2 == 1);
    g_assert_cmpint (region_get_roi (out, 2) != NULL, ==, frame >= 2);
  }
  g_assert_cmpuint (tag_test_get_stat (test->element, "unchanged"), ==, 2);
}

/* Where a frame leaves before it is scored, a later one has what is known of the
 * region, at its own place. */
static void
test_live_frames_carry_what_is_known_of_a_region (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "inference-region", REGION_TEST_ROI_LIST, "mode",
      TAG_TEST_LIVE, NULL);
  g_autoptr (GstBuffer) first = push_moving (test, 0);
  g_autoptr (GstBuffer) second = NULL;
  GstClipRegionMeta *meta;

  g_assert_null (region_get_roi (first, 7));
  tag_test_wait_stat (test->element, "inferred", 1);
  second = push_moving (test, 1);
  meta = region_get_roi (second, 7);
  region_expect_best (meta, "a red circle");
  g_assert_false (meta->fresh);
  g_assert_cmpuint (meta->region.x, ==, 10);
  g_assert_cmpuint (meta->pts, ==, 0);
  g_assert_cmpuint (meta->age, ==, GST_SECOND / 10);
}

static void
add (void)
{
#define ADD(name) g_test_add_func ("/cliptag/regions/" #name, test_##name)
  ADD (each_region_has_its_own_scores);
  ADD (the_detectors_meta_is_told);
  ADD (frames_without_regions_pass);
  ADD (regions_are_cut_at_the_edges);
  ADD (only_the_wanted_classes_are_scored);
  ADD (a_region_is_scored_again_after_the_interval);
  ADD (with_interval_0_a_region_is_scored_once);
  ADD (regions_take_turns);
  ADD (many_regions_of_one_frame);
  ADD (a_region_appears_in_an_unchanged_picture);
  ADD (live_frames_carry_what_is_known_of_a_region);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Regions of detectors that tell of them as GstAnalyticsODMtd: that they are scored,
 * once, and what GStreamer's own elements find with them. */

#include <gst/analytics/analytics.h>

#include "region-test.h"

/* As a detector attaches it. */
static GstAnalyticsODMtd
add_detection (
    GstBuffer *buffer, const gchar *type, gint x, gint y, gint w, gint h)
{
  GstAnalyticsODMtd mtd;

  g_assert_true (gst_analytics_relation_meta_add_od_mtd (
      gst_buffer_add_analytics_relation_meta (buffer),
      g_quark_from_string (type), x, y, w, h, 0.9f, &mtd));
  return mtd;
}

/* As a tracker does. */
static void
add_track (const GstAnalyticsODMtd *detection, guint64 number)
{
  GstAnalyticsTrackingMtd mtd;

  g_assert_true (gst_analytics_relation_meta_add_tracking_mtd (
      detection->meta, number, 0, &mtd));
  g_assert_true (gst_analytics_relation_meta_set_relation (detection->meta,
      GST_ANALYTICS_REL_TYPE_RELATE_TO, detection->id, mtd.id));
}

/* The only one of this place. */
static GstClipRegionMeta *
get_at (GstBuffer *buffer, guint x, guint y)
{
  GstClipRegionMeta *found = NULL;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_REGION_META_API_TYPE))) {
    GstClipRegionMeta *region = (GstClipRegionMeta *) meta;

    if (region->region.x != x || region->region.y != y)
      continue;
    g_assert_null (found);
    found = region;
  }
  return found;
}

/* What is best of the classification that a reader finds by this relation. */
static void
expect_cls (GstBuffer *buffer, guint detection, GstAnalyticsRelTypes relation,
    const gchar *label)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsClsMtd cls;

  g_assert_true (gst_analytics_relation_meta_get_direct_related (meta,
      detection, relation, gst_analytics_cls_mtd_get_mtd_type (), NULL, &cls));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&cls), ==, 1);
  g_assert_cmpstr (
      g_quark_to_string (gst_analytics_cls_mtd_get_quark (&cls, 0)), ==, label);
  g_assert_cmpint (
      gst_analytics_relation_meta_get_relation (meta, cls.id, detection), ==,
      GST_ANALYTICS_REL_TYPE_IS_PART_OF);
}

static void
test_detections_have_their_own_scores (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  GstAnalyticsODMtd left = add_detection (picture, "thing", 20, 60, 100, 100);
  GstAnalyticsODMtd right = add_detection (picture, "shape", 201, 71, 99, 98);
  g_autoptr (GstBuffer) out = tag_test_push (test, picture);
  GstClipRegionMeta *meta = get_at (out, 201, 71);

  g_assert_cmpuint (region_count (out), ==, 2);
  region_expect_best (get_at (out, 20, 60), "a red circle");
  region_expect_best (meta, "a blue square");
  g_assert_cmpstr (g_quark_to_string (meta->region.roi_type), ==, "shape");
  g_assert_cmpint (meta->region.roi_id, ==, 0);
  g_assert_cmpuint (meta->region.width, ==, 99);
  g_assert_cmpuint (meta->region.height, ==, 98);
  expect_cls (out, left.id, GST_ANALYTICS_REL_TYPE_RELATE_TO, "a red circle");
  expect_cls (out, left.id, GST_ANALYTICS_REL_TYPE_CONTAIN, "a red circle");
  expect_cls (out, right.id, GST_ANALYTICS_REL_TYPE_RELATE_TO, "a blue square");
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 2);
}

/* Detectors that serve old and new readers tell of each object twice. */
static void
test_what_is_told_twice_is_scored_once (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  GstAnalyticsODMtd left = add_detection (picture, "thing", 20, 60, 100, 100);
  g_autoptr (GstBuffer) out = NULL;
  GstVideoRegionOfInterestMeta *roi;

  add_detection (picture, "thing", 200, 70, 100, 100);
  region_add_roi (picture, "thing", 5, 20, 60, 100, 100);
  region_add_roi (picture, "other", 6, 200, 70, 100, 100);
  region_add_roi (picture, "thing", 7, 21, 60, 100, 100);
  out = tag_test_push (test, picture);

  g_assert_cmpuint (region_count (out), ==, 4);
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions"), ==, 4);
  region_expect_best (region_get_roi (out, 5), "a red circle");
  expect_cls (out, left.id, GST_ANALYTICS_REL_TYPE_RELATE_TO, "a red circle");
  roi = gst_buffer_get_video_region_of_interest_meta_id (out, 5);
  g_assert_nonnull (
      gst_video_region_of_interest_meta_get_param (roi, "clip-tag"));
}

/* Over the edges, outside, upside down. */
static void
test_detections_are_cut_at_the_edges (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;
  GstClipRegionMeta *meta;

  add_detection (picture, "a", -10, 200, 50, 4000);
  add_detection (picture, "a", REGION_TEST_WIDTH, 10, 50, 50);
  add_detection (picture, "a", 10, 10, -20, 50);
  add_detection (picture, "a", G_MININT, G_MININT, G_MAXINT, G_MAXINT);
  add_detection (picture, "a", REGION_TEST_WIDTH - 1, REGION_TEST_HEIGHT - 1,
      G_MAXINT, G_MAXINT);
  out = tag_test_push (test, picture);

  g_assert_cmpuint (region_count (out), ==, 2);
  meta = get_at (out, 0, 200);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->region.width, ==, 40);
  g_assert_cmpuint (meta->region.height, ==, 40);
  g_assert_nonnull (
      get_at (out, REGION_TEST_WIDTH - 1, REGION_TEST_HEIGHT - 1));
  g_assert_cmpuint (tag_test_get_stat (test->element, "regions-empty"), ==, 3);
}

static void
test_only_the_wanted_classes_are_scored (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "inference-region", REGION_TEST_ROI_LIST,
      "object-class", "car", NULL);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) out = NULL;

  add_detection (picture, "person", 0, 0, 50, 50);
  add_detection (picture, "car", 50, 0, 50, 50);
  out = tag_test_push (test, picture);
  g_assert_cmpuint (region_count (out), ==, 1);
  g_assert_nonnull (get_at (out, 50, 0));
}

/* With reclassify-interval=0 a region is encoded once: the number of encodings is
 * that of regions that are new. The object jumps where nothing overlaps. */
static void
test_a_tracker_knows_it_again (void)
{
  static const guint64 number = G_GUINT64_CONSTANT (0xabcdef0000000003);

  for (guint tracked = 0; tracked < 2; tracked++) {
    g_autoptr (TagTest) test = region_test_new ("reclassify-interval", 0);

    for (gint frame = 0; frame < 3; frame++) {
      GstBuffer *picture = region_picture_two ();
      GstAnalyticsODMtd mtd =
          add_detection (picture, "ball", 100 * frame, 10, 60, 60);
      g_autoptr (GstBuffer) out = NULL;

      if (tracked)
        add_track (&mtd, number);
      out = tag_test_push (test, picture);
      g_assert_cmpuint (region_count (out), ==, 1);
      g_assert_cmpint (get_at (out, 100 * (guint) frame, 10)->region.roi_id, ==,
          tracked ? 3 : 0);
    }
    g_assert_cmpuint (
        tag_test_get_stat (test->element, "regions"), ==, tracked ? 1 : 3);
  }
}

static void
test_batches_and_live_frames_have_theirs (void)
{
  static const gint modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
        REGION_TEST_PROMPTS, "inference-region", REGION_TEST_ROI_LIST, "mode",
        modes[i], "batch-size", 2, NULL);
    g_autoptr (GstBuffer) out = NULL;

    for (guint frame = 0; frame < 2; frame++) {
      GstBuffer *picture = region_picture_two ();

      add_detection (picture, "thing", 20, 60, 100, 100);
      tag_test_push_only (test, picture);
      if (modes[i] == TAG_TEST_LIVE && frame == 0) {
        gst_buffer_unref (gst_harness_pull (test->harness));
        tag_test_wait_stat (test->element, "inferred", 1);
      }
    }
    out = gst_harness_pull (test->harness);
    region_expect_best (get_at (out, 20, 60), "a red circle");
    expect_cls (out, 0, GST_ANALYTICS_REL_TYPE_RELATE_TO, "a red circle");
  }
}

/* What objectdetectionoverlay makes of it. */
static GstBuffer *
draw (GstBuffer *buffer)
{
  GstHarness *harness = gst_harness_new ("objectdetectionoverlay");
  GstBuffer *drawn;

  gst_harness_set_src_caps_str (harness, REGION_TEST_CAPS);
  drawn = gst_harness_push_and_pull (harness, buffer);
  g_assert_nonnull (drawn);
  gst_harness_teardown (harness);
  return drawn;
}

static gboolean
are_same_pixels (GstBuffer *a, GstBuffer *b)
{
  GstMapInfo map;
  gboolean same;

  g_assert_true (gst_buffer_map (a, &map, GST_MAP_READ));
  g_assert_cmpuint (gst_buffer_get_size (b), ==, map.size);
  same = gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return same;
}

/* It draws our label and score beside the box, as if the detector itself had said
 * so. */
static void
test_the_overlay_of_gstreamer_shows_our_tags (void)
{
  g_autoptr (TagTest) test = region_test_new (NULL, 0);
  GstBuffer *picture = region_picture_two ();
  g_autoptr (GstBuffer) untagged = NULL;
  g_autoptr (GstBuffer) tagged = NULL;
  g_autoptr (GstBuffer) wanted = NULL;
  GstClipRegionMeta *meta;
  GstAnalyticsODMtd mtd;
  gfloat score;

  if (!gst_registry_check_feature_version (
          gst_registry_get (), "objectdetectionoverlay", 1, 24, 0)) {
    g_test_skip ("no objectdetectionoverlay (gst-plugins-bad)");
    return;
  }
  add_detection (picture, "thing", 20, 60, 100, 100);
  untagged = draw (gst_buffer_copy_deep (picture));
  tagged = tag_test_push (test, picture);
  meta = get_at (tagged, 20, 60);
  score = meta->scores[gst_clip_region_meta_get_best (meta)].smoothed;
  tagged = draw (gst_buffer_make_writable (tagged));

  picture = region_picture_two ();
  g_assert_true (gst_analytics_relation_meta_add_od_mtd (
      gst_buffer_add_analytics_relation_meta (picture),
      g_quark_from_string ("a red circle"), 20, 60, 100, 100, score, &mtd));
  wanted = draw (picture);
  g_assert_false (are_same_pixels (untagged, wanted));
  g_assert_true (are_same_pixels (tagged, wanted));
}

static void
add (void)
{
#define ADD(name) g_test_add_func ("/cliptag/detections/" #name, test_##name)
  ADD (detections_have_their_own_scores);
  ADD (what_is_told_twice_is_scored_once);
  ADD (detections_are_cut_at_the_edges);
  ADD (only_the_wanted_classes_are_scored);
  ADD (a_tracker_knows_it_again);
  ADD (batches_and_live_frames_have_theirs);
  ADD (the_overlay_of_gstreamer_shows_our_tags);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

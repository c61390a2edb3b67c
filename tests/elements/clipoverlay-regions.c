/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Boxes of regions: where they are, in which colour, and when they are drawn anew. */

#include "gstclipregionmeta.h"
#include "meta-test.h"
#include "overlay-test.h"

#define CAPS "video/x-raw,format=RGB,width=320,height=240,framerate=10/1"

static GstVideoInfo
get_info (void)
{
  GstVideoInfo info;

  g_assert_true (
      gst_video_info_set_format (&info, GST_VIDEO_FORMAT_RGB, 320, 240));
  return info;
}

static void
add_region (GstBuffer *buffer, ClvPrompts *prompts, const GstClipRegion *region,
    gfloat dog)
{
  const ClvScore scores[2] = {
    { .smoothed = dog, .score = dog, .active = dog >= 0.5f },
    { .smoothed = 1 - dog, .score = 1 - dog },
  };
  g_autoptr (GstClipResult) result =
      gst_clip_result_new (prompts, "none", "none", 0, scores, NULL, 0);

  gst_buffer_add_clip_region_meta (buffer, region, result, TRUE, FALSE, 0);
}

/* The box of what was drawn, and its pixels. */
static OverlayBox
draw (OverlayTest *test, GstBuffer *in, guint8 **ret_pixels)
{
  GstVideoInfo info = get_info ();
  g_autofree guint8 *before = overlay_to_rgba (in, &info);
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (test->harness, in);

  g_assert_nonnull (out);
  *ret_pixels = overlay_to_rgba (out, &info);
  return overlay_difference (before, *ret_pixels, 320, 240, 8);
}

static gboolean
is_red (const guint8 *pixels, guint x, guint y)
{
  const guint8 *p = pixels + (y * 320 + x) * 4;

  return p[0] > 180 && p[1] < 80 && p[2] < 80;
}

static void
test_a_region_has_a_box_and_its_tag (void)
{
  g_autoptr (OverlayTest) test =
      overlay_test_new ("colors=\"dog=#ff0000\"", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  const GstClipRegion region = { 100, 80, 120, 90, 0, 1, -1, -1 };
  GstVideoInfo info = get_info ();
  GstBuffer *in = overlay_picture_new (&info, 0x808080);
  g_autofree guint8 *pixels = NULL;
  OverlayBox box;

  add_region (in, prompts, &region, 0.9f);
  box = draw (test, in, &pixels);
  g_assert_cmpint (box.x, ==, 100);
  g_assert_cmpint (box.x + box.width, ==, 220);
  g_assert_cmpint (box.y, <, 75); /* the tag is above */
  g_assert_cmpint (box.y, >, 50);
  g_assert_cmpint (box.y + box.height, ==, 170);
  g_assert_true (is_red (pixels, 100, 120));
  g_assert_true (is_red (pixels, 219, 120));
  g_assert_true (is_red (pixels, 160, 81));
  g_assert_true (is_red (pixels, 160, 169));
  g_assert_false (is_red (pixels, 160, 120)); /* inside */
}

/* A detector's box is of use without a tag; a tile is everywhere. */
static void
test_only_boxes_of_detectors_are_drawn_without_a_tag (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  const GstClipRegion tile = { 0, 0, 160, 240, 0, -1, 0, 0 };
  const GstClipRegion roi = { 200, 100, 60, 60, 0, 1, -1, -1 };
  GstVideoInfo info = get_info ();
  GstBuffer *in = overlay_picture_new (&info, 0x202020);
  g_autofree guint8 *pixels = NULL;
  OverlayBox box;

  add_region (in, prompts, &tile, 0.1f);
  add_region (in, prompts, &roi, 0.1f);
  box = draw (test, in, &pixels);
  g_assert_cmpint (box.x, ==, 200);
  g_assert_cmpint (box.y, ==, 100);
  g_assert_cmpint (box.width, ==, 60);
  g_assert_cmpint (box.height, ==, 60);
}

/* Scaled metadata may end beyond the picture. */
static void
test_boxes_end_with_the_picture (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  const GstClipRegion regions[] = {
    { 300, 230, 100, 100, 0, 1, -1, -1 },
    { 1000, 1000, 100, 100, 0, 2, -1, -1 },
    { 0, 0, G_MAXINT, G_MAXINT, 0, 3, -1, -1 },
    { 319, 239, 1, 1, 0, 4, -1, -1 },
  };
  GstVideoInfo info = get_info ();
  GstBuffer *in = overlay_picture_new (&info, 0x202020);
  g_autofree guint8 *pixels = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (regions); i++)
    add_region (in, prompts, &regions[i], 0.9f);
  g_assert_cmpint (draw (test, in, &pixels).width, >, 0);
}

static void
test_a_box_moves_with_its_region (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = get_info ();

  for (guint i = 0; i < 3; i++) {
    const GstClipRegion region = { 60 + 20 * i, 100, 40, 40, 0, 1, -1, -1 };
    GstBuffer *in = overlay_picture_new (&info, 0x202020);
    g_autofree guint8 *pixels = NULL;

    add_region (in, prompts, &region, 0.1f);
    g_assert_cmpint (draw (test, in, &pixels).x, ==, 60 + 20 * i);
  }
  {
    GstBuffer *in = overlay_picture_new (&info, 0x202020);
    g_autofree guint8 *pixels = NULL;

    g_assert_cmpint (draw (test, in, &pixels).width, ==, 0);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/clipoverlay/regions/" #name, test_##name)
  ADD (a_region_has_a_box_and_its_tag);
  ADD (only_boxes_of_detectors_are_drawn_without_a_tag);
  ADD (boxes_end_with_the_picture);
  ADD (a_box_moves_with_its_region);
#undef ADD
  return g_test_run ();
}

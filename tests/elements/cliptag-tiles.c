/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A grid of tiles: it covers the picture, small things are found in it, and the
 * metadata says where, also behind what changes the picture's size. */

#include "region-test.h"

#include <string.h>

#include "gstcliptiles.h"

#define W 1280
#define H 720

/* Every pixel is in a tile, all tiles are of one size, and begin on even places. */
static void
check_cover (guint length, guint n)
{
  guint end = 0;

  for (guint i = 0; i < n; i++) {
    const GstClipFrameArea a = gst_clip_tiles_get (length, 1, n, 1, i, 0);
    const GstClipFrameArea b = gst_clip_tiles_get (1, length, 1, n, 0, i);
    const GstClipFrameArea first = gst_clip_tiles_get (length, 1, n, 1, 0, 0);

    g_assert_cmpuint (a.x, ==, b.y);
    g_assert_cmpuint (a.width, ==, b.height);
    g_assert_cmpuint (a.width, ==, first.width);
    g_assert_cmpuint (a.width, <=, length / n + 3);
    g_assert_cmpuint (a.x % 2, ==, 0);
    g_assert_cmpuint (a.x, <=, end);
    end = a.x + a.width;
    g_assert_cmpuint (end, <=, length);
  }
  g_assert_cmpuint (end, ==, length);
}

static void
test_tiles_cover_the_picture (void)
{
  for (guint n = 1; n <= GST_CLIP_TILES_MAX; n++) {
    for (guint length = 1; length < 300; length++)
      check_cover (length, n);
    check_cover (1080, n);
    check_cover (16383, n);
  }
}

static TagTest *
new_test (const gchar *tiles)
{
  return tag_test_new (
      "video/x-raw,format=RGB,width=1280,height=720,framerate=10/1", "prompts",
      REGION_TEST_PROMPTS, "tiles", tiles, NULL);
}

/* Of a thirtieth of the picture's width, on the right and below. */
static GstBuffer *
make_picture (void)
{
  GstBuffer *picture = region_picture_new (W, H);

  region_picture_red_circle (picture, W, 1020, 477, 36);
  return picture;
}

static gboolean
is_active (const GstClipMeta *meta, const gchar *label)
{
  return meta->scores[gst_clip_meta_find (meta, label)].active;
}

static void
test_small_things_are_found_in_tiles_only (void)
{
  g_autoptr (TagTest) without = new_test (NULL);
  g_autoptr (TagTest) with = new_test ("8x8");
  g_autoptr (GstBuffer) whole = tag_test_push (without, make_picture ());
  g_autoptr (GstBuffer) out = tag_test_push (with, make_picture ());
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  GstClipRegionMeta *tile;

  g_assert_false (is_active (gst_buffer_get_clip_meta (whole), "a red circle"));
  g_assert_cmpuint (region_count (whole), ==, 0);
  g_assert_nonnull (meta); /* the whole picture has scores, too */
  g_assert_false (is_active (meta, "a red circle"));
  g_assert_cmpuint (region_count (out), ==, 64);
  tile = region_get_tile (out, 6, 5);
  region_expect_best (tile, "a red circle");
  g_assert_cmpuint (tile->region.x, ==, 960);
  g_assert_cmpuint (tile->region.y, ==, 450);
  g_assert_cmpuint (tile->region.width, ==, 160);
  g_assert_cmpuint (tile->region.height, ==, 90);
  g_assert_cmpint (tile->region.roi_id, ==, -1);
  g_assert_cmpuint (tile->region.roi_type, ==, 0);
  region_expect_best (region_get_tile (out, 3, 1), "a grey screen");
  g_assert_cmpuint (tag_test_get_stat (with->element, "regions"), ==, 64);
  g_assert_cmpuint (tag_test_get_stat (with->element, "inferred"), ==, 1);
}

static void
test_messages_say_which_tile (void)
{
  g_autoptr (TagTest) test = new_test ("2x1");
  GstBuffer *picture = region_picture_new (W, H);
  GstMessage *message;
  guint n_tiles = 0;

  region_picture_red_circle (picture, W, 740, 160, 400);
  gst_buffer_unref (tag_test_push (test, picture));
  while ((message = tag_test_pop_tag (test)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    guint x;
    gint column, row;

    if (gst_structure_has_field (structure, "region")) {
      n_tiles++;
      g_assert_cmpstr (
          gst_structure_get_string (structure, "region"), ==, "tile");
      g_assert_true (gst_structure_get (structure, "x", G_TYPE_UINT, &x,
          "column", G_TYPE_INT, &column, "row", G_TYPE_INT, &row, NULL));
      g_assert_cmpuint (x, ==, (guint) column * 640);
      g_assert_cmpint (row, ==, 0);
      g_assert_cmpstr (gst_structure_get_string (structure, "label"), ==,
          column == 1 ? "a red circle" : "a grey screen");
    }
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_tiles, ==, 2);
}

static void
test_tiles_and_regions_go_together (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      "video/x-raw,format=RGB,width=1280,height=720,framerate=10/1", "prompts",
      REGION_TEST_PROMPTS, "tiles", "1x1", "inference-region", 1, NULL);
  GstBuffer *picture = make_picture ();
  g_autoptr (GstBuffer) out = NULL;
  GstClipRegionMeta *tile;

  region_add_roi (picture, "a", 1, 1010, 467, 56, 56);
  out = tag_test_push (test, picture);
  g_assert_null (gst_buffer_get_clip_meta (out));
  g_assert_cmpuint (region_count (out), ==, 2);
  region_expect_best (region_get_roi (out, 1), "a red circle");
  tile = region_get_tile (out, 0, 0);
  g_assert_nonnull (tile);
  g_assert_cmpuint (tile->region.width, ==, W);
  g_assert_cmpuint (tile->region.height, ==, H);
}

/* A batch of frames with more tiles than one request takes. */
static void
test_tiles_of_a_batch (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "tiles", "4x3", "batch-size", 3, NULL);

  for (guint i = 0; i < 3; i++) {
    GstBuffer *picture = region_picture_new (320, 240);

    region_picture_red_circle (picture, 320, 80 * i + 15, 95, 50);
    tag_test_push_only (test, picture);
  }
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);

    g_assert_cmpuint (region_count (out), ==, 12);
    region_expect_best (region_get_tile (out, (gint) i, 1), "a red circle");
    region_expect_best (region_get_tile (out, 3, 1), "a grey screen");
  }
}

/* Pushes the buffer through one more element; NULL: it has no regions behind it. */
static GstClipRegionMeta *
pass (GstBuffer *buffer, const gchar *element, const gchar *caps, gint column,
    GstBuffer **ret_out)
{
  GstHarness *harness = gst_harness_new_parse (element);

  gst_harness_set_src_caps_str (
      harness, "video/x-raw,format=RGB,width=1280,height=720,framerate=10/1");
  if (caps != NULL)
    gst_harness_set_sink_caps_str (harness, caps);
  *ret_out = gst_harness_push_and_pull (harness, gst_buffer_ref (buffer));
  g_assert_nonnull (*ret_out);
  gst_harness_teardown (harness);
  return region_get_tile (*ret_out, column, 0);
}

/* As the metas of detectors do it. */
static void
test_places_follow_the_pictures_size (void)
{
  g_autoptr (TagTest) test = new_test ("4x1");
  g_autoptr (GstBuffer) out = tag_test_push (test, make_picture ());
  g_autoptr (GstBuffer) small = NULL;
  g_autoptr (GstBuffer) grey = NULL;
  g_autoptr (GstBuffer) cropped = NULL;
  GstClipRegionMeta *meta;

  meta = pass (out, "videoconvertscale",
      "video/x-raw,format=NV12,width=320,height=360,framerate=10/1", 3, &small);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->region.x, ==, 240);
  g_assert_cmpuint (meta->region.width, ==, 80);
  g_assert_cmpuint (meta->region.height, ==, 360);
  g_assert_nonnull (gst_buffer_get_clip_meta (small));

  meta = pass (out, "videoconvert",
      "video/x-raw,format=GRAY8,width=1280,height=720,framerate=10/1", 3,
      &grey);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->region.x, ==, 960);

  /* Where places would be wrong there are none. */
  meta = pass (out, "videocrop left=100", NULL, 3, &cropped);
  g_assert_null (meta);
  g_assert_cmpuint (region_count (cropped), ==, 0);
}

static void
test_bad_grids_are_errors (void)
{
  static const gchar *const bad[] = { "3y2", "3x", "x2", "0x2", "-1x2", "3x2 ",
    "3 x2", "3x2x1", "65x1", "9x8", "99999999999x1", "+3x2", "3X2" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GstElement *element = gst_object_ref_sink (
        tag_test_make ("prompts", "a; b", "tiles", bad[i], NULL));
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree gchar *named = g_strdup_printf ("tiles: '%s'", bad[i]);

    gst_element_set_bus (element, bus);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    gst_message_parse_error (message, &error, NULL);
    g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
    g_assert_nonnull (strstr (error->message, named));
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
    gst_object_unref (element);
  }
}

static void
add (void)
{
#define ADD(name) g_test_add_func ("/cliptag/tiles/" #name, test_##name)
  ADD (tiles_cover_the_picture);
  ADD (small_things_are_found_in_tiles_only);
  ADD (messages_say_which_tile);
  ADD (tiles_and_regions_go_together);
  ADD (tiles_of_a_batch);
  ADD (places_follow_the_pictures_size);
  ADD (bad_grids_are_errors);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

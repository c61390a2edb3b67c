/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The heat map that clipoverlay draws. */

#include "meta-test.h"
#include "overlay-test.h"

#include <math.h>
#include <string.h>

#include "gstclipheatmap.h"

#define WIDTH  96
#define HEIGHT 64
#define SIZE   "width=96,height=64,framerate=10/1"
#define CAPS   "video/x-raw,format=RGB," SIZE
#define WITH   OVERLAY_FEATURES ",format=RGB," SIZE

/* Of a grid of 4 × 4 over the middle, 64 × 64, of the picture. */
static const ClvPatchGrid middle = { 4, 4, 16, 0, 64, 64 };

static GstVideoInfo
info_of (GstVideoFormat format, gint width, gint height)
{
  GstVideoInfo info;

  g_assert_true (gst_video_info_set_format (&info, format, width, height));
  return info;
}

/* Cosines grow from left to right by as much for every label, or the other way for
 * the second one. The phrases of meta_test_prompts() are all (1, 0, …). */
static void
add_maps (GstBuffer *buffer, ClvPrompts *prompts, const ClvPatchGrid *grid,
    guint width, guint height)
{
  const guint D = clv_prompts_get_width (prompts);
  const guint n = clv_prompts_get_n_labels (prompts);
  g_autofree gfloat *patches = g_new0 (gfloat, 16 * D);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstClipHeatmaps) maps = NULL;

    for (guint k = 0; k < 16; k++)
      patches[k * D] = 0.1f * (i == 0 ? k % 4 : 3 - k % 4);
    maps = gst_clip_heatmaps_new (prompts, &i, 1, patches, grid, width, height);
    gst_buffer_add_clip_heatmap_meta (buffer, maps);
  }
}

static GstBuffer *
picture_with (ClvPrompts *prompts, guint32 rgb)
{
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  GstBuffer *buffer = overlay_picture_new (&info, rgb);

  add_maps (buffer, prompts, &middle, WIDTH, HEIGHT);
  return buffer;
}

static guint8 *
push (OverlayTest *test, GstBuffer *in, const GstVideoInfo *info)
{
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (test->harness, in);

  g_assert_nonnull (out);
  return overlay_to_rgba (out, info);
}

static const guint8 *
at (const guint8 *pixels, gint width, gint x, gint y)
{
  return pixels + ((gsize) y * width + x) * 4;
}

static void
assert_near (
    const guint8 *pixel, guint red, guint green, guint blue, gint tolerance)
{
  g_assert_cmpint (ABS (pixel[0] - (gint) red), <=, tolerance);
  g_assert_cmpint (ABS (pixel[1] - (gint) green), <=, tolerance);
  g_assert_cmpint (ABS (pixel[2] - (gint) blue), <=, tolerance);
}

/* What was looked at once, at every eighth pixel of a row, over grey. */
static const guint8 golden[8][3] = {
  { 125, 125, 130 },
  { 116, 119, 139 },
  { 104, 110, 160 },
  { 135, 90, 163 },
  { 177, 85, 130 },
  { 215, 105, 62 },
  { 223, 162, 69 },
  { 228, 199, 74 },
};

static void
test_it_looks_as_it_did (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=dog", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autofree guint8 *pixels =
      push (test, picture_with (prompts, 0x808080), &info);

  for (gint y = 0; y < HEIGHT; y += 9)
    for (gint i = 0; i < 8; i++) {
      const guint8 *pixel = at (pixels, WIDTH, 20 + 8 * i, y);

      if (y == 0)
        g_test_message ("{ %u, %u, %u },", pixel[0], pixel[1], pixel[2]);
      assert_near (pixel, golden[i][0], golden[i][1], golden[i][2], 4);
    }
}

static void
test_it_covers_what_the_map_is_of (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=cat", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autofree guint8 *pixels =
      push (test, picture_with (prompts, 0x404040), &info);

  for (gint y = 0; y < HEIGHT; y += 7) {
    assert_near (at (pixels, WIDTH, 15, y), 0x40, 0x40, 0x40, 0);
    assert_near (at (pixels, WIDTH, 80, y), 0x40, 0x40, 0x40, 0);

    /* The cat is on the left. */
    g_assert_cmpint (at (pixels, WIDTH, 17, y)[0], >, 200);
    g_assert_cmpint (at (pixels, WIDTH, 17, y)[1], >, 150);
    g_assert_cmpint (at (pixels, WIDTH, 78, y)[0], <, 0x50);
  }
}

/* "top" is the first one; a label that is called so is meant before. */
static void
test_a_label_or_the_best_is_shown (void)
{
  static const struct {
    const gchar *heatmap, *phrases;
    gint x; /* where it is brightest; 0: nothing is drawn */
  } cases[] = { { "dog", "dog; cat", 78 }, { "cat", "dog; cat", 17 },
    { "top", "dog; cat", 78 }, { "top", "dog; top", 17 },
    { "cow", "dog; cat", 0 }, { "", "dog; cat", 0 } };
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (ClvPrompts) prompts = meta_test_prompts (cases[i].phrases);
    g_autofree guint8 *pixels = NULL;

    g_object_set (test->element, "heatmap", cases[i].heatmap, NULL);
    pixels = push (test, picture_with (prompts, 0x404040), &info);
    for (gint x = 17; x <= 78; x += 61)
      if (x == cases[i].x)
        g_assert_cmpint (at (pixels, WIDTH, x, 32)[0], >, 200);
      else
        g_assert_cmpint (at (pixels, WIDTH, x, 32)[0], <, 0x50);
  }
}

/* One warning says why there is none; not where it may come with the next frame. */
static void
test_a_map_that_cannot_be_is_told_of (void)
{
  static const struct {
    const gchar *heatmap;
    gboolean has_maps;
    const gchar *complaint; /* a part of it; NULL: none */
  } cases[] = { { "cow", TRUE, "\"cow\"" },
    { "dog", FALSE, "attach-heatmap=true" },
    { "top", FALSE, "attach-heatmap=true" }, { "dog", TRUE, NULL },
    { "top", TRUE, NULL }, { "", FALSE, NULL } };
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstMessage) message = NULL;

    g_object_set (test->element, "heatmap", cases[i].heatmap, NULL);
    for (guint n = 0; n < 30; n++) {
      GstBuffer *in = n >= 2 && cases[i].has_maps
                          ? picture_with (prompts, 0x404040)
                          : overlay_picture_new (&info, 0x404040);

      meta_test_add (in, prompts, (gfloat[]){ 1, 0 }, NULL);
      gst_buffer_unref (gst_harness_push_and_pull (test->harness, in));
    }
    message = overlay_test_pop_complaint (test);
    g_assert_cmpint (message != NULL, ==, cases[i].complaint != NULL);
    if (message != NULL) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_warning (message, &error, NULL);
      g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
      g_assert_nonnull (strstr (error->message, cases[i].complaint));
      g_assert_null (overlay_test_pop_complaint (test));
    }
  }
}

static void
test_a_map_of_another_size_is_not_drawn (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=top", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  GstBuffer *in = overlay_picture_new (&info, 0x404040);
  g_autoptr (GstBuffer) out = NULL;

  add_maps (in, prompts, &middle, 2 * WIDTH, HEIGHT);
  out = gst_harness_push_and_pull (test->harness, in);
  g_assert_true (out == in);
}

/* A model's crop may be larger than the picture; a box may be anywhere. */
static void
test_what_is_beyond_the_edges_is_cut (void)
{
  static const ClvPatchGrid grids[] = { { 4, 4, -32, -32, 160, 128 },
    { 4, 4, 90.4, 60.6, 64, 64 }, { 4, 4, 200, 0, 64, 64 },
    { 4, 4, -100, 0, 64, 64 }, { 4, 4, 3, 3, 0.2, 0.2 } };
  g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=top", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (grids); i++) {
    GstBuffer *in = overlay_picture_new (&info, 0x404040);
    g_autofree guint8 *before = overlay_to_rgba (in, &info);
    g_autofree guint8 *pixels = NULL;
    OverlayBox box;

    add_maps (in, prompts, &grids[i], WIDTH, HEIGHT);
    pixels = push (test, in, &info);
    box = overlay_difference (before, pixels, WIDTH, HEIGHT, 2);
    g_test_message (
        "%u: %d, %d, %d × %d", i, box.x, box.y, box.width, box.height);
    if (i == 0)
      g_assert_cmpint (box.height, ==, HEIGHT);
    else if (i == 1)
      g_assert_true (box.x >= 90 && box.y >= 60);
    else if (i < 4)
      g_assert_cmpint (box.width, ==, 0);
  }
}

static void
test_all_formats_are_drawn_on (void)
{
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_RGB,
    GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YUY2,
    GST_VIDEO_FORMAT_Y444, GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_ARGB,
    GST_VIDEO_FORMAT_AYUV, GST_VIDEO_FORMAT_P010_10LE,
    GST_VIDEO_FORMAT_I420_10LE };
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    const gchar *name = gst_video_format_to_string (formats[i]);
    g_autofree gchar *caps =
        g_strdup_printf ("video/x-raw,format=%s," SIZE, name);
    g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=dog", caps);
    GstVideoInfo info = info_of (formats[i], WIDTH, HEIGHT);
    GstBuffer *in = overlay_picture_new (&info, 0x808080);
    g_autofree guint8 *pixels = NULL;

    add_maps (in, prompts, &middle, WIDTH, HEIGHT);
    pixels = push (test, in, &info);
    g_test_message ("%s", name);
    for (gint k = 1; k < 7; k++)
      assert_near (at (pixels, WIDTH, 20 + 8 * k, 32), golden[k][0],
          golden[k][1], golden[k][2], 26);
    assert_near (at (pixels, WIDTH, 8, 32), 0x80, 0x80, 0x80, 4);
  }
}

static GstVideoOverlayComposition *
composition_of (GstBuffer *buffer)
{
  GstVideoOverlayCompositionMeta *meta =
      gst_buffer_get_video_overlay_composition_meta (buffer);

  return meta != NULL ? meta->overlay : NULL;
}

/* Tags are above the map; what is the same is not drawn again. */
static void
test_it_is_attached_below_the_tags (void)
{
  g_autoptr (OverlayTest) test =
      overlay_test_new ("heatmap=dog show=all", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autoptr (GstBuffer) plain = overlay_picture_new (&info, 0x808080);
  g_autofree guint8 *before = overlay_to_rgba (plain, &info);
  GstBuffer *in = picture_with (prompts, 0x808080);
  g_autoptr (GstBuffer) again = NULL;
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstBuffer) same = NULL;
  g_autoptr (GstBuffer) other = NULL;
  g_autofree guint8 *after = NULL;
  gint x, y;
  guint width, height;

  gst_harness_set_sink_caps_str (test->harness, WITH ";" CAPS);
  gst_harness_add_propose_allocation_meta (
      test->harness, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  meta_test_add (in, prompts, (gfloat[]){ 1 }, NULL);
  again = gst_buffer_copy (in);
  out = gst_harness_push_and_pull (test->harness, in);
  after = overlay_to_rgba (out, &info);
  g_assert_cmpint (
      overlay_difference (before, after, WIDTH, HEIGHT, 0).width, ==, 0);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (composition_of (out)), ==, 2);
  gst_video_overlay_rectangle_get_render_rectangle (
      gst_video_overlay_composition_get_rectangle (composition_of (out), 0), &x,
      &y, &width, &height);
  g_assert_cmpint (x, ==, 16);
  g_assert_cmpint (y, ==, 0);
  g_assert_cmpuint (width, ==, 64);
  g_assert_cmpuint (height, ==, 64);

  same = gst_harness_push_and_pull (test->harness, g_steal_pointer (&again));
  g_assert_true (composition_of (same) == composition_of (out));
  g_object_set (test->element, "heatmap", NULL, NULL);
  in = picture_with (prompts, 0x808080);
  meta_test_add (in, prompts, (gfloat[]){ 1 }, NULL);
  other = gst_harness_push_and_pull (test->harness, in);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (composition_of (other)), ==,
      1);
}

/* A decoder's buffer may be larger than the picture that is shown of it. */
static void
test_a_cropped_picture_is_drawn_on_where_it_is_shown (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("heatmap=dog", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 160, 120);
  GstBuffer *in = overlay_picture_new (&info, 0x404040);
  g_autofree guint8 *before = overlay_to_rgba (in, &info);
  g_autofree guint8 *after = NULL;
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (in);
  OverlayBox box;

  gst_buffer_add_video_meta_full (in, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_RGB, 160, 120, 1, info.offset, info.stride);
  crop->x = 40;
  crop->y = 30;
  crop->width = WIDTH;
  crop->height = HEIGHT;
  add_maps (in, prompts, &middle, WIDTH, HEIGHT);
  after = push (test, in, &info);
  box = overlay_difference (before, after, 160, 120, 0);
  g_assert_cmpint (box.x, >=, 56);
  g_assert_cmpint (box.x, <, 70); /* what is low is transparent */
  g_assert_cmpint (box.x + box.width, ==, 120);
  g_assert_cmpint (box.y, ==, 30);
  g_assert_cmpint (box.height, ==, HEIGHT);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/clipoverlay/heatmap/it looks as it did", test_it_looks_as_it_did);
  g_test_add_func ("/clipoverlay/heatmap/it covers what the map is of",
      test_it_covers_what_the_map_is_of);
  g_test_add_func ("/clipoverlay/heatmap/a label or the best is shown",
      test_a_label_or_the_best_is_shown);
  g_test_add_func ("/clipoverlay/heatmap/a map that cannot be is told of",
      test_a_map_that_cannot_be_is_told_of);
  g_test_add_func ("/clipoverlay/heatmap/a map of another size is not drawn",
      test_a_map_of_another_size_is_not_drawn);
  g_test_add_func ("/clipoverlay/heatmap/what is beyond the edges is cut",
      test_what_is_beyond_the_edges_is_cut);
  g_test_add_func ("/clipoverlay/heatmap/all formats are drawn on",
      test_all_formats_are_drawn_on);
  g_test_add_func ("/clipoverlay/heatmap/it is attached below the tags",
      test_it_is_attached_below_the_tags);
  g_test_add_func (
      "/clipoverlay/heatmap/a cropped picture is drawn on where it is shown",
      test_a_cropped_picture_is_drawn_on_where_it_is_shown);
  return g_test_run ();
}

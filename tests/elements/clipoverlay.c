/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clipoverlay draws. Fonts differ between machines: the tests look at
 * where something is drawn, and at colours of whole regions. */

#include "overlay-test.h"

#include <math.h>
#include <string.h>

#define CAPS_320 "video/x-raw,format=RGB,width=320,height=240,framerate=10/1"

static GstVideoInfo
info_of (GstVideoFormat format, gint width, gint height)
{
  GstVideoInfo info;

  g_assert_true (gst_video_info_set_format (&info, format, width, height));
  return info;
}

/* Pushes one picture with tags, and gives the box of what was drawn, and its
 * pixels. */
static OverlayBox
draw (OverlayTest *test, const GstVideoInfo *info, guint32 rgb,
    ClvPrompts *prompts, const gfloat *scores, gint tolerance,
    guint8 **ret_pixels)
{
  GstBuffer *in = overlay_picture_new (info, rgb);
  g_autofree guint8 *before = overlay_to_rgba (in, info);
  g_autofree guint8 *after = NULL;
  g_autoptr (GstBuffer) out = NULL;
  OverlayBox box;

  meta_test_add (in, prompts, scores, NULL);
  out = gst_harness_push_and_pull (test->harness, in);
  g_assert_nonnull (out);
  after = overlay_to_rgba (out, info);
  box =
      overlay_difference (before, after, info->width, info->height, tolerance);
  if (ret_pixels != NULL)
    *ret_pixels = g_steal_pointer (&after);
  return box;
}

static gdouble
mean (const guint8 *pixels, gint width, OverlayBox box, guint channel)
{
  gdouble sum = 0;

  for (gint y = box.y; y < box.y + box.height; y++)
    for (gint x = box.x; x < box.x + box.width; x++)
      sum += pixels[((gsize) y * width + x) * 4 + channel];
  return sum / (box.width * box.height);
}

/* Share of the box's pixels that are near the colour. */
static gdouble
share_near (
    const guint8 *pixels, gint width, OverlayBox box, guint32 rgb, gint far)
{
  guint n = 0;

  for (gint y = box.y; y < box.y + box.height; y++)
    for (gint x = box.x; x < box.x + box.width; x++) {
      const guint8 *p = pixels + ((gsize) y * width + x) * 4;

      n += ABS (p[0] - (gint) (rgb >> 16)) <= far &&
           ABS (p[1] - (gint) (rgb >> 8 & 255)) <= far &&
           ABS (p[2] - (gint) (rgb & 255)) <= far;
    }
  return (gdouble) n / (box.width * box.height);
}

static void
test_a_frame_without_tags_passes_untouched (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", CAPS_320);
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  GstBuffer *in = overlay_picture_new (&info, 0x808080);
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (test->harness, in);

  g_assert_true (out == in);
}

static void
test_tags_that_are_not_active_are_not_shown (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  GstBuffer *in = overlay_picture_new (&info, 0x808080);
  g_autoptr (GstBuffer) out = NULL;

  meta_test_add (in, prompts, (gfloat[]){ 0.4f, 0.1f }, NULL);
  out = gst_harness_push_and_pull (test->harness, in);
  g_assert_true (out == in);
}

/* The panel darkens a bright picture, letters are bright, and the bar has the
 * label's colour up to the score. */
static void
test_a_panel_has_letters_and_a_bar (gconstpointer data)
{
  guint32 background = GPOINTER_TO_UINT (data);
  g_autoptr (OverlayTest) test =
      overlay_test_new ("colors=\"dog=#ff0000\"", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  g_autofree guint8 *pixels = NULL;
  OverlayBox box, left, right;

  /* A dark picture hardly changes under the panel: the tolerance finds its
   * letters. */
  box = draw (
      test, &info, background, prompts, (gfloat[]){ 0.75f, 0.25f }, 4, &pixels);

  /* One row at the top left. */
  g_assert_cmpint (box.x, <, 24);
  g_assert_cmpint (box.y, <, 24);
  g_assert_cmpint (box.width, >, 60);
  g_assert_cmpint (box.width, <, 200);
  g_assert_cmpint (box.height, >, 8);
  g_assert_cmpint (box.height, <, 40);

  g_assert_cmpfloat (mean (pixels, 320, box, 1), <, 140);
  /* Nothing else is bright; letters are 0.03 with some fonts, less with others. */
  g_assert_cmpfloat (share_near (pixels, 320, box, 0xffffff, 100), >, 0.005);
  g_assert_cmpfloat (share_near (pixels, 320, box, 0xff0000, 60), >, 0.02);
  left = right = box;
  left.width = right.width = box.width / 5;
  left.x += box.width * 2 / 5;
  right.x += box.width * 4 / 5;
  g_assert_cmpfloat (share_near (pixels, 320, left, 0xff0000, 60), >, 0.02);
  g_assert_cmpfloat (share_near (pixels, 320, right, 0xff0000, 60), <,
      share_near (pixels, 320, left, 0xff0000, 60) / 2);
}

static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_NV12,
  GST_VIDEO_FORMAT_NV21, GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12,
  GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_UYVY, GST_VIDEO_FORMAT_Y42B,
  GST_VIDEO_FORMAT_Y444, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGR,
  GST_VIDEO_FORMAT_RGBx, GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_xRGB,
  GST_VIDEO_FORMAT_xBGR, GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_BGRA,
  GST_VIDEO_FORMAT_ARGB, GST_VIDEO_FORMAT_ABGR, GST_VIDEO_FORMAT_GRAY8,
  GST_VIDEO_FORMAT_AYUV, GST_VIDEO_FORMAT_P010_10LE,
  GST_VIDEO_FORMAT_I420_10LE };

/* Each format has the same panel at the same place, but for chroma samples that
 * lie under its edge. */
static void
test_all_formats_are_drawn_on (void)
{
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat; cow");
  OverlayBox first = { 0 };
  gdouble first_mean = 0;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    const gchar *name = gst_video_format_to_string (formats[i]);
    g_autofree gchar *caps = g_strdup_printf (
        "video/x-raw,format=%s,width=321,height=241,framerate=10/1", name);
    g_autoptr (OverlayTest) test =
        overlay_test_new ("show=all colors=\"dog=white;cat=white\"", caps);
    GstVideoInfo info = info_of (formats[i], 321, 241);
    g_autofree guint8 *pixels = NULL;
    OverlayBox box = draw (test, &info, 0xe0e0e0, prompts,
        (gfloat[]){ 0.75f, 0.25f, 0 }, 8, &pixels);
    gdouble green = mean (pixels, 321, box, 1);

    g_test_message ("%s: %d, %d, %d × %d, mean %.1f", name, box.x, box.y,
        box.width, box.height, green);
    if (i == 0) {
      first = box;
      first_mean = green;
      g_assert_cmpint (box.width, >, 60);
      g_assert_cmpfloat (green, <, 150);
    }
    g_assert_cmpint (ABS (box.x - first.x), <=, 2);
    g_assert_cmpint (ABS (box.y - first.y), <=, 2);
    g_assert_cmpint (ABS (box.width - first.width), <=, 3);
    g_assert_cmpint (ABS (box.height - first.height), <=, 3);
    g_assert_cmpfloat (ABS (green - first_mean), <, 12);
  }
}

static void
test_position_is_a_corner (void)
{
  static const gchar *names[] = { "top-left", "top-right", "bottom-left",
    "bottom-right" };
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *property = g_strdup_printf ("position=%s", names[i]);
    g_autoptr (OverlayTest) test = overlay_test_new (property, CAPS_320);
    OverlayBox box =
        draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1 }, 4, NULL);

    g_assert_cmpint (box.width, >, 40);
    g_assert_cmpint (i & 1 ? 320 - box.x - box.width : box.x, <, 16);
    g_assert_cmpint (i & 2 ? 240 - box.y - box.height : box.y, <, 16);
  }
}

static gint
height_with (
    const gchar *properties, const gchar *phrases, const gfloat *scores)
{
  g_autoptr (OverlayTest) test = overlay_test_new (properties, CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts (phrases);
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);

  return draw (test, &info, 0xffffff, prompts, scores, 4, NULL).height;
}

static void
test_show_and_max_labels_choose_rows (void)
{
  static const gfloat scores[] = { 0.6f, 0.1f, 0.7f, 0.2f };
  const gchar *phrases = "dog; cat; cow; hen";
  gint one = height_with ("show=top max-labels=1", phrases, scores);
  gint two = height_with ("show=active", phrases, scores);
  gint four = height_with ("show=all", phrases, scores);
  gint most = height_with ("show=all max-labels=3", phrases, scores);

  g_assert_cmpint (one, >, 8);
  g_assert_cmpint (two, >, one);
  g_assert_cmpint (four - two, >, 3 * (two - one) / 2);
  g_assert_cmpint (
      height_with ("show=top max-labels=2", phrases, scores), ==, two);
  g_assert_cmpint (height_with ("show=top", phrases, scores), ==, four);

  /* Three rows, and a line that says there is one more. */
  g_assert_cmpint (most, <, four);
  g_assert_cmpint (
      most, >, height_with ("show=top max-labels=3", phrases, scores));
}

/* By its colours: the best is above. */
static void
test_top_has_the_best_first (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new (
      "show=top max-labels=2 colors=\"dog=#ff0000; cow=#0000ff\"", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat; cow");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  g_autofree guint8 *pixels = NULL;
  OverlayBox box = draw (test, &info, 0xffffff, prompts,
      (gfloat[]){ 0.8f, 0.1f, 0.9f }, 4, &pixels);
  OverlayBox upper = box, lower = box;

  upper.height = lower.height = box.height / 2;
  lower.y += upper.height;
  g_assert_cmpfloat (share_near (pixels, 320, upper, 0x0000ff, 60), >, 0.02);
  g_assert_cmpfloat (share_near (pixels, 320, lower, 0xff0000, 60), >, 0.02);
  g_assert_cmpfloat (share_near (pixels, 320, upper, 0xff0000, 60), ==, 0);
}

static void
test_a_prompt_set_with_groups_names_them (void)
{
  static const gchar *json =
      "{\"groups\": [{\"name\": \"%s\", \"prompts\": [{\"label\": \"dog\", "
      "\"text\": [\"dog\"]}]}, {\"name\": \"b\", \"prompts\": [{\"label\": "
      "\"cat\", \"text\": [\"cat\"]}]}]}";
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 640, 480);
  gint widths[2];

  for (guint i = 0; i < 2; i++) {
    g_autoptr (OverlayTest) test = overlay_test_new (
        "", "video/x-raw,format=RGB,width=640,height=480,framerate=10/1");
    g_autoptr (GString) text = g_string_new (json);
    g_autoptr (ClvPrompts) prompts = NULL;

    g_string_replace (text, "%s", i == 0 ? "a" : "a rather long name", 1);
    prompts = meta_test_prompts (text->str);
    widths[i] =
        draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1, 0 }, 4, NULL)
            .width;
  }
  g_assert_cmpint (widths[1], >, widths[0] + 40);
}

/* A cosine is written as 0.27; what a calibration made of it is a share, and
 * looks like that of any other scoring. */
static guint8 *
draw_scoring (const gchar *settings)
{
  g_autofree gchar *json = g_strdup_printf (
      "{\"groups\": [{\"name\": \"a\", %s, \"prompts\": [{\"label\": "
      "\"dog\", \"threshold\": 0.5, \"text\": [\"dog\"]}]}]}",
      settings);
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts (json);
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  guint8 *pixels;

  draw (test, &info, 0xffffff, prompts, (gfloat[]){ 0.75f }, 4, &pixels);
  return pixels;
}

static void
test_only_plain_cosines_are_written_as_such (void)
{
  const gsize size = 320 * 240 * 4;
  g_autofree guint8 *share = draw_scoring ("\"scoring\": \"sigmoid\"");
  g_autofree guint8 *cosine = draw_scoring ("\"scoring\": \"cosine\"");
  g_autofree guint8 *calibrated =
      draw_scoring ("\"scoring\": \"cosine\", \"calibration\": \"stream\"");

  g_assert_cmpint (memcmp (cosine, share, size), !=, 0);
  g_assert_cmpint (memcmp (calibrated, share, size), ==, 0);
}

/* Pixels that are twice as wide: the panel has half as many of them. */
static void
test_the_pixel_aspect_ratio_is_respected (void)
{
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("a rather long label");
  GstVideoInfo square = info_of (GST_VIDEO_FORMAT_RGB, 640, 360);
  GstVideoInfo wide = info_of (GST_VIDEO_FORMAT_RGB, 320, 360);
  g_autoptr (OverlayTest) one = overlay_test_new (
      "", "video/x-raw,format=RGB,width=640,height=360,framerate=10/1");
  g_autoptr (OverlayTest) two = overlay_test_new ("",
      "video/x-raw,format=RGB,width=320,height=360,framerate=10/1,"
      "pixel-aspect-ratio=2/1");
  g_autofree guint8 *p = NULL, *q = NULL;
  OverlayBox a = draw (one, &square, 0x404040, prompts, (gfloat[]){ 1 }, 4, &p);
  OverlayBox b = draw (two, &wide, 0x404040, prompts, (gfloat[]){ 1 }, 4, &q);
  gdouble ink;

  g_assert_cmpint (ABS (a.width - 2 * b.width), <=, 6);
  g_assert_cmpint (ABS (a.height - b.height), <=, 2);

  /* The score is at the right end of both, with as much ink. */
  a.x += a.width * 3 / 4;
  a.width /= 4;
  b.x += b.width * 3 / 4;
  b.width /= 4;
  ink = share_near (p, 640, a, 0xffffff, 90);
  g_assert_cmpfloat (ink, >, 0.02);
  g_assert_cmpfloat (
      fabs (share_near (q, 320, b, 0xffffff, 90) / ink - 1), <, 0.4);
}

/* As big, measured by the picture; where there is no room nothing is drawn. */
static void
test_any_size_of_picture_is_fine (void)
{
  static const struct {
    gint width, height;
  } sizes[] = { { 1, 1 }, { 2, 2 }, { 17, 3 }, { 40, 30 }, { 64, 48 },
    { 176, 144 }, { 3840, 2160 }, { 9, 900 }, { 900, 9 } };
  g_autoptr (ClvPrompts) prompts = meta_test_prompts (
      "a label that is so long that it cannot be shown as a whole in any "
      "picture, however large it may be, and however small its letters are; "
      "γάτα; 猫; قط; \xf0\x9f\x90\x88");
  static const gfloat scores[] = { 1, 0.9f, -0.5f, NAN, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *caps = g_strdup_printf (
        "video/x-raw,format=I420,width=%d,height=%d,framerate=10/1",
        sizes[i].width, sizes[i].height);
    g_autoptr (OverlayTest) test = overlay_test_new ("show=all", caps);
    GstVideoInfo info =
        info_of (GST_VIDEO_FORMAT_I420, sizes[i].width, sizes[i].height);
    OverlayBox box = draw (test, &info, 0xffffff, prompts, scores, 4, NULL);

    g_test_message ("%d × %d: %d × %d", sizes[i].width, sizes[i].height,
        box.width, box.height);
    if (sizes[i].width < 20 || sizes[i].height < 32)
      g_assert_cmpint (box.width, ==, 0);
    else
      g_assert_cmpint (box.width, >, sizes[i].width / 4);
  }
}

static void
test_a_font_size_in_pixels_counts (void)
{
  static const gfloat scores[] = { 1 };
  gint small = height_with ("font-desc=\"Sans 12\"", "dog", scores);
  gint large = height_with ("font-desc=\"Sans 36\"", "dog", scores);

  g_assert_cmpint (ABS (large - 3 * small), <=, 6);
  large = height_with ("font-size=15", "dog", scores);
  g_assert_cmpint (ABS (large - 3 * small), <=, 6);
}

static void
test_a_colour_that_cannot_be_read_is_a_warning (void)
{
  g_autoptr (OverlayTest) test =
      overlay_test_new ("colors=\"dog=#ff0000; cat=greenish; cow\"", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  g_autofree guint8 *pixels = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  OverlayBox box =
      draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1, 0 }, 4, &pixels);
  g_autoptr (GstMessage) message = overlay_test_pop_complaint (test);

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, &debug);
  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "cat=greenish"));
  g_assert_null (overlay_test_pop_complaint (test));
  g_assert_cmpfloat (share_near (pixels, 320, box, 0xff0000, 60), >, 0.02);
}

static void
test_properties_change_while_playing (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("visible=false", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  OverlayBox box =
      draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1 }, 4, NULL);

  g_assert_cmpint (box.width, ==, 0);
  g_object_set (test->element, "visible", TRUE, NULL);
  box = draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1 }, 4, NULL);
  g_assert_cmpint (box.width, >, 0);
  g_assert_cmpint (box.x, <, 16);
  gst_util_set_object_arg (G_OBJECT (test->element), "position", "top-right");
  box = draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1 }, 4, NULL);
  g_assert_cmpint (box.x, >, 100);
  g_object_set (test->element, "visible", FALSE, NULL);
  box = draw (test, &info, 0xffffff, prompts, (gfloat[]){ 1 }, 4, NULL);
  g_assert_cmpint (box.width, ==, 0);
}

static gpointer
set_properties (gpointer data)
{
  GObject *element = data;

  for (guint i = 0; i < 300; i++) {
    g_autofree gchar *colors = g_strdup_printf ("dog=#%06x", i * 999);
    g_autofree gchar *read = NULL;

    g_object_set (element, "colors", colors, "font-desc",
        i & 1 ? "Serif" : NULL, "show", i % 3, "position", i % 4, "font-size",
        1.0 + i % 20, "background", (i % 10) / 10.0, "max-labels", i % 4, NULL);
    g_object_get (element, "colors", &read, NULL);
    g_assert_nonnull (read);
  }
  return NULL;
}

static void
test_any_thread_may_set_properties (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("", CAPS_320);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog; cat");
  GstVideoInfo info = info_of (GST_VIDEO_FORMAT_RGB, 320, 240);
  GThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("setter", set_properties, test->element);
  for (guint i = 0; i < 30; i++)
    draw (test, &info, 0xffffff, prompts, (gfloat[]){ 0.5f + i / 60.0f, 0.1f },
        4, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clipoverlay/a frame without tags passes untouched",
      test_a_frame_without_tags_passes_untouched);
  g_test_add_func ("/clipoverlay/tags that are not active are not shown",
      test_tags_that_are_not_active_are_not_shown);
  g_test_add_data_func ("/clipoverlay/a panel on a bright picture",
      GUINT_TO_POINTER (0xffffff), test_a_panel_has_letters_and_a_bar);
  g_test_add_data_func ("/clipoverlay/a panel on a green picture",
      GUINT_TO_POINTER (0x60a040), test_a_panel_has_letters_and_a_bar);
  g_test_add_data_func ("/clipoverlay/a panel on a dark picture",
      GUINT_TO_POINTER (0x000000), test_a_panel_has_letters_and_a_bar);
  g_test_add_func (
      "/clipoverlay/all formats are drawn on", test_all_formats_are_drawn_on);
  g_test_add_func (
      "/clipoverlay/position is a corner", test_position_is_a_corner);
  g_test_add_func ("/clipoverlay/show and max-labels choose rows",
      test_show_and_max_labels_choose_rows);
  g_test_add_func (
      "/clipoverlay/top has the best first", test_top_has_the_best_first);
  g_test_add_func ("/clipoverlay/a prompt set with groups names them",
      test_a_prompt_set_with_groups_names_them);
  g_test_add_func ("/clipoverlay/only plain cosines are written as such",
      test_only_plain_cosines_are_written_as_such);
  g_test_add_func ("/clipoverlay/the pixel aspect ratio is respected",
      test_the_pixel_aspect_ratio_is_respected);
  g_test_add_func ("/clipoverlay/any size of picture is fine",
      test_any_size_of_picture_is_fine);
  g_test_add_func ("/clipoverlay/a font size in pixels counts",
      test_a_font_size_in_pixels_counts);
  g_test_add_func ("/clipoverlay/a colour that cannot be read is a warning",
      test_a_colour_that_cannot_be_read_is_a_warning);
  g_test_add_func ("/clipoverlay/properties change while playing",
      test_properties_change_while_playing);
  g_test_add_func ("/clipoverlay/any thread may set properties",
      test_any_thread_may_set_properties);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Formats, sizes, strides, crops and colorimetry: whatever the layout, the same
 * picture gives the same embedding. */

#include "tag-test.h"

#define WIDTH  63
#define HEIGHT 47

/* What separates rounding from an error: GStreamer's way from YUV to RGB, which
 * makes the pictures to compare with, is up to 7 levels off in 1.22 (see
 * tests/golden/videoconvert.c, which compares levels). Red and blue exchanged
 * are farther apart. */
#define SAME_COLORS 0.98

static const GstVideoFormat formats[] = {
  GST_VIDEO_FORMAT_RGB,
  GST_VIDEO_FORMAT_BGR,
  GST_VIDEO_FORMAT_RGBx,
  GST_VIDEO_FORMAT_BGRx,
  GST_VIDEO_FORMAT_xRGB,
  GST_VIDEO_FORMAT_xBGR,
  GST_VIDEO_FORMAT_RGBA,
  GST_VIDEO_FORMAT_BGRA,
  GST_VIDEO_FORMAT_ARGB,
  GST_VIDEO_FORMAT_ABGR,
  GST_VIDEO_FORMAT_GRAY8,
  GST_VIDEO_FORMAT_NV12,
  GST_VIDEO_FORMAT_NV21,
  GST_VIDEO_FORMAT_I420,
  GST_VIDEO_FORMAT_YV12,
  GST_VIDEO_FORMAT_YUY2,
  GST_VIDEO_FORMAT_UYVY,
  GST_VIDEO_FORMAT_Y42B,
  GST_VIDEO_FORMAT_Y444,
  GST_VIDEO_FORMAT_P010_10LE,
  GST_VIDEO_FORMAT_I420_10LE,
};

/* Takes the picture; the caps may change from call to call. */
static GstBuffer *
tag (TagTest *test, const GstVideoInfo *info, GstBuffer *picture)
{
  gst_harness_set_src_caps (test->harness, gst_video_info_to_caps (info));
  return tag_test_push (test, picture);
}

static TagTest *
new_test (void)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a circle; a square",
      "attach-embedding", TRUE, NULL);
}

static void
test_every_format_gives_the_embedding_of_its_rgb (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstVideoInfo rgb = tag_info (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = tag_info (formats[i], WIDTH, HEIGHT);
    g_autoptr (GstBuffer) picture =
        tag_picture_new (&info, TAG_PICTURE_COLORS, 0, 0);
    g_autoptr (GstBuffer) found = tag (test, &info, gst_buffer_ref (picture));
    g_autoptr (GstBuffer) wanted =
        tag (test, &rgb, tag_picture_convert (picture, &info, &rgb));
    gdouble cosine = tag_embedding_cosine (found, wanted);

    g_test_message (
        "%s: %.6f", gst_video_format_to_string (formats[i]), cosine);
    g_assert_cmpfloat (
        cosine, >, GST_VIDEO_INFO_IS_YUV (&info) ? SAME_COLORS : 0.99999);
  }
}

static void
test_exchanged_colors_would_be_seen (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  g_autoptr (GstBuffer) a =
      tag (test, &info, tag_picture_new (&info, TAG_PICTURE_COLORS, 0, 0));
  g_autoptr (GstBuffer) b = tag (
      test, &info, tag_picture_new (&info, TAG_PICTURE_SWAPPED_COLORS, 0, 0));

  g_assert_cmpfloat (tag_embedding_cosine (a, b), <, SAME_COLORS);
}

static void
test_padded_strides_change_nothing (void)
{
  g_autoptr (TagTest) test = new_test ();

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = tag_info (formats[i], WIDTH, HEIGHT);
    g_autoptr (GstBuffer) plain =
        tag (test, &info, tag_picture_new (&info, TAG_PICTURE_COLORS, 0, 0));
    g_autoptr (GstBuffer) padded =
        tag (test, &info, tag_picture_new (&info, TAG_PICTURE_COLORS, 37, 5));

    g_assert_cmpfloat (tag_embedding_cosine (plain, padded), >, 0.9999999);
  }
}

static void
test_tiny_and_long_pictures_are_taken (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 3, 5 }, { 641, 3 } };
  g_autoptr (TagTest) test = new_test ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (formats); j++) {
      GstVideoInfo info = tag_info (formats[j], sizes[i][0], sizes[i][1]);
      g_autoptr (GstBuffer) out =
          tag (test, &info, tag_picture_new (&info, TAG_PICTURE_WHITE, 0, 0));

      g_assert_nonnull (gst_buffer_get_clip_meta (out));
    }
  }
}

/* The upper left of a larger picture, given as a crop, against the same pixels
 * as a picture of their own. */
static void
test_only_the_cropped_part_is_seen (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstVideoInfo large = tag_info (GST_VIDEO_FORMAT_RGB, 128, 96);
  GstVideoInfo small = tag_info (GST_VIDEO_FORMAT_RGB, 50, 40);
  GstBuffer *whole = tag_picture_new (&large, TAG_PICTURE_COLORS, 0, 0);
  GstBuffer *part = tag_picture_new (&small, TAG_PICTURE_BLACK, 0, 0);
  GstVideoFrame from, to;
  GstVideoCropMeta *crop;

  g_assert_true (gst_video_frame_map (&from, &large, whole, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&to, &small, part, GST_MAP_WRITE));
  for (guint y = 0; y < 40; y++)
    memcpy ((guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&to, 0) +
                y * GST_VIDEO_FRAME_PLANE_STRIDE (&to, 0),
        (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&from, 0) +
            (y + 20) * GST_VIDEO_FRAME_PLANE_STRIDE (&from, 0) + 30 * 3,
        50 * 3);
  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);

  g_autoptr (GstBuffer) uncropped = tag (test, &large, gst_buffer_copy (whole));
  crop = gst_buffer_add_video_crop_meta (whole);
  crop->x = 30;
  crop->y = 20;
  crop->width = 50;
  crop->height = 40;
  g_autoptr (GstBuffer) cropped = tag (test, &large, whole);
  g_autoptr (GstBuffer) wanted = tag (test, &small, part);

  g_assert_cmpfloat (tag_embedding_cosine (cropped, wanted), >, 0.9999999);
  g_assert_cmpfloat (tag_embedding_cosine (uncropped, wanted), <, 0.9999);
}

/* A crop can reach out of the picture where an element upstream errs. */
static void
test_a_crop_outside_is_cut (void)
{
  g_autoptr (TagTest) test = new_test ();
  GstBuffer *picture = tag_picture_small (TAG_PICTURE_COLORS);
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (picture);

  crop->x = 10;
  crop->y = 10;
  crop->width = G_MAXUINT;
  crop->height = 1000;
  g_autoptr (GstBuffer) out = tag_test_push (test, picture);
  g_assert_nonnull (gst_buffer_get_clip_meta (out));
}

/* The same bytes mean other colours in another matrix or range. Ten bits, where
 * the converter that we compare with is exact. */
static void
test_colorimetry_is_respected (void)
{
  static const gchar *const colorimetries[] = { "bt601", "bt709", "bt2020",
    "1:4:0:0", "1:3:0:0" };
  g_autoptr (TagTest) test = new_test ();
  GstVideoInfo rgb = tag_info (GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  GstVideoInfo yuv = tag_info (GST_VIDEO_FORMAT_I420_10LE, WIDTH, HEIGHT);
  g_autoptr (GstBuffer) picture =
      tag_picture_new (&yuv, TAG_PICTURE_COLORS, 0, 0);
  g_autoptr (GstBuffer) last = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (colorimetries); i++) {
    g_assert_true (
        gst_video_colorimetry_from_string (&yuv.colorimetry, colorimetries[i]));
    /* The primaries are not ours to convert: keep the converter from it. */
    rgb.colorimetry.primaries = yuv.colorimetry.primaries;
    rgb.colorimetry.transfer = yuv.colorimetry.transfer;
    g_autoptr (GstBuffer) found = tag (test, &yuv, gst_buffer_copy (picture));
    g_autoptr (GstBuffer) wanted =
        tag (test, &rgb, tag_picture_convert (picture, &yuv, &rgb));
    gdouble cosine = tag_embedding_cosine (found, wanted);
    gdouble other = last == NULL ? 0 : tag_embedding_cosine (last, wanted);

    g_test_message (
        "%s: %.6f, the one before: %.6f", colorimetries[i], cosine, other);
    g_assert_cmpfloat (cosine, >, 0.9998);
    g_assert_cmpfloat (cosine, >, other);
    gst_buffer_replace (&last, found);
  }
}

static void
test_caps_that_are_not_ours_are_refused (void)
{
  static const gchar *const refused[] = {
    "video/x-raw,format=RGB16,width=64,height=48,framerate=10/1",
    "video/x-raw,format=RGB,width=16385,height=48,framerate=10/1",
    "video/x-raw(memory:GLMemory),format=RGBA,width=64,height=48",
    "audio/x-raw,format=S16LE,rate=44100,channels=1,layout=interleaved",
  };
  g_autoptr (GstElement) element =
      gst_object_ref_sink (tag_test_make ("prompts", "a cat", NULL));
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (refused[i]);

    g_assert_false (gst_pad_query_accept_caps (sink, caps));
  }
  g_autoptr (GstCaps) taken = gst_caps_from_string (TAG_TEST_SMALL_CAPS);
  g_assert_true (gst_pad_query_accept_caps (sink, taken));
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/formats/" name, function)
  ADD ("every-format-gives-the-embedding-of-its-rgb",
      test_every_format_gives_the_embedding_of_its_rgb);
  ADD ("exchanged-colors-would-be-seen", test_exchanged_colors_would_be_seen);
  ADD ("padded-strides-change-nothing", test_padded_strides_change_nothing);
  ADD ("tiny-and-long-pictures-are-taken",
      test_tiny_and_long_pictures_are_taken);
  ADD ("only-the-cropped-part-is-seen", test_only_the_cropped_part_is_seen);
  ADD ("a-crop-outside-is-cut", test_a_crop_outside_is_cut);
  ADD ("colorimetry-is-respected", test_colorimetry_is_respected);
  ADD ("caps-that-are-not-ours-are-refused",
      test_caps_that_are_not_ours_are_refused);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

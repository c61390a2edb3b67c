/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How clipoverlay's drawing gets to the viewer: attached where that is taken,
 * blended otherwise; and what happens to buffers on the way. */

#include "overlay-test.h"

#include <string.h>

#define SIZE     "format=NV12,width=320,height=240,framerate=10/1"
#define CAPS     "video/x-raw," SIZE
#define WITH     OVERLAY_FEATURES "," SIZE
#define GPU_CAPS "video/x-raw(memory:Nowhere)," SIZE

static GstVideoInfo
nv12_info (gint width, gint height)
{
  GstVideoInfo info;

  g_assert_true (
      gst_video_info_set_format (&info, GST_VIDEO_FORMAT_NV12, width, height));
  return info;
}

/* What a sink that draws overlays itself says. */
static OverlayTest *
test_with_capable_sink (const gchar *caps, const gchar *sink_caps)
{
  OverlayTest *test = overlay_test_new ("show=all", caps);

  gst_harness_set_sink_caps_str (test->harness, sink_caps);
  gst_harness_add_propose_allocation_meta (
      test->harness, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  return test;
}

static GstBuffer *
tagged_picture (ClvPrompts *prompts, gfloat score)
{
  GstVideoInfo info = nv12_info (320, 240);
  GstBuffer *buffer = overlay_picture_new (&info, 0x808080);

  meta_test_add (buffer, prompts, &score, NULL);
  return buffer;
}

static GstVideoOverlayComposition *
composition_of (GstBuffer *buffer)
{
  GstVideoOverlayCompositionMeta *meta =
      gst_buffer_get_video_overlay_composition_meta (buffer);

  return meta != NULL ? meta->overlay : NULL;
}

static gboolean
has_feature (OverlayTest *test)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (test->element, "src");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (src);

  return gst_caps_features_contains (gst_caps_get_features (caps, 0),
      GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION);
}

static gboolean
same_pixels (GstBuffer *a, GstBuffer *b)
{
  GstMapInfo map;
  gboolean same;

  g_assert_true (gst_buffer_map (a, &map, GST_MAP_READ));
  same = gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return same;
}

static void
test_a_composition_is_attached_where_it_is_taken (void)
{
  g_autoptr (OverlayTest) test = test_with_capable_sink (CAPS, WITH ";" CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  g_autoptr (GstBuffer) plain = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) out =
      gst_harness_push_and_pull (test->harness, tagged_picture (prompts, 1));
  GstVideoOverlayComposition *composition = composition_of (out);
  GstVideoOverlayRectangle *rectangle;
  gint x, y;
  guint width, height;

  g_assert_true (has_feature (test));
  g_assert_true (same_pixels (plain, out));
  g_assert_nonnull (gst_buffer_get_clip_meta (out));
  g_assert_nonnull (composition);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (composition), ==, 1);
  rectangle = gst_video_overlay_composition_get_rectangle (composition, 0);
  g_assert_true (gst_video_overlay_rectangle_get_render_rectangle (
      rectangle, &x, &y, &width, &height));
  g_assert_cmpint (x, <, 16);
  g_assert_cmpint (y, <, 16);
  g_assert_cmpuint (width, >, 40);
  g_assert_cmpuint (width, <, 320);
  g_assert_cmpuint (height, <, 60);
}

/* Two decimals are shown: what cannot be seen is not drawn again. */
static void
test_a_drawing_is_used_until_it_changes (void)
{
  g_autoptr (OverlayTest) test = test_with_capable_sink (CAPS, WITH ";" CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  static const gfloat scores[] = { 0.501f, 0.502f, 0.5f, 0.51f, 0.48f };
  GstBuffer *outs[G_N_ELEMENTS (scores)];

  for (guint i = 0; i < G_N_ELEMENTS (scores); i++)
    outs[i] = gst_harness_push_and_pull (
        test->harness, tagged_picture (prompts, scores[i]));
  g_assert_true (composition_of (outs[0]) == composition_of (outs[1]));
  g_assert_true (composition_of (outs[0]) == composition_of (outs[2]));
  g_assert_true (composition_of (outs[2]) != composition_of (outs[3]));
  g_assert_true (composition_of (outs[3]) != composition_of (outs[4]));
  for (guint i = 0; i < G_N_ELEMENTS (scores); i++)
    gst_clear_buffer (&outs[i]);
}

/* Caps are not enough: whoever does not ask for it in the ALLOCATION query
 * would not draw it. */
static void
test_it_is_blended_where_allocation_does_not_ask (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  g_autoptr (GstBuffer) plain = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) out = NULL;

  gst_harness_set_sink_caps_str (test->harness, WITH ";" CAPS);
  out = gst_harness_push_and_pull (test->harness, tagged_picture (prompts, 1));
  g_assert_false (has_feature (test));
  g_assert_null (composition_of (out));
  g_assert_false (same_pixels (plain, out));
}

static void
test_it_is_blended_where_caps_do_not_have_it (void)
{
  g_autoptr (OverlayTest) test = test_with_capable_sink (CAPS, CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  g_autoptr (GstBuffer) plain = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) out =
      gst_harness_push_and_pull (test->harness, tagged_picture (prompts, 1));

  g_assert_false (has_feature (test));
  g_assert_null (composition_of (out));
  g_assert_false (same_pixels (plain, out));
}

static void
test_memory_out_of_reach_gets_a_composition (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", GPU_CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  g_autoptr (GstBuffer) out = NULL;

  gst_harness_set_sink_caps_str (test->harness,
      "video/x-raw(memory:Nowhere, meta:GstVideoOverlayComposition)," SIZE);
  out = gst_harness_push_and_pull (test->harness, tagged_picture (prompts, 1));
  g_assert_nonnull (composition_of (out));
  g_assert_null (overlay_test_pop_complaint (test));
}

static void
test_memory_out_of_reach_passes_with_a_warning (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", GPU_CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");

  gst_harness_set_sink_caps_str (test->harness, GPU_CAPS);
  for (guint i = 0; i < 3; i++) {
    GstBuffer *in = tagged_picture (prompts, 1);
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (test->harness, in);
    g_autoptr (GstMessage) message = overlay_test_pop_complaint (test);

    g_assert_true (out == in);
    g_assert_true ((message != NULL) == (i == 0));
  }
}

static GstVideoOverlayComposition *
new_composition (void)
{
  g_autoptr (GstBuffer) pixels = gst_buffer_new_allocate (NULL, 64, NULL);
  GstVideoOverlayRectangle *rectangle;
  GstVideoOverlayComposition *composition;

  gst_buffer_memset (pixels, 0, 0, 64);
  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 4, 4);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, 100, 100, 4, 4,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  composition = gst_video_overlay_composition_new (rectangle);
  gst_video_overlay_rectangle_unref (rectangle);
  return composition;
}

static void
test_what_upstream_has_attached_stays (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", WITH);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoOverlayComposition *composition = new_composition ();
  GstBuffer *in = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) out = NULL;
  gint x, y;
  guint width, height;

  gst_buffer_add_video_overlay_composition_meta (in, composition);
  gst_video_overlay_composition_unref (composition);
  out = gst_harness_push_and_pull (test->harness, in);
  composition = composition_of (out);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (composition), ==, 2);
  gst_video_overlay_rectangle_get_render_rectangle (
      gst_video_overlay_composition_get_rectangle (composition, 0), &x, &y,
      &width, &height);
  g_assert_cmpint (x, ==, 100);
  g_assert_cmpuint (width, ==, 4);
}

/* A tee's other branch must not see the drawing. */
static void
test_a_shared_buffer_is_not_drawn_on (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  g_autoptr (GstBuffer) plain = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) in = tagged_picture (prompts, 1);
  g_autoptr (GstBuffer) out =
      gst_harness_push_and_pull (test->harness, gst_buffer_ref (in));

  g_assert_true (same_pixels (plain, in));
  g_assert_false (same_pixels (plain, out));
}

static void
test_a_buffer_that_is_too_small_is_an_error (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstBuffer *in = gst_buffer_new_allocate (NULL, 1000, NULL);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  gfloat score = 1;

  meta_test_add (in, prompts, &score, NULL);
  g_assert_cmpint (gst_harness_push (test->harness, in), ==, GST_FLOW_ERROR);
  message = overlay_test_pop_complaint (test);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, &debug);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  g_assert_nonnull (strstr (debug, "1000"));
}

static void
test_new_caps_move_the_drawing (void)
{
  g_autoptr (OverlayTest) test =
      overlay_test_new ("show=all position=bottom-right", CAPS);
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  static const gint sizes[][2] = { { 320, 240 }, { 640, 480 }, { 160, 120 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    gint w = sizes[i][0], h = sizes[i][1];
    GstVideoInfo info = nv12_info (w, h);
    g_autoptr (GstBuffer) plain = overlay_picture_new (&info, 0x808080);
    GstBuffer *in = gst_buffer_copy_deep (plain);
    g_autofree gchar *caps = g_strdup_printf (
        "video/x-raw,format=NV12,width=%d,height=%d,framerate=10/1", w, h);
    g_autoptr (GstBuffer) out = NULL;
    g_autofree guint8 *before = overlay_to_rgba (plain, &info);
    g_autofree guint8 *after = NULL;
    OverlayBox box;

    gst_harness_set_src_caps_str (test->harness, caps);
    meta_test_add (in, prompts, (gfloat[]){ 1 }, NULL);
    out = gst_harness_push_and_pull (test->harness, in);
    after = overlay_to_rgba (out, &info);
    box = overlay_difference (before, after, w, h, 4);
    g_assert_cmpint (box.width, >, w / 8);
    g_assert_cmpint (w - box.x - box.width, <, w / 16 + 4);
    g_assert_cmpint (h - box.y - box.height, <, h / 16 + 4);
  }
}

/* A decoder's buffer may be larger than the picture that is shown of it. */
static void
test_a_cropped_picture_is_drawn_on_where_it_is_shown (void)
{
  g_autoptr (OverlayTest) test = overlay_test_new ("show=all",
      "video/x-raw,format=NV12,width=200,height=100,framerate=10/1");
  g_autoptr (ClvPrompts) prompts = meta_test_prompts ("dog");
  GstVideoInfo info = nv12_info (320, 240);
  g_autoptr (GstBuffer) plain = overlay_picture_new (&info, 0x808080);
  GstBuffer *in = gst_buffer_copy_deep (plain);
  g_autofree guint8 *before = overlay_to_rgba (plain, &info);
  g_autofree guint8 *after = NULL;
  g_autoptr (GstBuffer) out = NULL;
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (in);
  OverlayBox box;

  gst_buffer_add_video_meta_full (in, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_NV12, 320, 240, 2, info.offset, info.stride);
  crop->x = 100;
  crop->y = 120;
  crop->width = 200;
  crop->height = 100;
  meta_test_add (in, prompts, (gfloat[]){ 1 }, NULL);
  out = gst_harness_push_and_pull (test->harness, in);
  after = overlay_to_rgba (out, &info);
  box = overlay_difference (before, after, 320, 240, 4);
  g_assert_cmpint (box.x, >=, 100);
  g_assert_cmpint (box.x, <, 112);
  g_assert_cmpint (box.y, >=, 120);
  g_assert_cmpint (box.y, <, 132);
  g_assert_cmpint (box.width, <=, 200);
}

static void
run_pipeline (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_nonnull (message);
  g_test_message ("%s: %s", line, GST_MESSAGE_TYPE_NAME (message));
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
}

static void
test_it_stands_anywhere_in_a_pipeline (void)
{
  run_pipeline ("videotestsrc num-buffers=2 ! clipoverlay ! fakesink");
  run_pipeline ("videotestsrc num-buffers=2 ! clipoverlay ! videoconvert ! "
                "videoscale ! video/x-raw,format=GRAY8,width=100 ! fakesink");
  run_pipeline ("videotestsrc num-buffers=2 ! clipoverlay ! clipoverlay ! "
                "video/x-raw,format=I420 ! fakesink");
  run_pipeline ("videotestsrc num-buffers=2 ! tee name=t t. ! queue ! "
                "clipoverlay ! fakesink t. ! queue ! fakesink");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clipoverlay/a composition is attached where it is taken",
      test_a_composition_is_attached_where_it_is_taken);
  g_test_add_func ("/clipoverlay/a drawing is used until it changes",
      test_a_drawing_is_used_until_it_changes);
  g_test_add_func ("/clipoverlay/it is blended where allocation does not ask",
      test_it_is_blended_where_allocation_does_not_ask);
  g_test_add_func ("/clipoverlay/it is blended where caps do not have it",
      test_it_is_blended_where_caps_do_not_have_it);
  g_test_add_func ("/clipoverlay/memory out of reach gets a composition",
      test_memory_out_of_reach_gets_a_composition);
  g_test_add_func ("/clipoverlay/memory out of reach passes with a warning",
      test_memory_out_of_reach_passes_with_a_warning);
  g_test_add_func ("/clipoverlay/what upstream has attached stays",
      test_what_upstream_has_attached_stays);
  g_test_add_func ("/clipoverlay/a shared buffer is not drawn on",
      test_a_shared_buffer_is_not_drawn_on);
  g_test_add_func ("/clipoverlay/a buffer that is too small is an error",
      test_a_buffer_that_is_too_small_is_an_error);
  g_test_add_func (
      "/clipoverlay/new caps move the drawing", test_new_caps_move_the_drawing);
  g_test_add_func (
      "/clipoverlay/a cropped picture is drawn on where it is shown",
      test_a_cropped_picture_is_drawn_on_where_it_is_shown);
  g_test_add_func ("/clipoverlay/it stands anywhere in a pipeline",
      test_it_stands_anywhere_in_a_pipeline);
  return g_test_run ();
}

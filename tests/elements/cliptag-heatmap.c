/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Heat maps: that they light what a phrase names, which labels have one, where they
 * lie, and what they survive. */

#include "tag-test.h"

#include <math.h>
#include <string.h>

#include "gstclipheatmap.h"

#define WIDTH  128
#define HEIGHT 96
#define CAPS   "video/x-raw,format=RGB,width=128,height=96,framerate=10/1"

/* A disc on white; x and y of its middle and its radius in shares of the width
 * and height. */
static void
draw_disc (guint8 *pixels, gdouble x, gdouble y, gdouble radius, guint32 rgb)
{
  for (guint row = 0; row < HEIGHT; row++)
    for (guint column = 0; column < WIDTH; column++) {
      gdouble dx = column + 0.5 - x * WIDTH, dy = row + 0.5 - y * HEIGHT;
      guint8 *pixel = &pixels[(row * WIDTH + column) * 3];

      if (hypot (dx, dy) > radius * HEIGHT)
        continue;
      pixel[0] = rgb >> 16;
      pixel[1] = rgb >> 8;
      pixel[2] = rgb;
    }
}

static GstBuffer *
new_picture (gdouble red_x, gdouble blue_x)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  memset (map.data, 0xf0, map.size);
  draw_disc (map.data, red_x, 0.5, 0.3, 0xdc1e1e);
  if (blue_x > 0)
    draw_disc (map.data, blue_x, 0.5, 0.3, 0x1e3cdc);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* How much brighter the left half is, -255 to 255. */
static gdouble
left_minus_right (const GstClipHeatmapMeta *meta, const GstClipHeatmap *map)
{
  gdouble sum = 0;

  for (guint row = 0; row < meta->rows; row++)
    for (guint column = 0; column < meta->columns; column++)
      sum += (column < meta->columns / 2 ? 1 : -1) *
             (gdouble) map->grey[row * meta->columns + column];
  return sum / (meta->rows * meta->columns / 2);
}

/* The middle of the brightest patch, in pixels of the picture. */
static void
find_brightest (const GstClipHeatmapMeta *meta, const GstClipHeatmap *map,
    gdouble *ret_x, gdouble *ret_y)
{
  guint best = 0;

  for (guint i = 0; i < meta->rows * meta->columns; i++)
    if (map->grey[i] > map->grey[best])
      best = i;
  *ret_x = meta->x + (best % meta->columns + 0.5) * meta->width / meta->columns;
  *ret_y = meta->y + (best / meta->columns + 0.5) * meta->height / meta->rows;
}

/* The half that x is in is brighter by so many levels, and the brightest patch is
 * on the disc there. */
static void
assert_lights (
    GstBuffer *buffer, const gchar *label, gdouble x, gdouble at_least)
{
  GstClipHeatmapMeta *meta = gst_buffer_get_clip_heatmap_meta (buffer);
  const GstClipHeatmap *map;
  gdouble found_x, found_y, difference;

  g_assert_nonnull (meta);
  map = gst_clip_heatmap_meta_find (meta, label);
  g_assert_nonnull (map);
  difference = left_minus_right (meta, map);
  find_brightest (meta, map, &found_x, &found_y);
  g_test_message ("%s: left - right %.0f, brightest at %.0f, %.0f, %.2f to "
                  "%.2f",
      label, difference, found_x, found_y, map->low, map->high);
  g_assert_cmpfloat (x < 0.5 ? difference : -difference, >, at_least);
  g_assert_cmpfloat (fabs (found_x - x * WIDTH), <, 0.25 * WIDTH);
  g_assert_cmpfloat (fabs (found_y - 0.5 * HEIGHT), <, 0.4 * HEIGHT);
  g_assert_cmpfloat (map->high, >, map->low + 0.1f);
}

/* Where there are two discs, each map shows both, the named one brighter. */
static void
test_a_red_circle_on_the_left_lights_the_left (void)
{
  g_autoptr (TagTest) test = tag_test_new (CAPS, "prompts",
      "a red circle; a blue circle; a green square", "attach-heatmap", TRUE,
      NULL);
  g_autoptr (GstBuffer) left = tag_test_push (test, new_picture (0.25, 0));
  g_autoptr (GstBuffer) right = tag_test_push (test, new_picture (0.75, 0));
  g_autoptr (GstBuffer) both = tag_test_push (test, new_picture (0.25, 0.75));
  g_autoptr (GstBuffer) swapped =
      tag_test_push (test, new_picture (0.75, 0.25));

  assert_lights (left, "a red circle", 0.25, 60);
  assert_lights (right, "a red circle", 0.75, 60);
  assert_lights (both, "a red circle", 0.25, 5);
  assert_lights (both, "a blue circle", 0.75, 5);
  assert_lights (swapped, "a red circle", 0.75, 5);
  assert_lights (swapped, "a blue circle", 0.25, 5);
}

static void
test_there_is_none_unless_asked_for (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (CAPS, "prompts", "a red circle; a blue circle", NULL);
  g_autoptr (GstBuffer) before = tag_test_push (test, new_picture (0.25, 0));
  g_autoptr (GstBuffer) with = NULL;
  g_autoptr (GstBuffer) after = NULL;

  g_assert_nonnull (gst_buffer_get_clip_meta (before));
  g_assert_null (gst_buffer_get_clip_heatmap_meta (before));
  g_object_set (test->element, "attach-heatmap", TRUE, NULL);
  with = tag_test_push (test, new_picture (0.25, 0));
  g_assert_nonnull (gst_buffer_get_clip_heatmap_meta (with));
  g_object_set (test->element, "attach-heatmap", FALSE, NULL);
  after = tag_test_push (test, new_picture (0.25, 0));
  g_assert_null (gst_buffer_get_clip_heatmap_meta (after));

  /* Nothing else is changed by it. */
  for (guint i = 0; i < 2; i++)
    g_assert_cmpfloat_with_epsilon (
        gst_buffer_get_clip_meta (before)->scores[i].cosine,
        gst_buffer_get_clip_meta (with)->scores[i].cosine, 1e-5);
}

static void
test_the_best_labels_have_one (void)
{
  g_autoptr (TagTest) test = tag_test_new (CAPS, "prompts",
      "snow; a red circle; a; b; c; d; e; f; g; h; a green square",
      "attach-heatmap", TRUE, NULL);
  g_autoptr (GstBuffer) out = tag_test_push (test, new_picture (0.25, 0));
  GstClipHeatmapMeta *meta = gst_buffer_get_clip_heatmap_meta (out);
  GstClipMeta *scores = gst_buffer_get_clip_meta (out);
  gboolean has[11] = { FALSE };

  g_assert_cmpuint (meta->generation, ==, scores->generation);
  g_assert_cmpuint (meta->n_maps, ==, 8);
  g_assert_cmpstr (meta->maps[0].label, ==, "a red circle");
  g_assert_cmpuint (meta->maps[0].index, ==, 1);
  g_assert_true (scores->scores[1].active);
  for (guint i = 0; i < meta->n_maps; i++) {
    const guint index = meta->maps[i].index;

    g_assert_cmpstr (
        meta->maps[i].label, ==, gst_clip_meta_get_label (scores, index));
    if (i > 0)
      g_assert_cmpfloat (scores->scores[meta->maps[i - 1].index].smoothed, >=,
          scores->scores[index].smoothed);
    has[index] = TRUE;
  }
  for (guint i = 0; i < 11; i++)
    if (!has[i])
      g_assert_cmpfloat (scores->scores[i].smoothed, <=,
          scores->scores[meta->maps[7].index].smoothed);
  g_assert_null (gst_clip_heatmap_meta_find (meta, "no such label"));
}

/* The demo model squashes the picture: all of it is covered. */
static void
test_the_rectangle_is_what_the_model_sees (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      CAPS, "prompts", "a red circle", "attach-heatmap", TRUE, NULL);
  g_autoptr (GstBuffer) out = tag_test_push (test, new_picture (0.25, 0));
  GstClipHeatmapMeta *meta = gst_buffer_get_clip_heatmap_meta (out);

  g_assert_cmpuint (meta->columns, ==, 8);
  g_assert_cmpuint (meta->rows, ==, 8);
  g_assert_cmpuint (meta->frame_width, ==, WIDTH);
  g_assert_cmpuint (meta->frame_height, ==, HEIGHT);
  g_assert_cmpfloat (meta->x, ==, 0);
  g_assert_cmpfloat (meta->y, ==, 0);
  g_assert_cmpfloat (meta->width, ==, WIDTH);
  g_assert_cmpfloat (meta->height, ==, HEIGHT);
}

static void
test_frames_share_the_maps_of_a_result (void)
{
  g_autoptr (TagTest) test = tag_test_new (CAPS, "prompts", "a red circle",
      "attach-heatmap", TRUE, "inference-interval", 2, NULL);
  g_autoptr (GstBuffer) first = tag_test_push (test, new_picture (0.25, 0));
  g_autoptr (GstBuffer) second = tag_test_push (test, new_picture (0.75, 0));
  g_autoptr (GstBuffer) third = tag_test_push (test, new_picture (0.75, 0));

  g_assert_false (gst_buffer_get_clip_meta (second)->fresh);
  g_assert_true (gst_buffer_get_clip_heatmap_meta (first)->maps ==
                 gst_buffer_get_clip_heatmap_meta (second)->maps);
  assert_lights (second, "a red circle", 0.25, 60);
  assert_lights (third, "a red circle", 0.75, 60);
}

/* Maps of frames that are encoded together do not get mixed up. */
static void
test_each_frame_of_a_batch_has_its_own (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (CAPS, "prompts", "a red circle; a blue circle",
          "attach-heatmap", TRUE, "batch-size", 4, NULL);

  for (guint i = 0; i < 4; i++)
    tag_test_push_only (test, new_picture (i % 2 ? 0.75 : 0.25, 0));
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);

    assert_lights (out, "a red circle", i % 2 ? 0.75 : 0.25, 60);
  }
}

static void
test_in_mode_live_they_come_with_the_scores (void)
{
  g_autoptr (TagTest) test = tag_test_new (CAPS, "mode", TAG_TEST_LIVE,
      "prompts", "a red circle; a blue circle", "attach-heatmap", TRUE, NULL);
  g_autoptr (GstBuffer) first = tag_test_push (test, new_picture (0.25, 0));
  g_autoptr (GstBuffer) out = NULL;

  g_assert_null (gst_buffer_get_clip_heatmap_meta (first));
  tag_test_wait_stat (test->element, "inferred", 1);
  out = tag_test_push (test, new_picture (0.25, 0));
  g_assert_false (gst_buffer_get_clip_meta (out)->fresh);
  assert_lights (out, "a red circle", 0.25, 60);
}

typedef struct {
  guint n_scores, n_maps; /* frames with them */
  gdouble x, y, width, height;
  guint frame_width, frame_height;
  gdouble left_minus_right;
} Seen;

static GstPadProbeReturn
look (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstClipHeatmapMeta *meta = gst_buffer_get_clip_heatmap_meta (buffer);
  Seen *seen = data;

  seen->n_scores += gst_buffer_get_clip_meta (buffer) != NULL;
  if (meta == NULL)
    return GST_PAD_PROBE_OK;
  seen->n_maps++;
  seen->x = meta->x;
  seen->y = meta->y;
  seen->width = meta->width;
  seen->height = meta->height;
  seen->frame_width = meta->frame_width;
  seen->frame_height = meta->frame_height;
  seen->left_minus_right = left_minus_right (meta, &meta->maps[0]);
  return GST_PAD_PROBE_OK;
}

/* What is left of the metas of two frames behind these elements. */
static Seen
look_behind (const gchar *elements)
{
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc num-buffers=2 ! %s ! "
      "cliptag prompts=\"a; b\" attach-heatmap=true mode=sync ! %s ! "
      "fakesink name=sink",
      CAPS, elements);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  Seen seen = { 0 };

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, look, &seen, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_test_message ("%s: %u, %u: %.1f, %.1f, %.1f × %.1f of %u × %u", elements,
      seen.n_scores, seen.n_maps, seen.x, seen.y, seen.width, seen.height,
      seen.frame_width, seen.frame_height);
  return seen;
}

static void
test_what_scales_scales_the_rectangle (void)
{
  Seen seen = look_behind ("tee ! queue ! videoconvert ! "
                           "video/x-raw,format=I420");

  g_assert_cmpuint (seen.n_maps, ==, 2);
  g_assert_cmpfloat (seen.width, ==, WIDTH);
  seen = look_behind (
      "videoscale ! video/x-raw,width=64,height=192,pixel-aspect-ratio=4/1");
  g_assert_cmpuint (seen.n_maps, ==, 2);
  g_assert_cmpuint (seen.frame_width, ==, 64);
  g_assert_cmpuint (seen.frame_height, ==, 192);
  g_assert_cmpfloat (seen.x, ==, 0);
  g_assert_cmpfloat (seen.width, ==, 64);
  g_assert_cmpfloat (seen.height, ==, 192);
}

/* Where the rectangle would be wrong, there is none; scores are right for what was
 * seen, and stay. */
static void
test_what_cuts_or_turns_drops_them (void)
{
  static const gchar *elements[] = { "videocrop left=40",
    "videoflip video-direction=horiz", "videobox left=-20" };

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    Seen seen = look_behind (elements[i]);

    g_assert_cmpuint (seen.n_scores, ==, 2);
    g_assert_true (seen.n_maps == 0 || seen.frame_width != WIDTH);
  }
}

static void
test_a_copy_outlives_the_element (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      CAPS, "prompts", "a red circle", "attach-heatmap", TRUE, NULL);
  GstBuffer *out = tag_test_push (test, new_picture (0.25, 0));
  g_autoptr (GstBuffer) copy = gst_buffer_copy (out);

  gst_buffer_unref (out);
  tag_test_free (g_steal_pointer (&test));
  assert_lights (copy, "a red circle", 0.25, 60);
}

static void
add_tests (void)
{
  g_test_add_func ("/cliptag/heatmap/a red circle on the left lights the left",
      test_a_red_circle_on_the_left_lights_the_left);
  g_test_add_func ("/cliptag/heatmap/there is none unless asked for",
      test_there_is_none_unless_asked_for);
  g_test_add_func ("/cliptag/heatmap/the best labels have one",
      test_the_best_labels_have_one);
  g_test_add_func ("/cliptag/heatmap/the rectangle is what the model sees",
      test_the_rectangle_is_what_the_model_sees);
  g_test_add_func ("/cliptag/heatmap/frames share the maps of a result",
      test_frames_share_the_maps_of_a_result);
  g_test_add_func ("/cliptag/heatmap/each frame of a batch has its own",
      test_each_frame_of_a_batch_has_its_own);
  g_test_add_func ("/cliptag/heatmap/in mode live they come with the scores",
      test_in_mode_live_they_come_with_the_scores);
  g_test_add_func ("/cliptag/heatmap/what scales scales the rectangle",
      test_what_scales_scales_the_rectangle);
  g_test_add_func ("/cliptag/heatmap/what cuts or turns drops them",
      test_what_cuts_or_turns_drops_them);
  g_test_add_func ("/cliptag/heatmap/a copy outlives the element",
      test_a_copy_outlives_the_element);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

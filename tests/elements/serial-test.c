/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "serial-test.h"

#include <math.h>
#include <string.h>

#include "meta-test.h"

#define AGE     (40 * GST_MSECOND)
#define COLUMNS 3
#define ROWS    2
#define D       8

ClvPrompts *
serial_test_prompts (void)
{
  return meta_test_prompts (
      "{\"groups\": ["
      "{\"name\": \"street\", \"scoring\": \"softmax\", \"prompts\": ["
      "{\"label\": \"car\", \"text\": \"a car\", \"threshold\": 0.75, "
      "\"off-threshold\": 0.25, \"min-duration\": 1.5, \"cool-down\": 3},"
      "\"an empty street\"]},"
      "{\"name\": \"größe\", \"scoring\": \"sigmoid\", "
      "\"calibration\": \"stream\", \"prompts\": [\"a tall house\"]}]}");
}

static GstClipResult *
make_result (ClvPrompts *prompts, GstClockTime pts)
{
  const guint n = clv_prompts_get_n_labels (prompts);
  g_autofree ClvScore *scores = g_new (ClvScore, n);
  gfloat embedding[D] = { 0.6f, -0.8f };

  for (guint i = 0; i < n; i++)
    scores[i] = (ClvScore){ 0.1f + 0.001f * i, 10, 0.9f / (1 + i),
      0.8f / (1 + i), i == 0 };
  return gst_clip_result_new (
      prompts, "model", "0123456789abcdef", pts, scores, embedding, D);
}

static GstClipHeatmaps *
make_heatmaps (ClvPrompts *prompts)
{
  static const ClvPatchGrid grid = { COLUMNS, ROWS, -1.5, 0, 300, 200 };
  static const guint labels[] = { 1, 0 };
  gfloat patches[COLUMNS * ROWS * D] = { 0 };

  for (guint i = 0; i < COLUMNS * ROWS; i++) {
    patches[i * D] = cosf (0.1f * i);
    patches[i * D + 1] = sinf (0.1f * i);
  }
  return gst_clip_heatmaps_new (
      prompts, labels, G_N_ELEMENTS (labels), patches, &grid, 320, 240);
}

void
serial_test_add (GstBuffer *buffer, ClvPrompts *prompts)
{
  static const GstClipRegion place = { 10, 20, 30, 40, 0, 7, -1, -1 };
  GstClipRegion region = place;
  const GstClockTime pts =
      GST_BUFFER_PTS_IS_VALID (buffer) ? GST_BUFFER_PTS (buffer) : AGE;
  g_autoptr (GstClipResult) result = make_result (prompts, pts - AGE);
  g_autoptr (GstClipHeatmaps) heatmaps = make_heatmaps (prompts);

  region.roi_type = g_quark_from_string ("vehicle");
  gst_buffer_add_clip_meta (buffer, result, FALSE, TRUE, AGE);
  gst_buffer_add_clip_region_meta (buffer, &region, result, TRUE, FALSE, AGE);
  gst_buffer_add_clip_heatmap_meta (buffer, heatmaps);
}

static void
assert_same_labels (ClvPrompts *found, ClvPrompts *wanted)
{
  g_assert_cmpuint (
      clv_prompts_get_n_labels (found), ==, clv_prompts_get_n_labels (wanted));
  for (guint i = 0; i < clv_prompts_get_n_labels (found); i++) {
    const ClvLabel *a = clv_prompts_get_label (found, i);
    const ClvLabel *b = clv_prompts_get_label (wanted, i);

    g_assert_cmpstr (a->label, ==, b->label);
    g_assert_cmpstr (a->group, ==, b->group);
    g_assert_cmpuint (a->group_index, ==, b->group_index);
    g_assert_cmpint (a->scoring, ==, b->scoring);
    g_assert_cmpint (a->calibration, ==, b->calibration);
    g_assert_cmpfloat (a->threshold, ==, b->threshold);
    g_assert_cmpfloat (a->off_threshold, ==, b->off_threshold);
    g_assert_cmpfloat (a->min_duration, ==, b->min_duration);
    g_assert_cmpfloat (a->cool_down, ==, b->cool_down);
  }
}

static void
assert_same_scores (const ClvScore *found, const ClvScore *wanted, guint n)
{
  g_assert_cmpmem (found, n * sizeof *found, wanted, n * sizeof *wanted);
}

static void
assert_same_frames (const GstClipMeta *a, const GstClipMeta *b)
{
  g_assert_nonnull (a);
  assert_same_labels (
      gst_clip_meta_get_prompts (a), gst_clip_meta_get_prompts (b));
  g_assert_cmpstr (a->model_name, ==, b->model_name);
  g_assert_cmpstr (a->model_id, ==, b->model_id);
  g_assert_cmpint (a->fresh, ==, b->fresh);
  g_assert_cmpint (a->unchanged, ==, b->unchanged);
  g_assert_cmpuint (a->age, ==, b->age);
  g_assert_cmpuint (a->n_scores, ==, b->n_scores);
  assert_same_scores (a->scores, b->scores, a->n_scores);
  g_assert_cmpmem (a->embedding, a->embedding_width * sizeof (gfloat),
      b->embedding, b->embedding_width * sizeof (gfloat));
}

static void
assert_same_regions (const GstClipRegionMeta *a, const GstClipRegionMeta *b)
{
  g_assert_nonnull (a);
  assert_same_labels (gst_clip_region_meta_get_prompts (a),
      gst_clip_region_meta_get_prompts (b));
  g_assert_cmpmem (&a->region, sizeof a->region, &b->region, sizeof b->region);
  g_assert_cmpint (a->fresh, ==, b->fresh);
  g_assert_cmpint (a->unchanged, ==, b->unchanged);
  g_assert_cmpuint (a->age, ==, b->age);
  g_assert_cmpuint (a->n_scores, ==, b->n_scores);
  assert_same_scores (a->scores, b->scores, a->n_scores);
}

static void
assert_same_heatmaps (const GstClipHeatmapMeta *a, const GstClipHeatmapMeta *b)
{
  g_assert_nonnull (a);
  g_assert_cmpuint (a->columns, ==, b->columns);
  g_assert_cmpuint (a->rows, ==, b->rows);
  g_assert_cmpuint (a->frame_width, ==, b->frame_width);
  g_assert_cmpuint (a->frame_height, ==, b->frame_height);
  g_assert_cmpfloat (a->x, ==, b->x);
  g_assert_cmpfloat (a->y, ==, b->y);
  g_assert_cmpfloat (a->width, ==, b->width);
  g_assert_cmpfloat (a->height, ==, b->height);
  g_assert_cmpuint (a->n_maps, ==, b->n_maps);
  for (guint i = 0; i < a->n_maps; i++) {
    g_assert_cmpuint (a->maps[i].index, ==, b->maps[i].index);
    g_assert_cmpstr (a->maps[i].label, ==, b->maps[i].label);
    g_assert_cmpfloat (a->maps[i].low, ==, b->maps[i].low);
    g_assert_cmpfloat (a->maps[i].high, ==, b->maps[i].high);
    g_assert_cmpmem (
        a->maps[i].grey, COLUMNS * ROWS, b->maps[i].grey, COLUMNS * ROWS);
  }
}

static gconstpointer
get (GstBuffer *buffer, GType api)
{
  return gst_buffer_get_meta (buffer, api);
}

void
serial_test_assert_same (GstBuffer *found, GstBuffer *wanted)
{
  assert_same_frames (
      gst_buffer_get_clip_meta (found), gst_buffer_get_clip_meta (wanted));
  assert_same_regions (get (found, GST_CLIP_REGION_META_API_TYPE),
      get (wanted, GST_CLIP_REGION_META_API_TYPE));
  assert_same_heatmaps (gst_buffer_get_clip_heatmap_meta (found),
      gst_buffer_get_clip_heatmap_meta (wanted));
}

static volatile guint touched;

static void
touch (gconstpointer data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    touched += ((const guint8 *) data)[i];
}

static void
touch_scores (ClvPrompts *prompts, const ClvScore *scores, guint n,
    const gfloat *embedding, guint width)
{
  g_assert_cmpuint (n, ==, clv_prompts_get_n_labels (prompts));
  for (guint i = 0; i < n; i++) {
    const ClvLabel *label = clv_prompts_get_label (prompts, i);

    touch (label->label, strlen (label->label));
    touch (label->group, strlen (label->group));
    g_assert_true (isfinite (scores[i].smoothed));
  }
  touch (scores, n * sizeof *scores);
  touch (embedding, width * sizeof (gfloat));
}

void
serial_test_touch (const GstMeta *meta)
{
  if (meta->info->api == GST_CLIP_META_API_TYPE) {
    const GstClipMeta *clip = (const GstClipMeta *) meta;

    touch (clip->model_id, strlen (clip->model_id));
    touch_scores (gst_clip_meta_get_prompts (clip), clip->scores,
        clip->n_scores, clip->embedding, clip->embedding_width);
  } else if (meta->info->api == GST_CLIP_REGION_META_API_TYPE) {
    const GstClipRegionMeta *clip = (const GstClipRegionMeta *) meta;

    g_assert_cmpuint (clip->region.width, >=, 1);
    g_assert_cmpuint (clip->region.height, >=, 1);
    touch_scores (gst_clip_region_meta_get_prompts (clip), clip->scores,
        clip->n_scores, clip->embedding, clip->embedding_width);
  } else {
    const GstClipHeatmapMeta *heat = (const GstClipHeatmapMeta *) meta;

    for (guint i = 0; i < heat->n_maps; i++) {
      touch (heat->maps[i].label, strlen (heat->maps[i].label));
      touch (heat->maps[i].grey, (gsize) heat->columns * heat->rows);
    }
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "region-test.h"

typedef gboolean (*Inside) (gdouble x, gdouble y); /* -1 to 1 */

GstBuffer *
region_picture_new (guint width, guint height)
{
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_RGB, width, height);
  GstBuffer *picture = gst_buffer_new_allocate (NULL, info.size, NULL);

  g_assert_cmpint (info.stride[0], ==, 3 * width);
  gst_buffer_memset (picture, 0, 128, info.size);
  return picture;
}

static gboolean
in_circle (gdouble x, gdouble y)
{
  return x * x + y * y <= 1;
}

static gboolean
in_square (gdouble x, gdouble y)
{
  return TRUE;
}

static void
paint (GstBuffer *picture, guint width, guint x, guint y, guint side,
    const guint8 *color, Inside inside)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (picture, &map, GST_MAP_READWRITE));
  for (guint j = 0; j < side; j++)
    for (guint i = 0; i < side; i++)
      if (inside (2 * (i + 0.5) / side - 1, 2 * (j + 0.5) / side - 1))
        memcpy (map.data + 3 * ((y + j) * width + x + i), color, 3);
  gst_buffer_unmap (picture, &map);
}

void
region_picture_red_circle (
    GstBuffer *picture, guint width, guint x, guint y, guint side)
{
  static const guint8 red[] = { 230, 20, 20 };

  paint (picture, width, x, y, side, red, in_circle);
}

void
region_picture_blue_square (
    GstBuffer *picture, guint width, guint x, guint y, guint side)
{
  static const guint8 blue[] = { 20, 40, 230 };

  paint (picture, width, x, y, side, blue, in_square);
}

GstBuffer *
region_picture_two (void)
{
  GstBuffer *picture =
      region_picture_new (REGION_TEST_WIDTH, REGION_TEST_HEIGHT);

  region_picture_red_circle (picture, REGION_TEST_WIDTH, 40, 80, 60);
  region_picture_blue_square (picture, REGION_TEST_WIDTH, 220, 90, 60);
  return picture;
}

TagTest *
region_test_new (const gchar *property, guint value)
{
  return tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS,
      "inference-region", REGION_TEST_ROI_LIST, property, value, NULL);
}

GstVideoRegionOfInterestMeta *
region_add_roi (GstBuffer *buffer, const gchar *type, gint id, guint x, guint y,
    guint width, guint height)
{
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta (
          buffer, type, x, y, width, height);

  roi->id = id;
  return roi;
}

guint
region_count (GstBuffer *buffer)
{
  return gst_buffer_get_n_meta (buffer, GST_CLIP_REGION_META_API_TYPE);
}

GstClipRegionMeta *
region_get_roi (GstBuffer *buffer, gint id)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_REGION_META_API_TYPE))) {
    GstClipRegionMeta *region = (GstClipRegionMeta *) meta;

    if (region->region.column < 0 && region->region.roi_id == id)
      return region;
  }
  return NULL;
}

GstClipRegionMeta *
region_get_tile (GstBuffer *buffer, gint column, gint row)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_REGION_META_API_TYPE))) {
    GstClipRegionMeta *region = (GstClipRegionMeta *) meta;

    if (region->region.column == column && region->region.row == row)
      return region;
  }
  return NULL;
}

void
region_expect_best (const GstClipRegionMeta *meta, const gchar *label)
{
  gint best;

  g_assert_nonnull (meta);
  best = gst_clip_region_meta_get_best (meta);
  g_assert_cmpint (best, >=, 0);
  g_assert_cmpstr (gst_clip_region_meta_get_label (meta, best), ==, label);
}

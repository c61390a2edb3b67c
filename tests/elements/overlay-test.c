/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "overlay-test.h"

#include <string.h>

OverlayTest *
overlay_test_new (const gchar *properties, const gchar *caps)
{
  OverlayTest *self = g_new0 (OverlayTest, 1);
  g_autofree gchar *line =
      g_strdup_printf ("clipoverlay name=overlay %s", properties);
  g_autoptr (GError) error = NULL;

  self->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (self->element);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_src_caps_str (self->harness, caps);
  return self;
}

void
overlay_test_free (OverlayTest *self)
{
  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->element, NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->element);
  g_free (self);
}

GstMessage *
overlay_test_pop_complaint (OverlayTest *self)
{
  return gst_bus_pop_filtered (
      self->bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
}

static void
convert (GstBuffer *from, const GstVideoInfo *from_info, GstBuffer *to,
    const GstVideoInfo *to_info)
{
  GstVideoConverter *converter = gst_video_converter_new (from_info, to_info,
      gst_structure_new ("options", GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
          GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, NULL));
  GstVideoFrame source, target;

  g_assert_nonnull (converter);
  g_assert_true (gst_video_frame_map (&source, from_info, from, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&target, to_info, to, GST_MAP_WRITE));
  gst_video_converter_frame (converter, &source, &target);
  gst_video_frame_unmap (&source);
  gst_video_frame_unmap (&target);
  gst_video_converter_free (converter);
}

static GstVideoInfo
rgba_info (const GstVideoInfo *like)
{
  GstVideoInfo info;

  gst_video_info_set_format (
      &info, GST_VIDEO_FORMAT_RGBA, like->width, like->height);
  return info;
}

GstBuffer *
overlay_picture_new (const GstVideoInfo *info, guint32 rgb)
{
  GstVideoInfo rgba = rgba_info (info);
  g_autoptr (GstBuffer) plain = gst_buffer_new_allocate (NULL, rgba.size, NULL);
  GstBuffer *picture = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (plain, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < map.size; i += 4) {
    map.data[i] = rgb >> 16;
    map.data[i + 1] = rgb >> 8;
    map.data[i + 2] = rgb;
    map.data[i + 3] = 255;
  }
  gst_buffer_unmap (plain, &map);
  gst_buffer_memset (picture, 0, 0, info->size);
  convert (plain, &rgba, picture, info);
  GST_BUFFER_PTS (picture) = 0;
  return picture;
}

guint8 *
overlay_to_rgba (GstBuffer *buffer, const GstVideoInfo *info)
{
  GstVideoInfo rgba = rgba_info (info);
  guint8 *pixels = g_malloc (rgba.size);
  g_autoptr (GstBuffer) out = gst_buffer_new_wrapped_full (
      0, pixels, rgba.size, 0, rgba.size, NULL, NULL);

  convert (buffer, info, out, &rgba);
  return pixels;
}

OverlayBox
overlay_difference (
    const guint8 *a, const guint8 *b, gint width, gint height, gint tolerance)
{
  gint left = width, right = -1, top = height, bottom = -1;

  for (gint y = 0; y < height; y++)
    for (gint x = 0; x < width; x++)
      for (gint c = 0; c < 3; c++) {
        gsize i = ((gsize) y * width + x) * 4 + c;

        if (ABS (a[i] - b[i]) <= tolerance)
          continue;
        left = MIN (left, x);
        right = MAX (right, x);
        top = MIN (top, y);
        bottom = MAX (bottom, y);
      }
  if (right < 0)
    return (OverlayBox){ 0 };
  return (OverlayBox){ left, top, right - left + 1, bottom - top + 1 };
}

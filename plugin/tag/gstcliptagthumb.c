/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagthumb.h"

#include "gstclipframe.h"
#include "gstclipvulkan.h"

#define SIDE GST_CLIP_TAG_THUMB_SIDE

/* 0 to 255, of a component that is not subsampled. Values of more than 8 bits
 * lose the lower ones. */
static guint
component_at (const GstVideoFrame *frame, guint component, guint x, guint y)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  const guint8 *p = GST_VIDEO_FRAME_COMP_DATA (frame, component);
  guint depth = GST_VIDEO_FORMAT_INFO_DEPTH (format, component);
  guint value;

  p += (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component);
  p += (gsize) x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component);
  if (depth <= 8)
    return *p;
  value = GST_READ_UINT16_LE (p);
  value >>= GST_VIDEO_FORMAT_INFO_SHIFT (format, component);
  return (value >> (depth - 8)) & 255;
}

/* YUV and grey have it as their first component. Of RGB roughly the luma: only
 * differences matter. */
static guint
brightness_at (const GstVideoFrame *frame, guint x, guint y)
{
  if (!GST_VIDEO_INFO_IS_RGB (&frame->info))
    return component_at (frame, GST_VIDEO_COMP_Y, x, y);
  return (2 * component_at (frame, GST_VIDEO_COMP_R, x, y) +
             5 * component_at (frame, GST_VIDEO_COMP_G, x, y) +
             component_at (frame, GST_VIDEO_COMP_B, x, y)) /
         8;
}

/* Four pixels on the diagonals of the cell's square. */
static guint8
cell_at (const GstVideoFrame *frame, const GstClipFrameArea *area, guint column,
    guint row)
{
  guint sum = 0;

  for (guint i = 0; i < 4; i++) {
    guint x = (column * 4 + 1 + 2 * (i & 1)) * area->width / (4 * SIDE);
    guint y = (row * 4 + 1 + 2 * (i >> 1)) * area->height / (4 * SIDE);

    sum += brightness_at (frame, area->x + x, area->y + y);
  }
  return sum / 4;
}

gboolean
gst_clip_tag_thumb_make (
    GstClipTagThumb *ret_thumb, const GstVideoInfo *info, GstBuffer *buffer)
{
  GstVideoFrame frame;
  GstClipFrameArea area;

  ret_thumb->valid = FALSE;
  if (gst_clip_vulkan_get_owner (buffer) != NULL)
    return FALSE; /* the host does not see it */
  if (!gst_video_frame_map (
          &frame, info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
    return FALSE;
  area = gst_clip_frame_get_visible (&frame);
  for (guint i = 0; i < SIDE * SIDE; i++)
    ret_thumb->cells[i] = cell_at (&frame, &area, i % SIDE, i / SIDE);
  gst_video_frame_unmap (&frame);
  ret_thumb->valid = TRUE;
  return TRUE;
}

gdouble
gst_clip_tag_thumb_compare (const GstClipTagThumb *a, const GstClipTagThumb *b)
{
  guint sum = 0;

  for (guint i = 0; i < SIDE * SIDE; i++)
    sum += a->cells[i] > b->cells[i] ? a->cells[i] - b->cells[i]
                                     : b->cells[i] - a->cells[i];
  return sum / (255.0 * SIDE * SIDE);
}

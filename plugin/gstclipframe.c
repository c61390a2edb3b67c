/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipframe.h"

#include <clv/clv-error.h>
#include <gst/allocators/gstdmabuf.h>

#include "gstclipvulkan.h"

/* Alpha and padding are the same to the library: a byte that it skips. */
static gboolean
to_pixel_format (GstVideoFormat format, ClvPixelFormat *ret_format)
{
  static const struct {
    GstVideoFormat gst;
    ClvPixelFormat clv;
  } formats[] = {
    { GST_VIDEO_FORMAT_RGB, CLV_PIXEL_FORMAT_RGB },
    { GST_VIDEO_FORMAT_BGR, CLV_PIXEL_FORMAT_BGR },
    { GST_VIDEO_FORMAT_RGBx, CLV_PIXEL_FORMAT_RGBX },
    { GST_VIDEO_FORMAT_RGBA, CLV_PIXEL_FORMAT_RGBX },
    { GST_VIDEO_FORMAT_BGRx, CLV_PIXEL_FORMAT_BGRX },
    { GST_VIDEO_FORMAT_BGRA, CLV_PIXEL_FORMAT_BGRX },
    { GST_VIDEO_FORMAT_xRGB, CLV_PIXEL_FORMAT_XRGB },
    { GST_VIDEO_FORMAT_ARGB, CLV_PIXEL_FORMAT_XRGB },
    { GST_VIDEO_FORMAT_xBGR, CLV_PIXEL_FORMAT_XBGR },
    { GST_VIDEO_FORMAT_ABGR, CLV_PIXEL_FORMAT_XBGR },
    { GST_VIDEO_FORMAT_GRAY8, CLV_PIXEL_FORMAT_GRAY8 },
    { GST_VIDEO_FORMAT_NV12, CLV_PIXEL_FORMAT_NV12 },
    { GST_VIDEO_FORMAT_NV21, CLV_PIXEL_FORMAT_NV21 },
    { GST_VIDEO_FORMAT_I420, CLV_PIXEL_FORMAT_I420 },
    { GST_VIDEO_FORMAT_YV12, CLV_PIXEL_FORMAT_YV12 },
    { GST_VIDEO_FORMAT_YUY2, CLV_PIXEL_FORMAT_YUY2 },
    { GST_VIDEO_FORMAT_UYVY, CLV_PIXEL_FORMAT_UYVY },
    { GST_VIDEO_FORMAT_Y42B, CLV_PIXEL_FORMAT_Y42B },
    { GST_VIDEO_FORMAT_Y444, CLV_PIXEL_FORMAT_Y444 },
    { GST_VIDEO_FORMAT_P010_10LE, CLV_PIXEL_FORMAT_P010_10LE },
    { GST_VIDEO_FORMAT_I420_10LE, CLV_PIXEL_FORMAT_I420_10LE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (formats[i].gst == format) {
      *ret_format = formats[i].clv;
      return TRUE;
    }
  }
  return FALSE;
}

/* The nearest matrix that the library has: FCC differs from BT.601, and
 * SMPTE 240M from BT.709, by less than one level in a hundred. Where the caps
 * say nothing, the size decides, as in gst_video_info_set_format(). */
static ClvMatrix
to_matrix (const GstVideoInfo *info)
{
  switch (info->colorimetry.matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT601:
    case GST_VIDEO_COLOR_MATRIX_FCC:
      return CLV_MATRIX_BT601;
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
      return CLV_MATRIX_BT709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return CLV_MATRIX_BT2020;
    default:
      return info->height > 576 ? CLV_MATRIX_BT709 : CLV_MATRIX_BT601;
  }
}

/* Grey without a word about its range has all 256 levels, as in GStreamer. */
static gboolean
is_full_range (const GstVideoInfo *info)
{
  if (info->colorimetry.range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
    return !GST_VIDEO_INFO_IS_YUV (info);
  return info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
}

static void
set_siting (ClvFrame *frame, GstVideoChromaSite site)
{
  if (site == GST_VIDEO_CHROMA_SITE_UNKNOWN)
    site = GST_VIDEO_CHROMA_SITE_MPEG2;
  frame->siting_h = (site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0
                        ? CLV_SITING_COSITED
                        : CLV_SITING_CENTER;
  frame->siting_v = (site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0
                        ? CLV_SITING_COSITED
                        : CLV_SITING_CENTER;
}

static GstClipFrameArea
get_visible (GstBuffer *buffer, guint width, guint height)
{
  const GstVideoCropMeta *crop =
      buffer != NULL ? gst_buffer_get_video_crop_meta (buffer) : NULL;

  if (crop == NULL || crop->x >= width || crop->y >= height ||
      crop->width == 0 || crop->height == 0)
    return (GstClipFrameArea){ 0, 0, width, height };
  return (GstClipFrameArea){ crop->x, crop->y,
    MIN (crop->width, width - crop->x), MIN (crop->height, height - crop->y) };
}

GstClipFrameArea
gst_clip_frame_get_visible (const GstVideoFrame *mapped)
{
  return get_visible (mapped->buffer, GST_VIDEO_FRAME_WIDTH (mapped),
      GST_VIDEO_FRAME_HEIGHT (mapped));
}

GstClipFrameArea
gst_clip_frame_find_visible (const GstVideoInfo *info, GstBuffer *buffer)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  if (meta != NULL)
    return get_visible (buffer, meta->width, meta->height);
  return get_visible (
      buffer, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
}

/* All but where the planes are. */
static gboolean
describe (ClvFrame *ret_frame, const GstVideoInfo *info, GstBuffer *buffer)
{
  const GstClipFrameArea visible = get_visible (
      buffer, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
  ClvFrame frame = {
    .width = GST_VIDEO_INFO_WIDTH (info),
    .height = GST_VIDEO_INFO_HEIGHT (info),
    .crop_x = visible.x,
    .crop_y = visible.y,
    .crop_width = visible.width,
    .crop_height = visible.height,
    .par_n = GST_VIDEO_INFO_PAR_N (info),
    .par_d = GST_VIDEO_INFO_PAR_D (info),
    .matrix = to_matrix (info),
    .full_range = is_full_range (info),
  };

  if (!to_pixel_format (GST_VIDEO_INFO_FORMAT (info), &frame.format))
    return FALSE;
  set_siting (&frame, info->chroma_site);
  *ret_frame = frame;
  return TRUE;
}

gboolean
gst_clip_frame_init (ClvFrame *ret_frame, const GstVideoFrame *mapped)
{
  ClvFrame frame;

  if (!describe (&frame, &mapped->info, mapped->buffer))
    return FALSE;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (mapped); i++) {
    if (GST_VIDEO_FRAME_PLANE_STRIDE (mapped, i) <= 0)
      return FALSE;
    frame.planes[i] = GST_VIDEO_FRAME_PLANE_DATA (mapped, i);
    frame.strides[i] = GST_VIDEO_FRAME_PLANE_STRIDE (mapped, i);
  }
  *ret_frame = frame;
  return TRUE;
}

static gboolean
fail_format (GstVideoFormat format, GError **error)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "pictures in this layout of %s cannot be read",
      gst_video_format_to_string (format));
  return FALSE;
}

static gboolean
map_host (GstVideoFrame *ret_video, ClvFrame *ret_frame,
    const GstVideoInfo *info, GstBuffer *buffer, GError **error)
{
  if (!gst_video_frame_map (ret_video, info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "the buffer of %" G_GSIZE_FORMAT " bytes cannot be read as a picture",
        gst_buffer_get_size (buffer));
    return FALSE;
  }
  if (gst_clip_frame_init (ret_frame, ret_video))
    return TRUE;
  fail_format (GST_VIDEO_FRAME_FORMAT (ret_video), error);
  gst_video_frame_unmap (ret_video);
  return FALSE;
}

gboolean
gst_clip_frame_is_dmabuf (GstBuffer *buffer)
{
  return gst_buffer_n_memory (buffer) > 0 &&
         gst_is_dmabuf_memory (gst_buffer_peek_memory (buffer, 0));
}

gboolean
gst_clip_frame_resolve_drm (GstCaps *caps, GstVideoInfo *info)
{
#if GST_CHECK_VERSION(1, 24, 0)
  GstVideoInfoDmaDrm drm;

  if (GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_DMA_DRM)
    return gst_video_info_dma_drm_from_caps (&drm, caps) &&
           gst_video_info_dma_drm_to_video_info (&drm, info);
#endif
  return TRUE;
}

static gboolean
get_plane_of_dmabuf (ClvFrame *frame, guint plane, GstBuffer *buffer,
    gsize offset, gint stride, ClvDevice *reader)
{
  guint index, n;
  GstMemory *memory;
  gsize skip;

  if (stride <= 0 ||
      !gst_buffer_find_memory (buffer, offset, 1, &index, &n, &skip))
    return FALSE;
  memory = gst_buffer_peek_memory (buffer, index);
  if (!gst_is_dmabuf_memory (memory))
    return FALSE;
  frame->fds[plane] = gst_dmabuf_memory_get_fd (memory);
  frame->offsets[plane] = memory->offset + skip;
  frame->strides[plane] = stride;
  return clv_device_can_import_dmabuf (reader, frame->fds[plane]);
}

/* FALSE: it must be mapped. */
static gboolean
describe_dmabufs (ClvFrame *ret_frame, const GstVideoInfo *info,
    GstBuffer *buffer, ClvDevice *reader)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  GstVideoInfo actual = *info;
  ClvFrame frame;

  if (!gst_clip_frame_is_dmabuf (buffer))
    return FALSE;
  if (meta != NULL) {
    actual.width = meta->width;
    actual.height = meta->height;
  }
  if (!describe (&frame, &actual, buffer))
    return FALSE;
  frame.memory = CLV_FRAME_DMABUF;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++)
    if (!get_plane_of_dmabuf (&frame, i, buffer,
            meta ? meta->offset[i] : GST_VIDEO_INFO_PLANE_OFFSET (info, i),
            meta ? meta->stride[i] : GST_VIDEO_INFO_PLANE_STRIDE (info, i),
            reader))
      return FALSE;
  *ret_frame = frame;
  return TRUE;
}

gboolean
gst_clip_frame_can_import (
    const GstVideoInfo *info, GstBuffer *buffer, ClvDevice *reader)
{
  ClvFrame frame;

  return describe_dmabufs (&frame, info, buffer, reader);
}

/* Of the images' own device, or in host memory. */
static gboolean
map_images (GstClipFrameMap *map, ClvFrame *ret_frame, const GstVideoInfo *info,
    GstBuffer *buffer, ClvDevice *reader, GError **error)
{
  gpointer owner = gst_clip_vulkan_get_owner (buffer);
  ClvFrame frame;

  if (!describe (&frame, info, buffer))
    return fail_format (GST_VIDEO_INFO_FORMAT (info), error);
  map->device = gst_clip_vulkan_get_device (NULL, owner, error);
  if (map->device == NULL ||
      !gst_clip_vulkan_set_images (&frame, buffer, map->device, error))
    return FALSE;
  if (map->device != reader) {
    map->copy = clv_device_download_frame (map->device, &frame, &frame, error);
    if (map->copy == NULL)
      return FALSE;
  }
  *ret_frame = frame;
  return TRUE;
}

ClvFrame
gst_clip_frame_cut (const ClvFrame *picture, const GstClipFrameArea *area)
{
  ClvFrame frame = *picture;

  frame.crop_x += area->x;
  frame.crop_y += area->y;
  frame.crop_width = area->width;
  frame.crop_height = area->height;
  return frame;
}

gboolean
gst_clip_frame_map (GstClipFrameMap *ret_map, ClvFrame *ret_frame,
    const GstVideoInfo *info, GstBuffer *buffer, ClvDevice *reader,
    GError **error)
{
  GstClipFrameMap map = { .is_mapped = FALSE };

  if (gst_clip_vulkan_get_owner (buffer) != NULL) {
    if (!map_images (&map, ret_frame, info, buffer, reader, error)) {
      g_clear_object (&map.device);
      return FALSE;
    }
  } else if (!describe_dmabufs (ret_frame, info, buffer, reader)) {
    if (!map_host (&map.video, ret_frame, info, buffer, error))
      return FALSE;
    map.is_mapped = TRUE;
  }
  *ret_map = map;
  return TRUE;
}

void
gst_clip_frame_unmap (GstClipFrameMap *map)
{
  if (map->is_mapped)
    gst_video_frame_unmap (&map->video);
  g_clear_pointer (&map->copy, g_bytes_unref);
  g_clear_object (&map->device);
}

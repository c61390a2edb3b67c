/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-frame.h>

#include "clv-frame-layout.h"

#include <unistd.h>

#define MAX_SIDE 16384

/* Planes of each format: chroma shifts and bytes of one sample position. */
static const ClvFrameLayout layouts[CLV_N_PIXEL_FORMATS] = {
  [CLV_PIXEL_FORMAT_RGB] = { 1, 0, 0, { 3 } },
  [CLV_PIXEL_FORMAT_BGR] = { 1, 0, 0, { 3 } },
  [CLV_PIXEL_FORMAT_RGBX] = { 1, 0, 0, { 4 } },
  [CLV_PIXEL_FORMAT_BGRX] = { 1, 0, 0, { 4 } },
  [CLV_PIXEL_FORMAT_XRGB] = { 1, 0, 0, { 4 } },
  [CLV_PIXEL_FORMAT_XBGR] = { 1, 0, 0, { 4 } },
  [CLV_PIXEL_FORMAT_GRAY8] = { 1, 0, 0, { 1 } },
  [CLV_PIXEL_FORMAT_NV12] = { 2, 1, 1, { 1, 2 } },
  [CLV_PIXEL_FORMAT_NV21] = { 2, 1, 1, { 1, 2 } },
  [CLV_PIXEL_FORMAT_I420] = { 3, 1, 1, { 1, 1, 1 } },
  [CLV_PIXEL_FORMAT_YV12] = { 3, 1, 1, { 1, 1, 1 } },
  [CLV_PIXEL_FORMAT_YUY2] = { 1, 1, 0, { 2 } },
  [CLV_PIXEL_FORMAT_UYVY] = { 1, 1, 0, { 2 } },
  [CLV_PIXEL_FORMAT_Y42B] = { 3, 1, 0, { 1, 1, 1 } },
  [CLV_PIXEL_FORMAT_Y444] = { 3, 0, 0, { 1, 1, 1 } },
  [CLV_PIXEL_FORMAT_P010_10LE] = { 2, 1, 1, { 2, 4 } },
  [CLV_PIXEL_FORMAT_I420_10LE] = { 3, 1, 1, { 2, 2, 2 } },
};

const ClvFrameLayout *
clv_frame_layout (ClvPixelFormat format)
{
  return (guint) format < CLV_N_PIXEL_FORMATS ? &layouts[format] : NULL;
}

guint
clv_frame_count_planes (const ClvFrame *frame)
{
  const ClvFrameLayout *layout = clv_frame_layout (frame->format);

  return layout != NULL ? layout->n_planes : 0;
}

void
clv_frame_plane_size (
    const ClvFrame *frame, guint plane, gsize *ret_row_bytes, guint *ret_rows)
{
  const ClvFrameLayout *layout = clv_frame_layout (frame->format);
  guint columns = frame->width, rows = frame->height;

  if (plane > 0) {
    columns = (columns + (1u << layout->shift_x) - 1) >> layout->shift_x;
    rows = (rows + (1u << layout->shift_y) - 1) >> layout->shift_y;
  } else if (layout->n_planes == 1 && layout->shift_x == 1) {
    columns = (columns + 1) & ~1u; /* packed 4:2:2: whole pairs */
  }
  *ret_row_bytes = (gsize) columns * layout->bytes[plane];
  *ret_rows = rows;
}

gboolean
clv_frame_layout_is_texels (ClvPixelFormat format)
{
  const ClvFrameLayout *layout = clv_frame_layout (format);
  const gboolean packed = layout->n_planes == 1 && layout->shift_x > 0;

  return !packed && layout->bytes[0] != 3;
}

static gboolean
check_host_planes (
    const ClvFrame *frame, const ClvFrameLayout *layout, GError **error)
{
  for (guint plane = 0; plane < layout->n_planes; plane++) {
    gsize row_bytes;
    guint rows;

    clv_frame_plane_size (frame, plane, &row_bytes, &rows);
    if (frame->planes[plane] == NULL || frame->strides[plane] < row_bytes) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "frame: plane %u: wanted rows of at least %" G_GSIZE_FORMAT
          " bytes, found a stride of %" G_GSIZE_FORMAT "%s",
          plane, row_bytes, frame->strides[plane],
          frame->planes[plane] == NULL ? " and no data" : "");
      return FALSE;
    }
  }
  return TRUE;
}

/* Bytes of its file up to the end of a plane; G_MAXSIZE: more than a file can have. */
static gsize
find_end (const ClvFrame *frame, guint plane, gsize row_bytes, guint rows)
{
  gsize end;

  return g_size_checked_mul (&end, frame->strides[plane], rows - 1) &&
                 g_size_checked_add (&end, end, row_bytes) &&
                 g_size_checked_add (&end, end, frame->offsets[plane])
             ? end
             : G_MAXSIZE;
}

static gboolean
check_dmabufs (
    const ClvFrame *frame, const ClvFrameLayout *layout, GError **error)
{
  for (guint plane = 0; plane < layout->n_planes; plane++) {
    const gint64 size = lseek (frame->fds[plane], 0, SEEK_END);
    gsize row_bytes, wanted;
    guint rows;

    clv_frame_plane_size (frame, plane, &row_bytes, &rows);
    if (frame->strides[plane] < row_bytes) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "frame: plane %u: wanted rows of at least %" G_GSIZE_FORMAT
          " bytes, found a stride of %" G_GSIZE_FORMAT,
          plane, row_bytes, frame->strides[plane]);
      return FALSE;
    }
    wanted = find_end (frame, plane, row_bytes, rows);
    if (size < 0 || (guint64) size < wanted) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "frame: plane %u: wanted a DMABuf of at least %" G_GSIZE_FORMAT
          " bytes, found %s with %" G_GINT64_FORMAT,
          plane, wanted, size < 0 ? "no file" : "one", MAX (size, 0));
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_images (
    const ClvFrame *frame, const ClvFrameLayout *layout, GError **error)
{
  if (frame->device == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: device: wanted the device of the images, found none");
    return FALSE;
  }
  if (!clv_frame_layout_is_texels (frame->format)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: format: pictures of the pixel format %d cannot be images",
        frame->format);
    return FALSE;
  }
  for (guint plane = 0; plane < layout->n_planes; plane++)
    if (frame->images[plane].image == 0 || frame->images[plane].layout == 0) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "frame: plane %u: wanted an image with pixels, found %s", plane,
          frame->images[plane].image == 0 ? "none"
                                          : "one in the layout UNDEFINED");
      return FALSE;
    }
  return TRUE;
}

gboolean
clv_frame_check (const ClvFrame *frame, GError **error)
{
  const ClvFrameLayout *layout = clv_frame_layout (frame->format);

  if (layout == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: format: no pixel format has the number %d", frame->format);
    return FALSE;
  }
  if (frame->width < 1 || frame->width > MAX_SIDE || frame->height < 1 ||
      frame->height > MAX_SIDE) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: size: wanted 1 to %d on each side, found %u×%u", MAX_SIDE,
        frame->width, frame->height);
    return FALSE;
  }
  if ((guint64) frame->crop_x + frame->crop_width > frame->width ||
      (guint64) frame->crop_y + frame->crop_height > frame->height ||
      frame->crop_x >= frame->width || frame->crop_y >= frame->height) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: crop: %u×%u at (%u, %u) is outside the picture of %u×%u",
        frame->crop_width, frame->crop_height, frame->crop_x, frame->crop_y,
        frame->width, frame->height);
    return FALSE;
  }
  switch (frame->memory) {
    case CLV_FRAME_IMAGE:
      return check_images (frame, layout, error);
    case CLV_FRAME_DMABUF:
      return check_dmabufs (frame, layout, error);
    case CLV_FRAME_HOST:
    default:
      return check_host_planes (frame, layout, error);
  }
}

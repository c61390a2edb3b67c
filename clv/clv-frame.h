/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

/**
 * ClvPixelFormat:
 *
 * Memory layouts, named as GStreamer names them. X is a byte that is ignored;
 * A (alpha) is ignored too, as PIL's convert ("RGB") ignores it.
 */
typedef enum {
  CLV_PIXEL_FORMAT_RGB,
  CLV_PIXEL_FORMAT_BGR,
  CLV_PIXEL_FORMAT_RGBX, /* RGBA, RGBx */
  CLV_PIXEL_FORMAT_BGRX, /* BGRA, BGRx */
  CLV_PIXEL_FORMAT_XRGB, /* ARGB, xRGB */
  CLV_PIXEL_FORMAT_XBGR, /* ABGR, xBGR */
  CLV_PIXEL_FORMAT_GRAY8,
  CLV_PIXEL_FORMAT_NV12,
  CLV_PIXEL_FORMAT_NV21,
  CLV_PIXEL_FORMAT_I420,
  CLV_PIXEL_FORMAT_YV12,
  CLV_PIXEL_FORMAT_YUY2,
  CLV_PIXEL_FORMAT_UYVY,
  CLV_PIXEL_FORMAT_Y42B,
  CLV_PIXEL_FORMAT_Y444,
  CLV_PIXEL_FORMAT_P010_10LE, /* 10 bits in the high bits of 16 */
  CLV_PIXEL_FORMAT_I420_10LE, /* 10 bits in the low bits of 16 */
  CLV_N_PIXEL_FORMATS,
} ClvPixelFormat;

typedef enum {
  CLV_MATRIX_BT601,
  CLV_MATRIX_BT709,
  CLV_MATRIX_BT2020,
} ClvMatrix;

/* CENTER: between the luma samples (JPEG, MPEG-1); COSITED: on the even ones. */
typedef enum {
  CLV_SITING_CENTER,
  CLV_SITING_COSITED,
} ClvSiting;

#define CLV_MAX_PLANES 3

/**
 * ClvFrame:
 * @format: the layout of @planes
 * @width: pixels in a row of the whole picture, 1 to 16384
 * @height: rows of the whole picture, 1 to 16384
 * @crop_x: first visible column; with @crop_width 0 the whole picture is seen
 * @crop_y: first visible row
 * @crop_width: visible columns, 0: all
 * @crop_height: visible rows, 0: all
 * @par_n: pixel aspect ratio, numerator; 0 is taken as 1
 * @par_d: pixel aspect ratio, denominator; 0 is taken as 1
 * @matrix: YUV formats only
 * @full_range: YUV and GRAY8: samples use 0–255 and not 16–235
 * @siting_h: horizontal position of subsampled chroma
 * @siting_v: vertical position of subsampled chroma
 * @planes: first byte of each plane, in the order of the format (YV12: Y V U)
 * @strides: bytes from a row to the next, of each plane; positive
 *
 * A picture in host memory. Plain data: the caller owns the planes and keeps
 * them until the call that takes the frame returns.
 */
struct _ClvFrame {
  ClvPixelFormat format;
  guint width;
  guint height;
  guint crop_x;
  guint crop_y;
  guint crop_width;
  guint crop_height;
  guint par_n;
  guint par_d;
  ClvMatrix matrix;
  gboolean full_range;
  ClvSiting siting_h;
  ClvSiting siting_v;
  const guint8 *planes[CLV_MAX_PLANES];
  gsize strides[CLV_MAX_PLANES];
};

/**
 * clv_frame_check:
 *
 * Returns: %FALSE with %CLV_ERROR_UNSUPPORTED naming the field that no picture
 * can have (size 0 or above 16384, crop outside, a missing plane, a stride that
 * is shorter than a row)
 */
gboolean clv_frame_check (const ClvFrame *frame, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

/**
 * ClvPixelFormat:
 * @CLV_PIXEL_FORMAT_RGB: three bytes a pixel
 * @CLV_PIXEL_FORMAT_BGR: three bytes a pixel
 * @CLV_PIXEL_FORMAT_RGBX: four bytes a pixel; also RGBA
 * @CLV_PIXEL_FORMAT_BGRX: four bytes a pixel; also BGRA
 * @CLV_PIXEL_FORMAT_XRGB: four bytes a pixel; also ARGB
 * @CLV_PIXEL_FORMAT_XBGR: four bytes a pixel; also ABGR
 * @CLV_PIXEL_FORMAT_GRAY8: one byte a pixel
 * @CLV_PIXEL_FORMAT_NV12: planes Y and UV, chroma halved in both directions
 * @CLV_PIXEL_FORMAT_NV21: planes Y and VU, likewise
 * @CLV_PIXEL_FORMAT_I420: planes Y, U and V, likewise
 * @CLV_PIXEL_FORMAT_YV12: planes Y, V and U, likewise
 * @CLV_PIXEL_FORMAT_YUY2: one plane of Y U Y V, chroma halved horizontally
 * @CLV_PIXEL_FORMAT_UYVY: one plane of U Y V Y, likewise
 * @CLV_PIXEL_FORMAT_Y42B: planes Y, U and V, chroma halved horizontally
 * @CLV_PIXEL_FORMAT_Y444: planes Y, U and V of one size
 * @CLV_PIXEL_FORMAT_P010_10LE: NV12 with 10 bits in the high bits of 16
 * @CLV_PIXEL_FORMAT_I420_10LE: I420 with 10 bits in the low bits of 16
 *
 * Memory layouts, named as GStreamer names them. X is a byte that is ignored;
 * A (alpha) is ignored too, as PIL's convert ("RGB") ignores it.
 */
typedef enum {
  CLV_PIXEL_FORMAT_RGB,
  CLV_PIXEL_FORMAT_BGR,
  CLV_PIXEL_FORMAT_RGBX,
  CLV_PIXEL_FORMAT_BGRX,
  CLV_PIXEL_FORMAT_XRGB,
  CLV_PIXEL_FORMAT_XBGR,
  CLV_PIXEL_FORMAT_GRAY8,
  CLV_PIXEL_FORMAT_NV12,
  CLV_PIXEL_FORMAT_NV21,
  CLV_PIXEL_FORMAT_I420,
  CLV_PIXEL_FORMAT_YV12,
  CLV_PIXEL_FORMAT_YUY2,
  CLV_PIXEL_FORMAT_UYVY,
  CLV_PIXEL_FORMAT_Y42B,
  CLV_PIXEL_FORMAT_Y444,
  CLV_PIXEL_FORMAT_P010_10LE,
  CLV_PIXEL_FORMAT_I420_10LE,
} ClvPixelFormat;

/**
 * CLV_N_PIXEL_FORMATS: (skip)
 *
 * How many formats there are.
 */
#define CLV_N_PIXEL_FORMATS (CLV_PIXEL_FORMAT_I420_10LE + 1)

/**
 * ClvMatrix:
 * @CLV_MATRIX_BT601: of standard definition
 * @CLV_MATRIX_BT709: of high definition
 * @CLV_MATRIX_BT2020: of ultra high definition, non-constant luminance
 *
 * From YUV to RGB.
 */
typedef enum {
  CLV_MATRIX_BT601,
  CLV_MATRIX_BT709,
  CLV_MATRIX_BT2020,
} ClvMatrix;

/**
 * ClvSiting:
 * @CLV_SITING_CENTER: between the luma samples (JPEG, MPEG-1)
 * @CLV_SITING_COSITED: on the even ones
 *
 * Where the samples of halved chroma are, in one direction.
 */
typedef enum {
  CLV_SITING_CENTER,
  CLV_SITING_COSITED,
} ClvSiting;

/**
 * CLV_MAX_PLANES:
 *
 * More planes no format has.
 */
#define CLV_MAX_PLANES 3

/**
 * ClvFrameMemory:
 * @CLV_FRAME_HOST: planes are pointers
 * @CLV_FRAME_IMAGE: planes are Vulkan images, or planes of one
 * @CLV_FRAME_DMABUF: planes are in DMABufs, row behind row
 *
 * Where the pixels of a frame are.
 */
typedef enum {
  CLV_FRAME_HOST,
  CLV_FRAME_IMAGE,
  CLV_FRAME_DMABUF,
} ClvFrameMemory;

/**
 * ClvFrameImage:
 * @image: a VkImage of the frame's device, with optimal or linear tiling, that
 *   may be copied from (VK_IMAGE_USAGE_TRANSFER_SRC_BIT); a texel is a column of
 *   the plane, as the format lays it out in memory
 * @layout: the VkImageLayout that it is in, and will be in afterwards
 * @plane: which plane of a multi-planar image, from 0; -1: the image has one
 * @layer: of an image of many
 * @semaphore: a timeline VkSemaphore to wait for before the pixels are there; 0:
 *   what fills the image was submitted to the same queue, or is done
 * @value: what to wait for
 *
 * One plane on the device.
 */
typedef struct {
  guint64 image;
  guint layout;
  gint plane;
  guint layer;
  guint64 semaphore;
  guint64 value;
} ClvFrameImage;

/**
 * ClvFrame:
 * @format: the layout of the planes
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
 * @memory: which of the following are set; the planes are in the order of the
 *   format (YV12: Y V U)
 * @planes: HOST: first byte of each plane
 * @strides: HOST, DMABUF: bytes from a row to the next, of each plane; positive
 * @fds: DMABUF: file descriptor of each plane, stays the caller's; only on a device
 *   that clv_device_can_import_dmabuf(). They may still be written, by their fences:
 *   after five seconds that is an error
 * @offsets: DMABUF: of the first byte of each plane
 * @device: IMAGE: whose images they are
 * @images: IMAGE: each plane. RGB, BGR, YUY2 and UYVY cannot be images: their
 *   columns are no texels
 *
 * A picture. Plain data: the caller owns the planes and keeps them until the call
 * that takes the frame returns. A frame on a device is read before that, and
 * nobody else may bring its images into another layout meanwhile.
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
  ClvFrameMemory memory;
  const guint8 *planes[CLV_MAX_PLANES];
  gsize strides[CLV_MAX_PLANES];
  gint fds[CLV_MAX_PLANES];
  gsize offsets[CLV_MAX_PLANES];
  ClvDevice *device;
  ClvFrameImage images[CLV_MAX_PLANES];
};

/**
 * clv_frame_count_planes:
 *
 * Looks at the format only. Any thread.
 *
 * Returns: how many planes the format has; 0 for a format that is none
 */
guint clv_frame_count_planes (const ClvFrame *frame);

/**
 * clv_frame_check:
 *
 * Whether the fields describe a picture; every call that takes a frame asks. Does
 * not look at pixels. Any thread.
 *
 * Returns: %TRUE if so; %FALSE with %CLV_ERROR_UNSUPPORTED naming the field that no picture
 * can have (size 0 or above 16384, crop outside, a missing plane or image, a stride
 * that is shorter than a row, a DMABuf that ends before the picture, a format that
 * cannot be an image)
 */
gboolean clv_frame_check (const ClvFrame *frame, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

#include "base/clv-frame-layout.h"
#include "clv-color.h"
#include "clv-resize.h"

typedef struct {
  gint y;
  gint u;
  gint v;
} Yuv;

static gint
load8 (const ClvFrame *frame, guint plane, guint row, guint byte)
{
  return frame->planes[plane][row * frame->strides[plane] + byte];
}

static gint
load16 (const ClvFrame *frame, guint plane, guint row, guint index)
{
  return load8 (frame, plane, row, 2 * index) |
         load8 (frame, plane, row, 2 * index + 1) << 8;
}

static gint
load_luma (const ClvFrame *frame, guint x, guint y)
{
  switch (frame->format) {
    case CLV_PIXEL_FORMAT_YUY2:
      return load8 (frame, 0, y, 2 * x);
    case CLV_PIXEL_FORMAT_UYVY:
      return load8 (frame, 0, y, 2 * x + 1);
    case CLV_PIXEL_FORMAT_P010_10LE:
      return load16 (frame, 0, y, x) >> 6;
    case CLV_PIXEL_FORMAT_I420_10LE:
      return load16 (frame, 0, y, x) & 0x3ff;
    default:
      return load8 (frame, 0, y, x);
  }
}

/* Chroma sample (x, y), counted in chroma samples. */
static void
load_chroma (const ClvFrame *frame, guint x, guint y, gint *u, gint *v)
{
  switch (frame->format) {
    case CLV_PIXEL_FORMAT_NV12:
    case CLV_PIXEL_FORMAT_NV21:
      *u = load8 (frame, 1, y, 2 * x);
      *v = load8 (frame, 1, y, 2 * x + 1);
      break;
    case CLV_PIXEL_FORMAT_P010_10LE:
      *u = load16 (frame, 1, y, 2 * x) >> 6;
      *v = load16 (frame, 1, y, 2 * x + 1) >> 6;
      break;
    case CLV_PIXEL_FORMAT_I420_10LE:
      *u = load16 (frame, 1, y, x) & 0x3ff;
      *v = load16 (frame, 2, y, x) & 0x3ff;
      break;
    case CLV_PIXEL_FORMAT_YUY2:
      *u = load8 (frame, 0, y, 4 * x + 1);
      *v = load8 (frame, 0, y, 4 * x + 3);
      break;
    case CLV_PIXEL_FORMAT_UYVY:
      *u = load8 (frame, 0, y, 4 * x);
      *v = load8 (frame, 0, y, 4 * x + 2);
      break;
    default:
      *u = load8 (frame, 1, y, x);
      *v = load8 (frame, 2, y, x);
      break;
  }
  if (frame->format == CLV_PIXEL_FORMAT_NV21 ||
      frame->format == CLV_PIXEL_FORMAT_YV12) {
    const gint first = *u;

    *u = *v;
    *v = first;
  }
}

/* Luma and interpolated chroma, in sixteenths, at column x and row y of the
 * whole picture. Chroma outside the visible part does not leak in: its outermost
 * visible samples are repeated. */
static Yuv
load_yuv (const ClvFrame *frame, guint x, guint y, guint width, guint height)
{
  const ClvFrameLayout *layout = clv_frame_layout (frame->format);
  const guint sx = layout->shift_x, sy = layout->shift_y;
  const gint min_x = frame->crop_x >> sx, min_y = frame->crop_y >> sy;
  const gint max_x = (frame->crop_x + width - 1) >> sx;
  const gint max_y = (frame->crop_y + height - 1) >> sy;
  gint other_x, other_y;
  const guint near_x = clv_color_near_weight (x, sx, frame->siting_h, &other_x);
  const guint near_y = clv_color_near_weight (y, sy, frame->siting_v, &other_y);
  Yuv yuv = { .y = 16 * load_luma (frame, x, y) };

  for (guint i = 0; i < 4; i++) {
    const guint weight =
        (i & 1 ? 4 - near_x : near_x) * (i & 2 ? 4 - near_y : near_y);
    const gint column = (gint) (x >> sx) + (i & 1 ? other_x : 0);
    const gint row = (gint) (y >> sy) + (i & 2 ? other_y : 0);
    gint u, v;

    load_chroma (
        frame, CLAMP (column, min_x, max_x), CLAMP (row, min_y, max_y), &u, &v);
    yuv.u += weight * u;
    yuv.v += weight * v;
  }
  return yuv;
}

static guint8
to_level (gint32 sum, gint32 shift)
{
  return CLAMP ((sum + (1 << (shift - 1))) >> shift, 0, 255);
}

/* Byte of red, green and blue, and bytes of a pixel. */
static const guint8 *
rgb_order (ClvPixelFormat format, guint *ret_bytes)
{
  static const guint8 orders[][3] = {
    [CLV_PIXEL_FORMAT_RGB] = { 0, 1, 2 },
    [CLV_PIXEL_FORMAT_BGR] = { 2, 1, 0 },
    [CLV_PIXEL_FORMAT_RGBX] = { 0, 1, 2 },
    [CLV_PIXEL_FORMAT_BGRX] = { 2, 1, 0 },
    [CLV_PIXEL_FORMAT_XRGB] = { 1, 2, 3 },
    [CLV_PIXEL_FORMAT_XBGR] = { 3, 2, 1 },
  };

  if (format > CLV_PIXEL_FORMAT_XBGR)
    return NULL;
  *ret_bytes = clv_frame_layout (format)->bytes[0];
  return orders[format];
}

void
clv_ref_to_rgb (guint8 *rgb, const ClvFrame *frame)
{
  guint width, height, bytes;
  const guint8 *order = rgb_order (frame->format, &bytes);
  ClvColor color;

  clv_frame_visible_size (frame, &width, &height);
  clv_color_init (&color, frame);
  for (gsize i = 0; i < (gsize) width * height; i++) {
    const guint x = frame->crop_x + i % width, y = frame->crop_y + i / width;

    if (order != NULL) {
      for (guint c = 0; c < 3; c++)
        rgb[3 * i + c] = load8 (frame, 0, y, x * bytes + order[c]);
      continue;
    }

    const gboolean gray = frame->format == CLV_PIXEL_FORMAT_GRAY8;
    const Yuv yuv = gray ? (Yuv){ .y = 16 * load8 (frame, 0, y, x) }
                         : load_yuv (frame, x, y, width, height);
    const gint32 luma = color.cy * (yuv.y - color.y_offset);
    const gint32 u = gray ? 0 : yuv.u - color.c_offset;
    const gint32 v = gray ? 0 : yuv.v - color.c_offset;

    rgb[3 * i] = to_level (luma + color.crv * v, color.shift);
    rgb[3 * i + 1] =
        to_level (luma + color.cgu * u + color.cgv * v, color.shift);
    rgb[3 * i + 2] = to_level (luma + color.cbu * u, color.shift);
  }
}

/* One output sample: ImagingResampleHorizontal_8bpc() and its vertical sister in
 * Pillow's Resample.c. */
static guint8
resample (const ClvResizeAxis *axis, guint i, const guint8 *samples, gsize step)
{
  const gint32 *weights = axis->weights + (gsize) i * axis->max_taps;
  gint32 sum = 1 << (CLV_RESIZE_BITS - 1);

  for (guint k = 0; k < axis->n_taps[i]; k++)
    sum += samples[(axis->first[i] + k) * step] * weights[k];
  return CLAMP (sum >> CLV_RESIZE_BITS, 0, 255);
}

/* pixels = ((v · rescale) - mean) / std, v the 8-bit result of
 *
 *   RGB → resize rows, 8 bits → resize columns, 8 bits → crop
 *
 * transformers, image_processing_clip.py; PIL's resize is two passes. */
gboolean
clv_ref_preprocess (gfloat *pixels, const ClvFrame *frame,
    const ClvPreprocessConfig *config, guint image_size, GError **error)
{
  const gsize S = image_size;
  ClvResizePlan plan;
  guint width, height;

  if (!clv_frame_check (frame, error) ||
      !clv_resize_plan_init (&plan, frame, config, image_size, error))
    return FALSE;
  clv_frame_visible_size (frame, &width, &height);

  g_autofree guint8 *rgb = g_malloc ((gsize) 3 * width * height);
  g_autofree guint8 *rows = g_malloc ((gsize) 3 * S * height);

  clv_ref_to_rgb (rgb, frame);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < S; x++)
      for (gsize c = 0; c < 3; c++)
        rows[(y * S + x) * 3 + c] =
            resample (&plan.x, x, rgb + y * width * 3 + c, 3);
  for (gsize c = 0; c < 3; c++)
    for (gsize y = 0; y < S; y++)
      for (gsize x = 0; x < S; x++) {
        const gfloat level = resample (&plan.y, y, rows + x * 3 + c, 3 * S);

        pixels[(c * S + y) * S + x] =
            (level * config->rescale - config->mean[c]) / config->std[c];
      }
  clv_resize_plan_clear (&plan);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-color.h"

#include <math.h>

static const struct {
  gdouble kr;
  gdouble kb;
} matrices[] = {
  [CLV_MATRIX_BT601] = { 0.299, 0.114 },
  [CLV_MATRIX_BT709] = { 0.2126, 0.0722 },
  [CLV_MATRIX_BT2020] = { 0.2627, 0.0593 },
};

guint
clv_color_bits (ClvPixelFormat format)
{
  return format == CLV_PIXEL_FORMAT_P010_10LE ||
                 format == CLV_PIXEL_FORMAT_I420_10LE
             ? 10
             : 8;
}

void
clv_color_init (ClvColor *ret_color, const ClvFrame *frame)
{
  const guint bits = clv_color_bits (frame->format);
  const guint fraction = bits == 8 ? 15 : 17;
  const gdouble one = 1 << fraction;
  const gdouble full = (1 << bits) - 1;
  const gdouble unit = 1 << (bits - 8);
  const gdouble y_scale = 255.0 / (frame->full_range ? full : 219.0 * unit);
  const gdouble c_scale = 255.0 / (frame->full_range ? full : 224.0 * unit);
  const guint matrix = MIN ((guint) frame->matrix, CLV_MATRIX_BT2020);
  const gdouble kr = matrices[matrix].kr;
  const gdouble kb = matrices[matrix].kb;
  const gdouble kg = 1.0 - kr - kb;

  ret_color->y_offset = frame->full_range ? 0 : 16 * 16 * unit;
  ret_color->c_offset = 16 * 128 * unit;
  ret_color->cy = lround (y_scale * one);
  ret_color->crv = lround (2.0 * (1.0 - kr) * c_scale * one);
  ret_color->cbu = lround (2.0 * (1.0 - kb) * c_scale * one);
  ret_color->cgu = lround (-2.0 * (1.0 - kb) * kb / kg * c_scale * one);
  ret_color->cgv = lround (-2.0 * (1.0 - kr) * kr / kg * c_scale * one);
  ret_color->shift = fraction + 4;
}

guint
clv_color_near_weight (
    guint position, guint shift, ClvSiting siting, gint *ret_other)
{
  const gboolean odd = position & 1;

  if (shift == 0) {
    *ret_other = 0;
    return 4;
  }
  if (siting == CLV_SITING_COSITED) {
    *ret_other = odd ? 1 : 0;
    return odd ? 2 : 4;
  }
  *ret_other = odd ? 1 : -1;
  return 3;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Y'CbCr to R'G'B' in integers, the same ones in C and GLSL.
 *
 * Chroma is interpolated linearly between its samples. All siting distances are
 * multiples of 1/4, so a chroma value is an exact number of sixteenths:
 *
 *   c16 = Σ (weight in quarters, vertical · horizontal) · sample   Σ weights = 16
 *   R = clamp ((cy · (16 y - y_offset) + crv · (v16 - c_offset) + half) >> shift)
 *
 * and likewise G, B. Nothing is rounded before the result. The coefficients have
 * 15 fractional bits for 8-bit samples and 17 for 10-bit ones, the most that
 * keeps every sum in int32; their error is below 0.01 of a level.
 *
 * Coefficients: ITU-R BT.601-7 2.5, BT.709-6 3, BT.2020-2 table 4 (the
 * non-constant luminance form). Ranges: 16–235 and 16–240, or all. */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

typedef struct {
  gint32 y_offset; /* in sixteenths */
  gint32 c_offset;
  gint32 cy;
  gint32 crv;
  gint32 cgu; /* cgu, cgv are negative */
  gint32 cgv;
  gint32 cbu;
  gint32 shift; /* with the 4 bits of the sixteenths */
} ClvColor;

/* Bits of a sample of the format: 8 or 10. */
guint clv_color_bits (ClvPixelFormat format);

/* GRAY8 is luma without chroma. RGB formats need none of this. */
void clv_color_init (ClvColor *ret_color, const ClvFrame *frame);

/* Weight in quarters of the chroma sample that luma sample `position` lies in,
 * and the other sample that gets the rest: -1, or +1, or 0 if none does. */
guint clv_color_near_weight (
    guint position, guint shift, ClvSiting siting, gint *ret_other);

G_END_DECLS

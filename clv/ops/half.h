/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* IEEE 754 binary16 in plain C: both of our compilers lack _Float16 on some
 * targets. */

#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* Rounds to nearest, ties to even; too large becomes infinity. */
static inline guint16
clv_half_from_float (gfloat value)
{
  guint32 bits, sign, rest;
  gint exponent;

  memcpy (&bits, &value, sizeof bits);
  sign = bits >> 16 & 0x8000;
  rest = bits & 0x7fffffff;
  if (rest > 0x7f800000)
    return sign | 0x7e00;
  if (rest >= 0x477ff000) /* 65520, half way above the largest half */
    return sign | 0x7c00;
  if (rest < 0x33000000) /* below half of the smallest subnormal */
    return sign;

  exponent = (gint) (rest >> 23) - 127;
  if (exponent >= -14) {
    const guint32 rounded = rest + 0xfff + (rest >> 13 & 1);

    return sign | ((rounded - 0x38000000) >> 13);
  } else {
    const guint32 mantissa = (rest & 0x7fffff) | 0x800000;
    const guint shift = -exponent - 1; /* to units of 2^-24 */
    const guint32 half = 1u << (shift - 1);
    const guint32 kept = mantissa >> shift;
    const guint32 lost = mantissa & ((1u << shift) - 1);

    return sign | (kept + (lost > half || (lost == half && (kept & 1))));
  }
}

static inline gfloat
clv_half_to_float (guint16 half)
{
  const gint exponent = half >> 10 & 31;
  const gint mantissa = half & 1023;
  gfloat value;

  if (exponent == 31)
    value = mantissa != 0 ? NAN : INFINITY;
  else if (exponent == 0)
    value = ldexpf (mantissa, -24);
  else
    value = ldexpf (mantissa + 1024, exponent - 25);
  return half & 0x8000 ? -value : value;
}

G_END_DECLS

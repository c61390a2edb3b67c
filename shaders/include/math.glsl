// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Functions whose accuracy must not depend on the driver: some evaluate exp and
// tanh with a short polynomial that is wrong in the fourth digit.

#ifndef MATH_GLSL
#define MATH_GLSL

// Stands for minus infinity in softmax: finite, so that a row of which nothing is
// visible yet does not become inf - inf.
const float LOWEST = -1.7014117e38; // -FLT_MAX / 2

// Each function is written for four values at once, and so is there once and not
// four times in a shader that has them inlined for every element of a tile.

// e^x within 2 ulp for -87 <= x <= 88, clamped outside.
// Cephes expf.c (S. Moshier): x = n ln 2 + r with ln 2 in two parts, then a
// polynomial of degree 6 in r.
vec4
accurate_exp (vec4 x)
{
  x = clamp (x, -87.0, 88.0);
  const vec4 n = floor (x * 1.44269504 + 0.5);
  const vec4 r = (x - n * 0.693359375) + n * 2.12194440e-4;
  vec4 p = vec4 (1.9875691500e-4);
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + r + 1.0;
  return p * uintBitsToFloat (uvec4 (ivec4 (n) + 127) << 23);
}

float
accurate_exp (float x)
{
  return accurate_exp (vec4 (x)).x;
}

// 1 / (1 + e^-x)
vec4
sigmoid (vec4 x)
{
  return 1.0 / (1.0 + accurate_exp (-x));
}

// 1 - erf (x) for x >= 0, |error| <= 1.5e-7.
// Abramowitz and Stegun 1964, 7.1.26.
vec4
erfc_positive (vec4 x)
{
  const vec4 t = 1.0 / (1.0 + 0.3275911 * x);
  vec4 p = vec4 (1.061405429);
  p = p * t - 1.453152027;
  p = p * t + 1.421413741;
  p = p * t - 0.284496736;
  p = p * t + 0.254829592;
  return p * t * accurate_exp (-x * x);
}

#endif

#version 450
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// preprocess_yuv: planar, semi-planar and packed Y'CbCr to quads of RGB
//
//   planes  words of four bytes; plane p begins at word plane_start.p and has
//           rows plane_pitch.p words apart. Subsampled chroma has one more
//           sample (row) on each side, so that interpolation needs no edge case
//   quads   (rows, pitch): quad q of a row holds pixels 4q … 4q+3
//   grid    one invocation per quad: (pitch / 16, rows / 4, 1) workgroups
//
//   c16 = Σ (weight in quarters, vertical · horizontal) · sample
//   R = clamp ((cy · (16 y - y_offset) + crv · (v16 - c_offset) + half) >> shift)
//
// Formula and coefficients: clv/ref/clv-color.h. Reference: clv/ref/preprocess.c.

#extension GL_GOOGLE_include_directive : require
#include "preprocess.glsl"

#define PLANAR 0      // Y, U, V
#define SEMI_PLANAR 1 // Y, UV
#define PACKED 2      // YUYV or UYVY

layout (constant_id = 0) const int LAYOUT = PLANAR;
layout (constant_id = 1) const int SHIFT_X = 1; // chroma subsampling, log2
layout (constant_id = 2) const int SHIFT_Y = 1;
layout (constant_id = 3) const int COSITED_X = 0;
layout (constant_id = 4) const int COSITED_Y = 0;
layout (constant_id = 5) const int Y_BYTE = 0; // packed: of the first luma
layout (constant_id = 6) const int U_BYTE = 0; // packed, semi-planar
layout (constant_id = 7) const int V_BYTE = 1;
layout (constant_id = 8) const int WIDE = 0; // samples of 16 bits
layout (constant_id = 9) const int LOW_BITS = 0; // the unused ones of 16 below

layout (set = 0, binding = 0) writeonly buffer quads_buf {
  uvec4 quads[];
};
layout (set = 0, binding = 1) uniform usamplerBuffer planes;

layout (push_constant) uniform Push {
  int first_row; // of the band in the planes; it is written from row 0 on
  int pitch;     // quads from a row to the next
  ivec2 reserved;
  ivec4 plane_start;
  ivec4 plane_pitch;
  int y_offset;
  int c_offset;
  int cy;
  int crv;
  int cgu;
  int cgv;
  int cbu;
  int shift;
} push;

#include "preprocess-planes.glsl"

// Chroma of four pixels in quarters, from the samples -1 … 2 around them.
ivec4
interpolate (ivec4 c)
{
  if (SHIFT_X == 0)
    return 4 * c;
  if (COSITED_X != 0)
    return ivec4 (4 * c.y, 2 * (c.y + c.z), 4 * c.z, 2 * (c.z + c.w));
  return ivec4 (c.x + 3 * c.y, 3 * c.y + c.z, c.y + 3 * c.z, 3 * c.z + c.w);
}

// The chroma row that a luma row lies in, the other one, and the first's weight.
ivec3
chroma_rows (int row)
{
  if (SHIFT_Y == 0)
    return ivec3 (row, row, 4);

  const int near = (row >> 1) + 1; // one row of border above
  const bool odd = (row & 1) != 0;
  if (COSITED_Y != 0)
    return ivec3 (near, odd ? near + 1 : near, odd ? 2 : 4);
  return ivec3 (near, odd ? near + 1 : near - 1, 3);
}

void
main ()
{
  const int q = int (gl_GlobalInvocationID.x);
  const int row = push.first_row + int (gl_GlobalInvocationID.y);
  const int first = q * (SHIFT_X == 0 ? 4 : 2);
  const ivec3 rows = chroma_rows (row);
  ivec4 u, v;

  load_chroma (rows.x, first, u, v);
  u *= rows.z;
  v *= rows.z;
  if (SHIFT_Y != 0) {
    ivec4 other_u, other_v;

    load_chroma (rows.y, first, other_u, other_v);
    u += (4 - rows.z) * other_u;
    v += (4 - rows.z) * other_v;
  } // else rows.z is 4
  u = interpolate (u) - push.c_offset;
  v = interpolate (v) - push.c_offset;

  const ivec4 luma = push.cy * (16 * load_luma (row, q) - push.y_offset)
      + (1 << (push.shift - 1));
  const ivec4 r = clamp ((luma + push.crv * v) >> push.shift, 0, 255);
  const ivec4 g = clamp (
      (luma + push.cgu * u + push.cgv * v) >> push.shift, 0, 255);
  const ivec4 b = clamp ((luma + push.cbu * u) >> push.shift, 0, 255);

  quads[gl_GlobalInvocationID.y * push.pitch + q] = uvec4 (r | g << 8 | b << 16);
}

#version 450
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// preprocess_rgb: packed RGB of any byte order, or grey, to quads of RGB
//
//   plane   words of four bytes, rows plane_pitch words apart
//   quads   (rows, pitch): quad q of a row holds pixels 4q … 4q+3
//   grid    one invocation per quad: (pitch / 16, rows / 4, 1) workgroups
//
// Reference: clv/ref/preprocess.c, clv_ref_to_rgb ().

#extension GL_GOOGLE_include_directive : require
#include "preprocess.glsl"

layout (constant_id = 0) const int BYTES = 3; // of a pixel; 1: grey
layout (constant_id = 1) const int R_BYTE = 0;
layout (constant_id = 2) const int G_BYTE = 1;
layout (constant_id = 3) const int B_BYTE = 2;

layout (set = 0, binding = 0) writeonly buffer quads_buf {
  uvec4 quads[];
};
layout (set = 0, binding = 1) uniform usamplerBuffer plane;

layout (push_constant) uniform Push {
  int first_row; // of the band in the plane; it is written from row 0 on
  int pitch;     // quads from a row to the next
  int plane_pitch;
  int y_offset; // grey only, as in preprocess_yuv.comp
  int cy;
  int shift;
} push;

// Byte `i` of four words.
int
byte_of (uvec4 words, int i)
{
  return int (words[i >> 2] >> (8 * (i & 3)) & 0xffu);
}

int
gray_level (int y)
{
  const int sum = push.cy * (16 * y - push.y_offset);

  return clamp ((sum + (1 << (push.shift - 1))) >> push.shift, 0, 255);
}

void
main ()
{
  const int q = int (gl_GlobalInvocationID.x);
  const int row = int (gl_GlobalInvocationID.y);
  const int base = (push.first_row + row) * push.plane_pitch + q * BYTES;
  uvec4 words = uvec4 (0), result;

  [[unroll]] for (int i = 0; i < BYTES; i++)
    words[i] = texelFetch (plane, base + i).x;
  [[unroll]] for (int i = 0; i < 4; i++)
    if (BYTES == 1)
      result[i] = pack_rgb (ivec3 (gray_level (byte_of (words, i))));
    else
      result[i] = pack_rgb (ivec3 (byte_of (words, i * BYTES + R_BYTE),
          byte_of (words, i * BYTES + G_BYTE),
          byte_of (words, i * BYTES + B_BYTE)));
  quads[row * push.pitch + q] = result;
}

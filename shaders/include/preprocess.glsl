// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the preprocessing passes share. A picture between two passes is a grid
// of uvec4: four neighbours along the axis that the next pass sums over, each
// as r | g << 8 | b << 16. Tables come from clv/ref/preprocess-resize.c.

#ifndef PREPROCESS_GLSL
#define PREPROCESS_GLSL

#extension GL_EXT_control_flow_attributes : require

#define RESIZE_BITS 22 // of a weight, CLV_RESIZE_BITS

layout (local_size_x = 16, local_size_y = 4) in;

uint
pack_rgb (ivec3 rgb)
{
  return uint (rgb.x | rgb.y << 8 | rgb.z << 16);
}

ivec3
unpack_rgb (uint v)
{
  return ivec3 (v & 0xffu, v >> 8 & 0xffu, v >> 16 & 0xffu);
}

// Adds four pixels, each times its weight.
void
add_weighted (inout ivec3 sum, uvec4 quad, ivec4 weights)
{
  sum += unpack_rgb (quad.x) * weights.x;
  sum += unpack_rgb (quad.y) * weights.y;
  sum += unpack_rgb (quad.z) * weights.z;
  sum += unpack_rgb (quad.w) * weights.w;
}

// Pillow's clip8 ().
ivec3
to_levels (ivec3 sum)
{
  return clamp (sum >> RESIZE_BITS, 0, 255);
}

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For kernels whose workgroup is one subgroup: no shared memory, no barriers.
// Software drivers turn an invocation into a SIMD lane, a shuffle with a literal
// index into one instruction, and a barrier into spilling every register.

#ifndef LANES_GLSL
#define LANES_GLSL

#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout (local_size_x = 8, local_size_x_id = 253) in;

const uint LANES = gl_WorkGroupSize.x; // = the subgroup's size, a power of two

// Counted by one: drivers do not unroll loops that halve their counter.
float
lanes_sum (float x)
{
  [[unroll]] for (uint bit = 0; bit < 7; bit++)
    if (1u << bit < LANES)
      x += subgroupShuffleXor (x, 1u << bit);
  return x;
}

float
lanes_max (float x)
{
  [[unroll]] for (uint bit = 0; bit < 7; bit++)
    if (1u << bit < LANES)
      x = max (x, subgroupShuffleXor (x, 1u << bit));
  return x;
}

// One lane's vec4, with a literal lane index.
vec4
lanes_get (vec4 v, uint lane)
{
  return vec4 (subgroupShuffle (v.x, lane), subgroupShuffle (v.y, lane),
      subgroupShuffle (v.z, lane), subgroupShuffle (v.w, lane));
}

#endif

#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// l2norm: y[m,c] = x[m,c] / sqrt (sum_c x[m,c]^2)
//
//   x, y  (M, C)  rows STRIDE floats apart; y may be x
//   grid  one workgroup per row: (M, 1, 1)
//
// A row of zeros stays zero. Transformers, modeling_clip.py, CLIPModel.forward
// ("normalized features"). Twin: clv/ref/l2norm.c

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require

#define REDUCE_SIZE 64
#include "reduce.glsl"

layout (local_size_x = REDUCE_SIZE) in;
layout (constant_id = 0) const uint C = 512;
const uint STRIDE = (C + 31) / 32 * 32; // clv_row_stride (C)

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer x_buf { float x[]; };

void
main ()
{
  const uint row = gl_WorkGroupID.x * STRIDE;
  const uint lane = gl_LocalInvocationID.x;
  float square = 0.0;

  for (uint c = lane; c < C; c += REDUCE_SIZE)
    square += x[row + c] * x[row + c];
  const float total = workgroup_sum (square);
  const float scale = total > 0.0 ? 1.0 / sqrt (total) : 0.0;

  for (uint c = lane; c < C; c += REDUCE_SIZE)
    y[row + c] = x[row + c] * scale;
}

#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// layernorm: y[m,c] = (x[m,c] - mean[m]) / sqrt (var[m] + eps) * gain[c] + bias[c]
//
//   x, y        (M, C)  rows STRIDE floats apart; y may be x
//   gain, bias  (C)
//   grid        one workgroup per row: (M, 1, 1)
//
// Two passes, see layernorm_lanes.comp. arXiv:1607.06450, eq. 4.
// Twin: clv/ref/layernorm.c

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require

#define REDUCE_SIZE 128
#include "reduce.glsl"

layout (local_size_x = REDUCE_SIZE) in;
layout (constant_id = 0) const uint C = 768;
layout (constant_id = 1) const float EPS = 1e-5;
const uint RUNS = (C + REDUCE_SIZE - 1) / REDUCE_SIZE; // values an invocation
const uint STRIDE = (C + 31) / 32 * 32; // clv_row_stride (C)

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer gain_buf { float gain[]; };
layout (binding = 2) readonly buffer bias_buf { float bias[]; };
layout (binding = 3) readonly buffer x_buf { float x[]; };

void
main ()
{
  const uint row = gl_WorkGroupID.x * STRIDE;
  const uint lane = gl_LocalInvocationID.x;

  float value[RUNS]; // memory is what this waits for: x is read once
  float sum = 0.0;
  [[unroll]] for (uint i = 0; i < RUNS; i++) {
    const uint c = i * REDUCE_SIZE + lane;
    value[i] = c < C ? x[row + c] : 0.0;
    sum += value[i];
  }
  const float mean = workgroup_sum (sum) / float (C);

  float square = 0.0;
  [[unroll]] for (uint i = 0; i < RUNS; i++) {
    value[i] -= mean;
    if (i * REDUCE_SIZE + lane < C)
      square += value[i] * value[i];
  }
  const float scale = 1.0 / sqrt (workgroup_sum (square) / float (C) + EPS);

  [[unroll]] for (uint i = 0; i < RUNS; i++) {
    const uint c = i * REDUCE_SIZE + lane;
    if (c < C)
      y[row + c] = value[i] * scale * gain[c] + bias[c];
  }
}

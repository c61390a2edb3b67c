#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// layernorm: y[m,c] = (x[m,c] - mean[m]) / sqrt (var[m] + eps) * gain[c] + bias[c]
//
//   x           (M, C)  texels of 4 floats; rows STRIDE4 texels apart
//   gain, bias  (C)
//   y           (M, C)  may be x; padding columns are written as zero
//   grid        one subgroup per row: (M, 1, 1)
//
// The variance is taken around the mean (two passes), not as E[x^2] - mean^2:
// CLIP has channels a hundred times larger than the rest, and the one-pass form
// loses them to cancellation.
//
// arXiv:1607.06450, eq. 4. Twin: clv/ref/layernorm.c

#extension GL_GOOGLE_include_directive : require
#include "lanes.glsl"

layout (constant_id = 0) const uint C = 768;
layout (constant_id = 1) const float EPS = 1e-5;
const uint STRIDE4 = (C + 31) / 32 * 8; // clv_row_stride (C) / 4
const uint C4 = (C + 3) / 4;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer gain_buf { float gain[]; };
layout (binding = 2) readonly buffer bias_buf { float bias[]; };
layout (binding = 3) uniform samplerBuffer x;

// 1 for the channels of texel c4 that exist, 0 for padding.
vec4
channel_mask (uint c4)
{
  return vec4 (lessThan (c4 * 4 + uvec4 (0, 1, 2, 3), uvec4 (C)));
}

void
main ()
{
  const uint row = gl_WorkGroupID.x * STRIDE4;
  const uint lane = gl_LocalInvocationID.x;

  vec4 sum = vec4 (0.0); // padding is zero
  for (uint c4 = lane; c4 < C4; c4 += LANES)
    sum += texelFetch (x, int (row + c4));
  const float mean =
      lanes_sum ((sum.x + sum.y) + (sum.z + sum.w)) * (1.0 / float (C));

  vec4 square = vec4 (0.0);
  for (uint c4 = lane; c4 < C4; c4 += LANES) {
    const vec4 d =
        (texelFetch (x, int (row + c4)) - mean) * channel_mask (c4);
    square += d * d;
  }
  const float var = lanes_sum ((square.x + square.y) + (square.z + square.w)) *
      (1.0 / float (C));
  const float scale = 1.0 / sqrt (var + EPS);

  for (uint c4 = lane; c4 < STRIDE4; c4 += LANES) {
    const vec4 n = (texelFetch (x, int (row + c4)) - mean) * scale;
    vec4 g, b;
    [[unroll]] for (uint e = 0; e < 4; e++) {
      const uint c = min (c4 * 4 + e, C - 1);
      g[e] = gain[c];
      b[e] = bias[c];
    }
    y[row + c4] = (n * g + b) * channel_mask (c4);
  }
}

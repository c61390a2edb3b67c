#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// layernorm: y[m,c] = (x[m,c] - mean[m]) / sqrt (var[m] + eps) * gain[c] + bias[c]
//
//   x           (M, C)  texels of 4 floats; rows STRIDE4 texels apart; up to TM - 1
//                       rows past M are read
//   gain, bias  (C)
//   y           (M, C)  may be x; padding columns are written as zero
//   grid        one subgroup for TM rows, which share the loads of gain and bias:
//               (M / TM, 1, 1)
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
const uint TM = 5;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer gain_buf { float gain[]; };
layout (binding = 2) readonly buffer bias_buf { float bias[]; };
layout (binding = 3) uniform samplerBuffer x;

layout (push_constant) uniform Push {
  uint M;
};

// 1 for the channels of texel c4 that exist, 0 for padding.
vec4
channel_mask (uint c4)
{
  return vec4 (lessThan (c4 * 4 + uvec4 (0, 1, 2, 3), uvec4 (C)));
}

void
main ()
{
  const uint m0 = gl_WorkGroupID.x * TM;
  const uint lane = gl_LocalInvocationID.x;
  vec4 sum[TM];
  float mean[TM], scale[TM];

  [[unroll]] for (uint i = 0; i < TM; i++)
    sum[i] = vec4 (0.0);
  for (uint c4 = lane; c4 < STRIDE4; c4 += LANES) // padding is zero
    [[unroll]] for (uint i = 0; i < TM; i++)
      sum[i] += texelFetch (x, int ((m0 + i) * STRIDE4 + c4));
  [[unroll]] for (uint i = 0; i < TM; i++) {
    mean[i] = lanes_sum ((sum[i].x + sum[i].y) + (sum[i].z + sum[i].w)) *
        (1.0 / float (C));
    sum[i] = vec4 (0.0);
  }

  for (uint c4 = lane; c4 < STRIDE4; c4 += LANES) {
    const vec4 mask = channel_mask (c4);
    [[unroll]] for (uint i = 0; i < TM; i++) {
      const vec4 d =
          (texelFetch (x, int ((m0 + i) * STRIDE4 + c4)) - mean[i]) * mask;
      sum[i] += d * d;
    }
  }
  [[unroll]] for (uint i = 0; i < TM; i++) {
    const float var =
        lanes_sum ((sum[i].x + sum[i].y) + (sum[i].z + sum[i].w)) *
        (1.0 / float (C));
    scale[i] = 1.0 / sqrt (var + EPS);
  }

  for (uint c4 = lane; c4 < STRIDE4; c4 += LANES) {
    const vec4 mask = channel_mask (c4);
    vec4 g, b;
    [[unroll]] for (uint e = 0; e < 4; e++) {
      const uint c = min (c4 * 4 + e, C - 1);
      g[e] = gain[c] * mask[e];
      b[e] = bias[c] * mask[e];
    }
    [[unroll]] for (uint i = 0; i < TM; i++) {
      const uint at = (m0 + i) * STRIDE4 + c4;
      if (m0 + i < M)
        y[at] = (texelFetch (x, int (at)) - mean[i]) * scale[i] * g + b;
    }
  }
}

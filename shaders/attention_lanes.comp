#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// attention for software drivers:
//   y[t, h D + d] = sum_k softmax_k (q[t] . k[k]) v[k, d]   per picture and head
//
//   qkv   (B T, 3 H D)  q, k, v in columns 0, H D, 2 H D; texels of 4 floats,
//                       rows qkv_stride4 texels apart; D a multiple of 4
//   y     (B T, H D)    rows y_stride4 vec4 apart
//   grid  one subgroup for TQ queries: (T / TQ, H, B)
//
// Scores: a lane owns a key, queries are handed out by shuffles. Values: a lane
// owns 4 channels, probabilities are handed out. One pass over the keys with the
// running maximum and sum of arXiv:1805.02867, algorithm 3, LANES keys at a time.
// Attention itself: arXiv:1706.03762, eq. 1; q comes scaled. Twin: clv/ref/attention.c

#extension GL_GOOGLE_include_directive : require
#include "lanes.glsl"
#include "math.glsl"

layout (constant_id = 0) const uint D4 = 16; // D / 4
layout (constant_id = 1) const uint TQ = 10;
const uint DV = (D4 + LANES - 1) / LANES; // texels of a head, per lane

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) uniform samplerBuffer qkv;

layout (push_constant) uniform Push {
  uint T;
  uint qkv_stride4;
  uint y_stride4;
  uint n_seen; // keys that every query sees: T, or 0 if causal
};

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint q0 = gl_WorkGroupID.x * TQ;
  const uint head = gl_WorkGroupID.y * D4;
  const uint width4 = gl_NumWorkGroups.y * D4; // H D / 4
  const uint row0 = gl_WorkGroupID.z * T;
  const uint n_keys = min (T, max (n_seen, q0 + TQ));

  vec4 q[TQ][DV], acc[TQ][DV];
  float top[TQ], sum[TQ];
  [[unroll]] for (uint i = 0; i < TQ; i++) {
    [[unroll]] for (uint v = 0; v < DV; v++) {
      q[i][v] = texelFetch (
          qkv, int ((row0 + q0 + i) * qkv_stride4 + head + v * LANES + lane));
      acc[i][v] = vec4 (0.0);
    }
    top[i] = LOWEST;
    sum[i] = 0.0;
  }

  for (uint k0 = 0; k0 < n_keys; k0 += LANES) {
    const uint key = k0 + lane;
    const uint key_at =
        (row0 + min (key, T - 1)) * qkv_stride4 + width4 + head;
    float p[TQ];

    [[unroll]] for (uint i = 0; i < TQ; i++)
      p[i] = 0.0;
    [[unroll]] for (uint d4 = 0; d4 < D4; d4++) {
      const vec4 k = texelFetch (qkv, int (key_at + d4));
      [[unroll]] for (uint i = 0; i < TQ; i++) {
        const vec4 a = lanes_get (q[i][d4 / LANES], d4 % LANES);
        p[i] += a.x * k.x + a.y * k.y + a.z * k.z + a.w * k.w;
      }
    }

    [[unroll]] for (uint i = 0; i < TQ; i++) {
      // Selects between values at hand: software drivers pay for branches.
      const bool seen = key < max (n_seen, q0 + i + 1);
      const float score = seen ? p[i] : LOWEST;
      const float new_top = max (top[i], lanes_max (score));
      const float shrink = accurate_exp (top[i] - new_top);
      const float e = accurate_exp (score - new_top);

      p[i] = seen ? e : 0.0;
      sum[i] = sum[i] * shrink + p[i];
      top[i] = new_top;
      [[unroll]] for (uint v = 0; v < DV; v++)
        acc[i][v] *= shrink;
    }

    [[unroll]] for (uint s = 0; s < LANES; s++) {
      // A key past the end has p = 0; reading the last one instead keeps
      // whatever lies there (0 * NaN) out.
      const uint value_at = (row0 + min (k0 + s, T - 1)) * qkv_stride4 +
          2 * width4 + head + lane;
      [[unroll]] for (uint v = 0; v < DV; v++) {
        const vec4 value = texelFetch (qkv, int (value_at + v * LANES));
        [[unroll]] for (uint i = 0; i < TQ; i++)
          acc[i][v] += subgroupShuffle (p[i], s) * value;
      }
    }
  }

  [[unroll]] for (uint i = 0; i < TQ; i++) {
    const float scale = 1.0 / lanes_sum (sum[i]);
    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint d4 = v * LANES + lane;
      if (q0 + i < T && d4 < D4)
        y[(row0 + q0 + i) * y_stride4 + head + d4] = acc[i][v] * scale;
    }
  }
}

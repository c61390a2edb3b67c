#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// attention for software drivers:
//   y[t, h D + d] = sum_k softmax_k (q[t] . k[k]) v[k, d]   per span and head
//
//   q      (n_queries, H D) in the first columns; texels of 4 floats, rows
//          q_stride4 texels apart; D a multiple of 4
//   kv     (n_keys, H D) k from column 4 k_column4 on, v H D columns further;
//          rows kv_stride4 texels apart. May be the buffer of q
//   spans  (n_spans) first query and end, first key and end; clv/ref/clv-span.h
//   y      (n_queries, H D)  rows y_stride4 vec4 apart
//   grid   one subgroup for a span of up to TQ queries: (n_spans, H, 1)
//
// Scores: a lane owns a key, queries are handed out by shuffles. Values: a lane
// owns 4 channels, probabilities are handed out. One pass over the keys with the
// running maximum and sum of arXiv:1805.02867, algorithm 3, LANES keys at a time.
// Attention itself: arXiv:1706.03762, eq. 1; q comes scaled. Twin: clv/ref/attention.c
//
// The loop is left at its end: software drivers run what follows a break once
// more with every lane masked. What bounds it comes from a buffer: they would
// compile again for each value of a push constant.

#extension GL_GOOGLE_include_directive : require
#include "lanes.glsl"
#include "math.glsl"

layout (constant_id = 0) const uint D4 = 16; // D / 4
layout (constant_id = 1) const uint TQ = 10;
const uint DV = (D4 + LANES - 1) / LANES; // texels of a head, per lane

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer spans_buf { uvec4 spans[]; };
layout (binding = 2) uniform samplerBuffer q_texels;
layout (binding = 3) uniform samplerBuffer kv;

layout (push_constant) uniform Push {
  uint q_stride4;
  uint kv_stride4;
  uint k_column4;
  uint y_stride4;
  uint ahead; // keys behind its own row that a query sees: 0 if causal, or many
};

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uvec4 span = spans[gl_WorkGroupID.x];
  const uint q0 = span.x, q_end = span.y, key_end = span.w;
  const uint head = gl_WorkGroupID.y * D4;
  const uint width4 = gl_NumWorkGroups.y * D4; // H D / 4
  const uint last_key = max (key_end, 1) - 1;  // of an empty span: any row

  vec4 q[TQ][DV], acc[TQ][DV];
  float top[TQ], sum[TQ];
  [[unroll]] for (uint i = 0; i < TQ; i++) {
    [[unroll]] for (uint v = 0; v < DV; v++) {
      q[i][v] = texelFetch (
          q_texels, int ((q0 + i) * q_stride4 + head + v * LANES + lane));
      acc[i][v] = vec4 (0.0);
    }
    top[i] = LOWEST;
    sum[i] = 0.0;
  }

  uint k0 = span.z;
  for (;;) {
    const uint key = k0 + lane;
    const uint key_at = min (key, last_key) * kv_stride4 + k_column4 + head;
    float p[TQ];

    [[unroll]] for (uint i = 0; i < TQ; i++)
      p[i] = 0.0;
    [[unroll]] for (uint d4 = 0; d4 < D4; d4++) {
      const vec4 k = texelFetch (kv, int (key_at + d4));
      [[unroll]] for (uint i = 0; i < TQ; i++) {
        const vec4 a = lanes_get (q[i][d4 / LANES], d4 % LANES);
        p[i] += a.x * k.x + a.y * k.y + a.z * k.z + a.w * k.w;
      }
    }

    [[unroll]] for (uint i = 0; i < TQ; i++) {
      // Selects between values at hand: software drivers pay for branches.
      const bool seen = key < min (key_end, q0 + i + 1 + ahead);
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
      const uint value_at =
          min (k0 + s, last_key) * kv_stride4 + k_column4 + width4 + head + lane;
      [[unroll]] for (uint v = 0; v < DV; v++) {
        const vec4 value = texelFetch (kv, int (value_at + v * LANES));
        [[unroll]] for (uint i = 0; i < TQ; i++)
          acc[i][v] += subgroupShuffle (p[i], s) * value;
      }
    }
    k0 += LANES;
    if (k0 >= key_end)
      break;
  }

  [[unroll]] for (uint i = 0; i < TQ; i++) {
    const float scale = 1.0 / lanes_sum (sum[i]);
    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint d4 = v * LANES + lane;
      if (q0 + i < q_end && d4 < D4)
        y[(q0 + i) * y_stride4 + head + d4] = acc[i][v] * scale;
    }
  }
}

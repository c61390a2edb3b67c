#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// attention for GPUs, any head width:
//   y[t, h D + d] = sum_k softmax_k (q[t] . k[k]) v[k, d]   per picture and head
//
//   qkv   (B T, 3 H D)  q, k, v in columns 0, H D, 2 H D; rows qkv_stride apart
//   y     (B T, H D)    rows y_stride floats apart
//   grid  one workgroup for a query: (T, H, B)
//
// REDUCE_SIZE keys at a time: an invocation first owns a key, then a channel.
// Running maximum and sum as in arXiv:1805.02867, algorithm 3; attention itself is
// arXiv:1706.03762, eq. 1; q comes scaled. Twin: clv/ref/attention.c

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require

#define REDUCE_SIZE 128
#include "math.glsl"
#include "reduce.glsl"

layout (local_size_x = REDUCE_SIZE) in;
layout (constant_id = 0) const uint D = 64;
const uint DV = (D + REDUCE_SIZE - 1) / REDUCE_SIZE; // channels an invocation

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer qkv_buf { float qkv[]; };

layout (push_constant) uniform Push {
  uint T;
  uint qkv_stride;
  uint y_stride;
  uint n_seen; // keys that every query sees: T, or 0 if causal
};

shared float query[D];
shared float probability[REDUCE_SIZE];

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint t = gl_WorkGroupID.x;
  const uint head = gl_WorkGroupID.y * D;
  const uint width = gl_NumWorkGroups.y * D;
  const uint row0 = gl_WorkGroupID.z * T;
  const uint n_keys = min (T, max (n_seen, t + 1));
  float acc[DV];
  float top = LOWEST, sum = 0.0;

  [[unroll]] for (uint v = 0; v < DV; v++) {
    const uint d = v * REDUCE_SIZE + lane;
    acc[v] = 0.0;
    if (d < D)
      query[d] = qkv[(row0 + t) * qkv_stride + head + d];
  }
  barrier ();

  for (uint k0 = 0; k0 < n_keys; k0 += REDUCE_SIZE) {
    const uint key = k0 + lane;
    float score = LOWEST;

    if (key < n_keys) {
      const uint key_at = (row0 + key) * qkv_stride + width + head;
      score = 0.0;
      for (uint d = 0; d < D; d++)
        score += query[d] * qkv[key_at + d];
    }
    const float new_top = max (top, workgroup_max (score));
    const float shrink = accurate_exp (top - new_top);
    const float p = key < n_keys ? accurate_exp (score - new_top) : 0.0;

    probability[lane] = p;
    sum = sum * shrink + workgroup_sum (p); // its barriers order `probability` too
    top = new_top;
    const uint n = min (REDUCE_SIZE, n_keys - k0);
    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint d = v * REDUCE_SIZE + lane;
      acc[v] *= shrink;
      if (d < D) {
        const uint value_at = (row0 + k0) * qkv_stride + 2 * width + head + d;
        for (uint s = 0; s < n; s++)
          acc[v] += probability[s] * qkv[value_at + s * qkv_stride];
      }
    }
  }

  [[unroll]] for (uint v = 0; v < DV; v++) {
    const uint d = v * REDUCE_SIZE + lane;
    if (d < D)
      y[(row0 + t) * y_stride + head + d] = acc[v] / sum;
  }
}

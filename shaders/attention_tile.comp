#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// attention for GPUs, any head width:
//   y[t, h D + d] = sum_k softmax_k (q[t] . k[k]) v[k, d]   per span and head
//
//   q      (n_queries, H D) in the first columns; rows q_stride floats apart
//   kv     (n_keys, H D) k from column k_column on, v H D columns further; rows
//          kv_stride floats apart. May be the buffer of q
//   spans  (n_spans) first query and end, first key and end; clv/ref/clv-span.h
//   y      (n_queries, H D)  rows y_stride floats apart
//   grid   one workgroup for each of the TQ queries that a span may have:
//          (n_spans TQ, H, 1)
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
layout (constant_id = 1) const uint TQ = 10;
const uint DV = (D + REDUCE_SIZE - 1) / REDUCE_SIZE; // channels an invocation

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer spans_buf { uvec4 spans[]; };
layout (binding = 2) readonly buffer q_buf { float q[]; };
layout (binding = 3) readonly buffer kv_buf { float kv[]; };

layout (push_constant) uniform Push {
  uint q_stride;
  uint kv_stride;
  uint k_column;
  uint y_stride;
  uint ahead; // keys behind its own row that a query sees: 0 if causal, or many
};

shared float query[D];
shared float probability[REDUCE_SIZE];

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uvec4 span = spans[gl_WorkGroupID.x / TQ];
  const uint t = span.x + gl_WorkGroupID.x % TQ;
  const bool exists = t < span.y;
  const uint head = gl_WorkGroupID.y * D;
  const uint width = gl_NumWorkGroups.y * D;
  const uint key_end = exists ? min (span.w, t + 1 + ahead) : span.z;
  float acc[DV];
  float top = LOWEST, sum = 0.0;

  [[unroll]] for (uint v = 0; v < DV; v++) {
    const uint d = v * REDUCE_SIZE + lane;
    acc[v] = 0.0;
    if (exists && d < D)
      query[d] = q[t * q_stride + head + d];
  }
  barrier ();

  for (uint k0 = span.z; k0 < key_end; k0 += REDUCE_SIZE) {
    const uint key = k0 + lane;
    float score = LOWEST;

    if (key < key_end) {
      const uint key_at = key * kv_stride + k_column + head;
      score = 0.0;
      for (uint d = 0; d < D; d++)
        score += query[d] * kv[key_at + d];
    }
    const float new_top = max (top, workgroup_max (score));
    const float shrink = accurate_exp (top - new_top);
    const float p = key < key_end ? accurate_exp (score - new_top) : 0.0;

    probability[lane] = p;
    sum = sum * shrink + workgroup_sum (p); // its barriers order `probability` too
    top = new_top;
    const uint n = min (REDUCE_SIZE, key_end - k0);
    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint d = v * REDUCE_SIZE + lane;
      acc[v] *= shrink;
      if (d < D) {
        const uint value_at = k0 * kv_stride + k_column + width + head + d;
        for (uint s = 0; s < n; s++)
          acc[v] += probability[s] * kv[value_at + s * kv_stride];
      }
    }
  }

  [[unroll]] for (uint v = 0; v < DV; v++) {
    const uint d = v * REDUCE_SIZE + lane;
    if (exists && d < D)
      y[t * y_stride + head + d] = acc[v] / sum;
  }
}

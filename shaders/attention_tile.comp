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
//   grid   one workgroup for a span of up to TQ queries: (n_spans, H, 1)
//
// KEYS keys at a time, each for all queries of the span, which all invocations read
// from one place. An invocation first owns a key, then a column of four channels
// for every PARTS-th key. Running maximum and sum: arXiv:1805.02867, algorithm 3;
// attention itself: arXiv:1706.03762, eq. 1; q comes scaled.
// Twin: clv/ref/attention.c. Judged by tests/gpu: docs/gpu-kernels.md.

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "math.glsl"

#define KEYS 64
layout (local_size_x = KEYS) in;
layout (constant_id = 0) const uint D = 64;
layout (constant_id = 1) const uint TQ = 10;
const uint D4 = (D + 3) / 4;
const uint DV = (D4 + KEYS - 1) / KEYS; // columns an invocation
const uint PARTS = D4 > KEYS ? 1 : KEYS / D4; // of the keys
const uint TQ4 = (TQ + 3) / 4;
const uint QUARTERS = 4; // of the keys, where one query is all that is looked at

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer spans_buf { uvec4 spans[]; };
layout (binding = 2) readonly buffer q_buf { float q[]; };
layout (binding = 3) readonly buffer kv_buf { float kv[]; };
// The same where rows begin at a multiple of four floats.
layout (binding = 2) readonly buffer q4_buf { vec4 q4[]; };
layout (binding = 3) readonly buffer kv4_buf { vec4 kv4[]; };

layout (push_constant) uniform Push {
  uint q_stride;
  uint kv_stride;
  uint k_column;
  uint y_stride;
  uint ahead; // keys behind its own row that a query sees: 0 if causal, or many
};

shared float by_query[TQ][KEYS + 1];
shared vec4 by_quarter[TQ];
shared vec4 by_key[KEYS + PARTS][TQ4]; // behind the keys: zeros
shared vec4 by_column[KEYS];

#define LOAD_ANY_WIDTH(floats, at, d4)                                         \
  vec4 run = vec4 (0.0);                                                       \
  [[unroll]] for (uint e = 0; e < 4; e++)                                      \
    if (d4 * 4 + e < D)                                                        \
      run[e] = floats[at + d4 * 4 + e];                                        \
  return run

vec4
load_q (uint at, uint d4)
{
  if (D % 4 == 0)
    return q4[at / 4 + d4];
  LOAD_ANY_WIDTH (q, at, d4);
}

vec4
load_kv (uint at, uint d4)
{
  if (D % 4 == 0)
    return kv4[at / 4 + d4];
  LOAD_ANY_WIDTH (kv, at, d4);
}

// What by_query holds, its maximum or sum in four parts for each query.
void
reduce (bool maximum)
{
  const uint lane = gl_LocalInvocationID.x;

  barrier ();
  for (uint i = lane; i < TQ * QUARTERS; i += KEYS) {
    float result = by_query[i / QUARTERS][i % QUARTERS];
    for (uint key = i % QUARTERS + QUARTERS; key < KEYS; key += QUARTERS) {
      const float value = by_query[i / QUARTERS][key];
      result = maximum ? max (result, value) : result + value;
    }
    by_quarter[i / QUARTERS][i % QUARTERS] = result;
  }
  barrier ();
}

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint column = lane % D4, part = lane / D4;
  const uvec4 span = spans[gl_WorkGroupID.x];
  const uint head = gl_WorkGroupID.y * D;
  const uint width = gl_NumWorkGroups.y * D;
  const uint last_key = max (span.w, 1) - 1; // of an empty span: any row
  vec4 acc[DV][TQ];
  float top[TQ], sum[TQ];

  [[unroll]] for (uint i = 0; i < TQ; i++) {
    [[unroll]] for (uint v = 0; v < DV; v++)
      acc[v][i] = vec4 (0.0);
    top[i] = LOWEST;
    sum[i] = 0.0;
  }

  if (lane < PARTS)
    [[unroll]] for (uint i = 0; i < TQ4; i++)
      by_key[KEYS + lane][i] = vec4 (0.0);

  for (uint k0 = span.z; k0 < span.w; k0 += KEYS) {
    const uint key = k0 + lane;
    const uint key_at = min (key, last_key) * kv_stride + k_column + head;
    float p[TQ];

    [[unroll]] for (uint i = 0; i < TQ; i++)
      p[i] = 0.0;
    [[dont_unroll]] for (uint d4 = 0; d4 < D4; d4++) {
      const vec4 k = load_kv (key_at, d4);
      [[unroll]] for (uint i = 0; i < TQ; i++) {
        const vec4 a = load_q ((span.x + i) * q_stride + head, d4);
        p[i] += a.x * k.x + a.y * k.y + a.z * k.z + a.w * k.w;
      }
    }
    [[unroll]] for (uint i = 0; i < TQ; i++) {
      if (key >= min (span.w, span.x + i + 1 + ahead))
        p[i] = LOWEST;
      by_query[i][lane] = p[i];
    }

    reduce (true);
    [[unroll]] for (uint i = 0; i < TQ; i++) {
      const vec4 tops = by_quarter[i];
      const float new_top =
          max (max (top[i], max (tops.x, tops.y)), max (tops.z, tops.w));
      const float shrink = accurate_exp (top[i] - new_top);

      // A key that is not seen counts nothing, even where none is.
      p[i] = p[i] == LOWEST ? 0.0 : accurate_exp (p[i] - new_top);
      by_key[lane][i / 4][i % 4] = p[i];
      sum[i] = sum[i] * shrink + p[i];
      top[i] = new_top;
      [[unroll]] for (uint v = 0; v < DV; v++)
        acc[v][i] *= shrink;
    }
    barrier ();

    const uint n = min (KEYS, span.w - k0);
    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint c = v * KEYS + column;
      if (part < PARTS && c < D4) {
        // Two keys a turn: their loads are under way together.
        const uint step = PARTS * kv_stride;
        const uint value_column = k_column + width + head;
        const uint last_at = last_key * kv_stride + value_column;
        uint at = (k0 + part) * kv_stride + value_column;
        for (uint s = part; s < n; s += 2 * PARTS) {
          const vec4 value = load_kv (at, c);
          const vec4 next = load_kv (min (at + step, last_at), c);
          [[unroll]] for (uint i = 0; i < TQ; i++)
            acc[v][i] += by_key[s][i / 4][i % 4] * value +
                by_key[s + PARTS][i / 4][i % 4] * next;
          at += 2 * step;
        }
      }
    }
    barrier (); // by_key and by_query have been read
  }

  [[unroll]] for (uint i = 0; i < TQ; i++)
    by_query[i][lane] = sum[i];
  reduce (false);
  [[unroll]] for (uint i = 0; i < TQ; i++) {
    const float scale = 1.0 / dot (by_quarter[i], vec4 (1.0));

    [[unroll]] for (uint v = 0; v < DV; v++) {
      const uint c = v * KEYS + column;

      barrier (); // the last column has been read
      by_column[lane] = acc[v][i];
      barrier ();
      if (part == 0 && c < D4 && span.x + i < span.y) {
        vec4 value = by_column[lane];
        [[unroll]] for (uint e = 1; e < PARTS; e++)
          value += by_column[lane + e * D4];
        [[unroll]] for (uint e = 0; e < 4; e++)
          if (c * 4 + e < D)
            y[(span.x + i) * y_stride + head + c * 4 + e] = value[e] * scale;
      }
    }
  }
}

#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gemm for GPUs: y[m,n] = act (sum_k x[m,k] w[n,k] + bias[n]) + residual[m,n]
//
//   x         (M, K)  rows x_stride4 vec4 apart; up to BM - 1 rows past M are read
//   w         (N, K)  row-major, zero-padded to BN rows and K of 4 k4_count; halves
//             come four in a uvec2 (WEIGHTS_F16), which needs no 16-bit feature
//   bias      (N) zero-padded to BN
//   residual  (M, N) like y; bound but not read unless RESIDUAL
//   y         (M, N)  rows y_stride floats apart; n < y_stride is written
//   grid      (M / BM, N / BN, 1), 128 invocations
//
// A BM x BN tile of y per workgroup, BK columns of x and w at a time through
// shared memory, stored transposed; the next block travels while one is
// multiplied. Twin: clv/ref/gemm.c

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"

layout (local_size_x = 128) in;
layout (constant_id = 0) const uint ACTIVATION = 0;
layout (constant_id = 1) const uint RESIDUAL = 0;

const uint BM = 64, BN = 64, BK = 16; // TM x TN outputs an invocation
const uint TM = 4, TN = 8;
const uint PITCH = BM + 4;            // spreads the transposed stores over banks
const uint LOADS = BM * BK / 4 / 128; // vec4 an invocation and block

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer bias_buf { float bias[]; };
layout (binding = 2) readonly buffer residual_buf { float residual[]; };
layout (binding = 3) readonly buffer x_buf { vec4 x[]; };
#ifdef WEIGHTS_F16
layout (binding = 4) readonly buffer w_buf { uvec2 w[]; };
#else
layout (binding = 4) readonly buffer w_buf { vec4 w[]; };
#endif

layout (push_constant) uniform Push {
  uint M;
  uint y_stride;
  uint x_stride4;
  uint k4_count;
};

shared float x_tile[BK * PITCH];
shared float w_tile[BK * PITCH];

vec4
load_w (uint i)
{
#ifdef WEIGHTS_F16
  return vec4 (unpackHalf2x16 (w[i].x), unpackHalf2x16 (w[i].y));
#else
  return w[i];
#endif
}

void
main ()
{
  const uint t = gl_LocalInvocationID.x;
  const uint m0 = gl_WorkGroupID.x * BM, n0 = gl_WorkGroupID.y * BN;
  const uint mt = t / (BN / TN) * TM, nt = t % (BN / TN) * TN;
  float acc[TM][TN];
  vec4 x_next[LOADS], w_next[LOADS];

  [[unroll]] for (uint i = 0; i < TM; i++)
    [[unroll]] for (uint j = 0; j < TN; j++)
      acc[i][j] = 0.0;

  // The grid in the bound keeps drivers from recompiling for each K.
  const uint end = min (k4_count, gl_NumWorkGroups.x + 0xffffffu);

  [[unroll]] for (uint i = 0; i < LOADS; i++) {
    const uint row = (t + i * 128) / (BK / 4), k4 = (t + i * 128) % (BK / 4);
    x_next[i] = x[(m0 + row) * x_stride4 + k4];
    w_next[i] = load_w ((n0 + row) * k4_count + k4);
  }
  for (uint base = 0; base < end; base += BK / 4) {
    barrier (); // the last block has been read
    [[unroll]] for (uint i = 0; i < LOADS; i++) {
      const uint row = (t + i * 128) / (BK / 4), k4 = (t + i * 128) % (BK / 4);
      [[unroll]] for (uint e = 0; e < 4; e++) {
        x_tile[(k4 * 4 + e) * PITCH + row] = x_next[i][e];
        w_tile[(k4 * 4 + e) * PITCH + row] = w_next[i][e];
      }
    }
    barrier ();
    // The last turn loads its own block again rather than one past the end.
    const uint next = min (base + BK / 4, k4_count - BK / 4);
    [[unroll]] for (uint i = 0; i < LOADS; i++) {
      const uint row = (t + i * 128) / (BK / 4), k4 = (t + i * 128) % (BK / 4);
      x_next[i] = x[(m0 + row) * x_stride4 + next + k4];
      w_next[i] = load_w ((n0 + row) * k4_count + next + k4);
    }
    for (uint k = 0; k < BK; k++) {
      float a[TM], b[TN];
      [[unroll]] for (uint i = 0; i < TM; i++)
        a[i] = x_tile[k * PITCH + mt + i];
      [[unroll]] for (uint j = 0; j < TN; j++)
        b[j] = w_tile[k * PITCH + nt + j];
      [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++)
          acc[i][j] += a[i] * b[j];
    }
  }

  [[unroll]] for (uint i = 0; i < TM; i++) {
    [[unroll]] for (uint j = 0; j < TN; j++) {
      const uint m = m0 + mt + i, n = n0 + nt + j;

      if (m < M && n < y_stride) {
        float value = activate (ACTIVATION, acc[i][j] + bias[n]);
        if (RESIDUAL != 0)
          value += residual[m * y_stride + n];
        y[m * y_stride + n] = value;
      }
    }
  }
}

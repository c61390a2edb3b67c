#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gemm for GPUs: y[m,n] = act (sum_k x[m,k] w[n,k] + bias[n]) + residual[m,n]
//
//   x         (M, K)  rows x_stride4 vec4 apart
//   w         (N, K)  row-major, zero-padded to BN rows and 32 columns; halves
//             come eight in a uvec4 (WEIGHTS_F16), which needs no 16-bit feature
//   bias      (N) zero-padded to BN
//   residual  (M, N) like y; bound but not read unless RESIDUAL
//   y         (M, N)  rows y_stride4 vec4 apart; all of a row is written
//   grid      (M / BM, N / BN, 1), (BM / TM) (BN / TN) invocations
//
// A BM x BN tile of y per workgroup, TM x TN of it an invocation. BK columns of x
// and w at a time pass through shared memory, stored transposed, so that four
// neighbours are one load; the next block travels in registers while one is
// multiplied. Rows of x past M repeat the last one and are not written.
// Twin: clv/ref/gemm.c. Judged by tests/gpu: docs/gpu-kernels.md.

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"

layout (local_size_x = 128, local_size_x_id = 253) in;
layout (constant_id = 0) const uint ACTIVATION = 0;
layout (constant_id = 1) const uint RESIDUAL = 0;
layout (constant_id = 2) const uint BM = 128;
layout (constant_id = 3) const uint TM = 8;
layout (constant_id = 4) const uint UNROLL = 16; // of BK; 1 on software drivers

const uint BN = 64, TN = 8, BK = 16;
const uint X_PITCH = BM + 4, W_PITCH = BN + 4; // keeps rows 16-byte aligned

#ifdef WEIGHTS_F16
const uint W_RUN = 8; // weights a load
#define W_LOAD uvec4
#else
const uint W_RUN = 4;
#define W_LOAD vec4
#endif

const uint X_LOADS = BM * BK / 4 / gl_WorkGroupSize.x; // an invocation and block
const uint W_LOADS = BN * BK / W_RUN / gl_WorkGroupSize.x;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer bias_buf { vec4 bias[]; };
layout (binding = 2) readonly buffer residual_buf { vec4 residual[]; };
layout (binding = 3) readonly buffer x_buf { vec4 x[]; };
layout (binding = 4) readonly buffer w_buf { W_LOAD w[]; };

layout (push_constant) uniform Push {
  uint M;
  uint y_stride4;
  uint x_stride4;
  uint k_count; // a multiple of 32
};

shared float x_tile[BK * X_PITCH];
shared float w_tile[BK * W_PITCH];

void
store_w (uint at, W_LOAD run)
{
  [[unroll]] for (uint e = 0; e < W_RUN; e++) {
#ifdef WEIGHTS_F16
    w_tile[at + e * W_PITCH] = unpackHalf2x16 (run[e / 2])[e % 2];
#else
    w_tile[at + e * W_PITCH] = run[e];
#endif
  }
}

// The first of four neighbouring rows or columns: quad `quad` of invocation `at`
// of `size / (4 quads)`, spread so that the loads of a subgroup are neighbours.
uint
quad_start (uint quad, uint at, uint size, uint quads)
{
  return quad * (size / quads) + at * 4;
}

void
main ()
{
  const uint t = gl_LocalInvocationID.x;
  const uint m0 = gl_WorkGroupID.x * BM, n0 = gl_WorkGroupID.y * BN;
  const uint mt = t / (BN / TN), nt = t % (BN / TN);
  float acc[TM][TN];
  vec4 x_next[X_LOADS];
  W_LOAD w_next[W_LOADS];
  uint x_at[X_LOADS], w_at[W_LOADS];

  [[unroll]] for (uint i = 0; i < TM; i++)
    [[unroll]] for (uint j = 0; j < TN; j++)
      acc[i][j] = 0.0;

  // The grid in the bound keeps drivers from recompiling for each K.
  const uint end = min (k_count, gl_NumWorkGroups.x + 0xffffffu);

  [[unroll]] for (uint i = 0; i < X_LOADS; i++) {
    const uint q = t + i * gl_WorkGroupSize.x;
    x_at[i] = min (m0 + q / (BK / 4), M - 1) * x_stride4 + q % (BK / 4);
    x_next[i] = x[x_at[i]];
  }
  [[unroll]] for (uint i = 0; i < W_LOADS; i++) {
    const uint q = t + i * gl_WorkGroupSize.x;
    w_at[i] = (n0 + q / (BK / W_RUN)) * (k_count / W_RUN) + q % (BK / W_RUN);
    w_next[i] = w[w_at[i]];
  }

  const uint x_store = t % (BK / 4) * 4 * X_PITCH + t / (BK / 4);
  const uint w_store = t % (BK / W_RUN) * W_RUN * W_PITCH + t / (BK / W_RUN);
  for (uint next = BK;; next += BK) {
    [[unroll]] for (uint i = 0; i < X_LOADS; i++)
      [[unroll]] for (uint e = 0; e < 4; e++)
        x_tile[x_store + e * X_PITCH + i * gl_WorkGroupSize.x / (BK / 4)] =
            x_next[i][e];
    [[unroll]] for (uint i = 0; i < W_LOADS; i++)
      store_w (w_store + i * gl_WorkGroupSize.x / (BK / W_RUN), w_next[i]);
    barrier ();

    const bool more = next < end;
    if (more) {
      [[unroll]] for (uint i = 0; i < X_LOADS; i++)
        x_next[i] = x[x_at[i] + next / 4];
      [[unroll]] for (uint i = 0; i < W_LOADS; i++)
        w_next[i] = w[w_at[i] + next / W_RUN];
    }

    for (uint k0 = 0; k0 < BK; k0 += UNROLL) {
      [[unroll]] for (uint u = 0; u < UNROLL; u++) {
        const uint k = k0 + u;
        float a[TM], b[TN];
        [[unroll]] for (uint i = 0; i < TM; i++)
          a[i] = x_tile[k * X_PITCH + quad_start (i / 4, mt, BM, TM / 4) + i % 4];
        [[unroll]] for (uint j = 0; j < TN; j++)
          b[j] = w_tile[k * W_PITCH + quad_start (j / 4, nt, BN, TN / 4) + j % 4];
        [[unroll]] for (uint i = 0; i < TM; i++)
          [[unroll]] for (uint j = 0; j < TN; j++)
            acc[i][j] += a[i] * b[j];
      }
    }
    if (!more)
      break;
    barrier (); // the block has been read
  }

  [[unroll]] for (uint i = 0; i < TM; i++) {
    const uint m = m0 + quad_start (i / 4, mt, BM, TM / 4) + i % 4;
    [[unroll]] for (uint j = 0; j < TN; j += 4) {
      const uint n4 = (n0 + quad_start (j / 4, nt, BN, TN / 4)) / 4;

      if (m < M && n4 < y_stride4) {
        vec4 value = vec4 (acc[i][j], acc[i][j + 1], acc[i][j + 2],
            acc[i][j + 3]) + bias[n4];
        [[unroll]] for (uint e = 0; e < 4; e++)
          value[e] = activate (ACTIVATION, value[e]);
        if (RESIDUAL != 0)
          value += residual[m * y_stride4 + n4];
        y[m * y_stride4 + n4] = value;
      }
    }
  }
}

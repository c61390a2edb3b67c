#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gemm for GPUs with matrix units (VK_KHR_cooperative_matrix, half x half -> float):
//   y[m,n] = act (sum_k half (x[m,k]) w[n,k] + bias[n]) + residual[m,n]
//
//   x         (M, K)  rows x_stride4 vec4 apart; rounded to halves on the way in
//   w         (N, K)  row-major halves, eight in a uvec4, zero-padded to BN rows
//             and 32 columns
//   bias      (N) zero-padded to BN
//   residual  (M, N) like y; bound but not read unless RESIDUAL
//   y         (M, N)  rows y_stride4 vec4 apart; all of a row is written
//   grid      (M / BM, N / BN, 1), (BM / WM) (BN / WN) subgroups
//
// A BM x BN tile of y per workgroup, WM x WN of it a subgroup, in matrices of
// the device's own size TM x TN x TK. BK columns of x and w at a time pass through
// shared memory; the next block travels in registers while one is multiplied.
// Tiles are wider than high because x is converted once for each tile in its row.
// Rows past M repeat the last one and are not written.
// Twin: clv/ref/gemm.c. Judged by tests/gpu; docs/gpu-kernels.md has what other
// arrangements gave.

#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"
#include "coop.glsl"

layout (local_size_x = 512, local_size_x_id = 253) in;
layout (constant_id = 0) const uint ACTIVATION = 0;
layout (constant_id = 1) const uint RESIDUAL = 0;
layout (constant_id = 2) const uint BM = 128;
layout (constant_id = 3) const uint BN = 256;
layout (constant_id = 4) const uint WM = 64;
layout (constant_id = 5) const uint WN = 32;
layout (constant_id = 6) const uint TM = 16;
layout (constant_id = 7) const uint TN = 16;
layout (constant_id = 8) const uint TK = 16;
layout (constant_id = 9) const uint UNROLL = 2; // of BK / TK; 1 on software drivers

const uint BK = 32, RUN = 8; // halves of a uvec4
const uint RUNS = BK / RUN;  // of a row of a block
const uint PITCH = RUNS + 1; // rows padded by 16 bytes: other banks
const uint X_LOADS = BM * RUNS / gl_WorkGroupSize.x; // an invocation and block
const uint W_LOADS = BN * RUNS / gl_WorkGroupSize.x;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer bias_buf { vec4 bias[]; };
layout (binding = 2) readonly buffer residual_buf { vec4 residual[]; };
layout (binding = 3) readonly buffer x_buf { vec4 x[]; };
layout (binding = 4) readonly buffer w_buf { uvec4 w[]; };

layout (push_constant) uniform Push {
  uint M;
  uint y_stride4;
  uint x_stride4;
  uint k_count; // a multiple of 32
};

shared uvec4 x_tile[BM * PITCH];
shared uvec4 w_tile[BN * PITCH];

#define Accumulator coopmat<float, gl_ScopeSubgroup, TM, TN, gl_MatrixUseAccumulator>
#define MatrixA coopmat<float16_t, gl_ScopeSubgroup, TM, TK, gl_MatrixUseA>
#define MatrixB coopmat<float16_t, gl_ScopeSubgroup, TK, TN, gl_MatrixUseB>

// Not a parameter: compilers differ on arrays whose size is a specialization
// constant there.
Accumulator acc[WM / TM][WN / TN];

void
multiply (uint wm, uint wn)
{
  for (uint turn = 0; turn < BK / TK; turn += UNROLL) {
    [[unroll]] for (uint u = 0; u < UNROLL; u++) {
      const uint k = (turn + u) * TK;
      MatrixA a[WM / TM];
      MatrixB b[WN / TN];

      // Keeps compilers from loading all matrices of a block at once: registers
      // are dearer than the wait.
      if (u > 0)
        FENCE (gl_ScopeSubgroup);
      [[unroll]] for (uint i = 0; i < WM / TM; i++)
        coopMatLoad (a[i], x_tile, (wm + i * TM) * PITCH + k / RUN, PITCH,
            gl_CooperativeMatrixLayoutRowMajor);
      [[unroll]] for (uint j = 0; j < WN / TN; j++)
        coopMatLoad (b[j], w_tile, (wn + j * TN) * PITCH + k / RUN, PITCH,
            gl_CooperativeMatrixLayoutColumnMajor);
      [[unroll]] for (uint i = 0; i < WM / TM; i++)
        [[unroll]] for (uint j = 0; j < WN / TN; j++)
          acc[i][j] = coopMatMulAdd (a[i], b[j], acc[i][j]);
    }
  }
}

// Which element an invocation holds is the driver's secret: a matrix goes to y
// through shared memory, where each subgroup has a place of its own.
void
write (Accumulator sums, uint m0, uint n0)
{
  const uint place = gl_SubgroupID * (TM * TN / 4);

  FENCE (gl_ScopeSubgroup); // the last matrix has been read
  coopMatStore (sums, w_tile, place, TN / 4, gl_CooperativeMatrixLayoutRowMajor);
  FENCE (gl_ScopeSubgroup);
  for (uint i = gl_SubgroupInvocationID; i < TM * TN / 4; i += gl_SubgroupSize) {
    const uint m = m0 + i / (TN / 4), n4 = n0 / 4 + i % (TN / 4);

    if (m < M && n4 < y_stride4) {
      vec4 value = uintBitsToFloat (w_tile[place + i]) + bias[n4];
      [[unroll]] for (uint e = 0; e < 4; e++)
        value[e] = activate (ACTIVATION, value[e]);
      if (RESIDUAL != 0)
        value += residual[m * y_stride4 + n4];
      y[m * y_stride4 + n4] = value;
    }
  }
}

// The next block on its way.
vec4 x_next[X_LOADS][2];
uvec4 w_next[W_LOADS];
uint x_at[X_LOADS], w_at[W_LOADS];

void
find_rows (uint m0, uint n0)
{
  [[unroll]] for (uint i = 0; i < X_LOADS; i++) {
    const uint q = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    x_at[i] = min (m0 + q / RUNS, M - 1) * x_stride4 + q % RUNS * 2;
  }
  [[unroll]] for (uint i = 0; i < W_LOADS; i++) {
    const uint q = gl_LocalInvocationID.x + i * gl_WorkGroupSize.x;
    w_at[i] = (n0 + q / RUNS) * (k_count / RUN) + q % RUNS;
  }
}

void
load (uint k)
{
  [[unroll]] for (uint i = 0; i < X_LOADS; i++) {
    x_next[i][0] = x[x_at[i] + k / 4];
    x_next[i][1] = x[x_at[i] + k / 4 + 1];
  }
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    w_next[i] = w[w_at[i] + k / RUN];
}

void
store ()
{
  const uint at =
      gl_LocalInvocationID.x / RUNS * PITCH + gl_LocalInvocationID.x % RUNS;
  const uint step = gl_WorkGroupSize.x / RUNS * PITCH;

  [[unroll]] for (uint i = 0; i < X_LOADS; i++)
    x_tile[at + i * step] = to_halves (x_next[i][0], x_next[i][1]);
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    w_tile[at + i * step] = w_next[i];
  FENCE (gl_ScopeWorkgroup);
}

void
main ()
{
  const uint m0 = gl_WorkGroupID.x * BM, n0 = gl_WorkGroupID.y * BN;
  const uint wm = gl_SubgroupID % (BM / WM) * WM;
  const uint wn = gl_SubgroupID / (BM / WM) * WN;
  // The grid in the bound keeps drivers from recompiling for each K.
  const uint end = min (k_count, gl_NumWorkGroups.x + 0xffffffu);

  [[unroll]] for (uint i = 0; i < WM / TM; i++)
    [[unroll]] for (uint j = 0; j < WN / TN; j++)
      acc[i][j] = Accumulator (0.0);

  find_rows (m0, n0);
  load (0);
  store ();
  // A turn has no branches, and no load outlives it: compilers would put loads off
  // to where they are needed, and copy what lives on. So the last turn loads and
  // stores its block again, for nothing.
  for (uint next = BK;; next += BK) {
    load (min (next, end - BK));
    multiply (wm, wn);
    FENCE (gl_ScopeWorkgroup); // the block has been read
    store ();
    if (next >= end)
      break;
  }

  [[unroll]] for (uint i = 0; i < WM / TM; i++)
    [[unroll]] for (uint j = 0; j < WN / TN; j++)
      write (acc[i][j], m0 + wm + i * TM, n0 + wn + j * TN);
}

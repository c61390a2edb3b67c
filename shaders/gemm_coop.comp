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
// Twin: clv/ref/gemm.c. Judged by tests/gpu: docs/gpu-kernels.md.

#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#include "activation.glsl"

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

// packHalf2x16 () may cut bits off; a conversion rounds to nearest.
uvec4
to_halves (vec4 a, vec4 b)
{
  return uvec4 (packFloat2x16 (f16vec2 (a.xy)), packFloat2x16 (f16vec2 (a.zw)),
      packFloat2x16 (f16vec2 (b.xy)), packFloat2x16 (f16vec2 (b.zw)));
}

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

void
subgroup_fence ()
{
  controlBarrier (gl_ScopeSubgroup, gl_ScopeSubgroup, gl_StorageSemanticsShared,
      gl_SemanticsAcquireRelease);
}

// Which element an invocation holds is the driver's secret: a matrix goes to y
// through shared memory, where each subgroup has a place of its own.
void
write (Accumulator sums, uint m0, uint n0)
{
  const uint place = gl_SubgroupID * (TM * TN / 4);

  subgroup_fence (); // the last matrix has been read
  coopMatStore (sums, w_tile, place, TN / 4, gl_CooperativeMatrixLayoutRowMajor);
  subgroup_fence ();
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

void
main ()
{
  const uint t = gl_LocalInvocationID.x;
  const uint m0 = gl_WorkGroupID.x * BM, n0 = gl_WorkGroupID.y * BN;
  const uint wm = gl_SubgroupID % (BM / WM) * WM;
  const uint wn = gl_SubgroupID / (BM / WM) * WN;
  vec4 x_next[X_LOADS][2];
  uvec4 w_next[W_LOADS];
  uint x_at[X_LOADS];

  [[unroll]] for (uint i = 0; i < WM / TM; i++)
    [[unroll]] for (uint j = 0; j < WN / TN; j++)
      acc[i][j] = Accumulator (0.0);

  // The grid in the bound keeps drivers from recompiling for each K.
  const uint end = min (k_count, gl_NumWorkGroups.x + 0xffffffu);

  [[unroll]] for (uint i = 0; i < X_LOADS; i++) {
    const uint q = t + i * gl_WorkGroupSize.x;
    x_at[i] = min (m0 + q / RUNS, M - 1) * x_stride4 + q % RUNS * 2;
    x_next[i][0] = x[x_at[i]];
    x_next[i][1] = x[x_at[i] + 1];
  }
  const uint w_at = (n0 + t / RUNS) * (k_count / RUN) + t % RUNS;
  const uint w_step = gl_WorkGroupSize.x / RUNS * (k_count / RUN);
  [[unroll]] for (uint i = 0; i < W_LOADS; i++)
    w_next[i] = w[w_at + i * w_step];

  const uint store_at = t / RUNS * PITCH + t % RUNS;
  const uint store_step = gl_WorkGroupSize.x / RUNS * PITCH;
  for (uint next = BK;; next += BK) {
    [[unroll]] for (uint i = 0; i < X_LOADS; i++)
      x_tile[store_at + i * store_step] = to_halves (x_next[i][0], x_next[i][1]);
    [[unroll]] for (uint i = 0; i < W_LOADS; i++)
      w_tile[store_at + i * store_step] = w_next[i];
    barrier ();

    const bool more = next < end;
    if (more) {
      [[unroll]] for (uint i = 0; i < X_LOADS; i++) {
        x_next[i][0] = x[x_at[i] + next / 4];
        x_next[i][1] = x[x_at[i] + next / 4 + 1];
      }
      [[unroll]] for (uint i = 0; i < W_LOADS; i++)
        w_next[i] = w[w_at + i * w_step + next / RUN];
    }
    multiply (wm, wn);
    barrier (); // the block has been read
    if (!more)
      break;
  }

  [[unroll]] for (uint i = 0; i < WM / TM; i++)
    [[unroll]] for (uint j = 0; j < WN / TN; j++)
      write (acc[i][j], m0 + wm + i * TM, n0 + wn + j * TN);
}

#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gemm for software drivers: y[m,n] = act (sum_k x[m,k] w[n,k] + bias[n]) + residual[m,n]
//
//   x         (M, K)  texels of 4 floats; rows X_STRIDE4 texels apart
//   w         packed by clv/ops/linear.c: panels of LANES columns, contiguous
//             over K, zero-padded: [N / LANES][K / 4][LANES] texels of 4 floats,
//             or [N / LANES][K / 8][LANES] texels of 8 halves (WEIGHTS_F16). A
//             lane has 4 neighbouring columns in 4 neighbouring panels
//   bias      (N) zero-padded to the panels in use, then K as an integer
//   residual  (M, N) like y; bound but not read unless RESIDUAL
//   y         (M, N)  rows y_stride4 vec4 apart; n < 4 y_stride4 is written
//   grid      (M / TM, N / (LANES TN), 1): row tiles fastest, so that a panel is
//             read from memory once and then from the cache
//
// A lane owns TN columns of TM rows. A fetch of x brings KS texels of each of
// LANES / KS rows, spread over the lanes, and they are handed out by shuffles with
// a literal lane. Texel fetches gather without a branch per lane, which loads from
// storage buffers do not; but each is a call, so that a tile should be large, and
// stores are loops over the lanes, so that they should be few and wide.
//
// The loop is left at its end: software drivers run what follows a break once
// more with every lane masked.
//
// K comes from a buffer: drivers recompile for loop bounds in push constants,
// and would compile this (large) shader again for each specialization constant.
//
// Twin: clv/ref/gemm.c

#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"
#include "lanes.glsl"

layout (constant_id = 0) const uint TM = 17;
layout (constant_id = 1) const uint ACTIVATION = 0;
layout (constant_id = 2) const uint RESIDUAL = 0;
const uint TN = LANES < 16 ? 64 / LANES : 4; // vec4 of columns
const uint KS = 4;
const uint ROWS = LANES / KS; // of a fetch
const uint FETCHES = (TM + ROWS - 1) / ROWS;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer bias_buf { vec4 bias[]; };
layout (binding = 2) readonly buffer residual_buf { vec4 residual[]; };
layout (binding = 3) uniform samplerBuffer x;
#ifdef WEIGHTS_F16
layout (binding = 4) uniform usamplerBuffer w;
#else
layout (binding = 4) uniform samplerBuffer w;
#endif

layout (push_constant) uniform Push {
  uint M;
  uint y_stride4;
  uint x_stride4;
  uint k_index; // bias[k_index].x holds K's bits, a multiple of 4 KS
};

// The dot product of a with each column.
vec4
times (vec4 a, vec4 c0, vec4 c1, vec4 c2, vec4 c3)
{
  return a.x * vec4 (c0.x, c1.x, c2.x, c3.x) + a.y * vec4 (c0.y, c1.y, c2.y, c3.y) +
      a.z * vec4 (c0.z, c1.z, c2.z, c3.z) + a.w * vec4 (c0.w, c1.w, c2.w, c3.w);
}

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint m0 = gl_WorkGroupID.x * TM;
  const uint panel0 = gl_WorkGroupID.y * TN;
  const uint column4 = panel0 * LANES / 4 + lane; // of panels 0 to 3, in vec4
  const uint K4 = floatBitsToUint (bias[k_index].x) / 4;
  const uint x_at = (m0 + lane / KS) * x_stride4 + lane % KS;
  vec4 acc[TM][TN / 4]; // vectors make a quarter of the code to compile

  [[unroll]] for (uint q = 0; q < TN / 4; q++) {
    const vec4 b = bias[column4 + q * LANES];
    [[unroll]] for (uint i = 0; i < TM; i++)
      acc[i][q] = b;
  }

  uint k4 = 0;
  for (;;) {
    vec4 rows[FETCHES];
    [[unroll]] for (uint i = 0; i < FETCHES; i++)
      rows[i] = texelFetch (x, int (x_at + i * ROWS * x_stride4 + k4));

#ifdef WEIGHTS_F16
    [[unroll]] for (uint s = 0; s < KS; s += 2) {
      vec4 columns[TN][2];
      [[unroll]] for (uint j = 0; j < TN; j++) {
        const uvec4 halves = texelFetch (
            w, int (((panel0 + j) * (K4 / 2) + (k4 + s) / 2) * LANES + lane));
        columns[j][0] =
            vec4 (unpackHalf2x16 (halves.x), unpackHalf2x16 (halves.y));
        columns[j][1] =
            vec4 (unpackHalf2x16 (halves.z), unpackHalf2x16 (halves.w));
      }
      [[unroll]] for (uint i = 0; i < TM; i++) {
        [[unroll]] for (uint part = 0; part < 2; part++) {
          const vec4 a = lanes_get (rows[i / ROWS], i % ROWS * KS + s + part);
          [[unroll]] for (uint q = 0; q < TN / 4; q++)
            acc[i][q] += times (a, columns[4 * q][part], columns[4 * q + 1][part],
                columns[4 * q + 2][part], columns[4 * q + 3][part]);
        }
      }
    }
#else
    [[unroll]] for (uint s = 0; s < KS; s++) {
      vec4 columns[TN];
      [[unroll]] for (uint j = 0; j < TN; j++)
        columns[j] =
            texelFetch (w, int (((panel0 + j) * K4 + k4 + s) * LANES + lane));
      [[unroll]] for (uint i = 0; i < TM; i++) {
        const vec4 a = lanes_get (rows[i / ROWS], i % ROWS * KS + s);
        [[unroll]] for (uint q = 0; q < TN / 4; q++)
          acc[i][q] += times (a, columns[4 * q], columns[4 * q + 1],
              columns[4 * q + 2], columns[4 * q + 3]);
      }
    }
#endif
    k4 += KS;
    if (k4 >= K4)
      break;
  }

  [[unroll]] for (uint i = 0; i < TM; i++) {
    [[unroll]] for (uint q = 0; q < TN / 4; q++) {
      const uint n4 = column4 + q * LANES;
      const uint at = (m0 + i) * y_stride4 + n4;

      if (m0 + i < M && n4 < y_stride4) {
        vec4 value = activate (ACTIVATION, acc[i][q]);
        if (RESIDUAL != 0)
          value += residual[at];
        y[at] = value;
      }
    }
  }
}

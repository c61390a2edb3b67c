#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gemm for software drivers: y[m,n] = act (sum_k x[m,k] w[n,k] + bias[n]) + residual[m,n]
//
//   x         (M, K)  texels of 4 floats; rows X_STRIDE4 texels apart
//   w         packed by clv/ops/linear.c: panels of LANES columns, contiguous
//             over K, zero-padded: [N / LANES][K / 4][LANES] texels of 4 floats,
//             or [N / LANES][K / 8][LANES] texels of 8 halves (WEIGHTS_F16)
//   bias      (N) zero-padded to the panels in use, then K as an integer
//   residual  (M, N) like y; bound but not read unless RESIDUAL
//   y         (M, N)  rows y_stride floats apart; n < y_stride is written
//   grid      (M / TM, N / (LANES TN), 1): row tiles fastest, so that a panel is
//             read from memory once and then from the cache
//
// A lane owns TN columns of TM rows. The rows of x lie spread over the lanes, and
// are handed out by shuffles with a literal lane. Texel fetches gather without a
// branch per lane, which loads from storage buffers do not.
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
const uint TN = 4;

layout (binding = 0) writeonly buffer y_buf { float y[]; };
layout (binding = 1) readonly buffer bias_buf { float bias[]; };
layout (binding = 2) readonly buffer residual_buf { float residual[]; };
layout (binding = 3) uniform samplerBuffer x;
#ifdef WEIGHTS_F16
layout (binding = 4) uniform usamplerBuffer w;
#else
layout (binding = 4) uniform samplerBuffer w;
#endif

layout (push_constant) uniform Push {
  uint M;
  uint y_stride;
  uint x_stride4;
  uint k_index; // bias[k_index] holds K's bits, a multiple of 4 LANES
};

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint m0 = gl_WorkGroupID.x * TM;
  const uint panel0 = gl_WorkGroupID.y * TN;
  const uint K4 = floatBitsToUint (bias[k_index]) / 4;
  float acc[TM][TN];

  [[unroll]] for (uint j = 0; j < TN; j++) {
    const float b = bias[(panel0 + j) * LANES + lane];
    [[unroll]] for (uint i = 0; i < TM; i++)
      acc[i][j] = b;
  }

  for (uint k4 = 0; k4 < K4; k4 += LANES) {
    vec4 rows[TM];
    [[unroll]] for (uint i = 0; i < TM; i++)
      rows[i] = texelFetch (x, int ((m0 + i) * x_stride4 + k4 + lane));

#ifdef WEIGHTS_F16
    [[unroll]] for (uint s = 0; s < LANES; s += 2) {
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
          const vec4 a = lanes_get (rows[i], s + part);
          [[unroll]] for (uint j = 0; j < TN; j++)
            acc[i][j] += a.x * columns[j][part].x + a.y * columns[j][part].y +
                a.z * columns[j][part].z + a.w * columns[j][part].w;
        }
      }
    }
#else
    [[unroll]] for (uint s = 0; s < LANES; s++) {
      vec4 columns[TN];
      [[unroll]] for (uint j = 0; j < TN; j++)
        columns[j] =
            texelFetch (w, int (((panel0 + j) * K4 + k4 + s) * LANES + lane));
      [[unroll]] for (uint i = 0; i < TM; i++) {
        const vec4 a = lanes_get (rows[i], s);
        [[unroll]] for (uint j = 0; j < TN; j++)
          acc[i][j] += a.x * columns[j].x + a.y * columns[j].y +
              a.z * columns[j].z + a.w * columns[j].w;
      }
    }
#endif
  }

  [[unroll]] for (uint i = 0; i < TM; i++) {
    [[unroll]] for (uint j = 0; j < TN; j++) {
      const uint n = (panel0 + j) * LANES + lane;
      const uint at = (m0 + i) * y_stride + n;

      if (m0 + i < M && n < y_stride) {
        float value = activate (ACTIVATION, acc[i][j]);
        if (RESIDUAL != 0)
          value += residual[at];
        y[at] = value;
      }
    }
  }
}

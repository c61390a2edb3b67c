#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gather_rows: y[i,c] = x[rows[i], c]
//
//   x     (M, C)  rows stride4 vec4 apart; padding columns are copied too
//   rows  (n_rows)
//   y     (n_rows, C) like x
//   grid  (stride4 / 8, n_rows, 1)
//
// Twin: clv/ref/gather_rows.c

layout (local_size_x = 8) in;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer x_buf { vec4 x[]; };
layout (binding = 2) readonly buffer rows_buf { uint rows[]; };

layout (push_constant) uniform Push {
  uint stride4; // a multiple of 8
};

void
main ()
{
  const uint c4 = gl_GlobalInvocationID.x;
  const uint i = gl_WorkGroupID.y;

  y[i * stride4 + c4] = x[rows[i] * stride4 + c4];
}

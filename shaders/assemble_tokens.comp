#version 460
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// assemble_tokens: y[b,0] = table[0];  y[b,t] = patches[b,t-1] + table[t]
//
//   patches  (B P, C)  P = T - 1; rows stride4 vec4 apart, as those of table and y
//   table    (T, C)    row 0 is class embedding + position 0, then the positions
//   y        (B T, C)  padding columns: zero + zero
//   grid     (stride4 / 8, T, B)
//
// arXiv:2010.11929, eq. 1. Twin: clv/ref/assemble_tokens.c

layout (local_size_x = 8) in;

layout (binding = 0) writeonly buffer y_buf { vec4 y[]; };
layout (binding = 1) readonly buffer patches_buf { vec4 patches[]; };
layout (binding = 2) readonly buffer table_buf { vec4 table[]; };

layout (push_constant) uniform Push {
  uint stride4; // a multiple of 8
};

void
main ()
{
  const uint c4 = gl_GlobalInvocationID.x;
  const uint t = gl_WorkGroupID.y, T = gl_NumWorkGroups.y;
  const uint b = gl_WorkGroupID.z;
  vec4 value = table[t * stride4 + c4];

  if (t > 0)
    value += patches[(b * (T - 1) + t - 1) * stride4 + c4];
  y[(b * T + t) * stride4 + c4] = value;
}

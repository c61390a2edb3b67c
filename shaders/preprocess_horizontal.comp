#version 450
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// preprocess_horizontal: columns of the model's input from the picture's rows
//
//   x[c, y] = clip ((half + Σ weight[c, i] · rgb[y, first[c] + i]) >> 22)
//
//   rgb     (rows, pitch) quads along a row
//   tables  for column c: (first quad, number of quads, first weight texel)
//   x       (columns, column_pitch) quads along a column
//   grid    one invocation per column and four rows:
//           (columns / 16, rows / 16, 1) workgroups
//
// Pillow, src/libImaging/Resample.c, ImagingResampleHorizontal_8bpc.
// Reference: clv/ref/preprocess.c, resample ().

#extension GL_GOOGLE_include_directive : require
#include "preprocess.glsl"

layout (set = 0, binding = 0) writeonly buffer x_buf {
  uvec4 x[];
};
layout (set = 0, binding = 1) uniform usamplerBuffer rgb;
layout (set = 0, binding = 2) uniform isamplerBuffer tables;

layout (push_constant) uniform Push {
  int first_quad; // of the band in a column of x; rgb is read from row 0 on
  int pitch;
  int column_pitch;
} push;

void
main ()
{
  const int column = int (gl_GlobalInvocationID.x);
  const int rows = int (gl_GlobalInvocationID.y);
  const ivec4 span = texelFetch (tables, column);
  const int source = rows * 4 * push.pitch + span.x;
  ivec3 sum[4];

  [[unroll]] for (int i = 0; i < 4; i++)
    sum[i] = ivec3 (1 << (RESIZE_BITS - 1));
  for (int k = 0; k < span.y; k++) {
    const ivec4 weights = texelFetch (tables, span.z + k);

    [[unroll]] for (int i = 0; i < 4; i++)
      add_weighted (
          sum[i], texelFetch (rgb, source + i * push.pitch + k), weights);
  }
  x[column * push.column_pitch + push.first_quad + rows] =
      uvec4 (pack_rgb (to_levels (sum[0])), pack_rgb (to_levels (sum[1])),
          pack_rgb (to_levels (sum[2])), pack_rgb (to_levels (sum[3])));
}

#version 450
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// preprocess_vertical: rows of the model's input, normalised, as patches
//
//   v[r, c] = clip ((half + Σ weight[r, i] · x[c, first[r] + i]) >> 22)
//   patches[slot · P + p, (channel, py, px)] = (v · rescale - mean) / std
//
//   x        (columns, column_pitch) quads along a column
//   tables   for row r, from texel first_span on:
//            (first quad, number of quads, first weight texel)
//   patches  (B · P, 3 · PATCH²), rows row_stride floats apart; p runs over the
//            GRID × GRID patches by rows
//   grid     one invocation per pixel: (GRID · PATCH / 16, … / 4, 1) workgroups
//
// A row or column beyond the picture has no weights: its level is 0.
// Pillow, src/libImaging/Resample.c, ImagingResampleVertical_8bpc.
// Reference: clv/ref/preprocess.c.

#extension GL_GOOGLE_include_directive : require
#include "preprocess.glsl"

layout (constant_id = 0) const int PATCH = 32;
layout (constant_id = 1) const int GRID = 7;

layout (set = 0, binding = 0) writeonly buffer patches_buf {
  float patches[];
};
layout (set = 0, binding = 1) uniform usamplerBuffer x;
layout (set = 0, binding = 2) uniform isamplerBuffer tables;

layout (push_constant) uniform Push {
  vec3 mean;
  float rescale;
  vec3 std;
  int first_span;
  int column_pitch;
  int row_stride;
  int first_patch; // slot · P
} push;

void
main ()
{
  const int column = int (gl_GlobalInvocationID.x);
  const int row = int (gl_GlobalInvocationID.y);
  if (column >= GRID * PATCH || row >= GRID * PATCH)
    return;

  const ivec4 span = texelFetch (tables, push.first_span + row);
  const int source = column * push.column_pitch + span.x;
  ivec3 sum = ivec3 (1 << (RESIZE_BITS - 1));

  for (int k = 0; k < span.y; k++)
    add_weighted (
        sum, texelFetch (x, source + k), texelFetch (tables, span.z + k));

  const vec3 level = vec3 (to_levels (sum));
  const vec3 pixel = (level * push.rescale - push.mean) / push.std;
  const int p = row / PATCH * GRID + column / PATCH;
  const int at = (push.first_patch + p) * push.row_stride
      + row % PATCH * PATCH + column % PATCH;

  patches[at] = pixel.x;
  patches[at + PATCH * PATCH] = pixel.y;
  patches[at + 2 * PATCH * PATCH] = pixel.z;
}

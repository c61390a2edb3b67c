#version 450
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// preprocess_brightness: how bright a preprocessed picture is, row by row
//
//   y[r, i] = bias + mean of (weight · patches (r, c)) over the columns c of cell i,
//             c from i · S / 16 to (i + 1) · S / 16, at least one
//
//   patches  as preprocess_vertical writes them, S = GRID · PATCH
//   y        (S, 16); the host takes the means of rows
//   grid     one invocation per cell and row: (1, S / 4, 1) workgroups
//
// weight and bias undo the normalisation and weigh the channels as luma is: ITU-R
// BT.601, 2.5.1. Twin: clv/ref/preprocess-brightness.c.

layout (local_size_x = 16, local_size_y = 4) in;
layout (constant_id = 0) const int PATCH = 32;
layout (constant_id = 1) const int GRID = 7;
const int S = GRID * PATCH;

layout (set = 0, binding = 0) writeonly buffer y_buf {
  float y[];
};
layout (set = 0, binding = 1) readonly buffer patches_buf {
  float patches[];
};

layout (push_constant) uniform Push {
  vec3 weight;
  float bias;
  int row_stride;
  int first_patch; // slot · P
} push;

void
main ()
{
  const int cell = int (gl_GlobalInvocationID.x);
  const int row = int (gl_GlobalInvocationID.y);
  if (row >= S)
    return;

  const int first = cell * S / 16;
  const int end = max ((cell + 1) * S / 16, first + 1);
  const int base = (push.first_patch + row / PATCH * GRID) * push.row_stride
      + row % PATCH * PATCH;
  float sum = 0.0;

  for (int c = first; c < end; c++) {
    const int at = base + c / PATCH * push.row_stride + c % PATCH;

    sum += push.weight.x * patches[at]
        + push.weight.y * patches[at + PATCH * PATCH]
        + push.weight.z * patches[at + 2 * PATCH * PATCH];
  }
  y[row * 16 + cell] = push.bias + sum / float (end - first);
}

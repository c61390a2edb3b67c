// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sum and maximum over one workgroup of REDUCE_SIZE invocations, a power of two
// that the shader defines. They contain barriers: call from uniform control flow.

#ifndef REDUCE_GLSL
#define REDUCE_GLSL

shared float reduce_lane[REDUCE_SIZE];

float
workgroup_sum (float part)
{
  const uint lane = gl_LocalInvocationID.x;

  barrier (); // the previous result may still be being read
  reduce_lane[lane] = part;
  barrier ();
  [[unroll]] for (uint width = REDUCE_SIZE / 2; width > 0; width /= 2) {
    if (lane < width)
      reduce_lane[lane] += reduce_lane[lane + width];
    barrier ();
  }
  return reduce_lane[0];
}

float
workgroup_max (float part)
{
  const uint lane = gl_LocalInvocationID.x;

  barrier ();
  reduce_lane[lane] = part;
  barrier ();
  [[unroll]] for (uint width = REDUCE_SIZE / 2; width > 0; width /= 2) {
    if (lane < width)
      reduce_lane[lane] = max (reduce_lane[lane], reduce_lane[lane + width]);
    barrier ();
  }
  return reduce_lane[0];
}

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ClvActivation of clv/model/clv-model-config.h. Each maps 0 to 0, which keeps
// the padding columns zero.

#ifndef ACTIVATION_GLSL
#define ACTIVATION_GLSL

#include "math.glsl"

const uint ACTIVATION_NONE = 0;
const uint ACTIVATION_QUICK_GELU = 1;
const uint ACTIVATION_GELU = 2;
const uint ACTIVATION_GELU_TANH = 3;

// Transformers, activations.py: QuickGELUActivation; GELU and its tanh form are
// arXiv:1606.08415, section 2. GELU is x Phi (x); written with erfc of |x| it
// loses no digits on either side. 0.5 (1 + tanh u) is sigmoid (2 u).
vec4
activate (uint activation, vec4 x)
{
  if (activation == ACTIVATION_QUICK_GELU)
    return x * sigmoid (1.702 * x);
  if (activation == ACTIVATION_GELU) {
    const vec4 tail = 0.5 * erfc_positive (abs (x) * 0.70710678);
    return x * mix (1.0 - tail, tail, lessThan (x, vec4 (0.0)));
  }
  if (activation == ACTIVATION_GELU_TANH)
    return x * sigmoid (1.5957691 * (x + 0.044715 * x * x * x));
  return x;
}

float
activate (uint activation, float x)
{
  return activate (activation, vec4 (x)).x;
}

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What kernels with cooperative matrices of halves need.

#ifndef COOP_GLSL
#define COOP_GLSL

#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require

// A barrier under the Vulkan memory model, which the matrices bring along: what
// shared memory holds before it is seen behind it. After barrier () each access
// would have to make itself visible, which is slow: shaders/plain-shared.py takes
// that from the accesses, so there must be no barrier () beside this.
#define FENCE(scope)                                                           \
  controlBarrier (scope, scope, gl_StorageSemanticsShared,                     \
      gl_SemanticsAcquireRelease | gl_SemanticsMakeAvailable |                 \
          gl_SemanticsMakeVisible)

// packHalf2x16 () may cut bits off; a conversion rounds to nearest.
uvec4
to_halves (vec4 a, vec4 b)
{
  return uvec4 (packFloat2x16 (f16vec2 (a.xy)), packFloat2x16 (f16vec2 (a.zw)),
      packFloat2x16 (f16vec2 (b.xy)), packFloat2x16 (f16vec2 (b.zw)));
}

#endif

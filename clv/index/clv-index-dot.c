/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled with -O3. On x86 with F16C, FMA and AVX2 eight halves are converted by
 * one instruction, and a row costs little more than its way from memory; which
 * code runs is decided once, as the library may have been built elsewhere. */

#include "clv-index-dot.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#define LANES 16

/* A finite half as a float: its exponent and mantissa are moved to where those of
 * a float are, and 2^112 is the difference of the two exponents' biases (127 and
 * 15). Exact for subnormal halves too, as they become normal floats here. */
static inline gfloat
half_to_float (guint16 half)
{
  const guint32 magnitude = (guint32) (half & 0x7fff) << 13;
  const guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 bits;
  gfloat value;

  memcpy (&value, &magnitude, sizeof value);
  value *= 0x1p112f;
  memcpy (&bits, &value, sizeof bits);
  bits |= sign;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* The lanes are sums of their own, so the compiler may keep them in vector
 * registers without being allowed to reorder a sum. */
static gfloat
dot_portable (const guint16 *a, const gfloat *b, guint n)
{
  gfloat lanes[LANES] = { 0 };
  guint i = 0;

  for (; i + LANES <= n; i += LANES) {
    for (guint j = 0; j < LANES; j++)
      lanes[j] += half_to_float (a[i + j]) * b[i + j];
  }
  for (guint j = 0; i + j < n; j++)
    lanes[j] += half_to_float (a[i + j]) * b[i + j];
  for (guint half = LANES / 2; half > 0; half /= 2) {
    for (guint j = 0; j < half; j++)
      lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

void
clv_index_dot_portable (const guint16 *rows, guint n, guint width,
    const gfloat *x, gfloat *ret_scores)
{
  for (guint row = 0; row < n; row++)
    ret_scores[row] = dot_portable (&rows[(gsize) row * width], x, width);
}

#if defined(__x86_64__)

#define FAST __attribute__ ((target ("avx2,fma,f16c")))

static inline FAST __m256
load (const guint16 *halves)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) halves));
}

static inline FAST gfloat
sum_of (__m256 v)
{
  __m128 s =
      _mm_add_ps (_mm256_castps256_ps128 (v), _mm256_extractf128_ps (v, 1));

  s = _mm_add_ps (s, _mm_movehl_ps (s, s));
  s = _mm_add_ss (s, _mm_movehdup_ps (s));
  return _mm_cvtss_f32 (s);
}

/* Four sums, as a multiply-add takes about four cycles until the next may add to
 * the same one. */
static FAST gfloat
dot_fast (const guint16 *a, const gfloat *b, guint n)
{
  __m256 s0 = _mm256_setzero_ps (), s1 = s0, s2 = s0, s3 = s0;
  gfloat rest = 0;
  guint i = 0;

  for (; i + 32 <= n; i += 32) {
    s0 = _mm256_fmadd_ps (load (a + i), _mm256_loadu_ps (b + i), s0);
    s1 = _mm256_fmadd_ps (load (a + i + 8), _mm256_loadu_ps (b + i + 8), s1);
    s2 = _mm256_fmadd_ps (load (a + i + 16), _mm256_loadu_ps (b + i + 16), s2);
    s3 = _mm256_fmadd_ps (load (a + i + 24), _mm256_loadu_ps (b + i + 24), s3);
  }
  for (; i + 8 <= n; i += 8)
    s0 = _mm256_fmadd_ps (load (a + i), _mm256_loadu_ps (b + i), s0);
  for (; i < n; i++)
    rest += half_to_float (a[i]) * b[i];
  return rest + sum_of (_mm256_add_ps (
                    _mm256_add_ps (s0, s1), _mm256_add_ps (s2, s3)));
}

/* clang 14 cannot be asked for F16C by name. That the system saves the registers
 * is part of the answer for AVX2. */
static gboolean
is_fast_possible (void)
{
  static gsize answer = 0;

  if (g_once_init_enter (&answer)) {
    guint a, b, c = 0, d;
    const gboolean f16c = __get_cpuid (1, &a, &b, &c, &d) && (c & bit_F16C);

    g_once_init_leave (&answer, f16c && __builtin_cpu_supports ("avx2") &&
                                        __builtin_cpu_supports ("fma")
                                    ? 1
                                    : 2);
  }
  return answer == 1;
}

void
clv_index_dot (const guint16 *rows, guint n, guint width, const gfloat *x,
    gfloat *ret_scores)
{
  if (!is_fast_possible ()) {
    clv_index_dot_portable (rows, n, width, x, ret_scores);
    return;
  }
  for (guint row = 0; row < n; row++)
    ret_scores[row] = dot_fast (&rows[(gsize) row * width], x, width);
}

#else

void
clv_index_dot (const guint16 *rows, guint n, guint width, const gfloat *x,
    gfloat *ret_scores)
{
  clv_index_dot_portable (rows, n, width, x, ret_scores);
}

#endif

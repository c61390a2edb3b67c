/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The loops over all weights. They are written for the compiler to vectorize;
 * the data may be unaligned, which memcpy allows. */

#include <string.h>

#include "clv-tensor-file.h"

#define BLOCK 4096

/* NaN and infinity are the values whose exponent bits are all set. */
static gboolean
has_exponent_32 (const guint8 *data, gsize n, guint32 mask)
{
  guint32 bad = 0;

  for (gsize i = 0; i < n; i++) {
    guint32 bits;

    memcpy (&bits, data + 4 * i, 4);
    bad |= (bits & mask) == mask;
  }
  return bad != 0;
}

static gboolean
has_exponent_16 (const guint8 *data, gsize n, guint16 mask)
{
  guint16 bad = 0;

  for (gsize i = 0; i < n; i++) {
    guint16 bits;

    memcpy (&bits, data + 2 * i, 2);
    bad |= (bits & mask) == mask;
  }
  return bad != 0;
}

static gboolean
has_not_finite (const ClvTensor *tensor, guint64 first, guint64 n)
{
  if (tensor->dtype == CLV_DTYPE_F32)
    return has_exponent_32 (tensor->data + 4 * first, n, 0x7f800000);
  return has_exponent_16 (tensor->data + 2 * first, n,
      tensor->dtype == CLV_DTYPE_F16 ? 0x7c00 : 0x7f80);
}

gboolean
clv_tensor_find_not_finite (const ClvTensor *tensor, guint64 *ret_index)
{
  for (guint64 first = 0; first < tensor->n_elements; first += BLOCK) {
    guint64 n = MIN (BLOCK, tensor->n_elements - first);

    if (!has_not_finite (tensor, first, n))
      continue;
    while (!has_not_finite (tensor, first, 1))
      first++;
    *ret_index = first;
    return TRUE;
  }
  return FALSE;
}

/* The golden ratio as a fraction of 2^32: odd, so that multiplying by it, as
 * xoring and h ^ h >> 15, loses nothing (Fibonacci hashing: Knuth, TAOCP 3,
 * 6.4). */
#define MIX 0x9e3779b1u

static inline __attribute__ ((always_inline)) void
mix_blocks (const guint8 *data, gsize n_blocks, guint32 *lanes)
{
  guint32 h[CLV_TENSOR_LANES];

  memcpy (h, lanes, sizeof h);
  for (gsize block = 0; block < n_blocks; block++) {
    guint32 words[CLV_TENSOR_LANES];

    memcpy (words, data + block * CLV_TENSOR_BLOCK_BYTES, sizeof words);
    for (guint i = 0; i < CLV_TENSOR_LANES; i++) {
      h[i] = (h[i] ^ GUINT32_FROM_LE (words[i])) * MIX;
      h[i] ^= h[i] >> 15;
    }
  }
  memcpy (lanes, h, sizeof h);
}

#if defined(__x86_64__)
/* SSE2 cannot multiply 32-bit lanes. */
__attribute__ ((target ("avx2"))) static void
mix_blocks_avx2 (const guint8 *data, gsize n_blocks, guint32 *lanes)
{
  mix_blocks (data, n_blocks, lanes);
}
#endif

void
clv_tensor_mix (const guint8 *data, gsize n_blocks, guint32 *lanes)
{
#if defined(__x86_64__)
  if (__builtin_cpu_supports ("avx2")) {
    mix_blocks_avx2 (data, n_blocks, lanes);
    return;
  }
#endif
  clv_tensor_mix_portable (data, n_blocks, lanes);
}

void
clv_tensor_mix_portable (const guint8 *data, gsize n_blocks, guint32 *lanes)
{
  mix_blocks (data, n_blocks, lanes);
}

static gfloat
from_bits (guint32 bits)
{
  gfloat value;

  memcpy (&value, &bits, 4);
  return value;
}

/* IEEE 754 binary16. The exponent's bias moves by 127 - 15 = 112; multiplying
 * by 2^112 does that for subnormal numbers too. */
static gfloat
from_half (guint16 half)
{
  guint32 magnitude = (guint32) (half & 0x7fff) << 13;
  guint32 sign = (guint32) (half & 0x8000) << 16;
  gfloat scaled = from_bits (magnitude) * 0x1p112f;
  guint32 bits;

  memcpy (&bits, &scaled, 4);
  if (magnitude >= 0x0f800000) /* infinity and NaN */
    bits = magnitude | 0x7f800000;
  return from_bits (bits | sign);
}

void
clv_tensor_to_float (
    const ClvTensor *tensor, guint64 first, guint64 n, gfloat *ret_values)
{
  const guint8 *data = tensor->data;

  g_return_if_fail (tensor->dtype != CLV_DTYPE_OTHER);
  g_return_if_fail (
      first <= tensor->n_elements && n <= tensor->n_elements - first);

  if (tensor->dtype == CLV_DTYPE_F32) {
    memcpy (ret_values, data + 4 * first, 4 * n);
    return;
  }
  data += 2 * first;
  if (tensor->dtype == CLV_DTYPE_F16) {
    for (guint64 i = 0; i < n; i++) {
      guint16 half;

      memcpy (&half, data + 2 * i, 2);
      ret_values[i] = from_half (half);
    }
  } else {
    for (guint64 i = 0; i < n; i++) {
      guint16 high; /* bfloat16 is the upper half of a float32 */

      memcpy (&high, data + 2 * i, 2);
      ret_values[i] = from_bits ((guint32) high << 16);
    }
  }
}

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Samples of planar, semi-planar and packed Y'CbCr from words of four bytes.
// Part of preprocess_yuv.comp, which declares the constants, `planes` and `push`.

#ifndef PREPROCESS_PLANES_GLSL
#define PREPROCESS_PLANES_GLSL

int
byte_of (uint word, int i)
{
  return int (word >> (8 * i) & 0xffu);
}

ivec4
bytes_of (uint word)
{
  return ivec4 (word & 0xffu, word >> 8 & 0xffu, word >> 16 & 0xffu, word >> 24);
}

ivec4
wide_of (uint first, uint second)
{
  return (ivec4 (first & 0xffffu, first >> 16, second & 0xffffu, second >> 16)
             >> LOW_BITS) & 0x3ff;
}

uint
word_at (int plane, int row, int word)
{
  return texelFetch (planes,
      push.plane_start[plane] + row * push.plane_pitch[plane] + word).x;
}

// Luma of pixels 4q … 4q+3.
ivec4
load_luma (int row, int q)
{
  if (LAYOUT == PACKED) { // one word of border before the first pair
    const uint a = word_at (0, row, 2 * q + 1), b = word_at (0, row, 2 * q + 2);
    return ivec4 (byte_of (a, Y_BYTE), byte_of (a, Y_BYTE + 2),
        byte_of (b, Y_BYTE), byte_of (b, Y_BYTE + 2));
  }
  if (WIDE != 0)
    return wide_of (word_at (0, row, 2 * q), word_at (0, row, 2 * q + 1));
  return bytes_of (word_at (0, row, q));
}

// Four chroma samples of a plane from sample `first` on, which is even where
// chroma is subsampled, and a multiple of four where it is not.
ivec4
load_planar (int plane, int row, int first)
{
  if (WIDE != 0)
    return wide_of (word_at (plane, row, first >> 1),
        word_at (plane, row, (first >> 1) + 1));

  const uint a = word_at (plane, row, first >> 2);
  if (SHIFT_X == 0)
    return bytes_of (a);

  const uint b = word_at (plane, row, (first >> 2) + 1);
  return bytes_of ((first & 2) == 0 ? a : a >> 16 | b << 16);
}

// Four samples of U and V; see load_planar ().
void
load_chroma (int row, int first, out ivec4 u, out ivec4 v)
{
  if (LAYOUT == PLANAR) {
    u = load_planar (1, row, first);
    v = load_planar (2, row, first);
  } else if (LAYOUT == PACKED || WIDE != 0) {
    [[unroll]] for (int i = 0; i < 4; i++) {
      const uint word = word_at (LAYOUT == PACKED ? 0 : 1, row, first + i);
      if (WIDE != 0) {
        u[i] = int (word & 0xffffu) >> LOW_BITS;
        v[i] = int (word >> 16) >> LOW_BITS;
      } else {
        u[i] = byte_of (word, U_BYTE);
        v[i] = byte_of (word, V_BYTE);
      }
    }
  } else {
    const uint a = word_at (1, row, first >> 1);
    const uint b = word_at (1, row, (first >> 1) + 1);
    u = ivec4 (byte_of (a, U_BYTE), byte_of (a, U_BYTE + 2), byte_of (b, U_BYTE),
        byte_of (b, U_BYTE + 2));
    v = ivec4 (byte_of (a, V_BYTE), byte_of (a, V_BYTE + 2), byte_of (b, V_BYTE),
        byte_of (b, V_BYTE + 2));
  }
}

#endif

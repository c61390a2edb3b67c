/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ops/half.h"

static void
test_every_half_survives_the_way_to_float_and_back (void)
{
  for (guint half = 0; half < 0x10000; half++) {
    const gfloat value = clv_half_to_float (half);

    if (isnan (value))
      g_assert_cmpuint (clv_half_from_float (value) & 0x7fff, >, 0x7c00);
    else
      g_assert_cmphex (clv_half_from_float (value), ==, half);
  }
}

/* Between two neighbours: to the nearer, and half way to the even one. */
static void
test_rounding_is_to_nearest_and_ties_to_even (void)
{
  for (guint half = 0; half < 0x7bff; half++) {
    const gfloat low = clv_half_to_float (half);
    const gfloat high = clv_half_to_float (half + 1);
    const gfloat middle = low + (high - low) / 2.0f; /* exact */
    const guint even = half & 1 ? half + 1 : half;

    g_assert_cmphex (clv_half_from_float (middle), ==, even);
    g_assert_cmphex (clv_half_from_float (-middle), ==, even | 0x8000);
    g_assert_cmphex (clv_half_from_float (nextafterf (middle, low)), ==, half);
    g_assert_cmphex (
        clv_half_from_float (nextafterf (middle, high)), ==, half + 1);
  }
}

static void
test_known_values (void)
{
  g_assert_cmphex (clv_half_from_float (1.0f), ==, 0x3c00);
  g_assert_cmphex (clv_half_from_float (-2.0f), ==, 0xc000);
  g_assert_cmphex (clv_half_from_float (65504.0f), ==, 0x7bff);
  g_assert_cmphex (clv_half_from_float (65519.0f), ==, 0x7bff);
  g_assert_cmphex (clv_half_from_float (65520.0f), ==, 0x7c00);
  g_assert_cmphex (clv_half_from_float (1e30f), ==, 0x7c00);
  g_assert_cmphex (clv_half_from_float (-INFINITY), ==, 0xfc00);
  g_assert_cmphex (clv_half_from_float (1e-30f), ==, 0);
  g_assert_cmphex (clv_half_from_float (5.9604645e-8f), ==, 1);
  g_assert_cmpfloat (clv_half_to_float (0x3555), ==, 0.333251953125f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/half/every half survives the way to float and back",
      test_every_half_survives_the_way_to_float_and_back);
  g_test_add_func ("/half/rounding is to nearest and ties to even",
      test_rounding_is_to_nearest_and_ties_to_even);
  g_test_add_func ("/half/known values", test_known_values);
  return g_test_run ();
}

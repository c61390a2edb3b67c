/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/gstclippace.h"

/* Times of pictures, and whether each is taken. */
typedef struct {
  gdouble time;
  gboolean taken;
} Picture;

static void
assert_taken (gdouble interval, const Picture *pictures, guint n)
{
  GstClipPace pace = { .interval = interval };

  for (guint i = 0; i < n; i++) {
    g_test_message ("%u: %g s", i, pictures[i].time);
    g_assert_cmpint (
        gst_clip_pace_take (&pace, pictures[i].time), ==, pictures[i].taken);
  }
}

static void
test_grid (void)
{
  static const Picture pictures[] = { { 0, TRUE }, { 0.4, FALSE },
    { 0.8, FALSE }, { 1.2, TRUE }, { 1.6, FALSE }, { 2.0, TRUE },
    { 2.4, FALSE }, { 2.9996, TRUE }, { 3.4, FALSE } };

  assert_taken (1, pictures, G_N_ELEMENTS (pictures));
}

static void
test_gap (void)
{
  static const Picture pictures[] = { { 3600, TRUE }, { 3600.04, FALSE },
    { 3601, TRUE }, { 3610.2, TRUE }, { 3610.24, FALSE }, { 3611.16, FALSE },
    { 3611.2, TRUE }, { 3613.1997, TRUE }, { 3613.24, FALSE } };

  assert_taken (1, pictures, G_N_ELEMENTS (pictures));
}

static void
test_every (void)
{
  static const Picture rounded[] = { { 0, TRUE }, { 0.033, TRUE },
    { 0.067, TRUE }, { 0.1, TRUE }, { 0.133, TRUE }, { 0.167, TRUE } };
  static const Picture twice[] = { { 0, TRUE }, { 0, FALSE }, { 0.0001, TRUE },
    { 0.0001, FALSE } };

  assert_taken (1 / 30.0, rounded, G_N_ELEMENTS (rounded));
  assert_taken (0.0001, twice, G_N_ELEMENTS (twice));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/one picture an interval", test_grid);
  g_test_add_func ("/pace/a gap is not made up for", test_gap);
  g_test_add_func ("/pace/every picture, and none twice", test_every);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ref.h"

#define SIDE 16

/* Of the pixel's 8-bit levels, 0 to 1: ITU-R BT.601, 2.5.1. */
static gdouble
brightness (const gfloat *pixel, gsize plane, const ClvPreprocessConfig *config)
{
  static const gdouble luma[3] = { 0.299, 0.587, 0.114 };
  gdouble sum = 0.0;

  for (guint c = 0; c < 3; c++)
    sum += luma[c] *
           ((gdouble) pixel[c * plane] * config->std[c] + config->mean[c]) /
           (config->rescale * 255.0);
  return sum;
}

/* cells[r, i] = mean of brightness (y, x) over y from r · E / 16 to (r + 1) · E / 16,
 * and x likewise; at least one of each, so that small pictures have all cells. */
void
clv_ref_brightness (gfloat *cells, const gfloat *pixels,
    const ClvPreprocessConfig *config, guint S, guint E)
{
  const gsize plane = (gsize) S * S;

  for (guint i = 0; i < SIDE * SIDE; i++) {
    const guint x0 = i % SIDE * E / SIDE, y0 = i / SIDE * E / SIDE;
    const guint x1 = MAX ((i % SIDE + 1) * E / SIDE, x0 + 1);
    const guint y1 = MAX ((i / SIDE + 1) * E / SIDE, y0 + 1);
    gdouble sum = 0.0;

    for (guint y = y0; y < y1; y++)
      for (guint x = x0; x < x1; x++)
        sum += brightness (pixels + (gsize) y * S + x, plane, config);
    cells[i] = sum / ((x1 - x0) * (y1 - y0));
  }
}

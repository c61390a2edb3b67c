/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a cosine is measured against, in units of the baseline's spread.
 *
 * Of a picture, with null phrases n_j, j = 1 … N (CLV_CALIBRATION_MODEL):
 *
 *   z_i = (cos (x, t_i) - mean_j cos (x, n_j)) / std_j cos (x, n_j) * r / r_i
 *   r_i = |t_i - mean_j n_j|     r^2 = mean_j |n_j - mean_j n_j|^2
 *
 * the standard score of t_i among the null phrases. cos (x, t_i) minus the mean
 * is the dot product of x and t_i - mean_j n_j, so a phrase that is itself close
 * to the mean has a smaller spread over pictures than the null phrases have:
 * r / r_i makes that good.
 *
 * Of a stream (CLV_CALIBRATION_STREAM): the running mean and variance of each
 * cosine, by West's update for exponential weights (Finch 2009, "Incremental
 * calculation of weighted mean and variance", section 9):
 *
 *   d = c - m     m' = m + w d     v' = (1 - w) (v + w d^2)
 *
 * Deviations of more than three spreads count as three (Huber's psi function),
 * so that a short event hardly moves its own baseline. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* r / r_i of rows [first, first_null) of the matrix; [first_null, end) are the
 * null phrases. ret_contrasts is indexed like the rows. */
void clv_baseline_contrasts (const gfloat *matrix, guint width, guint first,
    guint first_null, guint end, gfloat *ret_contrasts);

/* z of rows [first, first_null). A spread below `floor` counts as that. */
void clv_baseline_of_picture (const gfloat *cosines, const gfloat *contrasts,
    guint first, guint first_null, guint end, gdouble floor, gdouble *ret_z);

/* {0} before the first frame. */
typedef struct {
  gdouble mean;
  gdouble variance;
} ClvBaseline;

gdouble clv_baseline_z (const ClvBaseline *self, gdouble cosine, gdouble floor);

/* A weight of 1 forgets all before. */
void clv_baseline_learn (
    ClvBaseline *self, gdouble cosine, gdouble weight, gdouble floor);

G_END_DECLS

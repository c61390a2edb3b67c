/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* y (P) = matrix (P, D) · x (D). Of unit vectors, the cosines. */
void clv_cosine (const gfloat *matrix, guint n_rows, guint width,
    const gfloat *x, gfloat *ret_y);

G_END_DECLS

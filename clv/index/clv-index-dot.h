/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* scores (n) = rows (n, D) · x (D), rows of finite float16. Sums are float32 in an
 * order that depends on the processor. Any thread. */
void clv_index_dot (const guint16 *rows, guint n, guint width, const gfloat *x,
    gfloat *ret_scores);

/* The same without instructions that not every processor has: for the tests. */
void clv_index_dot_portable (const guint16 *rows, guint n, guint width,
    const gfloat *x, gfloat *ret_scores);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of two gemm variants is faster here: matrix units are advertised where
 * they are slow, too. */

#pragma once

#include "clv-variants.h"

G_BEGIN_DECLS

/* Runs one layer of (M, N, K) with each, some times, and tells the shortest times
 * in milliseconds. Blocking; FALSE on an error of the device. */
gboolean clv_ops_race (ClvDevice *device, const ClvVariant *variants[2],
    guint m, guint n, guint k, gdouble ret_ms[2], GError **error);

G_END_DECLS

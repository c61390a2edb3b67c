/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a gemm variant wants its weights, shared by packing and dispatch. */

#pragma once

#include "clv-variants.h"

G_BEGIN_DECLS

#define CLV_GEMM_LANES_PANELS 4  /* TN of gemm_lanes.comp */
#define CLV_GEMM_TILE         64 /* BM = BN of gemm_tile.comp */

/* [n / width][k / run][width][run] */
typedef struct {
  guint width; /* columns of a panel */
  guint run;   /* consecutive inputs of one column */
  guint n;     /* padded */
  guint k;     /* padded */
} ClvLinearLayout;

ClvLinearLayout clv_linear_layout (
    ClvDevice *device, const ClvVariant *variant, guint n, guint k);

G_END_DECLS

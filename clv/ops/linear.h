/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a gemm variant wants its weights, shared by packing and dispatch. */

#pragma once

#include "clv-ops-private.h"

G_BEGIN_DECLS

#define CLV_GEMM_LANES_COLUMNS 64 /* TN · LANES of gemm_lanes.comp, at least */
#define CLV_GEMM_LANES_STEP    16 /* 4 KS of gemm_lanes.comp */
#define CLV_GEMM_TILE_COLUMNS  64 /* BN of gemm_tile.comp */
#define CLV_GEMM_COOP_MATRICES                                                 \
  16 /* columns of a large tile of gemm_coop.comp */

/* [n / width][k / run][width][run]. Where width > 1, column n is in panel
 * n / (4 width) · 4 + n % 4, at n % (4 width) / 4. */
typedef struct {
  guint width; /* columns of a panel */
  guint run;   /* consecutive inputs of one column */
  guint n;     /* padded */
  guint k;     /* padded */
} ClvLinearLayout;

ClvLinearLayout clv_linear_layout (
    ClvDevice *device, const ClvVariant *variant, guint n, guint k);

/* A workgroup's part of y, and what divides it: an invocation's part
 * (gemm_tile.comp) or a subgroup's (gemm_coop.comp). */
typedef struct {
  guint m, n;
  guint part_m, part_n;
} ClvGemmTile;

/* These know nothing of a device but its limits, so that tests/gpu can judge
 * kernels for GPUs that are not here. */
ClvGemmTile clv_gemm_get_tile (
    const ClvDeviceLimits *limits, const ClvVariant *variant, ClvGemmSize size);
ClvGemmSize clv_gemm_pick_size (
    const ClvDeviceLimits *limits, const ClvVariant *variant, guint m, guint n);

/* Adds what the size of the tiles decides to the specialization constants of
 * activation and residual. */
void clv_gemm_set_params (ClvKernelParams *params,
    const ClvDeviceLimits *limits, const ClvVariant *variant, ClvGemmSize size);

/* Records gemm_tile.comp or gemm_coop.comp; buffers as in gemm.c. */
void clv_gemm_record_tiles (ClvCommands *cmds, const ClvLinear *linear,
    const ClvBuffer *const buffers[5], gboolean has_residual, guint m,
    ClvActivation activation, ClvGemmSize size);

G_END_DECLS

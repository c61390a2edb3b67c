/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The gemm kernels for GPUs: which tile for which shape, and the dispatch. */

#include "linear.h"

/* Workgroups with which a GPU has enough to do. */
#define ENOUGH_GROUPS 48

/* BK of gemm_tile.comp. A GPU's compiler unrolls it; a CPU's gains nothing from a
 * thousand lines. */
#define TILE_BLOCK 16

/* BK of gemm_coop.comp in halves, and its rows' padding. */
#define COOP_BLOCK   32
#define COOP_PADDING 8

static const ClvGemmTile tiles[] = {
  [CLV_GEMM_SMALL] = { 32, CLV_GEMM_TILE_COLUMNS, 4, 8 },
  [CLV_GEMM_LARGE] = { 128, CLV_GEMM_TILE_COLUMNS, 8, 8 },
};

/* In matrices of the device's own size, usually 16 x 16. */
static const ClvGemmTile coop_tiles[] = {
  [CLV_GEMM_SMALL] = { 2, 8, 2, 2 },
  [CLV_GEMM_LARGE] = { 8, CLV_GEMM_COOP_MATRICES, 4, 2 },
};

static guint
count (guint size, guint step)
{
  return (size + step - 1) / step;
}

ClvGemmTile
clv_gemm_get_tile (
    const ClvDeviceLimits *limits, const ClvVariant *variant, ClvGemmSize size)
{
  ClvGemmTile tile = tiles[size];

  if (variant->family == CLV_FAMILY_COOP) {
    tile = coop_tiles[size];
    tile.m *= limits->coop.m;
    tile.n *= limits->coop.n;
    tile.part_m *= limits->coop.m;
    tile.part_n *= limits->coop.n;
  }
  return tile;
}

static guint
count_parts (const ClvGemmTile *tile)
{
  return tile->m / tile->part_m * (tile->n / tile->part_n);
}

gboolean
clv_gemm_has_size (
    const ClvDeviceLimits *limits, const ClvVariant *variant, ClvGemmSize size)
{
  ClvGemmTile tile;

  if (variant->family == CLV_FAMILY_LANES)
    return FALSE;
  if (variant->family == CLV_FAMILY_TILE || size == CLV_GEMM_SMALL)
    return TRUE;
  tile = clv_gemm_get_tile (limits, variant, size);
  return (tile.m + tile.n) * (COOP_BLOCK + COOP_PADDING) * sizeof (guint16) <=
             limits->max_shared_bytes &&
         count_parts (&tile) * limits->coop.subgroup_size <=
             limits->max_invocations;
}

/* Large tiles read less; small ones are for few rows. A large tile must leave a
 * GPU enough workgroups, and hardly add rows that nobody asked for. */
ClvGemmSize
clv_gemm_pick_size (
    const ClvDeviceLimits *limits, const ClvVariant *variant, guint m, guint n)
{
  const ClvGemmTile small = clv_gemm_get_tile (limits, variant, CLV_GEMM_SMALL);
  const ClvGemmTile large = clv_gemm_get_tile (limits, variant, CLV_GEMM_LARGE);
  const guint rows = count (m, large.m) * large.m;
  const guint groups = rows / large.m * count (clv_row_stride (n), large.n);

  if (clv_gemm_has_size (limits, variant, CLV_GEMM_LARGE) &&
      groups >= ENOUGH_GROUPS && rows * 8 <= count (m, small.m) * small.m * 9)
    return CLV_GEMM_LARGE;
  return CLV_GEMM_SMALL;
}

void
clv_gemm_set_params (ClvKernelParams *params, const ClvDeviceLimits *limits,
    const ClvVariant *variant, ClvGemmSize size)
{
  const ClvGemmTile tile = clv_gemm_get_tile (limits, variant, size);
  const gboolean coop = variant->family == CLV_FAMILY_COOP;
  guint32 *spec = params->spec + params->n_spec;

  *spec++ = tile.m;
  if (coop) {
    params->subgroup_size = limits->coop.subgroup_size;
    *spec++ = tile.n;
    *spec++ = tile.part_m;
    *spec++ = tile.part_n;
    *spec++ = limits->coop.m;
    *spec++ = limits->coop.n;
    *spec++ = limits->coop.k;
    *spec++ = limits->software ? 1 : COOP_BLOCK / limits->coop.k;
  } else {
    *spec++ = tile.part_m;
    *spec++ = limits->software ? 1 : TILE_BLOCK;
  }
  params->n_spec = spec - params->spec;
  params->local_size =
      count_parts (&tile) * (coop ? limits->coop.subgroup_size : 1);
}

void
clv_gemm_record_tiles (ClvCommands *cmds, const ClvLinear *linear,
    const ClvBuffer *const buffers[5], gboolean has_residual, guint m,
    ClvActivation activation, ClvGemmSize size)
{
  ClvDevice *device = clv_commands_get_device (cmds);
  const ClvDeviceLimits *limits = clv_device_get_limits (device);
  const ClvVariant *variant = &clv_variants[linear->variant];
  const guint y_stride = clv_row_stride (linear->n);
  const struct {
    guint32 m, y_stride4, x_stride4, k_count;
  } push = { m, y_stride / 4, clv_row_stride (linear->k) / 4,
    clv_linear_layout (device, variant, linear->n, linear->k).k };
  ClvKernelParams params = {
    .name = variant->name,
    .n_buffers = 5,
    .push_bytes = sizeof push,
    .spec = { activation, has_residual },
    .n_spec = 2,
  };
  ClvGemmTile tile;

  if (size == CLV_GEMM_AUTO)
    size = clv_gemm_pick_size (limits, variant, m, linear->n);
  clv_gemm_set_params (&params, limits, variant, size);
  tile = clv_gemm_get_tile (limits, variant, size);
  clv_commands_dispatch (cmds, &params, buffers, &push, count (m, tile.m),
      count (y_stride, tile.n), 1);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-variants.h"

const ClvVariant clv_variants[CLV_N_VARIANTS] = {
  { CLV_OP_GEMM_F32, CLV_FAMILY_LANES, "gemm_lanes_f32" },
  { CLV_OP_GEMM_F32, CLV_FAMILY_TILE, "gemm_tile_f32" },
  { CLV_OP_GEMM_F16, CLV_FAMILY_LANES, "gemm_lanes_f16" },
  { CLV_OP_GEMM_F16, CLV_FAMILY_COOP, "gemm_coop_f16" },
  { CLV_OP_GEMM_F16, CLV_FAMILY_TILE, "gemm_tile_f16" },
  { CLV_OP_LAYERNORM, CLV_FAMILY_LANES, "layernorm_lanes_f32" },
  { CLV_OP_LAYERNORM, CLV_FAMILY_TILE, "layernorm_tile_f32" },
  { CLV_OP_ATTENTION, CLV_FAMILY_LANES, "attention_lanes_f32" },
  { CLV_OP_ATTENTION, CLV_FAMILY_TILE, "attention_tile_f32" },
  { CLV_OP_GATHER_ROWS, CLV_FAMILY_ANY, "gather_rows_f32" },
  { CLV_OP_ASSEMBLE_TOKENS, CLV_FAMILY_ANY, "assemble_tokens_f32" },
  { CLV_OP_L2NORM, CLV_FAMILY_ANY, "l2norm_f32" },
};

const gchar *
clv_op_name (ClvOp op)
{
  static const gchar *const names[CLV_N_OPS] = {
    [CLV_OP_GEMM_F32] = "gemm (float32)",
    [CLV_OP_GEMM_F16] = "gemm (float16)",
    [CLV_OP_LAYERNORM] = "layernorm",
    [CLV_OP_ATTENTION] = "attention",
    [CLV_OP_GATHER_ROWS] = "gather_rows",
    [CLV_OP_ASSEMBLE_TOKENS] = "assemble_tokens",
    [CLV_OP_L2NORM] = "l2norm",
  };

  return names[op];
}

gboolean
clv_family_is_forced (ClvFamily family)
{
  static const gchar *const names[] = {
    [CLV_FAMILY_LANES] = "lanes",
    [CLV_FAMILY_TILE] = "tile",
    [CLV_FAMILY_COOP] = "coop",
  };

  return names[family] != NULL &&
         g_strcmp0 (g_getenv ("CLV_KERNELS"), names[family]) == 0;
}

gboolean
clv_device_has_family (ClvDevice *device, ClvFamily family)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);
  const guint lanes = limits->subgroup_size;
  /* Weights are packed by lanes; the shader needs a power of two of at least 4
   * (clv_variant_pick() sees to wider ones being right). */
  const gboolean can_lanes =
      limits->subgroup_shuffle && lanes >= 4 && (lanes & (lanes - 1)) == 0;
  const gboolean can_coop = limits->coop.m > 0;

  if (family == CLV_FAMILY_ANY)
    return TRUE;
  /* tile always stays: the fallback for what the others cannot do */
  if (clv_family_is_forced (CLV_FAMILY_LANES) && can_lanes)
    return family != CLV_FAMILY_COOP;
  if (clv_family_is_forced (CLV_FAMILY_TILE))
    return family == CLV_FAMILY_TILE;
  if (clv_family_is_forced (CLV_FAMILY_COOP))
    return family == CLV_FAMILY_TILE || (family == CLV_FAMILY_COOP && can_coop);
  return family == CLV_FAMILY_TILE ||
         (family == CLV_FAMILY_LANES && limits->software && can_lanes) ||
         (family == CLV_FAMILY_COOP && !limits->software && can_coop);
}

gboolean
clv_variant_is_broken_by_test (const ClvVariant *variant)
{
  const gchar *names = g_getenv ("CLV_TEST_BREAK_KERNEL");
  g_auto (GStrv) list = NULL;

  if (names == NULL)
    return FALSE;
  list = g_strsplit (names, ",", -1);
  return g_strv_contains ((const gchar *const *) list, variant->name);
}

gchar *
clv_variant_verdict_key (const ClvVariant *variant)
{
  return clv_variant_is_broken_by_test (variant)
             ? g_strconcat (variant->name, "-broken-by-test", NULL)
             : g_strdup (variant->name);
}

gchar *
clv_variant_speed_key (const ClvVariant *variant)
{
  return g_strconcat (variant->name, "-speed", NULL);
}

static gchar *
get_verdict (ClvDevice *device, const ClvVariant *variant)
{
  g_autofree gchar *key = clv_variant_verdict_key (variant);

  return clv_device_get_verdict (device, key);
}

const ClvVariant *
clv_variant_get_rival (ClvDevice *device, const ClvVariant *variant)
{
  if (variant->family != CLV_FAMILY_COOP ||
      clv_family_is_forced (CLV_FAMILY_COOP))
    return NULL;
  for (guint i = 0; i < CLV_N_VARIANTS; i++) {
    const ClvVariant *rival = &clv_variants[i];
    g_autofree gchar *verdict = NULL;

    if (rival->op != variant->op || rival->family != CLV_FAMILY_TILE)
      continue;
    verdict = get_verdict (device, rival);
    if (g_strcmp0 (verdict, "ok") == 0)
      return rival;
  }
  return NULL;
}

gchar *
clv_variant_get_refusal (ClvDevice *device, const ClvVariant *variant)
{
  g_autofree gchar *verdict = get_verdict (device, variant);

  if (g_strcmp0 (verdict, "ok") == 0 &&
      clv_variant_get_rival (device, variant) != NULL) {
    g_autofree gchar *speed_key = clv_variant_speed_key (variant);

    g_free (verdict);
    verdict = clv_device_get_verdict (device, speed_key);
  }
  if (g_strcmp0 (verdict, "ok") == 0)
    return NULL;
  return verdict != NULL ? g_steal_pointer (&verdict)
                         : g_strdup ("not checked");
}

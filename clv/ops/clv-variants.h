/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which kernels exist for each op, and which of them a device uses.
 *
 * A variant is used only after clv_variant_pick() has seen it give right numbers on
 * this device; CLV_KERNELS=lanes, tile or coop keeps to one family. */

#pragma once

#include "vulkan/clv-device-private.h"

G_BEGIN_DECLS

typedef enum {
  CLV_OP_GEMM_F32,
  CLV_OP_GEMM_F16,
  CLV_OP_LAYERNORM,
  CLV_OP_ATTENTION,
  CLV_OP_GATHER_ROWS,
  CLV_OP_ASSEMBLE_TOKENS,
  CLV_OP_L2NORM,
  CLV_N_OPS,
} ClvOp;

typedef enum {
  CLV_FAMILY_ANY,   /* one kernel serves all devices */
  CLV_FAMILY_LANES, /* a workgroup is a subgroup, texel fetches: software */
  CLV_FAMILY_TILE,  /* shared memory and barriers: GPUs, and the fallback */
  CLV_FAMILY_COOP,  /* as tile, with matrix units; where faster than tile */
} ClvFamily;

typedef struct {
  ClvOp op;
  ClvFamily family;
  const gchar *name; /* of the SPIR-V module, and of the verdict */
} ClvVariant;

/* In order of preference within an op. */
#define CLV_N_VARIANTS 12
extern const ClvVariant clv_variants[CLV_N_VARIANTS];

const gchar *clv_op_name (ClvOp op);

/* Whether the device can run variants of the family, and is allowed to. */
gboolean clv_device_has_family (ClvDevice *device, ClvFamily family);

/* CLV_KERNELS names the family: it is used whether it is fast or not. */
gboolean clv_family_is_forced (ClvFamily family);

/* Where the verdict of a variant is kept: its name, or another one while
 * CLV_TEST_BREAK_KERNEL names it, so that a test never spoils the cache. */
gchar *clv_variant_verdict_key (const ClvVariant *variant);

/* CLV_TEST_BREAK_KERNEL names this variant. */
gboolean clv_variant_is_broken_by_test (const ClvVariant *variant);

/* The right variant of the same op that this one has to beat; NULL: it is used if it
 * is right. All variants of the op have their verdicts. */
const ClvVariant *clv_variant_get_rival (
    ClvDevice *device, const ClvVariant *variant);

/* Where is kept how fast a variant is against its rival: "ok", or why it is not
 * used. */
gchar *clv_variant_speed_key (const ClvVariant *variant);

/* NULL if a variant of a family that the device has may be used, or why not. */
gchar *clv_variant_get_refusal (ClvDevice *device, const ClvVariant *variant);

/* The first right and fast variant of `op`, in clv-ops-check.c: each is checked before it
 * is taken for the first time, and those that come after it are not.
 * FALSE allow_lanes: not one of the lanes family, for shapes it cannot do.
 * NULL with CLV_ERROR_UNSUPPORTED if there is none; the message names each and its
 * worst error. */
const ClvVariant *clv_variant_pick (
    ClvDevice *device, ClvOp op, gboolean allow_lanes, GError **error);

G_END_DECLS

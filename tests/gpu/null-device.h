/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RADV without a GPU: Mesa 25.0's driver for AMD compiles for any chip that
 * RADV_FORCE_FAMILY names, and tells what came out. */

#pragma once

#include "vulkan/clv-kernel.h"

G_BEGIN_DECLS

typedef struct {
  guint vgprs;  /* vector registers of a lane */
  guint spills; /* registers spilled, and bytes of scratch memory */
  guint waves;  /* of a SIMD, as far as registers and shared memory allow */
  guint lds_bytes;
  guint wave; /* lanes */
  gchar *assembly;
} NullStatistics;

typedef struct _NullDevice NullDevice;

/* NULL with CLV_ERROR_NO_DEVICE where there is no such driver. `chip` is a name of
 * RADV's: navi21, navi31, gfx1201. */
NullDevice *null_device_new (const gchar *chip, GError **error);
void null_device_free (NullDevice *self);

/* Compiles SPIR-V as clv_kernel_get() would. Free with null_statistics_clear(). */
gboolean null_device_compile (NullDevice *self, GBytes *spirv,
    const ClvKernelParams *params, NullStatistics *ret_statistics,
    GError **error);
void null_statistics_clear (NullStatistics *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One compute pipeline. Descriptor set 0 holds n_buffers storage buffers at
 * bindings 0 … n_buffers-1, then n_texels uniform texel buffers at the bindings
 * that follow. Push constants start at 0. */

#pragma once

#include "clv-buffer.h"

G_BEGIN_DECLS

#define CLV_KERNEL_MAX_BINDINGS 12
#define CLV_KERNEL_MAX_SPEC     16

typedef struct {
  const gchar *name; /* of the SPIR-V module in /clv/shaders, e.g. "gemm_f16" */
  guint n_buffers;
  guint n_texels;
  guint push_bytes;
  guint local_size; /* specialization constant 253; 0: the shader's literal */
  guint subgroup_size; /* pinned and full; 0: the driver's choice */
  guint32 spec[CLV_KERNEL_MAX_SPEC]; /* ids from 0; floats by their bits */
  guint n_spec;
} ClvKernelParams;

typedef struct _ClvKernel ClvKernel;

/* Kernels live in the device and are made once for equal params. The result is
 * owned by the device. Thread-safe. */
const ClvKernel *clv_kernel_get (
    ClvDevice *device, const ClvKernelParams *params, GError **error);

/* Has it made by another thread, if nobody did; clv_kernel_get() waits for it where it
 * is not there yet, and is who finds out that it cannot be made. */
void clv_kernel_prepare (ClvDevice *device, const ClvKernelParams *params);

/* Waits for all that are being made: before the device goes. */
void clv_kernel_settle (ClvDevice *device);

/* The table that a device keeps: params to kernels. */
GHashTable *clv_kernel_table_new (ClvDevice *device);

static inline guint32
clv_spec_float (gfloat value)
{
  union {
    gfloat f;
    guint32 u;
  } bits = { .f = value };

  return bits.u;
}

G_END_DECLS

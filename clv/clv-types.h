/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-object.h>

#include <clv/clv-error.h>

G_BEGIN_DECLS

typedef struct _ClvDevice ClvDevice;
typedef struct _ClvFrame ClvFrame;

/**
 * ClvPrecision:
 * @CLV_PRECISION_AUTO: what the device is fastest with
 * @CLV_PRECISION_FP32: weights and activations stored as float32
 * @CLV_PRECISION_FP16: weights stored as float16; sums stay in float32
 *
 * How weights lie on the device. Arithmetic is float32 in either case.
 */
typedef enum {
  CLV_PRECISION_AUTO,
  CLV_PRECISION_FP32,
  CLV_PRECISION_FP16,
} ClvPrecision;

G_END_DECLS

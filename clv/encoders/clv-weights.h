/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a model's tensors to buffers and packed layers on the device. */

#pragma once

#include "model/clv-model-private.h"
#include "ops/clv-ops.h"

G_BEGIN_DECLS

/* Where weights go and how they are stored there. */
typedef struct {
  ClvDevice *device;
  ClvModel *model;
  ClvStorage storage;
} ClvWeights;

/* The tensor PREFIX.SUFFIX as float32, row-major; caller frees. NULL with
 * CLV_ERROR_NO_MEMORY, or if the model lacks it. */
gfloat *clv_weights_read (const ClvWeights *self, const gchar *prefix,
    const gchar *suffix, GError **error);

/* PREFIX.weight (N, K) and, if `has_bias`, PREFIX.bias (N). */
gboolean clv_weights_load_linear (const ClvWeights *self, const gchar *prefix,
    guint n, guint k, gboolean has_bias, ClvLinear *ret_linear, GError **error);

/* A buffer of n plain floats. */
gboolean clv_weights_load_floats (const ClvWeights *self, const gchar *name,
    const gfloat *values, gsize n, ClvBuffer *ret_buffer, GError **error);

/* LayerNorm: PREFIX.weight and PREFIX.bias, (C) each. */
typedef struct {
  ClvBuffer gain;
  ClvBuffer bias;
} ClvNorm;

gboolean clv_weights_load_norm (const ClvWeights *self, const gchar *prefix,
    guint c, ClvNorm *ret_norm, GError **error);
void clv_norm_clear (ClvNorm *norm);

G_END_DECLS

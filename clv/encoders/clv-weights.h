/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a model's tensors to buffers and packed layers on the device.
 *
 * Small things are uploaded as they are asked for. The layers of a tower are only made
 * then, and filled together at the end, by several threads: this is most of the time
 * that loading takes. */

#pragma once

#include "model/clv-model-private.h"
#include "ops/clv-ops.h"

G_BEGIN_DECLS

/* Where weights go and how they are stored there. */
typedef struct {
  ClvDevice *device; /* not owned, as the model */
  ClvModel *model;
  ClvStorage storage;
  GArray *layers; /* that are not filled yet */
} ClvWeights;

void clv_weights_init (
    ClvWeights *self, ClvDevice *device, ClvModel *model, ClvStorage storage);
void clv_weights_clear (ClvWeights *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClvWeights, clv_weights_clear)

/* The tensor PREFIX.SUFFIX as float32, row-major; caller frees. NULL with
 * CLV_ERROR_NO_MEMORY, or if the model lacks it. */
gfloat *clv_weights_read (const ClvWeights *self, const gchar *prefix,
    const gchar *suffix, GError **error);

#define CLV_WEIGHTS_MAX_PARTS 3

/* PREFIX.weight (N, K) and PREFIX.bias (N), times `scale`. */
typedef struct {
  const gchar *prefix;
  gfloat scale;
} ClvWeightsPart;

/* Makes a layer of several parts of n outputs each, one behind the other, with their
 * biases. It stays where it is until clv_weights_fill() or clv_weights_clear(). */
gboolean clv_weights_add_parts (ClvWeights *self, const gchar *name,
    const ClvWeightsPart *parts, guint n_parts, guint n, guint k,
    ClvLinear *ret_linear, GError **error);

/* The same of one part, with a bias if `has_bias`. */
gboolean clv_weights_add_linear (ClvWeights *self, const gchar *prefix, guint n,
    guint k, gboolean has_bias, ClvLinear *ret_linear, GError **error);

/* Fills all layers that were added, by as many threads as there are processors, up to
 * four. An error is that of the first layer that has one. */
gboolean clv_weights_fill (ClvWeights *self, GError **error);

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

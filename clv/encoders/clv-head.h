/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From tokens to embeddings, the end of both towers:
 * rows → LayerNorm → projection (no bias) → unit length → host. */

#pragma once

#include "clv-transformer.h"

G_BEGIN_DECLS

typedef struct {
  guint width;     /* C of the tower */
  guint embedding; /* D */
  gfloat eps;
  ClvNorm norm;
  ClvLinear projection;
} ClvHead;

gboolean clv_head_init (ClvHead *self, ClvWeights *weights, const gchar *norm,
    const gchar *projection, const ClvTowerConfig *config, guint embedding,
    GError **error);
void clv_head_clear (ClvHead *self);

/* (rows, D), where clv_head_record() computes. */
gboolean clv_head_embeds_init (const ClvHead *self, ClvDevice *device,
    guint rows, ClvBuffer *ret_embeds, GError **error);

/* (rows, D), for the host. */
gboolean clv_head_result_init (const ClvHead *self, ClvDevice *device,
    guint rows, ClvBuffer *ret_result, GError **error);

/* x (n, C) are normalised in place. Their embeddings are rows 0 to n-1 of `embeds`,
 * and then rows `first` to first+n-1 of the result. */
void clv_head_record (const ClvHead *self, ClvCommands *cmds,
    const ClvBuffer *x, const ClvBuffer *embeds, const ClvBuffer *result,
    guint first, guint n);

/* Reads row i of a result: D floats. */
void clv_head_read (const ClvHead *self, const ClvBuffer *result, guint i,
    gfloat *ret_embedding);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From tokens to embeddings, the end of both towers:
 * pooled rows → LayerNorm → projection (no bias) → unit length → host. */

#pragma once

#include "clv-transformer.h"

G_BEGIN_DECLS

typedef struct {
  guint width;     /* C of the tower */
  guint embedding; /* D */
  gfloat eps;
  guint capacity;
  ClvNorm norm;
  ClvLinear projection;
  ClvBuffer embeds; /* (capacity, D) */
  ClvBuffer result; /* (capacity, D), for the host */
} ClvHead;

gboolean clv_head_init (ClvHead *self, const ClvWeights *weights,
    const gchar *norm, const gchar *projection, const ClvTowerConfig *config,
    guint embedding, guint capacity, GError **error);
void clv_head_clear (ClvHead *self);

/* x (n, C) are the pooled rows; they are normalised in place. */
void clv_head_record (
    const ClvHead *self, ClvCommands *cmds, const ClvBuffer *x, guint n);

/* Reads row i of the last run: D floats. */
void clv_head_read (const ClvHead *self, guint i, gfloat *ret_embedding);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The stack of pre-LN blocks that both towers share.
 *
 *   x (M, C) ─┬─ LN ─ qkv ─ attention ─ out ─┬─ + ─┬─ LN ─ fc1 ─ act ─ fc2 ─ + ─► x
 *             └──────────────────────────────┘     └─────────────────────────┘
 *
 * Vaswani et al. 2017, fig. 1, with the norms moved to the front of each block;
 * Radford et al. 2021, 2.4; Transformers' CLIPEncoderLayer.
 *
 * Of its result one row of each sequence is read. The last block therefore makes
 * keys and values of all rows, and everything else of those rows only. */

#pragma once

#include "clv-sequences.h"
#include "clv-weights.h"

G_BEGIN_DECLS

typedef struct _ClvTransformerLayer ClvTransformerLayer;

typedef struct {
  ClvTowerConfig config;
  gboolean causal;
  ClvTransformerLayer *layers;
  ClvLinear qqv; /* of the last block, for the local rows; n = 0: not loaded */
} ClvTransformer;

/* PREFIX is "vision_model" or "text_model". Its layers are filled by
 * clv_weights_fill(). */
gboolean clv_transformer_init (ClvTransformer *self, ClvWeights *weights,
    const gchar *prefix, const ClvTowerConfig *config, gboolean causal,
    GError **error);
void clv_transformer_clear (ClvTransformer *self);

/* The activations of up to `rows` tokens in up to `sequences` sequences. x is the
 * input, pooled the output. */
typedef struct {
  guint rows;
  ClvBuffer x;        /* (rows, C) */
  ClvBuffer h;        /* (rows, C) */
  ClvBuffer qkv;      /* (rows, 3 C); in the last block k and v, (rows, 2 C) */
  ClvBuffer mlp;      /* (rows, mlp) */
  ClvBuffer pooled;   /* (sequences, C) */
  ClvBuffer pooled_h; /* (sequences, C) */
  ClvBuffer pooled_q; /* (sequences, C) */
} ClvActivations;

/* rows >= sequences: each has one at least. */
gboolean clv_activations_init (ClvActivations *self, ClvDevice *device,
    const ClvTowerConfig *config, guint rows, guint sequences, GError **error);
void clv_activations_clear (ClvActivations *self);

/* The most rows of which every activation fits in one storage buffer. */
guint clv_activations_max_rows (
    ClvDevice *device, const ClvTowerConfig *config);

/* Records all blocks for batches of the shape given, whose sequences are in the
 * buffers of `sequences` when the commands run. */
void clv_transformer_record (const ClvTransformer *self, ClvCommands *cmds,
    const ClvActivations *activations, const ClvSequences *sequences,
    const ClvSequencesShape *shape);

/* Uploads what clv_transformer_record_local() needs besides. `weights` and `prefix`
 * are those of clv_transformer_init(). */
gboolean clv_transformer_load_local (ClvTransformer *self, ClvWeights *weights,
    const gchar *prefix, GError **error);

/* Records, behind clv_transformer_record() of the same shape, what each row by
 * itself would give to the head: activations->x (rows, C).
 *
 *   LN ─ q, v ─ softmax (q qᵀ / sqrt (D)) v ─ out
 *
 * The last block of ClearCLIP (Lan et al., ECCV 2024, section 3.3): rows see those
 * that ask the same instead of those that answer, and there is neither residual nor
 * MLP. In the block as it was trained, the rows that nobody reads carry what the
 * class token should know, and not what is seen at their place. */
void clv_transformer_record_local (const ClvTransformer *self,
    ClvCommands *cmds, const ClvActivations *activations,
    const ClvSequences *sequences, const ClvSequencesShape *shape);

G_END_DECLS

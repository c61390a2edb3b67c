/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the encoders read from a model. */

#pragma once

#include <clv/clv-model.h>

#include "clv-model-config.h"
#include "clv-tensor-file.h"

G_BEGIN_DECLS

/* clv_model_load() in two steps. The first reads and checks configs and weights, which
 * is what the encoders need, and has the vocabulary read by a thread, which the second
 * waits for; until then there is no id, and no text can be tokenized. A model whose
 * second step fails is of no use. */
ClvModel *clv_model_open (const gchar *directory, GError **error);
gboolean clv_model_finish (ClvModel *self, GError **error);

const ClvModelConfig *clv_model_get_config (ClvModel *self);

/* A tensor that clv_model_load() has checked to exist, by its full name, e.g.
 * "vision_model.encoder.layers.0.mlp.fc1.weight". NULL for an optional tensor
 * that is not there. */
const ClvTensor *clv_model_get_tensor (ClvModel *self, const gchar *name);

/* Row of the token embedding table as float32, text.width values. */
void clv_model_get_token_row (
    ClvModel *self, guint32 token_id, gfloat *ret_row);

G_END_DECLS

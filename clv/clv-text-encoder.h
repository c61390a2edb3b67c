/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-device.h>
#include <clv/clv-model.h>

G_BEGIN_DECLS

/**
 * ClvTextEncoder:
 *
 * The text tower of a model on a device: phrases → embeddings. One thread at a
 * time. A #ClvEngine has one that any thread may use.
 */
#define CLV_TYPE_TEXT_ENCODER (clv_text_encoder_get_type ())
G_DECLARE_FINAL_TYPE (
    ClvTextEncoder, clv_text_encoder, CLV, TEXT_ENCODER, GObject)

/**
 * clv_text_encoder_new:
 * @device: where the weights are uploaded and the kernels run
 * @model: weights and architecture
 * @precision: how weights are stored on the device
 *
 * As clv_image_encoder_new(), for the text tower. Keeps a reference on @model.
 *
 * Returns: (transfer full) (nullable): the encoder; %NULL with
 *   %CLV_ERROR_UNSUPPORTED, naming the tensor, %CLV_ERROR_NO_MEMORY or
 *   %CLV_ERROR_DEVICE_LOST
 */
ClvTextEncoder *clv_text_encoder_new (
    ClvDevice *device, ClvModel *model, ClvPrecision precision, GError **error);

/**
 * clv_text_encoder_get_width:
 *
 * The width of an embedding. Any thread.
 *
 * Returns: D, the floats of an embedding
 */
guint clv_text_encoder_get_width (ClvTextEncoder *self);

/**
 * clv_text_encoder_encode: (skip)
 * @self: not thread-safe; one thread at a time
 * @texts: (array length=n_texts): UTF-8
 * @n_texts: any number; the encoder makes its own batches
 * @ret_embeddings: (out caller-allocates): n_texts rows of D floats of unit
 *   length. Undefined on failure.
 *
 * Tokenizes and encodes texts, and waits for the result. Nothing is cached.
 *
 * Returns: %TRUE on success; %FALSE with %CLV_ERROR_NO_MEMORY or
 *   %CLV_ERROR_DEVICE_LOST
 */
gboolean clv_text_encoder_encode (ClvTextEncoder *self,
    const gchar *const *texts, guint n_texts, gfloat *ret_embeddings,
    GError **error);

G_END_DECLS

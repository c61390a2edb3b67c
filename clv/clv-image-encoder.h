/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-device.h>
#include <clv/clv-frame.h>
#include <clv/clv-model.h>

G_BEGIN_DECLS

/**
 * ClvImageEncoder:
 *
 * The vision tower of a model on a device: pictures → embeddings. One thread at a
 * time. Applications that have several streams, or other things to do meanwhile,
 * use a #ClvEngine.
 */
#define CLV_TYPE_IMAGE_ENCODER (clv_image_encoder_get_type ())
G_DECLARE_FINAL_TYPE (
    ClvImageEncoder, clv_image_encoder, CLV, IMAGE_ENCODER, GObject)

/**
 * CLV_MAX_BATCH:
 *
 * Pictures in one call, at most.
 */
#define CLV_MAX_BATCH 32

/**
 * clv_image_encoder_new:
 * @device: where the weights are uploaded and the kernels run
 * @model: weights and architecture; may be dropped after the call
 * @precision: how weights are stored on the device
 *
 * Uploads the vision tower. This is the slow call: weights cross the bus here,
 * kernels are checked and compiled here. The command buffer of a batch size is
 * recorded when that size is first used.
 *
 * Returns: (transfer full) (nullable): the encoder; %NULL with
 * %CLV_ERROR_UNSUPPORTED, naming the tensor, %CLV_ERROR_NO_MEMORY or
 * %CLV_ERROR_DEVICE_LOST
 */
ClvImageEncoder *clv_image_encoder_new (
    ClvDevice *device, ClvModel *model, ClvPrecision precision, GError **error);

/**
 * clv_image_encoder_get_width:
 *
 * The width of an embedding. Any thread.
 *
 * Returns: D, the floats of an embedding
 */
guint clv_image_encoder_get_width (ClvImageEncoder *self);

/**
 * clv_image_encoder_encode: (skip)
 * @self: not thread-safe; one thread at a time
 * @frames: (array length=n_frames): pictures of any size and format
 * @n_frames: batch size B, 1 to %CLV_MAX_BATCH
 * @ret_embeddings: (out caller-allocates): B rows of D floats of unit length.
 *   Untouched on failure.
 *
 * Resizes, normalises and encodes @frames, and waits for the result.
 *
 * Returns: %TRUE on success; %FALSE with %CLV_ERROR_UNSUPPORTED for what cannot be
 *   a picture, %CLV_ERROR_NO_MEMORY or %CLV_ERROR_DEVICE_LOST
 */
gboolean clv_image_encoder_encode (ClvImageEncoder *self,
    const ClvFrame *frames, guint n_frames, gfloat *ret_embeddings,
    GError **error);

G_END_DECLS

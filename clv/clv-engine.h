/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-device.h>
#include <clv/clv-frame.h>
#include <clv/clv-model.h>
#include <clv/clv-prompts.h>

G_BEGIN_DECLS

#define CLV_TYPE_ENGINE (clv_engine_get_type ())
G_DECLARE_FINAL_TYPE (ClvEngine, clv_engine, CLV, ENGINE, GObject)

/**
 * clv_engine_get:
 * @model: see clv_model_find()
 * @device: see clv_device_new()
 *
 * The process has one engine for each (model, device, precision); it lives as
 * long as somebody holds it. The first call loads the model and uploads the
 * vision tower; the text tower is uploaded when text is first encoded.
 *
 * Returns: (transfer full) (nullable): the engine; any thread
 */
ClvEngine *clv_engine_get (const gchar *model, const gchar *device,
    ClvPrecision precision, GError **error);

ClvModel *clv_engine_get_model (ClvEngine *self);
ClvDevice *clv_engine_get_device (ClvEngine *self);
ClvPrecision clv_engine_get_precision (ClvEngine *self);

/**
 * clv_engine_encode_frames:
 * @frames: (array length=n_frames): must stay valid until the call returns
 * @n_frames: 1 to %CLV_MAX_BATCH
 * @ret_embeddings: (out caller-allocates): n_frames rows of D floats
 *
 * Queues the frames behind those of other streams and waits. Requests that
 * wait together share a batch. Any thread.
 *
 * Returns: %TRUE on success; an error of this request only fails this request
 */
gboolean clv_engine_encode_frames (ClvEngine *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error);

/* Encodes texts with the engine's text tower. Any thread. */
gboolean clv_engine_encode_texts (ClvEngine *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error);

/* clv_prompts_encode() with this engine's text tower and the disk cache. */
gboolean clv_engine_encode_prompts (
    ClvEngine *self, ClvPrompts *prompts, GError **error);

G_END_DECLS

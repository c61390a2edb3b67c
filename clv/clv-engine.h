/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-device.h>
#include <clv/clv-frame.h>
#include <clv/clv-future.h>
#include <clv/clv-model.h>
#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/**
 * ClvEngine:
 *
 * A model on a device, shared by all who ask for the same: it batches the pictures
 * of many streams, and encodes texts between them. Counted references; any thread.
 * Encodes in two threads of its own. Rows of embeddings are
 * clv_model_get_embedding_width() floats, D, of unit length.
 *
 * This is what an application should use; #ClvImageEncoder and #ClvTextEncoder
 * are the encoders alone, for one thread.
 */
#define CLV_TYPE_ENGINE (clv_engine_get_type ())
G_DECLARE_FINAL_TYPE (ClvEngine, clv_engine, CLV, ENGINE, GObject)

/**
 * clv_engine_get:
 * @model: see clv_model_find()
 * @device: (nullable): see clv_device_new()
 * @precision: how weights are stored on the device
 *
 * The process has one engine for each (model, device, precision); it lives as
 * long as somebody holds it. The first call loads the model and uploads the
 * vision tower; the text tower is uploaded when text is first encoded. Waits for
 * all of that; any thread.
 *
 * Returns: (transfer full) (nullable): the engine; %NULL with the errors of
 *   clv_model_find(), clv_model_load(), clv_device_new() or
 *   clv_image_encoder_new()
 */
ClvEngine *clv_engine_get (const gchar *model, const gchar *device,
    ClvPrecision precision, GError **error);

/**
 * clv_engine_get_on_device:
 * @model: see clv_model_find()
 * @device: one of clv_device_new_shared()
 * @precision: how weights are stored on the device
 *
 * clv_engine_get() on a device that somebody else has opened. The process has one
 * engine for each (model, @device, precision).
 *
 * Returns: (transfer full) (nullable): the engine; %NULL with the same errors
 */
ClvEngine *clv_engine_get_on_device (const gchar *model, ClvDevice *device,
    ClvPrecision precision, GError **error);

/**
 * clv_engine_get_model:
 *
 * The model that it encodes with. Any thread.
 *
 * Returns: (transfer none): the model
 */
ClvModel *clv_engine_get_model (ClvEngine *self);

/**
 * clv_engine_get_device:
 *
 * The device that it encodes on. Any thread.
 *
 * Returns: (transfer none): the device
 */
ClvDevice *clv_engine_get_device (ClvEngine *self);

/**
 * clv_engine_get_precision:
 *
 * How weights are stored. Any thread.
 *
 * Returns: what was asked for, or what the device is fastest with; never
 *   %CLV_PRECISION_AUTO
 */
ClvPrecision clv_engine_get_precision (ClvEngine *self);

/**
 * clv_engine_get_rate:
 *
 * Pictures a second that the device encodes while it does nothing else,
 * preprocessing included: the mean of the newest batches, or what an earlier
 * process measured. Any thread.
 *
 * Returns: 0 if nothing was measured yet
 */
gdouble clv_engine_get_rate (ClvEngine *self);

/**
 * clv_engine_submit: (skip)
 * @frames: (array length=n_frames): the structs are copied; the pixels are read
 *   later, and must stay valid until @pixels_read of the request was called or
 *   there is an answer
 * @n_frames: 1 to %CLV_MAX_BATCH
 * @request: (nullable): how; copied
 *
 * Asks for the embeddings of frames and does not wait: pixels are copied to the
 * device, preprocessed and encoded while the caller does other things. Requests of
 * all streams share batches; while one batch is encoded the next is filled.
 * Allocates one block. Any thread.
 *
 * Returns: (transfer full) (nullable): the answer to come. %NULL, and no callback
 * will be called, with %CLV_ERROR_UNSUPPORTED for what cannot be a picture. Later
 * errors are in the future, and only in the one of the request that caused them.
 */
ClvFuture *clv_engine_submit (ClvEngine *self, const ClvFrame *frames,
    guint n_frames, const ClvRequest *request, GError **error);

/**
 * clv_engine_encode_frames: (skip)
 * @frames: (array length=n_frames): must stay valid until the call returns
 * @n_frames: 1 to %CLV_MAX_BATCH
 * @ret_embeddings: (out caller-allocates): n_frames rows of D floats; untouched
 *   on failure
 *
 * clv_engine_submit() without a deadline, and waits for the answer. Frames of one
 * thread count as one stream. Any thread but those that call a #ClvFutureFunc.
 *
 * Returns: %TRUE on success; an error of this request only fails this request
 */
gboolean clv_engine_encode_frames (ClvEngine *self, const ClvFrame *frames,
    guint n_frames, gfloat *ret_embeddings, GError **error);

/**
 * clv_engine_encode_pixels:
 * @format: the layout of the planes
 * @width: pixels in a row, 1 to 16384
 * @height: rows, 1 to 16384
 * @pixels: row behind row from the top, plane behind plane, without gaps: what
 *   tobytes () of PIL or NumPy gives
 *
 * clv_engine_encode_frames() of one picture, for languages that cannot fill a
 * #ClvFrame. YUV is taken as BT.601 of limited range, GRAY8 as of full range.
 *
 * Returns: (transfer full) (nullable): the embedding: D floats of the machine, of
 *   unit length; %NULL with %CLV_ERROR_UNSUPPORTED for what cannot be a picture,
 *   too few bytes or too many among it, or the other errors of
 *   clv_engine_encode_frames()
 */
GBytes *clv_engine_encode_pixels (ClvEngine *self, ClvPixelFormat format,
    guint width, guint height, GBytes *pixels, GError **error);

/**
 * clv_engine_encode_texts: (skip)
 * @texts: (array length=n_texts): UTF-8, without a template
 * @n_texts: any number; they are encoded in slices, between batches of pictures
 * @ret_embeddings: (out caller-allocates): n_texts rows of D floats; undefined on
 *   failure
 *
 * Encodes texts with the engine's text tower, which the first call uploads, and
 * waits for the answer. Nothing is cached. Any thread but those that call a
 * #ClvFutureFunc.
 *
 * Returns: %TRUE on success; %FALSE with the errors of clv_text_encoder_new() or
 *   clv_text_encoder_encode()
 */
gboolean clv_engine_encode_texts (ClvEngine *self, const gchar *const *texts,
    guint n_texts, gfloat *ret_embeddings, GError **error);

/**
 * clv_engine_encode_texts_bytes: (rename-to clv_engine_encode_texts)
 * @texts: (array zero-terminated=1): UTF-8, without a template
 *
 * clv_engine_encode_texts() for other languages.
 *
 * Returns: (transfer full) (nullable): a row of D floats of the machine for each
 *   text; %NULL with the errors of clv_engine_encode_texts()
 */
GBytes *clv_engine_encode_texts_bytes (
    ClvEngine *self, const gchar *const *texts, GError **error);

/**
 * clv_engine_encode_prompts:
 * @prompts: a set that is not shared yet
 * @encode_image: (nullable) (scope call): for sets with example pictures:
 *   decodes one and encodes it with clv_engine_encode_frames(); called on this
 *   thread with the engine as user_data
 *
 * clv_prompts_encode() with this engine's text tower and the disk cache. Any
 * thread but those that call a #ClvFutureFunc.
 *
 * Returns: %TRUE on success; on failure the set is as before, see
 *   clv_prompts_encode()
 */
gboolean clv_engine_encode_prompts (ClvEngine *self, ClvPrompts *prompts,
    ClvEncodeImageFunc encode_image, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The image encoder in parts, so that one batch is filled while another is
 * encoded. There are two sets of what belongs to a batch: its patches and its
 * result. What lies between them is there once, as the device runs one batch
 * after the other. */

#pragma once

#include <clv/clv-image-encoder.h>

G_BEGIN_DECLS

#define CLV_IMAGE_ENCODER_SETS 2

/* Pictures that fit in one batch: CLV_PREPROCESS_SLOTS, fewer where a storage buffer
 * of the device is small. */
guint clv_image_encoder_get_max_batch (ClvImageEncoder *self);

/* Copies a picture to the device and lets it be resized and normalised there, into
 * place `slot` of a set that is not being encoded. The pixels must have been written,
 * see clv_frame_wait_written(), and are read when it returns. FALSE: the place is as before, or undefined. */
gboolean clv_image_encoder_load (ClvImageEncoder *self, guint set, guint slot,
    const ClvFrame *frame, GError **error);

/* After a load, and before the start: the embeddings of the patches will be read,
 * too, of the whole batch; see clv_transformer_record_local(). The first time it
 * uploads weights and makes buffers. FALSE: the batch is as it was. */
gboolean clv_image_encoder_want_patches (
    ClvImageEncoder *self, guint set, GError **error);

/* How the picture looks that was loaded into a place last, for which it waits: the
 * cells of a ClvLook. The same thread as for the function before. */
gboolean clv_image_encoder_look_at (ClvImageEncoder *self, guint set,
    guint slot, gfloat *ret_cells, GError **error);

/* Lets places 0 … n-1 be encoded, and does not wait. With a larger n than ever
 * before nothing else may be under way. Where memory is too small for so many they
 * are encoded in several passes. One thread at a time for this and the functions
 * before. */
gboolean clv_image_encoder_start (
    ClvImageEncoder *self, guint set, guint n, GError **error);

/* In place of a start: waits until no picture is being preprocessed, so that the
 * places can be loaded anew. */
void clv_image_encoder_drop (ClvImageEncoder *self);

/* Waits for the set; then its embeddings may be read, each D floats. One thread at
 * a time, which may be another one. */
gboolean clv_image_encoder_finish (
    ClvImageEncoder *self, guint set, guint n, GError **error);
void clv_image_encoder_read (
    ClvImageEncoder *self, guint set, guint slot, gfloat *ret_embedding);

/* Where patches were wanted: P rows of D floats, the grid's rows from the top. */
void clv_image_encoder_read_patches (
    ClvImageEncoder *self, guint set, guint slot, gfloat *ret_patches);

G_END_DECLS

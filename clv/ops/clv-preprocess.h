/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a frame's own planes to normalised patches, on the device.
 *
 * Steps, as PIL and Transformers do them, and in this order:
 *
 *   planes → RGB of every stored sample, 8 bits (clv/ref/clv-color.h)
 *          → resize along the rows, 8 bits → along the columns, 8 bits
 *          → centre crop, zeros outside (clv/ref/clv-resize.h)
 *          → (v · rescale - mean) / std → patches
 *
 * RGB and full-range grey pictures give PIL's bits. YUV pictures without hard
 * edges are within two levels of GStreamer's converter followed by the same
 * resize, where that converter works on more than 8 bits: it rounds the
 * interpolated chroma before the matrix, here nothing is rounded before the
 * result. (From 8-bit YUV to 8-bit RGB GStreamer 1.22 multiplies in 8 bits and is
 * itself up to 7 levels from the standards: white becomes 253.) 10-bit samples
 * are used as they are and rounded to 8 bits of RGB.
 *
 * With pixels that are not square the target has the shape of the displayed
 * picture, width · par_n / par_d by height, and is sampled from the stored
 * pixels directly. A model that squashes its input never sees the difference.
 *
 * Only the samples that the crop needs are copied to the device and converted. */

#pragma once

#include <clv/clv-frame.h>

#include "clv-ops.h"

G_BEGIN_DECLS

typedef struct _ClvPreprocessor ClvPreprocessor;

/* Buffers of patches that one preprocessor writes. */
#define CLV_PREPROCESS_SETS 2

/* Slots of such a buffer, and so the pictures that are encoded in one batch. Beyond
 * this a batch gains little and its first frame waits long. */
#define CLV_PREPROCESS_SLOTS 16

/* patches: activation buffer (n_slots · P, 3 · patch²): row b·P + p is patch p
 * (row-major over the grid) of picture b; columns are channel, row, column, as
 * in the convolution's weight. Borrowed, must outlive. One thread at a time. */
ClvPreprocessor *clv_preprocessor_new (ClvDevice *device,
    const ClvModelConfig *config, const ClvBuffer *patches, GError **error);
void clv_preprocessor_free (ClvPreprocessor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPreprocessor, clv_preprocessor_free)

/* A second buffer, as set 1. The first, of clv_preprocessor_new(), is set 0. */
void clv_preprocessor_add_patches (
    ClvPreprocessor *self, const ClvBuffer *patches);

/* Copies the visible part of the planes to the device, or on it, and lets it write
 * the patches of slot `slot` (0 … CLV_PREPROCESS_SLOTS-1) of a set. The pixels are read
 * when it returns, the patches are for what is submitted after it. Waits where many
 * frames of one layout are under way, and for images until the device has read them,
 * which is after what it was given before. A slot must not be written again before
 * something that was submitted later has ended.
 *
 * A layout is all of a frame but its planes and strides: format, kind of memory,
 * visible size, aspect ratio, colorimetry, parity of the crop. The first frame of a layout
 * makes tables and buffers and records commands; the CLV_PREPROCESS_LAYOUTS
 * used last are kept, and frames of these allocate nothing, but that each DMABuf is
 * imported anew. Of these whoever writes into them is waited for, too. */
gboolean clv_preprocessor_submit (ClvPreprocessor *self, const ClvFrame *frame,
    guint set, guint slot, GError **error);

/* The same for set 0, and waits for the patches. */
gboolean clv_preprocessor_run (
    ClvPreprocessor *self, const ClvFrame *frame, guint slot, GError **error);

/* Waits for all that was submitted. */
gboolean clv_preprocessor_wait (ClvPreprocessor *self, GError **error);

#define CLV_PREPROCESS_LAYOUTS 16

/* How many layouts were ever set up, for tests. */
guint clv_preprocessor_n_setups (ClvPreprocessor *self);

/* Runs small pictures through the kernels and compares with the twin. For the
 * first use of a device; that it passed is kept with the pipelines. FALSE with
 * CLV_ERROR_UNSUPPORTED naming the format, the value and what it should be. */
gboolean clv_preprocess_check (ClvDevice *device, GError **error);

G_END_DECLS

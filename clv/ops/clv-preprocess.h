/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a frame's own planes to normalised patches, on the device.
 *
 * Steps, as PIL and Transformers do them: planes → RGB, 8 bits → [pixel aspect
 * ratio and] resize, horizontally, 8 bits → vertically, 8 bits → centre crop
 * (zeros outside) → (v · rescale − mean) / std → patches.
 *
 * A ClvPreprocessor serves one (format, visible size, aspect ratio,
 * colorimetry): it holds the resize tables and a recorded command buffer for
 * each slot of the batch. It is cheap to look up per frame and is rebuilt only
 * when the stream's caps change. */

#pragma once

#include <clv/clv-frame.h>

#include "clv-ops.h"

G_BEGIN_DECLS

typedef struct _ClvPreprocessor ClvPreprocessor;

/* patches: activation buffer (CLV_MAX_BATCH · P, 3 · patch²): row b·P + p is
 * patch p (row-major over the grid) of picture b; columns are channel, row,
 * column, as in the convolution's weight. Borrowed, must outlive. */
ClvPreprocessor *clv_preprocessor_new (ClvDevice *device,
    const ClvModelConfig *config, const ClvBuffer *patches, GError **error);
void clv_preprocessor_free (ClvPreprocessor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPreprocessor, clv_preprocessor_free)

/* Copies the visible part of the planes to the device and writes the patches of
 * slot `slot` (0 … CLV_MAX_BATCH-1); waits for it. Layouts seen before (the
 * last 16) allocate nothing. */
gboolean clv_preprocessor_run (ClvPreprocessor *self, const ClvFrame *frame,
    guint slot, GError **error);

G_END_DECLS

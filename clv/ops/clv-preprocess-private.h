/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is kept for one layout of frames. */

#pragma once

#include <clv/clv-image-encoder.h>

#include "clv-preprocess.h"
#include "ref/clv-color.h"
#include "ref/clv-resize.h"

G_BEGIN_DECLS

/* How a plane's part is copied. Samples are counted from the first visible one,
 * rounded down to the chroma grid; the copy may begin one before it or end one
 * after the last, which repeats the outermost one. */
typedef struct {
  guint source; /* plane of the frame */
  guint unit;   /* bytes of a sample */
  guint shift_x;
  guint shift_y;
  gint first_column;
  gint first_row;
  gint last_visible_column;
  gint last_visible_row;
  guint n_columns;
  guint n_rows;
  gsize offset; /* of the copy in the upload buffer, bytes */
  gsize pitch;
} ClvPlaneCopy;

typedef struct {
  ClvFrame key; /* see clv_preprocess_layout_key() */
  guint image_size;
  ClvColor color;
  guint n_planes;
  ClvPlaneCopy planes[CLV_MAX_PLANES];
  guint n_rows;       /* of the RGB picture, a multiple of 16 */
  guint pitch;        /* of the RGB picture, in quads; a multiple of 16 */
  guint band_rows;    /* rows that `rgb` holds at a time, a multiple of 16 */
  guint n_columns;    /* image_size, rounded up to a multiple of 16 */
  guint column_pitch; /* n_rows / 4 quads */
  gsize upload_bytes;
  ClvBuffer upload;
  ClvBuffer tables;
  ClvBuffer rgb;
  ClvBuffer columns;
  gsize size_bytes; /* of the buffers */
  guint64 last_use;
  ClvCommands *commands[CLV_MAX_BATCH]; /* NULL until the slot is used */
} ClvPreprocessLayout;

/* Frames with equal keys share a layout. Planes and strides are cleared, and so
 * is whatever makes no difference for the format; crop_x and crop_y are 0 or 1. */
ClvFrame clv_preprocess_layout_key (const ClvFrame *frame);

ClvPreprocessLayout *clv_preprocess_layout_new (ClvDevice *device,
    const ClvFrame *key, const ClvModelConfig *config, GError **error);
void clv_preprocess_layout_free (ClvPreprocessLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPreprocessLayout, clv_preprocess_layout_free)

void clv_preprocess_layout_upload (
    ClvPreprocessLayout *self, const ClvFrame *frame);

/* Records the passes that write the patches of one slot. */
ClvCommands *clv_preprocess_layout_record (ClvPreprocessLayout *self,
    ClvDevice *device, const ClvModelConfig *config, const ClvBuffer *patches,
    guint slot, GError **error);

/* clv_preprocess_check() without the verdict that is kept with the device. */
gboolean clv_preprocess_check_now (ClvDevice *device, GError **error);

/* Where value (channel, y, x) of a picture is among the floats of `patches`. */
static inline gsize
clv_patch_index (
    const ClvModelConfig *config, guint slot, guint channel, guint y, guint x)
{
  const gsize patch = config->patch_size;
  const gsize grid = config->image_size / patch;
  const gsize row = (slot * grid + y / patch) * grid + x / patch;

  return row * clv_row_stride (3 * patch * patch) +
         (channel * patch + y % patch) * patch + x % patch;
}

G_END_DECLS

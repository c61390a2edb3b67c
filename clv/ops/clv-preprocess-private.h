/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is kept for one layout of frames. */

#pragma once

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

/* Between two passes, and of no use after the commands that write it: shared by
 * all layouts, as the device runs them one after the other. */
typedef struct {
  ClvBuffer rgb;     /* a band of rows */
  ClvBuffer columns; /* image_size columns of all rows */
} ClvPreprocessScratch;

/* Where the planes of one frame lie until the device has read them. */
typedef struct {
  ClvBuffer upload;
  ClvCommands *fetch;                 /* of frames on the device, or NULL */
  ClvBuffer imported[CLV_MAX_PLANES]; /* DMABufs that it reads */
  ClvCommands *to_columns;            /* or NULL */
} ClvPreprocessPlace;

/* Of one layout. Their bytes bound them further, see preprocess-layout.c. */
#define CLV_PREPROCESS_PLACES 16

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
  gsize rgb_bytes; /* of the scratch buffers */
  gsize columns_bytes;
  ClvBuffer tables;
  ClvPreprocessPlace places[CLV_PREPROCESS_PLACES];
  guint n_places;
  guint max_places;
  guint next_place; /* a ring: the one that was given out longest ago */
  ClvCommands
      *to_patches[CLV_PREPROCESS_SETS][CLV_PREPROCESS_SLOTS]; /* or NULL */
  gsize size_bytes; /* of the buffers */
  guint64 last_use;
} ClvPreprocessLayout;

/* Frames with equal keys share a layout. Planes and strides are cleared, and so
 * is whatever makes no difference for the format; crop_x and crop_y are 0 or 1. */
ClvFrame clv_preprocess_layout_key (const ClvFrame *frame);

ClvPreprocessLayout *clv_preprocess_layout_new (ClvDevice *device,
    const ClvFrame *key, const ClvModelConfig *config, GError **error);
void clv_preprocess_layout_free (ClvPreprocessLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPreprocessLayout, clv_preprocess_layout_free)

/* Waits for what runs of this layout and forgets its recordings: buffers that
 * they name are about to be replaced. */
void clv_preprocess_layout_forget_commands (ClvPreprocessLayout *self);

/* The place that was given out longest ago; if the device has not read it, a new one
 * as long as there may be more, or else it waits. As the device works in order, no
 * other is free earlier. Valid until the next call. */
ClvPreprocessPlace *clv_preprocess_layout_get_place (
    ClvPreprocessLayout *self, ClvDevice *device, GError **error);

void clv_preprocess_layout_upload (ClvPreprocessLayout *self,
    ClvPreprocessPlace *place, const ClvFrame *frame);

/* The same on the device, for a frame that is there: submits the copy. The second
 * waits until the pixels are not needed any more. */
gboolean clv_preprocess_layout_fetch (ClvPreprocessLayout *self,
    ClvDevice *device, ClvPreprocessPlace *place, const ClvFrame *frame,
    GError **error);
gboolean clv_preprocess_layout_wait_fetched (
    ClvPreprocessPlace *place, GError **error);

/* Records the passes up to the columns, and the last, which writes the patches of
 * one slot. */
ClvCommands *clv_preprocess_layout_record_columns (ClvPreprocessLayout *self,
    ClvDevice *device, const ClvPreprocessScratch *scratch,
    const ClvBuffer *upload, GError **error);
ClvCommands *clv_preprocess_layout_record_patches (ClvPreprocessLayout *self,
    ClvDevice *device, const ClvPreprocessScratch *scratch,
    const ClvModelConfig *config, const ClvBuffer *patches, guint slot,
    GError **error);

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

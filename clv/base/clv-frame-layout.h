/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the planes of a pixel format lie in memory. */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

typedef struct {
  guint n_planes;
  guint shift_x; /* log2 of the horizontal chroma subsampling */
  guint shift_y;
  guint bytes[CLV_MAX_PLANES]; /* of one column of the plane */
} ClvFrameLayout;

/* NULL for a number that is no format. */
const ClvFrameLayout *clv_frame_layout (ClvPixelFormat format);

/* Can a column of each plane be a texel? Three bytes cannot in staging buffers, whose
 * rows begin at multiples of 16 bytes, and packed 4:2:2 has different names for
 * what a texel is. */
gboolean clv_frame_layout_is_texels (ClvPixelFormat format);

/* Bytes of a row and rows of one plane of the whole picture. */
void clv_frame_plane_size (
    const ClvFrame *frame, guint plane, gsize *ret_row_bytes, guint *ret_rows);

G_END_DECLS

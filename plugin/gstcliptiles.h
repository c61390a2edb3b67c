/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A grid of tiles of one size that covers a picture. Tiles of one size are
 * preprocessed with one set of tables, so neighbours overlap by some pixels where
 * the picture cannot be divided evenly. */

#pragma once

#include "gstclipframe.h"

G_BEGIN_DECLS

#define GST_CLIP_TILES_MAX 64

/* COLUMNSxROWS; the error says what was wanted and found. */
gboolean gst_clip_tiles_parse (
    const gchar *text, guint *ret_columns, guint *ret_rows, GError **error);

/* The tile of a picture of @width × @height, where its first pixel is (0, 0). At
 * least one pixel; more tiles than pixels lie one upon the other. */
GstClipFrameArea gst_clip_tiles_get (guint width, guint height, guint columns,
    guint rows, guint column, guint row);

G_END_DECLS

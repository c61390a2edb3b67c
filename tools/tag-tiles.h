/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tiles of one media's pictures: encoded beside the pictures, each scored with
 * its own past. */

#pragma once

#include <clv/clv.h>

#include "media-batch.h"
#include "plugin/gstclipjson.h"

G_BEGIN_DECLS

typedef struct _TagTiles TagTiles;

/* @columns, @rows: at least 1. */
TagTiles *tag_tiles_new (ClvPrompts *prompts, ClvModel *model,
    gdouble smoothing, guint columns, guint rows);
void tag_tiles_free (TagTiles *self);

/* Begins to encode the tiles of the pictures of a batch, which has been submitted.
 * Returns: (transfer full): of ClvFuture: to be waited for before the batch is
 * cleared */
GPtrArray *tag_tiles_submit (
    TagTiles *self, const MediaBatch *batch, ClvEngine *engine, GError **error);

/* Scores the tiles of the picture at @index of its batch. @requests: answered.
 * Returns: (transfer none): one for each tile, until the next call */
const GstClipJsonRegion *tag_tiles_score (TagTiles *self, GPtrArray *requests,
    const MediaBatch *batch, guint index, gdouble time);

guint tag_tiles_get_n (TagTiles *self);

G_END_DECLS

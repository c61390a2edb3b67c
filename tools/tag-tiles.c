/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-tiles.h"

#include "plugin/gstclipframe.h"
#include "plugin/gstcliptiles.h"
#include "plugin/tag/gstcliptagencode.h"

struct _TagTiles {
  guint columns;
  guint rows;
  guint n;
  guint width; /* of an embedding */
  ClvScorer **scorers;
  ClvScore *scores; /* (n, labels) */
  guint n_labels;
  GstClipJsonRegion *regions;
};

TagTiles *
tag_tiles_new (ClvPrompts *prompts, ClvModel *model, gdouble smoothing,
    guint columns, guint rows)
{
  TagTiles *self = g_new (TagTiles, 1);
  const guint n = columns * rows;
  const guint n_labels = clv_prompts_get_n_labels (prompts);

  *self = (TagTiles){
    .columns = columns,
    .rows = rows,
    .n = n,
    .width = clv_model_get_embedding_width (model),
    .scorers = g_new (ClvScorer *, n),
    .scores = g_new0 (ClvScore, (gsize) n * n_labels),
    .n_labels = n_labels,
    .regions = g_new0 (GstClipJsonRegion, n),
  };
  for (guint i = 0; i < n; i++)
    self->scorers[i] = clv_scorer_new (
        prompts, clv_model_get_logit_scale (model), smoothing, 0);
  return self;
}

void
tag_tiles_free (TagTiles *self)
{
  for (guint i = 0; i < self->n; i++)
    g_object_unref (self->scorers[i]);
  g_free (self->scorers);
  g_free (self->scores);
  g_free (self->regions);
  g_free (self);
}

guint
tag_tiles_get_n (TagTiles *self)
{
  return self->n;
}

static GstClipFrameArea
get_area (TagTiles *self, const ClvFrame *picture, guint tile)
{
  return gst_clip_tiles_get (picture->crop_width, picture->crop_height,
      self->columns, self->rows, tile % self->columns, tile / self->columns);
}

GPtrArray *
tag_tiles_submit (
    TagTiles *self, const MediaBatch *batch, ClvEngine *engine, GError **error)
{
  const ClvRequest how = { .stream = engine };
  g_autoptr (GArray) frames = g_array_new (FALSE, FALSE, sizeof (ClvFrame));

  for (guint i = 0; i < batch->n; i++)
    for (guint tile = 0; tile < self->n; tile++) {
      const GstClipFrameArea area = get_area (self, &batch->frames[i], tile);
      const ClvFrame frame = gst_clip_frame_cut (&batch->frames[i], &area);

      g_array_append_val (frames, frame);
    }
  return gst_clip_tag_encode_submit (engine, frames, &how, error);
}

const GstClipJsonRegion *
tag_tiles_score (TagTiles *self, GPtrArray *requests, const MediaBatch *batch,
    guint index, gdouble time)
{
  for (guint tile = 0; tile < self->n; tile++) {
    const GstClipFrameArea area = get_area (self, &batch->frames[index], tile);
    ClvScore *scores = self->scores + (gsize) tile * self->n_labels;

    clv_scorer_score (self->scorers[tile],
        gst_clip_tag_encode_get (requests, index * self->n + tile, self->width),
        time, scores, NULL);
    self->regions[tile] = (GstClipJsonRegion){
      .region = { .x = area.x,
          .y = area.y,
          .width = area.width,
          .height = area.height,
          .roi_id = -1,
          .column = (gint) (tile % self->columns),
          .row = (gint) (tile / self->columns) },
      .scores = scores,
    };
  }
  return self->regions;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "gstclipmeta.h"

G_BEGIN_DECLS

/**
 * GstClipRegion:
 * @x: left edge, in pixels of the visible picture
 * @y: upper edge
 * @width: at least 1
 * @height: at least 1
 * @roi_type: what the detector calls it; 0 for a tile, or if it says nothing
 * @roi_id: by which the detector or tracker knows it again; -1 for a tile
 * @column: of the tile in its grid, from 0; -1 if it is none
 * @row: likewise
 *
 * A part of a picture: what a detector found in it, or a tile of a grid.
 */
typedef struct {
  guint x;
  guint y;
  guint width;
  guint height;
  GQuark roi_type;
  gint roi_id;
  gint column;
  gint row;
} GstClipRegion;

/**
 * GstClipRegionMeta:
 * @meta: parent
 * @region: where, and what it is
 * @generation: of the prompt set; a newer set has a higher number
 * @pts: of the frame in which the region was encoded; %GST_CLOCK_TIME_NONE if it
 *   had none
 * @fresh: the scores were computed from this very frame
 * @unchanged: not @fresh because the picture looks like the one at @pts
 * @age: nanoseconds between the encoded frame and this one, 0 if @fresh
 * @n_scores: number of labels, all of them, active or not
 * @scores: (array length=n_scores): the numbers of each label, in the order in
 *   which the labels were given
 * @embedding_width: floats in @embedding, 0 where none is attached
 * @embedding: (nullable) (array length=embedding_width): unit length
 *
 * How well each phrase matches one region of a picture. A buffer carries one meta
 * for each region that was scored; walk over them with
 * gst_buffer_iterate_meta_filtered(). Everything is read-only and lives as long
 * as the meta.
 *
 * The API has the tags of #GstVideoRegionOfInterestMeta, and behaves alike: copies
 * of a buffer have it, scaling scales @region, and filters that move pixels about
 * in other ways drop it.
 */
typedef struct {
  GstMeta meta;

  GstClipRegion region;
  guint64 generation;
  GstClockTime pts;
  gboolean fresh;
  gboolean unchanged;
  GstClockTime age;

  guint n_scores;
  const ClvScore *scores;

  guint embedding_width;
  const gfloat *embedding;

  /*< private >*/
  GstClipResult *result;
} GstClipRegionMeta;

#define GST_CLIP_REGION_META_API_TYPE (gst_clip_region_meta_api_get_type ())
#define GST_CLIP_REGION_META_INFO     (gst_clip_region_meta_get_info ())

/**
 * gst_clip_region_meta_api_get_type:
 *
 * %GST_CLIP_REGION_META_API_TYPE in C.
 *
 * Returns: the API type, with the tags of #GstVideoRegionOfInterestMeta
 */
GType gst_clip_region_meta_api_get_type (void);

/**
 * gst_clip_region_meta_get_info:
 *
 * %GST_CLIP_REGION_META_INFO in C.
 *
 * Returns: (transfer none): how GStreamer copies, scales and frees the meta
 */
const GstMetaInfo *gst_clip_region_meta_get_info (void);

/**
 * gst_buffer_add_clip_region_meta:
 * @buffer: writable
 * @region: copied
 * @result: takes its own reference
 * @fresh: @result is from this frame
 * @unchanged: it is not, but this frame looks like the one that it is from
 * @age: nanoseconds since the frame that @result is from
 *
 * Copies no scores.
 *
 * Returns: (transfer none): the new meta
 */
GstClipRegionMeta *gst_buffer_add_clip_region_meta (GstBuffer *buffer,
    const GstClipRegion *region, GstClipResult *result, gboolean fresh,
    gboolean unchanged, GstClockTime age);

/**
 * gst_clip_region_meta_get_prompts:
 *
 * What the scores are scores of.
 *
 * Returns: (transfer none): the set that the scores belong to
 */
ClvPrompts *gst_clip_region_meta_get_prompts (const GstClipRegionMeta *meta);

/**
 * gst_clip_region_meta_get_label:
 * @index: below @n_scores
 *
 * The label of a score.
 *
 * Returns: (transfer none) (nullable): what the score at @index is called; %NULL for an
 * index that does not exist
 */
const gchar *gst_clip_region_meta_get_label (
    const GstClipRegionMeta *meta, guint index);

/**
 * gst_clip_region_meta_get_best:
 *
 * What a caption of the region would say.
 *
 * Returns: the index of the active label of the highest smoothed score, the first
 * of equal ones; -1 if none is active
 */
gint gst_clip_region_meta_get_best (const GstClipRegionMeta *meta);

G_END_DECLS

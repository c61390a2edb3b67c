/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include <clv/clv-prompts.h>
#include <clv/clv-scorer.h>

#include "gstclipheatmap.h"

G_BEGIN_DECLS

/**
 * GstClipResult:
 *
 * What one encoded frame gave: scores, and maybe the embedding. Immutable and
 * reference counted, so that every copy of a frame, and every frame that reuses
 * the result, shares it.
 */
typedef struct _GstClipResult GstClipResult;

#define GST_TYPE_CLIP_RESULT (gst_clip_result_get_type ())
GType gst_clip_result_get_type (void);

/**
 * gst_clip_result_new:
 * @prompts: the encoded set that @scores belong to
 * @model_name: short name of the model
 * @model_id: see clv_model_get_id()
 * @pts: of the frame that was encoded, or %GST_CLOCK_TIME_NONE
 * @scores: one for each label of @prompts; copied
 * @embedding: (nullable) (array length=embedding_width): copied
 * @embedding_width: number of floats in @embedding
 *
 * Takes a reference on @prompts. Any thread.
 *
 * Returns: (transfer full): the result; one allocation
 */
GstClipResult *gst_clip_result_new (ClvPrompts *prompts,
    const gchar *model_name, const gchar *model_id, GstClockTime pts,
    const ClvScore *scores, const gfloat *embedding, guint embedding_width);

/**
 * gst_clip_result_take_heatmaps:
 * @self: not shared yet
 * @heatmaps: (transfer full) (nullable): of the same frame and prompts
 *
 * Keeps them with the result, for all frames that have it. They are attached by
 * gst_buffer_add_clip_heatmap_meta().
 */
void gst_clip_result_take_heatmaps (
    GstClipResult *self, GstClipHeatmaps *heatmaps);

/**
 * gst_clip_result_get_heatmaps:
 *
 * Any thread.
 *
 * Returns: (transfer none) (nullable): the maps of the same frame, if it has any
 */
GstClipHeatmaps *gst_clip_result_get_heatmaps (GstClipResult *self);

/**
 * gst_clip_result_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
GstClipResult *gst_clip_result_ref (GstClipResult *self);

/**
 * gst_clip_result_unref:
 *
 * The last one frees it. Any thread.
 */
void gst_clip_result_unref (GstClipResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstClipResult, gst_clip_result_unref)

/**
 * GstClipMeta:
 * @meta: parent
 * @model_name: short name of the model, e.g. "demo"
 * @model_id: 64 hexadecimal digits that change whenever the model does
 * @generation: of the prompt set; a newer set has a higher number
 * @pts: of the frame that was encoded; %GST_CLOCK_TIME_NONE if it had none
 * @fresh: the scores were computed from this very frame; otherwise they are
 *   those of an earlier one, the frame at @pts
 * @unchanged: not @fresh because the picture looks like the one at @pts, by
 *   change-threshold; %FALSE where it was left out for another reason
 * @age: nanoseconds between the encoded frame and this one, 0 if @fresh
 * @n_scores: number of labels, all of them, active or not
 * @scores: (array length=n_scores): the numbers of each label, in the order in
 *   which the labels were given
 * @embedding_width: floats in @embedding, 0 where none is attached
 * @embedding: (nullable) (array length=embedding_width): unit length
 *
 * How well each phrase matches the picture of a buffer. Everything is read-only
 * and lives as long as the meta. A buffer carries one meta for each cliptag that
 * it passed; walk over them with gst_buffer_iterate_meta_filtered().
 *
 * From GStreamer 1.24 on gst_meta_serialize() makes bytes of it, as unixfdsink does:
 * see docs/metadata.md. What gst_meta_deserialize() makes of them has its @pts moved
 * to the time of the buffer, and a prompt set that has labels only.
 *
 * The API has the tag "video" only, so filters that change the picture's format
 * or size (videoconvert, videoscale) keep it, as tee and queue do.
 */
typedef struct {
  GstMeta meta;

  const gchar *model_name;
  const gchar *model_id;
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
} GstClipMeta;

#define GST_CLIP_META_API_TYPE (gst_clip_meta_api_get_type ())
#define GST_CLIP_META_INFO     (gst_clip_meta_get_info ())

/**
 * gst_clip_meta_api_get_type:
 *
 * %GST_CLIP_META_API_TYPE in C.
 *
 * Returns: the API type, with the tag "video"
 */
GType gst_clip_meta_api_get_type (void);

/**
 * gst_clip_meta_get_info:
 *
 * %GST_CLIP_META_INFO in C.
 *
 * Returns: (transfer none): how GStreamer copies and frees the meta
 */
const GstMetaInfo *gst_clip_meta_get_info (void);

/**
 * gst_buffer_get_clip_meta:
 * @buffer: a frame
 *
 * The scores of a frame. Any thread that holds the buffer.
 *
 * Returns: (transfer none) (nullable): the first one of the buffer
 */
GstClipMeta *gst_buffer_get_clip_meta (GstBuffer *buffer);

/**
 * gst_buffer_add_clip_meta:
 * @buffer: writable
 * @result: takes its own reference
 * @fresh: @result is from this frame
 * @unchanged: it is not, but this frame looks like the one that it is from
 * @age: nanoseconds since the frame that @result is from
 *
 * Copies no scores.
 *
 * Returns: (transfer none): the new meta
 */
GstClipMeta *gst_buffer_add_clip_meta (GstBuffer *buffer, GstClipResult *result,
    gboolean fresh, gboolean unchanged, GstClockTime age);

/**
 * gst_clip_meta_get_prompts:
 *
 * What the scores are scores of.
 *
 * Returns: (transfer none): the set that the scores belong to: thresholds,
 * scoring and groups of each label
 */
ClvPrompts *gst_clip_meta_get_prompts (const GstClipMeta *meta);

/**
 * gst_clip_meta_get_label:
 * @index: below @n_scores
 *
 * The label of a score.
 *
 * Returns: (transfer none) (nullable): what the score at @index is called; %NULL for an
 * index that does not exist
 */
const gchar *gst_clip_meta_get_label (const GstClipMeta *meta, guint index);

/**
 * gst_clip_meta_get_group:
 * @index: below @n_scores
 *
 * The group of a score's label.
 *
 * Returns: (transfer none) (nullable): the name of the label's group; %NULL for an index
 * that does not exist
 */
const gchar *gst_clip_meta_get_group (const GstClipMeta *meta, guint index);

/**
 * gst_clip_meta_get_score:
 * @index: below @n_scores
 *
 * For languages that cannot index @scores.
 *
 * Returns: (transfer none) (nullable): the numbers of a label; %NULL for an index
 * that does not exist
 */
const ClvScore *gst_clip_meta_get_score (const GstClipMeta *meta, guint index);

/**
 * gst_clip_meta_find:
 * @label: compared exactly
 *
 * Looks for a label by its name.
 *
 * Returns: the index of the first score with that label, or -1
 */
gint gst_clip_meta_find (const GstClipMeta *meta, const gchar *label);

G_END_DECLS

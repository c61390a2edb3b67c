/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include <clv/clv-heatmap.h>
#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/**
 * GstClipHeatmap:
 * @index: of the label, as in #GstClipMeta
 * @label: what it is called
 * @low: the cosine that is 0 in @grey
 * @high: the cosine that is 255 in @grey
 * @grey: a GRAY8 picture, rows of bytes without padding, from the top left
 *
 * Where in a picture a phrase fits: the cosine of each patch of the model with the
 * phrase, level g being @low + g / 255 · (@high - @low). Every map uses all
 * levels, also one in which nothing stands out.
 */
typedef struct {
  guint index;
  const gchar *label;
  gfloat low;
  gfloat high;
  const guint8 *grey;
} GstClipHeatmap;

/**
 * GstClipHeatmaps:
 *
 * The heat maps of one encoded frame. Immutable and reference counted, as every
 * frame that reuses the result shares them.
 */
typedef struct _GstClipHeatmaps GstClipHeatmaps;

#define GST_TYPE_CLIP_HEATMAPS (gst_clip_heatmaps_get_type ())
GType gst_clip_heatmaps_get_type (void);

/**
 * gst_clip_heatmaps_new:
 * @prompts: encoded
 * @labels: (array length=n_labels): indices of those that get a map
 * @n_labels: how many
 * @patches: embeddings of the frame's patches, n_patches rows of D floats
 * @grid: where they lie in the frame
 * @frame_width: of the visible part of the frame
 * @frame_height: likewise
 *
 * Draws the map of each label. Any thread.
 *
 * Returns: (transfer full): the maps, in the order of @labels; one allocation
 */
GstClipHeatmaps *gst_clip_heatmaps_new (ClvPrompts *prompts,
    const guint *labels, guint n_labels, const gfloat *patches,
    const ClvPatchGrid *grid, guint frame_width, guint frame_height);

/**
 * gst_clip_heatmaps_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
GstClipHeatmaps *gst_clip_heatmaps_ref (GstClipHeatmaps *self);

/**
 * gst_clip_heatmaps_unref:
 *
 * The last one frees them. Any thread.
 */
void gst_clip_heatmaps_unref (GstClipHeatmaps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstClipHeatmaps, gst_clip_heatmaps_unref)

/**
 * GstClipHeatmapMeta:
 * @meta: parent
 * @generation: of the prompt set, as in the #GstClipMeta that it came with
 * @columns: width of each map
 * @rows: height of each map
 * @frame_width: of the picture that @x, @y, @width and @height are pixels of; a
 *   reader whose picture has another size should not use the maps
 * @frame_height: likewise
 * @x: left edge of what the maps cover of the picture
 * @y: upper edge
 * @width: of what they cover; not all of the picture where the model crops it
 * @height: likewise. Where the model's crop is larger than the picture they reach
 *   beyond its edges
 * @n_maps: how many
 * @maps: (array length=n_maps): of the active labels, best first, then of those
 *   with the highest scores
 *
 * Everything is read-only and lives as long as the meta.
 *
 * A meta of its own, beside #GstClipMeta, as it says something of places: its API
 * has the tags "video", "size" and "orientation". videoscale scales the rectangle;
 * what cuts or turns the picture without telling how drops the maps, and keeps
 * the scores.
 */
typedef struct {
  GstMeta meta;

  guint64 generation;
  guint columns;
  guint rows;
  guint frame_width;
  guint frame_height;
  gdouble x;
  gdouble y;
  gdouble width;
  gdouble height;

  guint n_maps;
  const GstClipHeatmap *maps;

  /*< private >*/
  GstClipHeatmaps *heatmaps;
} GstClipHeatmapMeta;

#define GST_CLIP_HEATMAP_META_API_TYPE (gst_clip_heatmap_meta_api_get_type ())
#define GST_CLIP_HEATMAP_META_INFO     (gst_clip_heatmap_meta_get_info ())

/**
 * gst_clip_heatmap_meta_api_get_type:
 *
 * %GST_CLIP_HEATMAP_META_API_TYPE in C.
 *
 * Returns: the API type, with the tags "video", "size" and "orientation"
 */
GType gst_clip_heatmap_meta_api_get_type (void);

/**
 * gst_clip_heatmap_meta_get_info:
 *
 * %GST_CLIP_HEATMAP_META_INFO in C.
 *
 * Returns: (transfer none): how GStreamer copies, scales and frees the meta
 */
const GstMetaInfo *gst_clip_heatmap_meta_get_info (void);

/**
 * gst_buffer_get_clip_heatmap_meta:
 * @buffer: a frame
 *
 * The heat maps of a frame. Any thread that holds the buffer.
 *
 * Returns: (transfer none) (nullable): the first one of the buffer
 */
GstClipHeatmapMeta *gst_buffer_get_clip_heatmap_meta (GstBuffer *buffer);

/**
 * gst_buffer_add_clip_heatmap_meta:
 * @buffer: writable
 * @heatmaps: takes its own reference
 *
 * Copies no map.
 *
 * Returns: (transfer none): the new meta
 */
GstClipHeatmapMeta *gst_buffer_add_clip_heatmap_meta (
    GstBuffer *buffer, GstClipHeatmaps *heatmaps);

/**
 * gst_clip_heatmap_meta_find:
 * @label: compared exactly
 *
 * The map of a label. Not every label has one.
 *
 * Returns: (transfer none) (nullable): the first map of a label of that name
 */
const GstClipHeatmap *gst_clip_heatmap_meta_find (
    const GstClipHeatmapMeta *meta, const gchar *label);

G_END_DECLS

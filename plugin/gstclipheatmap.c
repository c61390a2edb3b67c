/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipheatmap.h"

#include <gst/video/video.h>

#include <string.h>

struct _GstClipHeatmaps {
  ClvPrompts *prompts;
  ClvPatchGrid grid;
  guint frame_width;
  guint frame_height;
  guint n_maps;
  GstClipHeatmap maps[]; /* and behind them their pictures */
};

G_DEFINE_BOXED_TYPE (GstClipHeatmaps, gst_clip_heatmaps, gst_clip_heatmaps_ref,
    gst_clip_heatmaps_unref)

GstClipHeatmaps *
gst_clip_heatmaps_new (ClvPrompts *prompts, const guint *labels, guint n_labels,
    const gfloat *patches, const ClvPatchGrid *grid, guint frame_width,
    guint frame_height)
{
  const gsize n_patches = (gsize) grid->columns * grid->rows;
  const gsize maps_bytes = n_labels * sizeof (GstClipHeatmap);
  GstClipHeatmaps *self =
      g_atomic_rc_box_alloc (sizeof *self + maps_bytes + n_labels * n_patches);
  guint8 *grey = (guint8 *) self->maps + maps_bytes;

  self->prompts = g_object_ref (prompts);
  self->grid = *grid;
  self->frame_width = frame_width;
  self->frame_height = frame_height;
  self->n_maps = n_labels;
  for (guint i = 0; i < n_labels; i++, grey += n_patches) {
    self->maps[i] = (GstClipHeatmap){
      .index = labels[i],
      .label = clv_prompts_get_label (prompts, labels[i])->label,
      .grey = grey,
    };
    clv_heatmap_draw (prompts, labels[i], patches, n_patches, grey,
        &self->maps[i].low, &self->maps[i].high);
  }
  return self;
}

GstClipHeatmaps *
gst_clip_heatmaps_ref (GstClipHeatmaps *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear_heatmaps (gpointer data)
{
  g_object_unref (((GstClipHeatmaps *) data)->prompts);
}

void
gst_clip_heatmaps_unref (GstClipHeatmaps *self)
{
  g_atomic_rc_box_release_full (self, clear_heatmaps);
}

static gboolean
meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  memset ((guint8 *) meta + sizeof (GstMeta), 0,
      sizeof (GstClipHeatmapMeta) - sizeof (GstMeta));
  return TRUE;
}

static void
meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (
      &((GstClipHeatmapMeta *) meta)->heatmaps, gst_clip_heatmaps_unref);
}

static void
scale (GstClipHeatmapMeta *meta, const GstVideoMetaTransform *how)
{
  const gint in_width = GST_VIDEO_INFO_WIDTH (how->in_info);
  const gint in_height = GST_VIDEO_INFO_HEIGHT (how->in_info);
  const gdouble x =
      in_width > 0 ? (gdouble) GST_VIDEO_INFO_WIDTH (how->out_info) / in_width
                   : 1;
  const gdouble y =
      in_height > 0
          ? (gdouble) GST_VIDEO_INFO_HEIGHT (how->out_info) / in_height
          : 1;

  meta->frame_width = (guint) (meta->frame_width * x + 0.5);
  meta->frame_height = (guint) (meta->frame_height * y + 0.5);
  meta->x *= x;
  meta->y *= y;
  meta->width *= x;
  meta->height *= y;
}

static gboolean
meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
    gpointer data)
{
  const GstClipHeatmapMeta *from = (const GstClipHeatmapMeta *) meta;
  const gboolean scales = GST_VIDEO_META_TRANSFORM_IS_SCALE (type);
  GstClipHeatmapMeta *to;

  if (!scales && !GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;
  to = gst_buffer_add_clip_heatmap_meta (dest, from->heatmaps);
  to->frame_width = from->frame_width;
  to->frame_height = from->frame_height;
  to->x = from->x;
  to->y = from->y;
  to->width = from->width;
  to->height = from->height;
  if (scales)
    scale (to, data);
  return TRUE;
}

GType
gst_clip_heatmap_meta_api_get_type (void)
{
  static GType type = 0;
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR,
    GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL };

  if (g_once_init_enter (&type)) {
    GType registered =
        gst_meta_api_type_register ("GstClipHeatmapMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

const GstMetaInfo *
gst_clip_heatmap_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_CLIP_HEATMAP_META_API_TYPE, "GstClipHeatmapMeta",
            sizeof (GstClipHeatmapMeta), meta_init, meta_free, meta_transform);

    g_once_init_leave (&info, registered);
  }
  return info;
}

GstClipHeatmapMeta *
gst_buffer_get_clip_heatmap_meta (GstBuffer *buffer)
{
  return (GstClipHeatmapMeta *) gst_buffer_get_meta (
      buffer, GST_CLIP_HEATMAP_META_API_TYPE);
}

GstClipHeatmapMeta *
gst_buffer_add_clip_heatmap_meta (GstBuffer *buffer, GstClipHeatmaps *heatmaps)
{
  GstClipHeatmapMeta *meta = (GstClipHeatmapMeta *) gst_buffer_add_meta (
      buffer, GST_CLIP_HEATMAP_META_INFO, NULL);

  meta->heatmaps = gst_clip_heatmaps_ref (heatmaps);
  meta->generation = clv_prompts_get_generation (heatmaps->prompts);
  meta->columns = heatmaps->grid.columns;
  meta->rows = heatmaps->grid.rows;
  meta->frame_width = heatmaps->frame_width;
  meta->frame_height = heatmaps->frame_height;
  meta->x = heatmaps->grid.x;
  meta->y = heatmaps->grid.y;
  meta->width = heatmaps->grid.width;
  meta->height = heatmaps->grid.height;
  meta->n_maps = heatmaps->n_maps;
  meta->maps = heatmaps->maps;
  return meta;
}

const GstClipHeatmap *
gst_clip_heatmap_meta_find (const GstClipHeatmapMeta *meta, const gchar *label)
{
  for (guint i = 0; i < meta->n_maps; i++)
    if (g_str_equal (meta->maps[i].label, label))
      return &meta->maps[i];
  return NULL;
}

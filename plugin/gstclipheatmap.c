/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipheatmap.h"

#include <gst/video/video.h>

#include <string.h>

#include "gstclipserial.h"

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

/* With room for the maps. */
static GstClipHeatmaps *
alloc_heatmaps (ClvPrompts *prompts, guint n_maps, const ClvPatchGrid *grid,
    guint frame_width, guint frame_height)
{
  const gsize n_patches = (gsize) grid->columns * grid->rows;
  GstClipHeatmaps *self = g_atomic_rc_box_alloc (
      sizeof *self + n_maps * (sizeof (GstClipHeatmap) + n_patches));

  self->prompts = g_object_ref (prompts);
  self->grid = *grid;
  self->frame_width = frame_width;
  self->frame_height = frame_height;
  self->n_maps = n_maps;
  return self;
}

/* @label: below the number of labels. Returns the picture to fill. */
static guint8 *
set_label (GstClipHeatmaps *self, guint index, guint label)
{
  const gsize n_patches = (gsize) self->grid.columns * self->grid.rows;
  guint8 *greys = (guint8 *) (self->maps + self->n_maps);

  self->maps[index] = (GstClipHeatmap){
    .index = label,
    .label = clv_prompts_get_label (self->prompts, label)->label,
    .grey = greys + index * n_patches,
  };
  return greys + index * n_patches;
}

GstClipHeatmaps *
gst_clip_heatmaps_new (ClvPrompts *prompts, const guint *labels, guint n_labels,
    const gfloat *patches, const ClvPatchGrid *grid, guint frame_width,
    guint frame_height)
{
  GstClipHeatmaps *self =
      alloc_heatmaps (prompts, n_labels, grid, frame_width, frame_height);

  for (guint i = 0; i < n_labels; i++) {
    guint8 *grey = set_label (self, i, labels[i]);

    clv_heatmap_draw (prompts, labels[i], patches, grid->columns * grid->rows,
        grey, &self->maps[i].low, &self->maps[i].high);
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

static void
meta_put (const GstMeta *meta, GstByteWriter *writer)
{
  const GstClipHeatmapMeta *heat = (const GstClipHeatmapMeta *) meta;

  gst_clip_serial_put_u32 (writer, heat->frame_width);
  gst_clip_serial_put_u32 (writer, heat->frame_height);
  gst_clip_serial_put_u32 (writer, heat->columns);
  gst_clip_serial_put_u32 (writer, heat->rows);
  gst_clip_serial_put_double (writer, heat->x);
  gst_clip_serial_put_double (writer, heat->y);
  gst_clip_serial_put_double (writer, heat->width);
  gst_clip_serial_put_double (writer, heat->height);
  gst_clip_serial_put_prompts (writer, heat->heatmaps->prompts);
  gst_clip_serial_put_u32 (writer, heat->n_maps);
  for (guint i = 0; i < heat->n_maps; i++) {
    gst_clip_serial_put_u32 (writer, heat->maps[i].index);
    gst_clip_serial_put_float (writer, heat->maps[i].low);
    gst_clip_serial_put_float (writer, heat->maps[i].high);
    gst_byte_writer_put_data (
        writer, heat->maps[i].grey, heat->columns * heat->rows);
  }
}

static gboolean
get_map (GstByteReader *reader, GstClipHeatmaps *heatmaps, guint index)
{
  const guint n_patches = heatmaps->grid.columns * heatmaps->grid.rows;
  const guint8 *grey;
  gfloat low, high;
  guint32 label;

  if (!gst_clip_serial_get_u32 (reader, &label) ||
      label >= clv_prompts_get_n_labels (heatmaps->prompts) ||
      !gst_clip_serial_get_float (reader, &low) ||
      !gst_clip_serial_get_float (reader, &high) ||
      !gst_byte_reader_get_data (reader, n_patches, &grey))
    return FALSE;
  memcpy (set_label (heatmaps, index, label), grey, n_patches);
  heatmaps->maps[index].low = low;
  heatmaps->maps[index].high = high;
  return TRUE;
}

/* What a map has at least is there as many times as there are said to be maps. */
static gboolean
are_there (GstByteReader *reader, const ClvPatchGrid *grid, guint n_maps)
{
  const guint64 n_patches = (guint64) grid->columns * grid->rows;
  const guint there = gst_byte_reader_get_remaining (reader);

  return n_patches > 0 && n_patches <= there && n_maps <= there / n_patches;
}

/* (transfer full) (nullable) */
static GstClipHeatmaps *
get_heatmaps (GstByteReader *reader)
{
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (GstClipHeatmaps) heatmaps = NULL;
  guint32 frame_width, frame_height, n_maps;
  ClvPatchGrid grid;

  if (!gst_clip_serial_get_u32 (reader, &frame_width) ||
      !gst_clip_serial_get_u32 (reader, &frame_height) ||
      !gst_clip_serial_get_u32 (reader, &grid.columns) ||
      !gst_clip_serial_get_u32 (reader, &grid.rows) ||
      !gst_clip_serial_get_double (reader, &grid.x) ||
      !gst_clip_serial_get_double (reader, &grid.y) ||
      !gst_clip_serial_get_double (reader, &grid.width) ||
      !gst_clip_serial_get_double (reader, &grid.height))
    return NULL;
  prompts = gst_clip_serial_get_prompts (reader);
  if (prompts == NULL || !gst_clip_serial_get_u32 (reader, &n_maps) ||
      !are_there (reader, &grid, n_maps))
    return NULL;
  heatmaps = alloc_heatmaps (prompts, n_maps, &grid, frame_width, frame_height);
  for (guint i = 0; i < n_maps; i++)
    if (!get_map (reader, heatmaps, i))
      return NULL;
  return gst_byte_reader_get_remaining (reader) > 0
             ? NULL
             : g_steal_pointer (&heatmaps);
}

static GstMeta *
meta_get (GstBuffer *buffer, GstByteReader *reader)
{
  g_autoptr (GstClipHeatmaps) heatmaps = get_heatmaps (reader);

  if (heatmaps == NULL)
    return NULL;
  return (GstMeta *) gst_buffer_add_clip_heatmap_meta (buffer, heatmaps);
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
  static const GstClipSerialFuncs funcs = { meta_put, meta_get };

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_clip_serial_register (GST_CLIP_HEATMAP_META_API_TYPE,
            "GstClipHeatmapMeta", sizeof (GstClipHeatmapMeta), meta_init,
            meta_free, meta_transform, &funcs);

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

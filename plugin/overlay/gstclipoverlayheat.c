/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlayheat.h"

#include <math.h>

#include "gstclipmeta.h"

/* Colours at equal distances, from the lowest level to the highest: red, green, blue
 * and opacity. What is low lets the picture through; what is high can be told from
 * bright and from dark pictures by the ring of other colours around it. */
#define N_COLORS 5
static const gfloat colors[N_COLORS][4] = {
  { 0.10f, 0.15f, 0.80f, 0.00f },
  { 0.12f, 0.25f, 1.00f, 0.25f },
  { 0.75f, 0.12f, 0.75f, 0.50f },
  { 1.00f, 0.35f, 0.12f, 0.68f },
  { 1.00f, 0.90f, 0.25f, 0.80f },
};

/* The four samples that a pixel is made of along one axis. */
typedef struct {
  guint index[4];
  gfloat weight[4];
} Taps;

void
gst_clip_overlay_heat_clear (GstClipOverlayHeat *self)
{
  g_clear_pointer (&self->rectangle, gst_video_overlay_rectangle_unref);
  g_clear_pointer (&self->maps, gst_clip_heatmaps_unref);
  self->map = NULL;
}

/* The uniform cubic B-spline, of which samples are the control points: smooth, and
 * never beyond them (Unser 1999, "Splines: a perfect fit for signal and image
 * processing", eq. 1). Beyond the edges are the samples at the edges. */
static Taps
make_taps (gdouble position, guint n)
{
  const gdouble at = position - 0.5, start = floor (at), t = at - start;
  const gdouble weight[4] = { (1 - t) * (1 - t) * (1 - t) / 6,
    (3 * t * t * t - 6 * t * t + 4) / 6,
    (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6, t * t * t / 6 };
  Taps taps;

  for (gint i = 0; i < 4; i++) {
    taps.index[i] = (guint) CLAMP (start - 1 + i, 0, (gdouble) n - 1);
    taps.weight[i] = (gfloat) weight[i];
  }
  return taps;
}

/* A pixel for each level, in cairo's ARGB32: multiplied by the opacity. */
static void
make_palette (guint32 *ret_palette)
{
  for (guint i = 0; i < 256; i++) {
    const gfloat at = i / 255.0f * (N_COLORS - 1);
    const guint below = MIN ((guint) at, N_COLORS - 2);
    const gfloat t = at - below;
    gfloat channel[4];

    for (guint c = 0; c < 4; c++)
      channel[c] = colors[below][c] * (1 - t) + colors[below + 1][c] * t;
    ret_palette[i] = (guint32) (255 * channel[3] + 0.5f) << 24;
    for (guint c = 0; c < 3; c++)
      ret_palette[i] |= (guint32) (255 * channel[c] * channel[3] + 0.5f)
                        << (16 - 8 * c);
  }
}

/* The pixels of the picture that are covered. */
typedef struct {
  gint x, y, width, height;
} Box;

/* Even places and sizes, as of the panel. */
static Box
find_box (const GstClipHeatmapMeta *meta, const GstClipOverlayArea *area)
{
  const gint left = (gint) CLAMP (meta->x + 0.5, 0, area->width) & ~1;
  const gint top = (gint) CLAMP (meta->y + 0.5, 0, area->height) & ~1;
  const gint right =
      (gint) CLAMP (meta->x + meta->width + 0.5, left, area->width);
  const gint bottom =
      (gint) CLAMP (meta->y + meta->height + 0.5, top, area->height);

  return (Box){ left, top, right - left, bottom - top };
}

static void
draw (const GstClipHeatmapMeta *meta, const GstClipHeatmap *map, const Box *box,
    guint32 *ret_pixels)
{
  g_autofree Taps *columns = g_new (Taps, box->width);
  g_autofree gfloat *line = g_new (gfloat, meta->columns);
  guint32 palette[256];

  make_palette (palette);
  for (gint x = 0; x < box->width; x++)
    columns[x] =
        make_taps ((box->x + x + 0.5 - meta->x) * meta->columns / meta->width,
            meta->columns);
  for (gint y = 0; y < box->height; y++) {
    const Taps rows = make_taps (
        (box->y + y + 0.5 - meta->y) * meta->rows / meta->height, meta->rows);

    for (guint i = 0; i < meta->columns; i++) {
      line[i] = 0.5f;
      for (guint k = 0; k < 4; k++)
        line[i] +=
            rows.weight[k] * map->grey[rows.index[k] * meta->columns + i];
    }
    for (gint x = 0; x < box->width; x++) {
      const Taps *taps = &columns[x];
      gfloat level = 0;

      for (guint k = 0; k < 4; k++)
        level += taps->weight[k] * line[taps->index[k]];
      *ret_pixels++ = palette[MIN ((guint) level, 255)];
    }
  }
}

static GstVideoOverlayRectangle *
make_rectangle (const GstClipHeatmapMeta *meta, const GstClipHeatmap *map,
    const GstClipOverlayArea *area)
{
  const Box box = find_box (meta, area);
  GstVideoOverlayRectangle *rectangle;
  GstBuffer *pixels;
  GstMapInfo mapped;

  if (box.width == 0 || box.height == 0)
    return NULL;
  pixels =
      gst_buffer_new_allocate (NULL, (gsize) box.width * box.height * 4, NULL);
  gst_buffer_map (pixels, &mapped, GST_MAP_WRITE);
  draw (meta, map, &box, (guint32 *) mapped.data);
  gst_buffer_unmap (pixels, &mapped);
  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, box.width, box.height);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, area->x + box.x,
      area->y + box.y, box.width, box.height,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  gst_buffer_unref (pixels);
  return rectangle;
}

/* The frame's maps with the one that is wanted, from whichever cliptag. */
static const GstClipHeatmapMeta *
find (GstBuffer *buffer, const gchar *wanted, const GstClipOverlayArea *area,
    const GstClipHeatmap **ret_map)
{
  const GstClipHeatmapMeta *top = NULL;
  gpointer state = NULL;
  GstMeta *meta;

  *ret_map = NULL;
  if (wanted == NULL || *wanted == '\0')
    return NULL;
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_HEATMAP_META_API_TYPE))) {
    const GstClipHeatmapMeta *maps = (const GstClipHeatmapMeta *) meta;

    if (maps->frame_width != (guint) area->width ||
        maps->frame_height != (guint) area->height || maps->n_maps == 0 ||
        maps->columns == 0 || maps->rows == 0)
      continue;
    *ret_map = gst_clip_heatmap_meta_find (maps, wanted);
    if (*ret_map != NULL)
      return maps;
    if (top == NULL)
      top = maps;
  }
  if (top != NULL && g_str_equal (wanted, "top"))
    *ret_map = &top->maps[0];
  return *ret_map != NULL ? top : NULL;
}

gboolean
gst_clip_overlay_heat_update (GstClipOverlayHeat *self, GstBuffer *buffer,
    const gchar *wanted, const GstClipOverlayArea *area, gboolean stale)
{
  const GstClipHeatmap *map;
  const GstClipHeatmapMeta *meta = find (buffer, wanted, area, &map);

  if (!stale && map == self->map)
    return FALSE;
  gst_clip_overlay_heat_clear (self);
  if (meta != NULL) {
    self->maps = gst_clip_heatmaps_ref (meta->heatmaps);
    self->map = map;
    self->rectangle = make_rectangle (meta, map, area);
  }
  return TRUE;
}

gchar *
gst_clip_overlay_heat_explain (GstBuffer *buffer, const gchar *wanted)
{
  gboolean tagged = FALSE, known = g_strcmp0 (wanted, "top") == 0;
  gpointer state = NULL;
  GstMeta *meta;

  if (wanted == NULL || *wanted == '\0')
    return NULL;
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_META_API_TYPE))) {
    tagged = TRUE;
    known = known || gst_clip_meta_find ((GstClipMeta *) meta, wanted) >= 0;
  }
  if (!tagged)
    return NULL;
  if (!known)
    return g_strdup_printf (
        "wanted one of the labels, or \"top\", found \"%s\"", wanted);
  if (gst_buffer_get_clip_heatmap_meta (buffer) == NULL)
    return g_strdup ("wanted frames with heat maps (attach-heatmap=true in "
                     "cliptag), found none on them");
  return NULL;
}

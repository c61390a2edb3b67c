/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlayboxes.h"

#include <string.h>

/* Of the picture's smaller side; an edge is at least two pixels wide. */
#define EDGE 0.004

#define OPACITY 230 /* of 255 */

typedef struct {
  GstClipRegion region;
  GstClipOverlayRow tag; /* label NULL: none is active */
} Box;

void
gst_clip_overlay_boxes_init (GstClipOverlayBoxes *self)
{
  *self = (GstClipOverlayBoxes){
    .boxes = g_array_new (FALSE, FALSE, sizeof (Box)),
    .before = g_array_new (FALSE, FALSE, sizeof (Box)),
    .results =
        g_ptr_array_new_with_free_func ((GDestroyNotify) gst_clip_result_unref),
  };
}

void
gst_clip_overlay_boxes_clear (GstClipOverlayBoxes *self)
{
  g_clear_pointer (&self->boxes, g_array_unref);
  g_clear_pointer (&self->before, g_array_unref);
  g_clear_pointer (&self->results, g_ptr_array_unref);
}

static gboolean
box_equal (const Box *a, const Box *b)
{
  return a->region.x == b->region.x && a->region.y == b->region.y &&
         a->region.width == b->region.width &&
         a->region.height == b->region.height &&
         a->tag.percent == b->tag.percent && a->tag.cosine == b->tag.cosine &&
         g_strcmp0 (a->tag.label, b->tag.label) == 0;
}

static gboolean
boxes_equal (const GArray *a, const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!box_equal (&g_array_index (a, Box, i), &g_array_index (b, Box, i)))
      return FALSE;
  return TRUE;
}

static void
add_box (GstClipOverlayBoxes *self, const GstClipRegionMeta *meta)
{
  const gint best = gst_clip_region_meta_get_best (meta);
  Box box = { .region = meta->region };

  if (best < 0 && meta->region.column >= 0)
    return;
  if (best >= 0)
    box.tag = gst_clip_overlay_row_make (
        gst_clip_region_meta_get_prompts (meta), best, &meta->scores[best]);
  g_array_append_val (self->boxes, box);
  g_ptr_array_add (self->results, gst_clip_result_ref (meta->result));
}

gboolean
gst_clip_overlay_boxes_read (GstClipOverlayBoxes *self, GstBuffer *buffer)
{
  GPtrArray *before = self->results; /* whose labels are compared */
  GArray *swap = self->before;
  gpointer state = NULL;
  GstMeta *meta;
  gboolean equal;

  self->before = self->boxes;
  self->boxes = swap;
  g_array_set_size (self->boxes, 0);
  self->results =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_clip_result_unref);
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_REGION_META_API_TYPE)))
    add_box (self, (const GstClipRegionMeta *) meta);
  equal = boxes_equal (self->before, self->boxes);
  g_ptr_array_unref (before);
  return !equal;
}

/* In cairo's and GStreamer's order of bytes: multiplied by alpha. */
static guint32
to_pixel (GstClipOverlayColor color)
{
  return (guint32) OPACITY << 24 | (guint32) (color.red * OPACITY) << 16 |
         (guint32) (color.green * OPACITY) << 8 |
         (guint32) (color.blue * OPACITY);
}

static void
add_edge (GPtrArray *rectangles, const GstClipOverlayArea *area, gint x, gint y,
    gint width, gint height, guint32 pixel)
{
  const gint w = MIN (width, area->width - x);
  const gint h = MIN (height, area->height - y);
  GstBuffer *pixels;
  GstMapInfo map;

  if (x < 0 || y < 0 || w <= 0 || h <= 0)
    return;
  pixels = gst_buffer_new_allocate (NULL, (gsize) w * h * 4, NULL);
  gst_buffer_map (pixels, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < (gsize) w * h; i++)
    memcpy (map.data + 4 * i, &pixel, sizeof pixel);
  gst_buffer_unmap (pixels, &map);
  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, w, h);
  g_ptr_array_add (rectangles,
      gst_video_overlay_rectangle_new_raw (pixels, area->x + x, area->y + y, w,
          h, GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA));
  gst_buffer_unref (pixels);
}

static void
add_edges (GPtrArray *rectangles, const GstClipOverlayArea *area,
    const GstClipRegion *region, guint32 pixel)
{
  const gint side = MIN (area->width, area->height);
  const gint edge = MAX (2, (gint) (EDGE * side) & ~1);
  const gint x = (gint) region->x, y = (gint) region->y;
  const gint w = (gint) region->width, h = (gint) region->height;

  add_edge (rectangles, area, x, y, w, edge, pixel);
  if (h <= 2 * edge || w <= 2 * edge)
    return;
  add_edge (rectangles, area, x, y + h - edge, w, edge, pixel);
  add_edge (rectangles, area, x, y + edge, edge, h - 2 * edge, pixel);
  add_edge (
      rectangles, area, x + w - edge, y + edge, edge, h - 2 * edge, pixel);
}

void
gst_clip_overlay_boxes_draw (const GstClipOverlayBoxes *self,
    const GstClipOverlaySettings *settings, const GstClipOverlayColors *colors,
    const GstClipOverlayArea *area, GPtrArray *rectangles)
{
  static const GstClipOverlayColor grey = { 0.75, 0.75, 0.75 };

  for (guint i = 0; i < self->boxes->len; i++) {
    const Box *box = &g_array_index (self->boxes, Box, i);
    const gboolean tagged = box->tag.label != NULL;
    const GstVideoRectangle place = { (gint) box->region.x,
      (gint) box->region.y, (gint) box->region.width,
      (gint) box->region.height };
    GstVideoOverlayRectangle *tag;

    add_edges (rectangles, area, &box->region,
        to_pixel (tagged ? gst_clip_overlay_colors_get (colors, box->tag.label)
                         : grey));
    if (!tagged)
      continue;
    tag = gst_clip_overlay_draw_tag (
        &box->tag, settings, colors, area, &place, box->region.column >= 0);
    if (tag != NULL)
      g_ptr_array_add (rectangles, tag);
  }
}

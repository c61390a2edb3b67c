/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagregion.h"

#include "gstclipframe.h"
#include "gstcliptiles.h"

static void
add_tiles (const GstClipTagScope *scope, const GstClipFrameArea *visible,
    GArray *regions)
{
  for (guint i = 0; i < scope->columns * scope->rows; i++) {
    const guint column = i % scope->columns, row = i / scope->columns;
    const GstClipFrameArea area = gst_clip_tiles_get (visible->width,
        visible->height, scope->columns, scope->rows, column, row);
    const GstClipTagRegion region = {
      .serial = GST_CLIP_TAG_WHOLE + 1 + i,
      .place = { area.x, area.y, area.width, area.height, 0, -1, (gint) column,
          (gint) row },
      .row = -1,
    };

    g_array_append_val (regions, region);
  }
}

static gboolean
is_wanted (const GstClipTagScope *scope, GQuark type)
{
  if (scope->types == NULL)
    return TRUE;
  for (guint i = 0; i < scope->types->len; i++)
    if (g_array_index (scope->types, GQuark, i) == type)
      return TRUE;
  return FALSE;
}

/* What a detector puts over the left edge is a large number here. */
static gboolean
cut (guint start, guint length, guint end, guint *ret_start, guint *ret_length)
{
  const gint64 first = MAX ((gint64) (gint32) start, 0);
  const gint64 last = MIN ((gint64) (gint32) start + (gint64) length, end);

  if (first >= last)
    return FALSE;
  *ret_start = (guint) first;
  *ret_length = (guint) (last - first);
  return TRUE;
}

/* A tracker's number, as DL Streamer's gvatrack gives it, before the one of the
 * detector, which many count anew in each frame. */
static gint
get_id (GstVideoRegionOfInterestMeta *roi)
{
  const GstStructure *tracked =
      gst_video_region_of_interest_meta_get_param (roi, "object_id");
  gint id;

  if (tracked != NULL && gst_structure_get_int (tracked, "id", &id))
    return id;
  return roi->id;
}

/* FALSE: it has no visible pixel. */
static gboolean
add_roi (GstVideoRegionOfInterestMeta *roi, const GstClipFrameArea *visible,
    GArray *regions)
{
  GstClipTagRegion region = {
    .place = { .roi_type = roi->roi_type,
        .roi_id = get_id (roi),
        .column = -1,
        .row = -1 },
    .row = -1,
    .roi = roi,
  };

  if (!cut (roi->x, roi->w, visible->width, &region.place.x,
          &region.place.width) ||
      !cut (roi->y, roi->h, visible->height, &region.place.y,
          &region.place.height))
    return FALSE;
  g_array_append_val (regions, region);
  return TRUE;
}

guint
gst_clip_tag_regions_read (GArray *regions, const GstClipTagScope *scope,
    const GstVideoInfo *info, GstBuffer *buffer)
{
  const GstClipFrameArea visible = gst_clip_frame_find_visible (info, buffer);
  const GstClipTagRegion whole = {
    .serial = GST_CLIP_TAG_WHOLE,
    .place = { 0, 0, visible.width, visible.height, 0, -1, -1, -1 },
    .row = -1,
  };
  gpointer state = NULL;
  GstMeta *meta;
  guint n_empty = 0, n = 0;

  g_array_set_size (regions, 0);
  if (!scope->rois)
    g_array_append_val (regions, whole);
  add_tiles (scope, &visible, regions);
  while (scope->rois && n < GST_CLIP_TAG_MAX_ROIS &&
         (meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    GstVideoRegionOfInterestMeta *roi = (GstVideoRegionOfInterestMeta *) meta;

    if (!is_wanted (scope, roi->roi_type))
      continue;
    n++;
    n_empty += !add_roi (roi, &visible, regions);
  }
  return n_empty;
}

guint
gst_clip_tag_regions_hash (const GArray *regions)
{
  guint hash = 0;

  for (guint i = 0; i < regions->len; i++) {
    const guint64 serial = g_array_index (regions, GstClipTagRegion, i).serial;

    /* Knuth, The Art of Computer Programming 3, 6.4: multiplicative. */
    hash += (guint) (serial * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 32);
  }
  return hash;
}

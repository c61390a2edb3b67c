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
cut_place (const GstClipFrameArea *visible, GstClipRegion *place)
{
  return cut (place->x, place->width, visible->width, &place->x,
             &place->width) &&
         cut (place->y, place->height, visible->height, &place->y,
             &place->height);
}

/* What the regions of detectors are read for. */
typedef struct {
  const GstClipTagScope *scope;
  const GstClipFrameArea *visible;
  GArray *regions;
  guint n; /* read */
  guint n_empty;
} Reading;

static void
add_found (Reading *self, const GstClipTagRegion *found)
{
  GstClipTagRegion region = *found;

  self->n++;
  if (cut_place (self->visible, &region.place))
    g_array_append_val (self->regions, region);
  else
    self->n_empty++;
}

static void
read_rois (Reading *self, GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;

  while (self->n < GST_CLIP_TAG_MAX_ROIS &&
         (meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    GstVideoRegionOfInterestMeta *roi = (GstVideoRegionOfInterestMeta *) meta;
    const GstClipTagRegion region = {
      .place = { roi->x, roi->y, roi->w, roi->h, roi->roi_type, get_id (roi),
          -1, -1 },
      .row = -1,
      .roi = roi,
    };

    if (is_wanted (self->scope, roi->roi_type))
      add_found (self, &region);
  }
}

/* The region that the detector has also told of in the older way, or NULL. */
static GstClipTagRegion *
find_same (Reading *self, const GstClipRegion *place)
{
  GstClipRegion cut = *place;

  if (!cut_place (self->visible, &cut))
    return NULL;
  for (guint i = 0; i < self->regions->len; i++) {
    GstClipTagRegion *region =
        &g_array_index (self->regions, GstClipTagRegion, i);

    if (region->roi != NULL && region->detection.meta == NULL &&
        region->place.roi_type == cut.roi_type && region->place.x == cut.x &&
        region->place.y == cut.y && region->place.width == cut.width &&
        region->place.height == cut.height)
      return region;
  }
  return NULL;
}

static void
read_detections (Reading *self, GstBuffer *buffer)
{
  GstClipTagRegion region = { .row = -1 };
  gpointer state = NULL;

  while (self->n < GST_CLIP_TAG_MAX_ROIS &&
         gst_clip_tag_analytics_next (
             buffer, &state, &region.detection, &region.place)) {
    GstClipTagRegion *same = find_same (self, &region.place);

    if (same != NULL) {
      same->detection = region.detection;
      if (region.place.roi_id > 0)
        same->place.roi_id = region.place.roi_id;
    } else if (is_wanted (self->scope, region.place.roi_type)) {
      add_found (self, &region);
    }
  }
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
  Reading reading = { scope, &visible, regions, 0, 0 };

  g_array_set_size (regions, 0);
  if (!scope->rois)
    g_array_append_val (regions, whole);
  add_tiles (scope, &visible, regions);
  if (scope->rois) {
    read_rois (&reading, buffer);
    read_detections (&reading, buffer);
  }
  return reading.n_empty;
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

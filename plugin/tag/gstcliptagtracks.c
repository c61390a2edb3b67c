/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagtracks.h"

#define MIN_OVERLAP (1.0 / 3)

/* Those that were seen longest ago are forgotten before their time. */
#define MAX_KNOWN (4 * GST_CLIP_TAG_MAX_ROIS)

typedef struct {
  guint64 serial;
  GstClipRegion place; /* where it was last; roi_id 0: it has no number */
  gdouble seen;
  gboolean taken; /* in this frame */
} Known;

void
gst_clip_tag_tracks_clear (GstClipTagTracks *self)
{
  g_clear_pointer (&self->known, g_array_unref);
}

void
gst_clip_tag_tracks_forget (GstClipTagTracks *self)
{
  if (self->known != NULL)
    g_array_set_size (self->known, 0);
}

static gdouble
overlap (const GstClipRegion *a, const GstClipRegion *b)
{
  const gdouble right =
      MIN ((gdouble) a->x + a->width, (gdouble) b->x + b->width);
  const gdouble bottom =
      MIN ((gdouble) a->y + a->height, (gdouble) b->y + b->height);
  const gdouble width = right - MAX (a->x, b->x);
  const gdouble height = bottom - MAX (a->y, b->y);
  gdouble both, all;

  if (width <= 0 || height <= 0)
    return 0;
  both = width * height;
  all = (gdouble) a->width * a->height + (gdouble) b->width * b->height - both;
  return both / all;
}

/* The number by which the region is known again; 0: it has none. */
static gint
get_number (const GArray *regions, guint index)
{
  const GstClipRegion *place =
      &g_array_index (regions, GstClipTagRegion, index).place;

  if (place->roi_id <= 0)
    return 0;
  for (guint i = 0; i < regions->len; i++) {
    const GstClipTagRegion *other =
        &g_array_index (regions, GstClipTagRegion, i);

    if (i != index && gst_clip_tag_region_is_found (other) &&
        other->place.roi_id == place->roi_id &&
        other->place.roi_type == place->roi_type)
      return 0;
  }
  return place->roi_id;
}

static Known *
find (GstClipTagTracks *self, const GstClipRegion *place, gint number)
{
  Known *best = NULL;
  gdouble best_overlap = MIN_OVERLAP;

  for (guint i = 0; i < self->known->len; i++) {
    Known *known = &g_array_index (self->known, Known, i);
    gdouble share;

    if (known->taken || known->place.roi_type != place->roi_type ||
        known->place.roi_id != number)
      continue;
    if (number != 0)
      return known;
    share = overlap (&known->place, place);
    if (share < best_overlap)
      continue;
    best_overlap = share;
    best = known;
  }
  return best;
}

static Known *
add (GstClipTagTracks *self)
{
  const Known fresh = { .serial = GST_CLIP_TAG_FIRST_ROI + self->n_given++ };

  g_array_append_val (self->known, fresh);
  return &g_array_index (self->known, Known, self->known->len - 1);
}

static void
forget_lost (GstClipTagTracks *self, gdouble time)
{
  for (guint i = self->known->len; i > 0; i--) {
    Known *known = &g_array_index (self->known, Known, i - 1);

    known->taken = FALSE;
    if (time - known->seen > GST_CLIP_TAG_LOST_SECONDS)
      g_array_remove_index_fast (self->known, i - 1);
  }
}

static gint
by_seen (gconstpointer a, gconstpointer b)
{
  const Known *x = a, *y = b;

  return x->seen < y->seen ? 1 : x->seen > y->seen ? -1 : 0;
}

void
gst_clip_tag_tracks_assign (
    GstClipTagTracks *self, GArray *regions, gdouble time)
{
  if (self->known == NULL)
    self->known = g_array_new (FALSE, FALSE, sizeof (Known));
  forget_lost (self, time);
  for (guint i = 0; i < regions->len; i++) {
    GstClipTagRegion *region = &g_array_index (regions, GstClipTagRegion, i);
    Known *known;
    gint number;

    if (!gst_clip_tag_region_is_found (region))
      continue;
    number = get_number (regions, i);
    known = find (self, &region->place, number);
    if (known == NULL)
      known = add (self);
    known->place = region->place;
    known->place.roi_id = number;
    known->seen = time;
    known->taken = TRUE;
    region->serial = known->serial;
  }
  if (self->known->len > MAX_KNOWN) {
    g_array_sort (self->known, by_seen);
    g_array_set_size (self->known, MAX_KNOWN);
  }
}

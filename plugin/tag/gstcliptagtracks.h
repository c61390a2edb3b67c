/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which regions of a frame were there before, so that smoothing and tags go on.
 * One stream, one thread. */

#pragma once

#include "gstcliptagregion.h"

G_BEGIN_DECLS

/* A region that was not seen for so long, in the time of the stream, is another
 * one when it is seen again: detectors leave out frames, and miss some. */
#define GST_CLIP_TAG_LOST_SECONDS 1.0

/* {0} knows none. */
typedef struct {
  GArray *known;
  guint64 n_given; /* serials */
} GstClipTagTracks;

void gst_clip_tag_tracks_clear (GstClipTagTracks *self);

/* What comes next does not follow: all regions are new. */
void gst_clip_tag_tracks_forget (GstClipTagTracks *self);

/* Gives the regions of a detector their serials. One with a number above 0, which
 * no other of the frame has, is known again by type and number; others are taken
 * for the one of before, of the same type, that they cover best, if it is at least
 * a third of what both cover (their intersection over union, as trackers measure
 * it). @time: of the frame, seconds. */
void gst_clip_tag_tracks_assign (
    GstClipTagTracks *self, GArray *regions, gdouble time);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the metadata of frames to which tags start and stop.
 *
 * A tag holds if it is active in the picture or in any of its regions. It stops where
 * a frame has no scores for it any more, as after a seek. One thread. */

#pragma once

#include "gstclipmeta.h"
#include "gstclipregionmeta.h"

G_BEGIN_DECLS

typedef struct _GstClipPublishTags GstClipPublishTags;

typedef struct {
  const gchar *label;
  const gchar *group;
  const gchar *model; /* short name */
  gboolean start;
  gdouble time;     /* stream time in seconds; negative: there is none */
  GstClockTime pts; /* or NONE */
  gdouble duration; /* seconds since the start; 0 for a start */
  gfloat score;     /* smoothed, of the best place */
  gfloat peak;      /* of it, since the start */
  const GstClipRegion *region; /* the best place; NULL: the whole picture */
} GstClipPublishChange;

typedef struct {
  /* A label is new, or (`gone`) none that is looked for any more; its tag has stopped
   * then. */
  void (*label) (gpointer data, const gchar *label, const gchar *group,
      const gchar *model, gboolean gone);
  void (*change) (gpointer data, const GstClipPublishChange *change);
} GstClipPublishTagsListener;

GstClipPublishTags *gst_clip_publish_tags_new (
    const GstClipPublishTagsListener *listener, gpointer data);
void gst_clip_publish_tags_free (GstClipPublishTags *self);

void gst_clip_publish_tags_update (
    GstClipPublishTags *self, GstBuffer *frame, const GstSegment *segment);

/* All tags stop, at the time of the last frame. */
void gst_clip_publish_tags_end (GstClipPublishTags *self);

G_END_DECLS

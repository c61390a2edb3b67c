/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each cliptag said of a frame, and whether that is something new. */

#pragma once

#include "gstclipregionmeta.h"

G_BEGIN_DECLS

/* All that has one set of prompts. */
typedef struct {
  guint64 generation;       /* of the prompts: each cliptag has others */
  const GstClipMeta *whole; /* NULL: only regions were scored */
  GPtrArray *regions;       /* const GstClipRegionMeta */
  GPtrArray *results;       /* of all of these, with a reference */
  gchar *active;            /* equal texts: the same labels are active */
} GstClipSaid;

/* Empty. */
GPtrArray *gst_clip_said_list_new (void);

/* Of a frame's metadata, in its order; GstClipSaid. Metas are those of the frame. */
GPtrArray *gst_clip_said_list (GstBuffer *frame);

/* Before the frame goes. */
void gst_clip_said_forget_metas (GstClipSaid *self);

/* What the same cliptag said, in the list of another frame; NULL: nothing. */
const GstClipSaid *gst_clip_said_find (
    GPtrArray *list, const GstClipSaid *like);

/* Whether a result was not there before. */
gboolean gst_clip_said_has_new (
    const GstClipSaid *self, const GstClipSaid *before);

/* Time stamp of the picture that the scores are of, and of several the newest. */
GstClockTime gst_clip_said_get_pts (const GstClipSaid *self, GstBuffer *frame);

/* Returns: (transfer full): the line of gst_clip_json_line(); `media` may be NULL. */
gchar *gst_clip_said_to_line (const GstClipSaid *self, GstBuffer *frame,
    const GstSegment *segment, const gchar *media);

G_END_DECLS

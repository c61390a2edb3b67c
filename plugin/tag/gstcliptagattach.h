/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the results of a stream to the metadata of a frame. */

#pragma once

#include "gstcliptaganalytics.h"
#include "gstcliptagregion.h"

G_BEGIN_DECLS

/* The newest results of a stream by their serials, never changed once it is
 * there. */
typedef struct {
  guint64 serial;
  GstClipResult *result;
  gdouble time; /* of the frame that it is from, seconds */
} GstClipTagScored;

/* (transfer full): of GstClipTagScored. */
GHashTable *gst_clip_tag_results_new (void);

void gst_clip_tag_results_add (
    GHashTable *self, guint64 serial, GstClipResult *result, gdouble time);

/**
 * gst_clip_tag_attach:
 * @buffer: writable
 * @regions: of this buffer; those that were encoded in it have a row
 * @results: (nullable)
 * @time: of the frame, on the clock of the results
 * @unchanged_since: this frame looks like the one at; NAN: like none
 * @analytics: which labels are attached as GstAnalytics, too
 *
 * Attaches the results of the frame's regions, and tells those of detectors what
 * their active labels are. Allocates little but the metas.
 *
 * Returns: %FALSE if there was none
 */
gboolean gst_clip_tag_attach (GstBuffer *buffer, const GArray *regions,
    GHashTable *results, gdouble time, gdouble unchanged_since,
    GstClipAnalytics analytics);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* After a frame could not be encoded: the element fails, or (on-error=pass) video
 * goes on without scores, and it tries again, after a second at first and then
 * ever more rarely. A lost device is opened anew, beside the stream. */

#pragma once

#include <gst/gst.h>

#include "gstcliptag.h"

G_BEGIN_DECLS

/* Guarded by the element's object lock. {0}: all is well. */
typedef struct {
  gboolean failed; /* for good, until the next start */
  gboolean broken; /* and not yet well again */
  gboolean lost;   /* the engine is of no use any more */
  gboolean reloading;
  guint n_failures; /* in a row */
  gint64 retry_us;  /* monotonic: not before */
} GstClipTagFault;

/* An encoder's error: posts what there is to say, closes no tags. FALSE: the
 * stream ends. Any thread. */
gboolean gst_clip_tag_fault_report (GstClipTag *self, const GError *error);

/* A frame was encoded. Any thread. */
void gst_clip_tag_fault_recover (GstClipTag *self);

/* May the next frame be encoded? Orders a new engine where it is time for one.
 * Streaming thread. */
gboolean gst_clip_tag_fault_may_try (GstClipTag *self);

/* Is video to go on without scores where the device fails? Any thread. */
gboolean gst_clip_tag_fault_passes (GstClipTag *self);

/* The order to fetch the engine anew is done. Object lock held. */
void gst_clip_tag_fault_reloaded (GstClipTagFault *self, gboolean good);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often a stream may be inferred so that it keeps up with the clock. Plain
 * data, nothing locks. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A mean in which the newest counts an eighth. {0}: of nothing yet. */
typedef struct {
  guint n;
  gdouble value;
} GstClipTagMean;

void gst_clip_tag_mean_add (GstClipTagMean *self, gdouble value);

/* What one inference takes out of the stream's time. {0}: not known. */
typedef struct {
  gboolean warm; /* the first one, which waits for compilers, is over */
  GstClipTagMean seconds;
} GstClipTagPace;

/* Before the first inference: pictures a second that the device was measured to
 * do; 0: nobody knows. */
void gst_clip_tag_pace_init (GstClipTagPace *self, gdouble rate);

/* The streaming thread stood still for so long, for one frame, with all waits for
 * other streams on the same device: these so share it without knowing of each
 * other. */
void gst_clip_tag_pace_add (GstClipTagPace *self, gdouble seconds);

/* Inferences a second of stream time that leave a fifth of it to whatever else the
 * streaming thread has to do; 0: not known yet, or no limit. */
gdouble gst_clip_tag_pace_get_rate (const GstClipTagPace *self);

G_END_DECLS

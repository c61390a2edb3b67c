/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which pictures of a media are taken: one in each interval. All zero but the
 * interval before the first one. */
typedef struct {
  gdouble interval; /* seconds, more than 0 */
  gdouble next;     /* seconds: when the next one is due */
} GstClipPace;

/* Whether the picture at this time, in seconds, is taken. In the order of the
 * media; a gap in it is not made up for afterwards. */
gboolean gst_clip_pace_take (GstClipPace *self, gdouble time);

G_END_DECLS

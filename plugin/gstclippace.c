/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippace.h"

/* Timestamps of 1/25 s and the like are rounded to milliseconds. */
#define SLACK 0.0005

gboolean
gst_clip_pace_take (GstClipPace *self, gdouble time)
{
  const gdouble slack = MIN (SLACK, self->interval / 2);

  if (time < self->next - slack)
    return FALSE;
  /* Behind a gap the grid begins anew: on the old one, the next picture would
   * be due as well. */
  if (time >= self->next + self->interval - slack)
    self->next = time;
  self->next += self->interval;
  return TRUE;
}

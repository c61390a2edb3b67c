/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagpace.h"

/* Of the time for inferences; the rest is for decoding, scoring, and catching up. */
#define SHARE 0.8

/* Of the newest value in a mean, once there are enough. */
#define NEWEST 0.125

void
gst_clip_tag_mean_add (GstClipTagMean *self, gdouble value)
{
  self->n++;
  self->value += (value - self->value) * MAX (NEWEST, 1.0 / self->n);
}

void
gst_clip_tag_pace_init (GstClipTagPace *self, gdouble rate)
{
  *self = (GstClipTagPace){ 0 };
  if (rate > 0) /* the first that is measured replaces it */
    self->seconds.value = 1 / rate;
}

void
gst_clip_tag_pace_add (GstClipTagPace *self, gdouble seconds)
{
  if (self->warm || self->seconds.value == 0)
    gst_clip_tag_mean_add (&self->seconds, seconds);
  if (!self->warm) /* what a cold one took holds until the next */
    self->seconds.n = 0;
  self->warm = TRUE;
}

gdouble
gst_clip_tag_pace_get_rate (const GstClipTagPace *self)
{
  return self->seconds.value > 0 ? SHARE / self->seconds.value : 0;
}

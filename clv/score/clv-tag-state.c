/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-tag-state.h"

#include <math.h>

/* Frame times are multiples of 1/30 and the like: 15 of them may add up to a
 * little less than the half second that was asked for. */
#define TIME_SLACK 1e-6

/* A smoothed score is never quite the one that it follows. */
#define SETTLED 1e-4f

void
clv_tag_state_smooth (ClvTagState *self, gfloat score, gfloat weight)
{
  if (!isfinite (score))
    return;
  if (!self->has_value)
    self->smoothed = score;
  else
    self->smoothed += weight * (score - self->smoothed);
  self->has_value = TRUE;
}

static void
fill_event (const ClvTagState *self, gboolean start, gdouble time,
    ClvTagEvent *ret_event)
{
  *ret_event = (ClvTagEvent){
    .start = start,
    .time = time,
    .started = self->started,
    .score = self->smoothed,
    .peak = self->peak,
    .mean = (gfloat) (self->sum / MAX (self->n, 1)),
  };
}

static void
count (ClvTagState *self)
{
  self->peak = self->n == 0 ? self->smoothed : MAX (self->peak, self->smoothed);
  self->sum += self->smoothed;
  self->n++;
}

/* Whether the label stopped so recently that it may not start. */
static gboolean
is_cooling (ClvTagState *self, const ClvLabel *label, gdouble time)
{
  if (!self->cooling)
    return FALSE;
  self->stopped = MIN (self->stopped, time); /* time may have gone back */
  self->cooling = time - self->stopped < label->cool_down - TIME_SLACK;
  return self->cooling;
}

gboolean
clv_tag_state_step (ClvTagState *self, const ClvLabel *label, gboolean best,
    gdouble time, ClvTagEvent *ret_event)
{
  gboolean was_on = self->phase == CLV_TAG_ON;

  if (!self->has_value)
    return FALSE;
  if (self->phase == CLV_TAG_OFF) {
    if (is_cooling (self, label, time) || !best ||
        self->smoothed < label->threshold)
      return FALSE;
    self->phase = CLV_TAG_PENDING;
    self->started = time;
    self->n = 0;
    self->sum = 0;
  } else if (!best || self->smoothed < label->off_threshold) {
    self->phase = CLV_TAG_OFF;
    if (was_on) {
      fill_event (self, FALSE, time, ret_event);
      self->cooling = TRUE;
      self->stopped = time;
    }
    return was_on;
  }
  self->started = MIN (self->started, time); /* time may have gone back */
  count (self);
  if (was_on || time - self->started < label->min_duration - TIME_SLACK)
    return FALSE;
  self->phase = CLV_TAG_ON;
  fill_event (self, TRUE, self->started, ret_event);
  return TRUE;
}

gboolean
clv_tag_state_is_settled (
    const ClvTagState *self, const ClvLabel *label, gfloat score)
{
  if (!isfinite (score))
    return TRUE;
  return fabsf (self->smoothed - score) <= SETTLED &&
         self->phase != CLV_TAG_PENDING &&
         !(self->cooling && self->smoothed >= label->threshold);
}

void
clv_tag_state_repeat (ClvTagState *self, guint64 n)
{
  if (self->phase != CLV_TAG_ON)
    return;
  self->sum += self->smoothed * (gdouble) n;
  self->n += n;
}

gboolean
clv_tag_state_close (ClvTagState *self, gdouble time, ClvTagEvent *ret_event)
{
  gboolean was_on = self->phase == CLV_TAG_ON;

  if (was_on)
    fill_event (self, FALSE, MAX (time, self->started), ret_event);
  *self = (ClvTagState){ 0 };
  return was_on;
}

gboolean
clv_tag_state_pause (ClvTagState *self, gdouble time, ClvTagEvent *ret_event)
{
  const ClvTagState before = *self;
  gboolean was_on = clv_tag_state_close (self, time, ret_event);

  self->cooling = was_on || before.cooling;
  self->stopped = was_on ? MAX (time, before.started) : before.stopped;
  return was_on;
}

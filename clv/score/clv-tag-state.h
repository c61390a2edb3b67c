/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One label of one stream: smoothing, hysteresis, minimum duration, cool-down. A
 * label that is not among the best of its group is as one below its thresholds.
 *
 *            smoothed ≥ threshold            for min_duration
 *     OFF ─────────────────────► PENDING ─────────────────────► ON: start event
 *      ▲    smoothed < off_threshold │ smoothed < off_threshold │
 *      └─────────────────────────────┴──────── stop event ──────┘
 *
 * After a stop event it stays off for cool_down. */

#pragma once

#include <clv/clv-scorer.h>

G_BEGIN_DECLS

typedef enum {
  CLV_TAG_OFF,
  CLV_TAG_PENDING,
  CLV_TAG_ON,
} ClvTagPhase;

/* {0} is the state before the first frame. */
typedef struct {
  gboolean has_value;
  gfloat smoothed;
  ClvTagPhase phase;
  gboolean cooling;
  gdouble stopped; /* when it last stopped, if cooling */
  gdouble started; /* when the score passed the threshold */
  gfloat peak;     /* since then */
  gdouble sum;     /* of the smoothed scores since then */
  guint64 n;
} ClvTagState;

/* smoothed += weight · (score − smoothed); the first score is taken as it is. A
 * score that is not finite changes nothing. */
void clv_tag_state_smooth (ClvTagState *self, gfloat score, gfloat weight);

/* Moves to the next phase. @best: it may hold by its rank. TRUE: *ret_event is to be reported; its index is the
 * caller's to fill. */
gboolean clv_tag_state_step (ClvTagState *self, const ClvLabel *label,
    gboolean best, gdouble time, ClvTagEvent *ret_event);

/* Whether time alone, with this score going on, changes nothing any more. */
gboolean clv_tag_state_is_settled (
    const ClvTagState *self, const ClvLabel *label, gfloat score);

/* There were @n more frames that changed nothing. */
void clv_tag_state_repeat (ClvTagState *self, guint64 n);

/* Back to the state before the first frame; TRUE as above. */
gboolean clv_tag_state_close (
    ClvTagState *self, gdouble time, ClvTagEvent *ret_event);

/* The same, but a cool-down goes on, or begins. */
gboolean clv_tag_state_pause (
    ClvTagState *self, gdouble time, ClvTagEvent *ret_event);

G_END_DECLS

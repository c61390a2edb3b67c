/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/**
 * ClvScorer:
 *
 * The state of one stream: embeddings of its pictures in, scores and changes of
 * tags out. Counted references; one thread at a time.
 */
#define CLV_TYPE_SCORER (clv_scorer_get_type ())
G_DECLARE_FINAL_TYPE (ClvScorer, clv_scorer, CLV, SCORER, GObject)

/**
 * ClvScore:
 * @cosine: cosine of picture and label, -1 to 1
 * @logit: cosine × the model's scale
 * @score: by the label's scoring, before smoothing
 * @smoothed: exponential mean of @score over time
 * @active: by threshold, hysteresis, rank, minimum duration and cool-down, of
 *   @smoothed
 *
 * How well a label fits a picture.
 */
typedef struct {
  gfloat cosine;
  gfloat logit;
  gfloat score;
  gfloat smoothed;
  gboolean active;
} ClvScore;

/**
 * ClvTagEvent:
 * @index: of the label
 * @start: the label became active; otherwise it stopped being so
 * @time: seconds, of the frame that changed it (for a start: when the score
 *   first passed the threshold)
 * @started: seconds, when the tag started
 * @score: smoothed score at the change
 * @peak: highest smoothed score since @started
 * @mean: mean of the smoothed scores of the frames since @started
 *
 * A label that became active, or stopped being so.
 */
typedef struct {
  guint index;
  gboolean start;
  gdouble time;
  gdouble started;
  gfloat score;
  gfloat peak;
  gfloat mean;
} ClvTagEvent;

/**
 * clv_scorer_new:
 * @prompts: an encoded set
 * @logit_scale: see clv_model_get_logit_scale()
 * @smoothing: time constant in seconds; 0: none. A score that jumps is followed
 *   to 63 % after this time, however the frames are spaced
 * @top_k: 0, or only so many labels of each group, those of the highest smoothed
 *   scores, may hold; the others are as if below their thresholds. Of equal ones
 *   the first is the better
 *
 * A stream that has not begun. Keeps a reference on @prompts.
 *
 * Returns: (transfer full) (nullable): the scorer; %NULL if @prompts is not
 * encoded, which is a mistake of the caller
 */
ClvScorer *clv_scorer_new (
    ClvPrompts *prompts, gfloat logit_scale, gdouble smoothing, guint top_k);

/**
 * clv_scorer_get_prompts:
 *
 * What it was made with. Any thread.
 *
 * Returns: (transfer none): the set that it scores
 */
ClvPrompts *clv_scorer_get_prompts (ClvScorer *self);

/**
 * clv_scorer_score: (skip)
 * @embedding: D floats of unit length
 * @time: seconds; must not go back (after a seek call clv_scorer_close())
 * @ret_scores: (out caller-allocates): one for each label
 * @events: (element-type ClvTagEvent) (nullable): changes are appended
 *
 * One thread at a time. Allocates nothing beyond @events. A time that goes back
 * counts as no time passed, one that is not finite as that of the frame before;
 * an embedding with NaN has scores of 0 and changes no state.
 */
void clv_scorer_score (ClvScorer *self, const gfloat *embedding, gdouble time,
    ClvScore *ret_scores, GArray *events);

/**
 * clv_scorer_hold: (skip)
 * @time: seconds; as above
 * @ret_scores: (out caller-allocates): one for each label
 * @events: (element-type ClvTagEvent) (nullable): changes are appended
 *
 * As clv_scorer_score() with the embedding of the last call: the picture has not
 * changed, but smoothing, minimum durations, cool-downs and the stream's baselines
 * go on. One thread at a time. Costs nothing where time has nothing to change.
 *
 * Returns: %FALSE if nothing changes, or nothing was scored since the beginning,
 * clv_scorer_close() or clv_scorer_pause(); @ret_scores are not filled then
 */
gboolean clv_scorer_hold (
    ClvScorer *self, gdouble time, ClvScore *ret_scores, GArray *events);

/**
 * clv_scorer_score_bytes: (rename-to clv_scorer_score)
 * @embedding: D floats of unit length, as clv_engine_encode_pixels() gives them
 * @time: seconds; must not go back
 *
 * clv_scorer_score() for other languages, without the events: what changed is
 * in the scores.
 *
 * Returns: (transfer full) (element-type ClvScore) (nullable): one for each
 *   label; %NULL with %CLV_ERROR_FAILED for an embedding of another width
 */
GArray *clv_scorer_score_bytes (
    ClvScorer *self, GBytes *embedding, gdouble time, GError **error);

/**
 * clv_scorer_close:
 * @time: seconds
 * @events: (element-type ClvTagEvent) (nullable): changes are appended
 *
 * Ends every active tag at @time and forgets smoothing, cool-downs and the
 * stream's baselines: at EOS, at a stop and after a seek.
 */
void clv_scorer_close (ClvScorer *self, gdouble time, GArray *events);

/**
 * clv_scorer_pause:
 * @time: seconds
 * @events: (element-type ClvTagEvent) (nullable): changes are appended
 *
 * Ends every active tag at @time and forgets smoothing, as nobody saw what comes
 * after it; time, cool-downs and the stream's baselines go on: before a frame that
 * comes long after the one before it.
 */
void clv_scorer_pause (ClvScorer *self, gdouble time, GArray *events);

G_END_DECLS

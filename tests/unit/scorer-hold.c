/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A picture that stays the same for a while, scored again each time or held, is the
 * same. */

#include <clv/clv-scorer.h>
#include <math.h>

#include "prompts-test.h"

#define SCALE      20.0
#define N_LABELS   2
#define FRAME_TIME 0.1

static gboolean
encode_axes (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  for (guint i = 0; i < n; i++) {
    ret_rows[2 * i] = g_str_equal (texts[i], "x");
    ret_rows[2 * i + 1] = g_str_equal (texts[i], "y");
  }
  return TRUE;
}

static ClvPrompts *
load (const gchar *group, const gchar *prompt)
{
  g_autofree gchar *json =
      g_strdup_printf ("{\"groups\":[{%s,\"prompts\":[{\"text\":\"x\",%s},{"
                       "\"text\":\"y\",%s}]}]}",
          group, prompt, prompt);
  ClvPrompts *prompts = test_load_prompts (json, NULL);

  g_assert_true (
      clv_prompts_encode (prompts, NULL, 2, encode_axes, NULL, NULL, NULL));
  return prompts;
}

/* One letter a frame: which label its picture is like; a dot: it has not changed. */
static const struct {
  const gchar *what;
  const gchar *group;
  const gchar *prompt;
  gdouble smoothing;
  const gchar *frames;
  guint min_events;
  gint settled_at; /* this frame and those behind it cost nothing; -1: all do */
} cases[] = {
  { "nothing waits for time", "\"scoring\":\"softmax\"", "\"threshold\":0.5", 0,
      "x.........y.....x..", 6, 1 },
  { "smoothing", "\"scoring\":\"softmax\"", "\"threshold\":0.5", 0.5,
      "y.........x........................", 4, -1 },
  { "smoothing comes to an end", "\"scoring\":\"softmax\"", "\"threshold\":0.5",
      0.05, "y.........x...............", 4, 22 },
  { "a minimum duration", "\"scoring\":\"softmax\"",
      "\"threshold\":0.5,\"min-duration\":0.75", 0,
      "x............y...x............", 4, -1 },
  { "a cool-down", "\"scoring\":\"softmax\"",
      "\"threshold\":0.5,\"cool-down\":0.85", 0, "x....y..x...............", 6,
      -1 },
  { "hysteresis", "\"scoring\":\"cosine\"",
      "\"threshold\":0.6,\"off-threshold\":0.3", 1, "y....x..................",
      4, -1 },
  { "a stream's baseline", "\"scoring\":\"cosine\",\"calibration\":\"stream\"",
      "\"threshold\":0.5", 0,
      "x.............................................................y......"
      "....x",
      2, -1 },
};

typedef struct {
  ClvScorer *scorer;
  GArray *events;
  gboolean holds;
  gfloat picture[2];
  ClvScore scores[N_LABELS];
  gint last_cost; /* the last frame that was not settled */
} Stream;

static void
stream_open (Stream *self, ClvPrompts *prompts, guint i, gboolean holds)
{
  *self = (Stream){
    .scorer = clv_scorer_new (prompts, SCALE, cases[i].smoothing, 0),
    .events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent)),
    .holds = holds,
  };
}

static void
stream_push (Stream *self, guint frame, gchar letter)
{
  const gdouble time = frame * FRAME_TIME;

  if (letter == 'x' || letter == 'y') {
    self->picture[0] = letter == 'x' ? 0.8f : 0.1f;
    self->picture[1] = letter == 'x' ? 0.1f : 0.8f;
  } else if (self->holds) {
    if (clv_scorer_hold (self->scorer, time, self->scores, self->events))
      self->last_cost = (gint) frame;
    return;
  }
  clv_scorer_score (
      self->scorer, self->picture, time, self->scores, self->events);
}

static void
stream_close (Stream *self)
{
  g_object_unref (self->scorer);
  g_array_unref (self->events);
}

static void
assert_same_events (const GArray *found, const GArray *wanted)
{
  g_assert_cmpuint (found->len, ==, wanted->len);
  for (guint i = 0; i < found->len; i++) {
    const ClvTagEvent *a = &g_array_index (found, ClvTagEvent, i);
    const ClvTagEvent *b = &g_array_index (wanted, ClvTagEvent, i);

    g_assert_cmpuint (a->index, ==, b->index);
    g_assert_cmpint (a->start, ==, b->start);
    g_assert_cmpfloat (a->time, ==, b->time);
    g_assert_cmpfloat (a->started, ==, b->started);
    g_assert_cmpfloat_with_epsilon (a->score, b->score, 2e-4);
    g_assert_cmpfloat_with_epsilon (a->peak, b->peak, 2e-4);
    g_assert_cmpfloat_with_epsilon (a->mean, b->mean, 2e-4);
  }
}

static void
test_hold (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (ClvPrompts) prompts = load (cases[i].group, cases[i].prompt);
  Stream held, scored;
  guint n;

  stream_open (&held, prompts, i, TRUE);
  stream_open (&scored, prompts, i, FALSE);
  for (n = 0; cases[i].frames[n] != '\0'; n++) {
    stream_push (&held, n, cases[i].frames[n]);
    stream_push (&scored, n, cases[i].frames[n]);
    for (guint k = 0; k < N_LABELS; k++) {
      g_assert_cmpfloat_with_epsilon (
          held.scores[k].smoothed, scored.scores[k].smoothed, 2e-4);
      g_assert_cmpint (held.scores[k].active, ==, scored.scores[k].active);
    }
  }
  if (cases[i].settled_at >= 0)
    g_assert_cmpint (held.last_cost, <, cases[i].settled_at);
  clv_scorer_close (held.scorer, n * FRAME_TIME, held.events);
  clv_scorer_close (scored.scorer, n * FRAME_TIME, scored.events);
  g_assert_cmpuint (scored.events->len, >=, cases[i].min_events);
  assert_same_events (held.events, scored.events);
  stream_close (&held);
  stream_close (&scored);
}

/* What was scored before does not go on. */
static void
test_nothing_to_hold (void)
{
  g_autoptr (ClvPrompts) prompts =
      load ("\"scoring\":\"cosine\"", "\"threshold\":0.5,\"min-duration\":1");
  g_autoptr (ClvScorer) scorer = clv_scorer_new (prompts, SCALE, 0.5, 0);
  const gfloat picture[2] = { 0.8f, 0.1f };
  ClvScore scores[N_LABELS];

  g_assert_false (clv_scorer_hold (scorer, 0, scores, NULL));
  clv_scorer_score (scorer, picture, 0, scores, NULL);
  g_assert_true (clv_scorer_hold (scorer, 0.1, scores, NULL));
  g_assert_true (clv_scorer_hold (scorer, NAN, scores, NULL));
  clv_scorer_close (scorer, 0.2, NULL);
  g_assert_false (clv_scorer_hold (scorer, 0.2, scores, NULL));
  clv_scorer_score (scorer, picture, 0.3, scores, NULL);
  clv_scorer_pause (scorer, 0.4, NULL);
  g_assert_false (clv_scorer_hold (scorer, 20, scores, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strdup_printf ("/scorer/hold/%s", cases[i].what);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_hold);
  }
  g_test_add_func ("/scorer/hold/nothing to hold", test_nothing_to_hold);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores against the formulas written out in double, and the life of a tag. */

#include <clv/clv-scorer.h>
#include <math.h>
#include <string.h>

#include "prompts-test.h"
#include "score/clv-cosine.h"
#include "score/clv-prompts-private.h"

#define SCALE 100.0

static void
random_unit (GRand *rand, guint width, gfloat *ret_row)
{
  gdouble sum = 0;

  for (guint d = 0; d < width; d++) {
    ret_row[d] = (gfloat) g_rand_double_range (rand, -1, 1);
    sum += (gdouble) ret_row[d] * ret_row[d];
  }
  for (guint d = 0; d < width; d++)
    ret_row[d] = (gfloat) (ret_row[d] / sqrt (sum));
}

typedef struct {
  GRand *rand;
  guint width;
} Tower;

static gboolean
encode (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  Tower *tower = user_data;

  for (guint i = 0; i < n; i++)
    random_unit (
        tower->rand, tower->width, &ret_rows[(gsize) i * tower->width]);
  return TRUE;
}

static gdouble
dot (const gfloat *a, const gfloat *b, guint n)
{
  gdouble sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (gdouble) a[i] * b[i];
  return sum;
}

static void
test_cosine (void)
{
  const guint widths[] = { 1, 2, 31, 32, 33, 97, 512, 768, 1280 };
  GRand *rand = g_rand_new_with_seed (1);

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++) {
    guint width = widths[i];
    g_autofree gfloat *matrix = g_new (gfloat, 5 * width);
    g_autofree gfloat *x = g_new (gfloat, width);
    gfloat y[5];

    for (guint row = 0; row < 5; row++)
      random_unit (rand, width, &matrix[row * width]);
    random_unit (rand, width, x);
    clv_cosine (matrix, 5, width, x, y);
    for (guint row = 0; row < 5; row++)
      g_assert_cmpfloat_with_epsilon (
          y[row], dot (&matrix[row * width], x, width), 1e-6);
  }
  g_rand_free (rand);
}

/* What a label's score is, straight from the definitions: `logits` are those of
 * all rows. */
static gdouble
wanted_score (ClvPrompts *prompts, guint label, const gdouble *logits,
    const gdouble *cosines)
{
  const ClvLabel *info = clv_prompts_get_label (prompts, label);
  const ClvPromptRow *rows = clv_prompts_get_rows (prompts);
  gdouble all = 0, against = 0;
  guint own = 0;

  for (guint i = 0; i < clv_prompts_get_n_rows (prompts); i++) {
    if (rows[i].group == info->group_index)
      all += exp (logits[i]);
    if (rows[i].label < 0 && rows[i].against == (gint) label)
      against += exp (logits[i]);
    if (rows[i].label == (gint) label)
      own = i;
  }
  if (info->scoring == CLV_SCORING_SOFTMAX)
    return exp (logits[own]) / all;
  if (info->scoring == CLV_SCORING_COSINE)
    return cosines[own];
  if (against > 0)
    return exp (logits[own]) / (exp (logits[own]) + against);
  return 1 / (1 + exp (-logits[own]));
}

static const gchar three_groups[] =
    "{\"groups\":["
    "{\"name\":\"a\",\"scoring\":\"softmax\",\"prompts\":[\"1\",\"2\","
    "  {\"text\":\"3\",\"negative\":[\"4\",\"5\"]},\"6\"]},"
    "{\"name\":\"b\",\"scoring\":\"sigmoid\",\"prompts\":["
    "  {\"text\":\"7\",\"negative\":[\"8\",\"9\",\"10\"]},\"11\","
    "  {\"text\":\"12\",\"negative\":\"13\"}]},"
    "{\"name\":\"c\",\"scoring\":\"cosine\",\"prompts\":[\"14\",\"15\"]},"
    "{\"name\":\"d\",\"prompts\":[\"16\"]}]}";

static void
test_scores (void)
{
  g_autoptr (ClvPrompts) prompts = test_load_prompts (three_groups, NULL);
  Tower tower = { g_rand_new_with_seed (2), 48 };
  gfloat x[48];
  const gfloat *matrix;
  guint n_labels = clv_prompts_get_n_labels (prompts);
  guint n_rows = clv_prompts_get_n_rows (prompts);
  g_autofree ClvScore *scores = g_new (ClvScore, n_labels);
  g_autofree gdouble *logits = g_new (gdouble, n_rows);
  g_autofree gdouble *cosines = g_new (gdouble, n_rows);

  g_assert_cmpuint (n_labels, ==, 10);
  g_assert_cmpuint (n_rows, ==, 16);
  g_assert_true (
      clv_prompts_encode (prompts, NULL, 48, encode, NULL, &tower, NULL));
  matrix = clv_prompts_get_matrix (prompts, NULL);
  for (guint round = 0; round < 50; round++) {
    g_autoptr (ClvScorer) scorer = clv_scorer_new (prompts, SCALE, 0, 0);

    random_unit (tower.rand, 48, x);
    for (guint i = 0; i < n_rows; i++) {
      cosines[i] = dot (&matrix[i * 48], x, 48);
      logits[i] = SCALE * cosines[i];
    }
    clv_scorer_score (scorer, x, 0, scores, NULL);
    for (guint i = 0; i < n_rows; i++) {
      gint label = clv_prompts_get_rows (prompts)[i].label;

      if (label < 0)
        continue;
      g_assert_cmpfloat_with_epsilon (scores[label].cosine, cosines[i], 1e-6);
      g_assert_cmpfloat_with_epsilon (scores[label].logit, logits[i], 1e-4);
      g_assert_cmpfloat_with_epsilon (scores[label].score,
          wanted_score (prompts, (guint) label, logits, cosines), 5e-5);
      g_assert_cmpfloat (scores[label].smoothed, ==, scores[label].score);
    }
  }
  g_rand_free (tower.rand);
}

/* One label whose score is its cosine, which the tests choose. */
typedef struct {
  ClvPrompts *prompts;
  ClvScorer *scorer;
  GArray *events;
} Stream;

static gboolean
encode_axis (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  for (guint i = 0; i < n; i++) {
    ret_rows[2 * i] = 1;
    ret_rows[2 * i + 1] = 0;
  }
  return TRUE;
}

static void
stream_open (Stream *self, gdouble threshold, gdouble off_threshold,
    gdouble min_duration, gdouble cool_down, gdouble smoothing)
{
  g_autofree gchar *json = g_strdup_printf (
      "{\"groups\":[{\"prompts\":[{\"text\":\"x\",\"threshold\":%g,"
      "\"off-threshold\":%g,\"min-duration\":%g,\"cool-down\":%g}]}]}",
      threshold, off_threshold, min_duration, cool_down);

  self->prompts = test_load_prompts (json, NULL);
  g_assert_true (clv_prompts_encode (
      self->prompts, NULL, 2, encode_axis, NULL, NULL, NULL));
  self->scorer = clv_scorer_new (self->prompts, SCALE, smoothing, 0);
  self->events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent));
}

static void
stream_close (Stream *self)
{
  g_object_unref (self->scorer);
  g_object_unref (self->prompts);
  g_array_unref (self->events);
}

static ClvScore
stream_score (Stream *self, gdouble time, gdouble cosine)
{
  const gfloat x[2] = { (gfloat) cosine, (gfloat) sqrt (1 - cosine * cosine) };
  ClvScore score;

  clv_scorer_score (self->scorer, x, time, &score, self->events);
  return score;
}

/* Scores at 0, 0.5, 1 … s; what is active, and the events as text. A final
 * close is at the time of the next frame. */
static const struct {
  const gchar *what;
  gdouble on;
  gdouble off;
  gdouble min_duration;
  gdouble cool_down;
  gdouble scores[8]; /* ends at 9 */
  const gchar *active;
  const gchar *events;
} lives[] = {
  { "a tag starts and stops", 0.5, 0.5, 0, 0, { 0.1, 0.6, 0.8, 0.2, 9 }, "0110",
      "start 0.5 0.5 0.60 0.60 0.60; stop 1.5 0.5 0.20 0.80 0.70; " },
  { "the threshold itself is enough, the lower one too", 0.5, 0.25, 0, 0,
      { 0.5, 0.25, 0.125, 9 }, "110",
      "start 0.0 0.0 0.50 0.50 0.50; stop 1.0 0.0 0.12 0.50 0.38; " },
  { "between the thresholds it stays what it was", 0.5, 0.3, 0, 0,
      { 0.4, 0.6, 0.4, 0.4, 0.2, 0.4, 9 }, "011100",
      "start 0.5 0.5 0.60 0.60 0.60; stop 2.0 0.5 0.20 0.60 0.47; " },
  { "what is too short is not reported", 0.5, 0.5, 1, 0, { 0.9, 0.9, 0.1, 9 },
      "000", "" },
  { "a start is reported late, with the time it began", 0.5, 0.5, 1, 0,
      { 0.1, 0.6, 0.8, 0.7, 0.1, 9 }, "00010",
      "start 0.5 0.5 0.70 0.80 0.70; stop 2.0 0.5 0.10 0.80 0.70; " },
  { "a dip between the thresholds does not restart the clock", 0.5, 0.3, 1, 0,
      { 0.6, 0.4, 0.4, 0.1, 9 }, "0010",
      "start 0.0 0.0 0.40 0.60 0.47; stop 1.5 0.0 0.10 0.60 0.47; " },
  { "closing ends what is active", 0.5, 0.5, 0, 0, { 0.1, 0.75, 9 }, "01",
      "start 0.5 0.5 0.75 0.75 0.75; stop 1.0 0.5 0.75 0.75 0.75; " },
  { "closing drops what is not reported yet", 0.5, 0.5, 5, 0, { 0.9, 0.9, 9 },
      "00", "" },
  { "a negative threshold may be met by any score", -1, -1, 0, 0, { -1, 9 },
      "1",
      "start 0.0 0.0 -1.00 -1.00 -1.00; stop 0.5 0.0 -1.00 -1.00 -1.00; " },
  { "one frame is enough where no duration is asked for", 0.5, 0.5, 0, 0,
      { 0.1, 0.5, 0.1, 0.1, 9 }, "0100",
      "start 0.5 0.5 0.50 0.50 0.50; stop 1.0 0.5 0.10 0.50 0.50; " },
  { "the duration itself is long enough", 0.5, 0.5, 0.5, 0,
      { 0.9, 0.9, 0.1, 9 }, "010",
      "start 0.0 0.0 0.90 0.90 0.90; stop 1.0 0.0 0.10 0.90 0.90; " },
  { "after a stop it cannot start before the cool-down is over", 0.5, 0.5, 0, 1,
      { 0.9, 0.1, 0.8, 0.7, 0.1, 9 }, "10010",
      "start 0.0 0.0 0.90 0.90 0.90; stop 0.5 0.0 0.10 0.90 0.90; "
      "start 1.5 1.5 0.70 0.70 0.70; stop 2.0 1.5 0.10 0.70 0.70; " },
  { "what is over before the cool-down is never reported", 0.5, 0.5, 0, 1,
      { 0.9, 0.1, 0.8, 0.1, 0.1, 9 }, "10000",
      "start 0.0 0.0 0.90 0.90 0.90; stop 0.5 0.0 0.10 0.90 0.90; " },
  { "the duration counts from the end of the cool-down", 0.5, 0.5, 0.5, 1.5,
      { 0.9, 0.8, 0.1, 0.9, 0.9, 0.9, 0.6, 9 }, "0100001",
      "start 0.0 0.0 0.80 0.90 0.85; stop 1.0 0.0 0.10 0.90 0.85; "
      "start 2.5 2.5 0.60 0.90 0.75; stop 3.5 2.5 0.60 0.90 0.75; " },
  { "what was never reported cools nothing down", 0.5, 0.5, 0.5, 5,
      { 0.9, 0.1, 0.8, 0.7, 0.1, 9 }, "00010",
      "start 1.0 1.0 0.70 0.80 0.75; stop 2.0 1.0 0.10 0.80 0.75; " },
};

static void
test_lives (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lives); i++) {
    g_autoptr (GString) active = g_string_new (NULL);
    g_autoptr (GString) events = g_string_new (NULL);
    Stream stream;
    guint n;

    stream_open (&stream, lives[i].on, lives[i].off, lives[i].min_duration,
        lives[i].cool_down, 0);
    for (n = 0; lives[i].scores[n] < 9; n++) {
      ClvScore score = stream_score (&stream, 0.5 * n, lives[i].scores[n]);

      g_string_append_c (active, score.active ? '1' : '0');
    }
    clv_scorer_close (stream.scorer, 0.5 * n, stream.events);
    for (guint j = 0; j < stream.events->len; j++) {
      ClvTagEvent *event = &g_array_index (stream.events, ClvTagEvent, j);

      g_assert_cmpuint (event->index, ==, 0);
      g_string_append_printf (events, "%s %.1f %.1f %.2f %.2f %.2f; ",
          event->start ? "start" : "stop", event->time, event->started,
          event->score, event->peak, event->mean);
    }
    g_test_message ("%s", lives[i].what);
    g_assert_cmpstr (active->str, ==, lives[i].active);
    g_assert_cmpstr (events->str, ==, lives[i].events);
    stream_close (&stream);
  }
}

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

/* Two labels that both are above their thresholds, one frame in half a second;
 * which of them is the better one in each frame, "=": none. */
static const struct {
  const gchar *what;
  gdouble min_duration;
  gdouble cool_down;
  const gchar *better;
  const gchar *active; /* of each frame, "-": none */
  const gchar *events;
} ranks[] = {
  { "who is better holds", 0, 0, "xxyyx", "xxyyx",
      "+x 0.0; -x 1.0; +y 1.0; +x 2.0; -y 2.0; -x 2.5; " },
  { "of equal ones it is the first", 0, 0, "y=", "yx",
      "+y 0.0; +x 0.5; -y 0.5; -x 1.0; " },
  { "the best must last as long as any", 1, 0, "xxxyxyyyx", "--x----y-",
      "+x 0.0; -x 1.5; +y 2.5; -y 4.0; " },
  { "who is pushed aside cools down", 0, 1, "xyxxx", "xy-xx",
      "+x 0.0; -x 0.5; +y 0.5; -y 1.0; +x 1.5; -x 2.5; " },
};

static void
test_ranks (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ranks); i++) {
    g_autofree gchar *json = g_strdup_printf (
        "{\"groups\":[{\"scoring\":\"cosine\",\"prompts\":["
        "{\"text\":\"x\",\"threshold\":0.5,\"min-duration\":%g,"
        "\"cool-down\":%g},{\"text\":\"y\",\"threshold\":0.5,"
        "\"min-duration\":%g,\"cool-down\":%g}]}]}",
        ranks[i].min_duration, ranks[i].cool_down, ranks[i].min_duration,
        ranks[i].cool_down);
    g_autoptr (ClvPrompts) prompts = test_load_prompts (json, NULL);
    g_autoptr (ClvScorer) scorer = NULL;
    g_autoptr (GArray) changes =
        g_array_new (FALSE, FALSE, sizeof (ClvTagEvent));
    g_autoptr (GString) active = g_string_new (NULL);
    g_autoptr (GString) events = g_string_new (NULL);
    guint n;

    g_assert_true (
        clv_prompts_encode (prompts, NULL, 2, encode_axes, NULL, NULL, NULL));
    scorer = clv_scorer_new (prompts, SCALE, 0, 1);
    for (n = 0; ranks[i].better[n] != 0; n++) {
      gfloat x[2] = { 0.6f, 0.6f };
      ClvScore scores[2];

      if (ranks[i].better[n] != '=')
        x[ranks[i].better[n] - 'x'] = 0.7f;
      clv_scorer_score (scorer, x, 0.5 * n, scores, changes);
      g_assert_false (scores[0].active && scores[1].active);
      g_string_append_c (active, scores[0].active   ? 'x'
                                 : scores[1].active ? 'y'
                                                    : '-');
    }
    clv_scorer_close (scorer, 0.5 * n, changes);
    for (guint j = 0; j < changes->len; j++) {
      ClvTagEvent *event = &g_array_index (changes, ClvTagEvent, j);

      g_string_append_printf (events, "%c%c %.1f; ", event->start ? '+' : '-',
          'x' + event->index, event->time);
    }
    g_test_message ("%s", ranks[i].what);
    g_assert_cmpstr (active->str, ==, ranks[i].active);
    g_assert_cmpstr (events->str, ==, ranks[i].events);
  }
}

static void
test_smoothing (void)
{
  const gdouble times[] = { 0, 0.04, 0.08, 0.5, 0.51, 1.7, 1.7, 2 };
  Stream stream;
  gdouble wanted = 0;

  stream_open (&stream, 1, 1, 0, 0, 0.4);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    gdouble x = i % 3 == 0 ? 0.2 : 0.9;

    if (i == 0)
      wanted = x;
    else
      wanted = x + (wanted - x) * exp (-(times[i] - times[i - 1]) / 0.4);
    g_assert_cmpfloat_with_epsilon (
        stream_score (&stream, times[i], x).smoothed, wanted, 1e-5);
  }
  stream_close (&stream);
}

/* A step is followed alike at 10 and at 60 frames a second. */
static void
test_frame_rate (void)
{
  const guint rates[] = { 10, 25, 60 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    ClvScore score = { 0 };
    Stream stream;

    stream_open (&stream, 1, 1, 0, 0, 1);
    for (guint n = 0; n <= rates[i]; n++)
      score = stream_score (&stream, (gdouble) n / rates[i], n == 0 ? 0 : 1);
    g_assert_cmpfloat_with_epsilon (score.smoothed, 1 - exp (-1), 1e-4);
    stream_close (&stream);
  }
}

static void
test_bad_times (void)
{
  const gdouble times[] = { 10, NAN, 3, INFINITY, -INFINITY, 2, 2.5 };
  const gfloat nan_frame[2] = { NAN, NAN };
  ClvScore score;
  Stream stream;

  stream_open (&stream, 0.5, 0.5, 0.4, 0, 1);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    score = stream_score (&stream, times[i], 0.75);
    g_assert_cmpfloat_with_epsilon (score.smoothed, 0.75, 1e-6);
  }
  g_assert_true (score.active);
  g_assert_cmpuint (stream.events->len, ==, 1);
  g_assert_cmpfloat (
      g_array_index (stream.events, ClvTagEvent, 0).started, ==, 2);

  clv_scorer_score (stream.scorer, nan_frame, 3, &score, stream.events);
  g_assert_cmpfloat (score.score, ==, 0);
  g_assert_cmpfloat (score.cosine, ==, 0);
  g_assert_cmpfloat_with_epsilon (score.smoothed, 0.75, 1e-6);
  g_assert_true (score.active);

  clv_scorer_close (stream.scorer, NAN, stream.events);
  g_assert_cmpuint (stream.events->len, ==, 2);
  g_assert_cmpfloat (g_array_index (stream.events, ClvTagEvent, 1).time, ==, 3);
  stream_close (&stream);
}

/* After close() the stream may start anywhere, and nothing of before is left. */
static void
test_close_forgets (void)
{
  Stream stream;

  stream_open (&stream, 0.5, 0.5, 0, 1000, 10);
  stream_score (&stream, 100, 0.875);
  clv_scorer_close (stream.scorer, 101, stream.events);
  g_assert_cmpuint (stream.events->len, ==, 2);
  clv_scorer_close (stream.scorer, 102, stream.events);
  g_assert_cmpuint (stream.events->len, ==, 2);
  g_assert_cmpfloat (stream_score (&stream, 5, 0.125).smoothed, ==, 0.125f);
  stream_close (&stream);

  /* The cool-down too. */
  stream_open (&stream, 0.5, 0.5, 0, 1000, 0);
  stream_score (&stream, 100, 0.875);
  stream_score (&stream, 101, 0.125);
  g_assert_false (stream_score (&stream, 102, 0.875).active);
  clv_scorer_close (stream.scorer, 103, stream.events);
  g_assert_true (stream_score (&stream, 7, 0.875).active);
  stream_close (&stream);
}

/* A frame without a score neither starts a tag nor counts in its mean. */
static void
test_nan_starts_nothing (void)
{
  const gfloat nan_frame[2] = { NAN, NAN };
  ClvScore score;
  Stream stream;

  stream_open (&stream, 0.5, 0.5, 1, 0, 0);
  stream_score (&stream, 0, 0.75);
  clv_scorer_score (stream.scorer, nan_frame, 2, &score, stream.events);
  g_assert_false (score.active);
  g_assert_cmpuint (stream.events->len, ==, 0);
  g_assert_true (stream_score (&stream, 3, 0.5).active);
  g_assert_cmpfloat_with_epsilon (
      g_array_index (stream.events, ClvTagEvent, 0).mean, 0.625, 1e-6);
  stream_close (&stream);
}

/* Frame times that are multiples of 1/30 add up to a little less or more. */
static void
test_frame_times (void)
{
  guint n_active = 0;
  gdouble time = 0;
  Stream stream;

  stream_open (&stream, 0.5, 0.5, 0.5, 0.5, 0);
  for (guint n = 0; n < 61; n++, time += 1.0 / 30) {
    gboolean high = n != 20;

    n_active += stream_score (&stream, time, high ? 0.75 : 0.25).active;
  }
  /* Frames 15 to 19, and from 20 + 15 + 15 on. */
  g_assert_cmpuint (n_active, ==, 5 + 11);
  g_assert_cmpuint (stream.events->len, ==, 3);
  stream_close (&stream);
}

/* A clock that starts anew without a close must not block a label for hours. */
static void
test_cooling_when_time_goes_back (void)
{
  Stream stream;

  stream_open (&stream, 0.5, 0.5, 0, 2, 0);
  stream_score (&stream, 5000, 0.875);
  stream_score (&stream, 5001, 0.125);
  g_assert_false (stream_score (&stream, 10, 0.875).active);
  g_assert_false (stream_score (&stream, 11.9, 0.875).active);
  g_assert_true (stream_score (&stream, 12, 0.875).active);
  stream_close (&stream);
}

static void
test_large_set (void)
{
  const guint n = 10000, width = 512, n_frames = 10;
  g_autoptr (GString) string = g_string_new (NULL);
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (ClvScorer) scorer = NULL;
  g_autofree ClvScore *scores = g_new (ClvScore, n);
  g_autofree gfloat *x = g_new (gfloat, width);
  Tower tower = { g_rand_new_with_seed (3), width };
  gint64 start;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (string, "%u;", i);
  prompts = clv_prompts_new_from_string (string->str, NULL, NULL);
  g_assert_true (
      clv_prompts_encode (prompts, NULL, width, encode, NULL, &tower, NULL));
  scorer = clv_scorer_new (prompts, SCALE, 0.5, 0);
  random_unit (tower.rand, width, x);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < n_frames; i++) {
    gdouble sum = 0;

    clv_scorer_score (scorer, x, i, scores, NULL);
    for (guint j = 0; j < n; j++)
      sum += scores[j].score;
    g_assert_cmpfloat_with_epsilon (sum, 1, 1e-4);
  }
  g_test_message ("10,000 labels of width 512: %.2f ms a frame",
      (gdouble) (g_get_monotonic_time () - start) / 1000 / n_frames);
  g_rand_free (tower.rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scorer/dot products of any width are right", test_cosine);
  g_test_add_func ("/scorer/scores are what their formulas say", test_scores);
  g_test_add_func (
      "/scorer/tags start and stop by their thresholds", test_lives);
  g_test_add_func ("/scorer/only the best of a group hold", test_ranks);
  g_test_add_func (
      "/scorer/smoothing follows irregular frame times", test_smoothing);
  g_test_add_func (
      "/scorer/smoothing does not depend on the frame rate", test_frame_rate);
  g_test_add_func (
      "/scorer/impossible times and scores break nothing", test_bad_times);
  g_test_add_func ("/scorer/a frame without a score starts nothing",
      test_nan_starts_nothing);
  g_test_add_func ("/scorer/closing a stream forgets it", test_close_forgets);
  g_test_add_func (
      "/scorer/durations count frames of any rate right", test_frame_times);
  g_test_add_func ("/scorer/a cool-down ends though time goes back",
      test_cooling_when_time_goes_back);
  g_test_add_func ("/scorer/ten thousand labels sum to one", test_large_set);
  return g_test_run ();
}

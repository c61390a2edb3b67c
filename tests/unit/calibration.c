/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Background phrases and calibrations: the formulas written out, and what they
 * are for, one threshold for several phrases. */

#include <clv/clv-scorer.h>
#include <math.h>
#include <string.h>

#include "prompts-test.h"
#include "score/clv-prompts-phrases.h"
#include "score/clv-prompts-private.h"

#define WIDTH 64
#define SCALE 50.0

static void
make_unit (gdouble *x)
{
  gdouble sum = 0;

  for (guint d = 0; d < WIDTH; d++)
    sum += x[d] * x[d];
  for (guint d = 0; d < WIDTH; d++)
    x[d] /= sqrt (sum);
}

static gdouble
normal (GRand *rand)
{
  gdouble u = 1 - g_rand_double (rand), v = g_rand_double (rand);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

/* A random text tower as real ones are: all texts share a direction (axis 0),
 * one more than another. */
static void
embed (const gchar *text, gdouble *ret_row)
{
  GRand *rand = g_rand_new_with_seed (g_str_hash (text));

  for (guint d = 0; d < WIDTH; d++)
    ret_row[d] = normal (rand) / sqrt (WIDTH);
  ret_row[0] = g_rand_double_range (rand, 0.4, 1.4);
  make_unit (ret_row);
  g_rand_free (rand);
}

static gboolean
encode (const gchar *const *texts, guint n, gfloat *ret_rows, gpointer seen,
    GError **error)
{
  for (guint i = 0; i < n; i++) {
    gdouble row[WIDTH];

    embed (texts[i], row);
    for (guint d = 0; d < WIDTH; d++)
      ret_rows[(gsize) i * WIDTH + d] = (gfloat) row[d];
    if (seen != NULL)
      g_ptr_array_add (seen, g_strdup (texts[i]));
  }
  return TRUE;
}

static ClvPrompts *
load_encoded (const gchar *json)
{
  ClvPrompts *prompts = test_load_prompts (json, NULL);

  g_assert_true (
      clv_prompts_encode (prompts, NULL, WIDTH, encode, NULL, NULL, NULL));
  return prompts;
}

static gdouble
cosine_of (const gfloat *x, const gchar *text)
{
  gdouble row[WIDTH], sum = 0;

  embed (text, row);
  for (guint d = 0; d < WIDTH; d++)
    sum += row[d] * x[d];
  return sum;
}

static void
random_picture (GRand *rand, gfloat *ret_x)
{
  gdouble x[WIDTH];

  for (guint d = 0; d < WIDTH; d++)
    x[d] = normal (rand);
  make_unit (x);
  for (guint d = 0; d < WIDTH; d++)
    ret_x[d] = (gfloat) x[d];
}

static void
test_background (void)
{
  g_autoptr (ClvPrompts) prompts = load_encoded (
      "{\"groups\":["
      "{\"name\":\"a\",\"background\":[\"bg 1\",\"bg 2\"],\"prompts\":"
      "  [\"x\",{\"text\":\"y\",\"negative\":\"not y\"}]},"
      "{\"name\":\"b\",\"background\":\"bg 3\",\"scoring\":\"sigmoid\","
      "  \"prompts\":[\"x\",{\"text\":\"y\",\"negative\":\"not y\"}]},"
      "{\"name\":\"c\",\"background\":\"bg 4\",\"prompts\":[\"x\"]}]}");
  GRand *rand = g_rand_new_with_seed (5);

  g_assert_cmpuint (clv_prompts_get_n_labels (prompts), ==, 5);
  for (guint round = 0; round < 20; round++) {
    g_autoptr (ClvScorer) scorer = clv_scorer_new (prompts, SCALE, 0, 0);
    ClvScore scores[5];
    gfloat p[WIDTH];
    gdouble x, y, not_y, b1, b2, b3, b4;

    random_picture (rand, p);
    clv_scorer_score (scorer, p, 0, scores, NULL);
    x = exp (SCALE * cosine_of (p, "x"));
    y = exp (SCALE * cosine_of (p, "y"));
    not_y = exp (SCALE * cosine_of (p, "not y"));
    b1 = exp (SCALE * cosine_of (p, "bg 1"));
    b2 = exp (SCALE * cosine_of (p, "bg 2"));
    b3 = exp (SCALE * cosine_of (p, "bg 3"));
    b4 = exp (SCALE * cosine_of (p, "bg 4"));
    g_assert_cmpfloat_with_epsilon (
        scores[0].score, x / (x + y + not_y + b1 + b2), 5e-5);
    g_assert_cmpfloat_with_epsilon (
        scores[1].score, y / (x + y + not_y + b1 + b2), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[2].score, x / (x + b3), 5e-5);
    g_assert_cmpfloat_with_epsilon (
        scores[3].score, y / (y + not_y + b3), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[4].score, x / (x + b4), 5e-5);
  }
  g_rand_free (rand);
}

/* Without background one of two labels always wins; with it, none may. */
static void
test_none_of_these (void)
{
  const gchar *const json[] = { "{\"groups\":[{\"prompts\":[\"x\",\"y\"]}]}",
    "{\"background\":\"z\",\"groups\":[{\"prompts\":[\"x\",\"y\"]}]}" };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (ClvPrompts) prompts = load_encoded (json[i]);
    g_autoptr (ClvScorer) scorer = clv_scorer_new (prompts, SCALE, 0, 0);
    ClvScore scores[2];
    gdouble row[WIDTH];
    gfloat p[WIDTH];

    embed ("z", row);
    for (guint d = 0; d < WIDTH; d++)
      p[d] = (gfloat) row[d];
    clv_scorer_score (scorer, p, 0, scores, NULL);
    g_assert_cmpint (scores[0].active + scores[1].active, ==, i == 0 ? 1 : 0);
  }
}

static void
test_background_defaults (void)
{
  const ClvPromptsDefaults defaults = { .threshold = -1, .background = TRUE };
  g_autoptr (ClvPrompts) string =
      clv_prompts_new_from_string ("x", &defaults, NULL);
  g_autoptr (ClvPrompts) file = test_load_prompts (
      "{\"groups\":[{\"name\":\"a\",\"prompts\":[\"x\"]},"
      "{\"name\":\"b\",\"background\":false,\"prompts\":[\"x\"]},"
      "{\"name\":\"c\",\"scoring\":\"cosine\",\"prompts\":[\"x\",\"y\"]}]}",
      &defaults);
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  const guint n_builtin =
      g_strv_length ((gchar **) clv_prompts_background_phrases);

  g_assert_cmpint (
      clv_prompts_get_label (string, 0)->scoring, ==, CLV_SCORING_SOFTMAX);
  g_assert_cmpuint (clv_prompts_get_n_rows (string), ==, 1 + n_builtin);
  g_assert_true (
      clv_prompts_encode (string, NULL, WIDTH, encode, NULL, seen, NULL));
  for (guint i = 0; i < n_builtin; i++)
    g_assert_true (g_ptr_array_find_with_equal_func (
        seen, clv_prompts_background_phrases[i], g_str_equal, NULL));
  g_assert_cmpuint (clv_prompts_get_n_rows (file), ==, 1 + n_builtin + 1 + 2);
}

/* z among the null phrases, from the definition. */
static gdouble
wanted_z (const gfloat *x, const gchar *text)
{
  const gchar *const *nulls = clv_prompts_null_phrases;
  guint n = g_strv_length ((gchar **) nulls);
  gdouble mean_row[WIDTH] = { 0 }, row[WIDTH];
  gdouble mean = 0, square = 0, r = 0, r_i = 0;

  for (guint j = 0; j < n; j++) {
    embed (nulls[j], row);
    mean += cosine_of (x, nulls[j]) / n;
    for (guint d = 0; d < WIDTH; d++)
      mean_row[d] += row[d] / n;
  }
  for (guint j = 0; j < n; j++) {
    embed (nulls[j], row);
    square += pow (cosine_of (x, nulls[j]) - mean, 2) / n;
    for (guint d = 0; d < WIDTH; d++)
      r += pow (row[d] - mean_row[d], 2) / n;
  }
  embed (text, row);
  for (guint d = 0; d < WIDTH; d++)
    r_i += pow (row[d] - mean_row[d], 2);
  return (cosine_of (x, text) - mean) / sqrt (square) * sqrt (r / r_i);
}

static void
test_model_formula (void)
{
  g_autoptr (ClvPrompts) prompts = load_encoded (
      "{\"calibration\":\"model\",\"groups\":["
      "{\"name\":\"a\",\"scoring\":\"cosine\",\"prompts\":[\"x\",\"y\"]},"
      "{\"name\":\"b\",\"prompts\":[\"x\",\"y\"]},"
      "{\"name\":\"c\",\"scoring\":\"sigmoid\",\"prompts\":"
      "  [{\"text\":\"x\",\"negative\":\"y\"},\"y\"]}]}");
  GRand *rand = g_rand_new_with_seed (6);

  g_assert_cmpfloat (clv_prompts_get_label (prompts, 0)->threshold, ==, 0.5f);
  for (guint round = 0; round < 20; round++) {
    g_autoptr (ClvScorer) scorer = clv_scorer_new (prompts, SCALE, 0, 0);
    ClvScore scores[6];
    gfloat p[WIDTH];
    gdouble x, y;
    const gdouble b = exp (2); /* even at two spreads */

    random_picture (rand, p);
    clv_scorer_score (scorer, p, 0, scores, NULL);
    x = exp (wanted_z (p, "x"));
    y = exp (wanted_z (p, "y"));
    g_assert_cmpfloat_with_epsilon (scores[0].score, x / (x + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[1].score, y / (y + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[2].score, x / (x + y + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[3].score, y / (x + y + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[4].score, x / (x + y + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[5].score, y / (y + b), 5e-5);
    g_assert_cmpfloat_with_epsilon (scores[0].cosine, cosine_of (p, "x"), 1e-6);
  }
  g_rand_free (rand);
}

/* A picture (c, sqrt (1 - c^2)) has the cosine c with every text. */
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

static ClvScorer *
stream_new (const gchar *threshold)
{
  g_autofree gchar *json = g_strdup_printf (
      "{\"calibration\":\"stream\",\"groups\":[{\"prompts\":[{\"text\":\"x\","
      "\"threshold\":%s}]}]}",
      threshold);
  g_autoptr (ClvPrompts) prompts = test_load_prompts (json, NULL);

  g_assert_true (
      clv_prompts_encode (prompts, NULL, 2, encode_axis, NULL, NULL, NULL));
  return clv_scorer_new (prompts, SCALE, 0, 0);
}

static ClvScore
stream_score (ClvScorer *scorer, gdouble time, gdouble cosine)
{
  const gfloat x[2] = { (gfloat) cosine, (gfloat) sqrt (1 - cosine * cosine) };
  ClvScore score;

  clv_scorer_score (scorer, x, time, &score, NULL);
  return score;
}

static gdouble
z_of (ClvScore score)
{
  return 3 + log (score.score / (1 - (gdouble) score.score));
}

static void
test_stream_formula (void)
{
  g_autoptr (ClvScorer) scorer = stream_new ("1");
  gdouble mean = 0, square = 0;

  /* The first four seconds are looked at only; their mean is a plain one. */
  for (guint i = 0; i <= 40; i++) {
    gdouble cosine = 0.2 + 0.05 * (i % 3), z;

    mean += cosine / 41;
    square += cosine * cosine / 41;
    z = z_of (stream_score (scorer, i * 0.1, cosine));
    g_assert_cmpfloat_with_epsilon (z, 0, 1e-4);
  }
  g_assert_cmpfloat_with_epsilon (z_of (stream_score (scorer, 4.1, 0.4)),
      (0.4 - mean) / sqrt (square - mean * mean), 1e-2);

  /* What lasts becomes the background, in minutes. */
  for (guint i = 0; i < 12000; i++)
    stream_score (scorer, 4.2 + i * 0.1, 0.5);
  g_assert_cmpfloat (z_of (stream_score (scorer, 1300, 0.5)), <, 1);
}

/* A still picture has no spread: one logit is the least that counts. */
static void
test_still_stream (void)
{
  g_autoptr (ClvScorer) scorer = stream_new ("0.5");

  for (guint i = 0; i <= 50; i++)
    g_assert_false (stream_score (scorer, i * 0.1, 0.25).active);
  g_assert_cmpfloat_with_epsilon (
      z_of (stream_score (scorer, 5.1, 0.25 + 2 / SCALE)), 2, 1e-3);
  g_assert_true (stream_score (scorer, 5.2, 0.25 + 4 / SCALE).active);
  g_assert_false (stream_score (scorer, 5.3, 0.25).active);

  /* Closing forgets: it warms up again, and nothing of before is left. */
  clv_scorer_close (scorer, 6, NULL);
  for (guint i = 0; i <= 50; i++)
    g_assert_cmpfloat_with_epsilon (
        z_of (stream_score (scorer, 7 + i * 0.1, 0.9)), 0, 1e-3);
}

/* One odd frame hardly moves the baseline it stands out from. */
static void
test_odd_frame (void)
{
  g_autoptr (ClvScorer) scorer = stream_new ("0.5");

  for (guint i = 0; i < 600; i++)
    stream_score (scorer, i * 0.1, 0.25);
  stream_score (scorer, 60, -0.9);
  g_assert_cmpfloat_with_epsilon (
      z_of (stream_score (scorer, 60.1, 0.25 + 2 / SCALE)), 2, 0.02);
}

/* A tag that holds for a minute must not learn itself away; afterwards the
 * stream is what it was. */
static void
test_active_is_not_background (void)
{
  g_autoptr (ClvScorer) scorer = stream_new ("0.5");

  for (guint i = 0; i < 600; i++)
    stream_score (scorer, i * 0.1, 0.25 + (i % 2) * 0.02);
  for (guint i = 600; i < 1200; i++)
    g_assert_true (stream_score (scorer, i * 0.1, 0.5).active);
  g_assert_false (stream_score (scorer, 120, 0.26).active);
  g_assert_true (stream_score (scorer, 120.1, 0.5).active);
}

/* Warm-up needs time and frames: neither a burst nor two frames are enough. */
static void
test_warm_up (void)
{
  g_autoptr (ClvScorer) burst = stream_new ("0.5");
  g_autoptr (ClvScorer) sparse = stream_new ("0.5");

  for (guint i = 0; i < 100; i++)
    stream_score (burst, i * 0.01, 0.25);
  g_assert_false (stream_score (burst, 1.1, 0.9).active);
  for (guint i = 0; i < 8; i++)
    stream_score (sparse, i * 5, 0.25);
  g_assert_false (stream_score (sparse, 41, 0.9).active);
  for (guint i = 9; i < 20; i++)
    stream_score (sparse, i * 5, 0.25);
  g_assert_true (stream_score (sparse, 101, 0.9).active);
}

static void
test_nan_is_not_learnt (void)
{
  g_autoptr (ClvScorer) scorer = stream_new ("0.5");
  const gfloat nan_frame[2] = { NAN, NAN };
  ClvScore score;

  for (guint i = 0; i <= 50; i++) {
    stream_score (scorer, i * 0.1, 0.25);
    clv_scorer_score (scorer, nan_frame, i * 0.1, &score, NULL);
    g_assert_cmpfloat (score.score, ==, 0);
  }
  g_assert_true (stream_score (scorer, 5.2, 0.25 + 5 / SCALE).active);
}

/* --- one threshold for several phrases ---------------------------------- */

#define N_PHRASES  12
#define N_PICTURES 2400
#define PER_CAMERA 600
#define WARM_UP    120

/* Pictures of a random model. Picture i shows phrase i % 24, or none of them.
 * They have more or less of the direction that texts share (`haze`), which moves
 * the cosines of all phrases, of one more than of another. */
static void
draw (GRand *rand, guint i, gdouble haze, gfloat *ret_x)
{
  gdouble x[WIDTH], row[WIDTH];

  for (guint d = 0; d < WIDTH; d++)
    x[d] = normal (rand) / sqrt (WIDTH);
  x[0] += haze;
  if (i % 24 < N_PHRASES) {
    g_autofree gchar *text = g_strdup_printf ("phrase %u", i % 24);

    embed (text, row);
    for (guint d = 1; d < WIDTH; d++)
      x[d] += 1.2 * row[d];
  }
  make_unit (x);
  for (guint d = 0; d < WIDTH; d++)
    ret_x[d] = (gfloat) x[d];
}

/* The best mean over phrases of the balanced accuracy that one threshold for all
 * of them reaches. */
static gdouble
best_accuracy (gfloat (*scores)[N_PHRASES])
{
  gdouble best = 0;

  for (gdouble threshold = -1; threshold <= 1; threshold += 0.01) {
    gdouble sum = 0;

    for (guint k = 0; k < N_PHRASES; k++) {
      guint hits = 0, positives = 0, rejects = 0, all = 0;

      for (guint i = 0; i < N_PICTURES; i++) {
        gboolean is_true = i % 24 == k, is_on = scores[i][k] >= threshold;

        if (i % PER_CAMERA < WARM_UP)
          continue;
        all++;
        positives += is_true;
        hits += is_true && is_on;
        rejects += !is_true && !is_on;
      }
      sum +=
          ((gdouble) hits / positives + (gdouble) rejects / (all - positives)) /
          2 / N_PHRASES;
    }
    best = MAX (best, sum);
  }
  return best;
}

/* Four cameras, each looking through a haze of its own, or through a new one with
 * each picture. */
static gdouble
accuracy_of (const gchar *calibration, gboolean cameras)
{
  const gdouble hazes[] = { -1.5, -0.5, 0.5, 1.5 };
  g_autoptr (GString) json = g_string_new (NULL);
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (ClvScorer) scorer = NULL;
  gfloat (*scores)[N_PHRASES] = g_malloc_n (N_PICTURES, sizeof *scores);
  GRand *rand = g_rand_new_with_seed (7);
  gdouble accuracy;

  g_string_printf (json,
      "{\"calibration\":\"%s\",\"groups\":[{\"scoring\":\"cosine\","
      "\"prompts\":[",
      calibration);
  for (guint k = 0; k < N_PHRASES; k++)
    g_string_append_printf (json, "%s\"phrase %u\"", k > 0 ? "," : "", k);
  g_string_append (json, "]}]}");
  prompts = load_encoded (json->str);
  scorer = clv_scorer_new (prompts, SCALE, 0, 0);
  for (guint i = 0; i < N_PICTURES; i++) {
    ClvScore row[N_PHRASES];
    gfloat x[WIDTH];

    if (i % PER_CAMERA == 0)
      clv_scorer_close (scorer, i * 0.1, NULL);
    draw (rand, i,
        cameras ? hazes[i / PER_CAMERA] : g_rand_double_range (rand, -1.5, 1.5),
        x);
    clv_scorer_score (scorer, x, i * 0.1, row, NULL);
    for (guint k = 0; k < N_PHRASES; k++)
      scores[i][k] = row[k].score;
  }
  accuracy = best_accuracy (scores);
  g_rand_free (rand);
  g_free (scores);
  return accuracy;
}

static void
test_one_threshold (void)
{
  const gchar *const names[] = { "model", "stream" };

  for (guint cameras = 0; cameras < 2; cameras++) {
    const gdouble none = accuracy_of ("none", cameras);

    for (guint i = 0; i < 2; i++) {
      const gdouble accuracy = accuracy_of (names[i], cameras);

      g_test_message ("balanced accuracy of one threshold for %u phrases, %s: "
                      "%.3f by cosines, %.3f calibrated by %s",
          N_PHRASES, cameras ? "four cameras" : "single pictures", none,
          accuracy, names[i]);
      /* A stream of unrelated pictures is no stream. */
      if (cameras || i == 0)
        g_assert_cmpfloat (accuracy, >, none + 0.1);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/calibration/background phrases compete as documented", test_background);
  g_test_add_func ("/calibration/none of these is possible with a background",
      test_none_of_these);
  g_test_add_func ("/calibration/the built-in background is for groups that "
                   "compete and say nothing",
      test_background_defaults);
  g_test_add_func ("/calibration/by model, scores are what the formula says",
      test_model_formula);
  g_test_add_func ("/calibration/by stream, scores are what the formula says",
      test_stream_formula);
  g_test_add_func ("/calibration/a still stream has a spread of one logit",
      test_still_stream);
  g_test_add_func (
      "/calibration/an odd frame hardly moves the baseline", test_odd_frame);
  g_test_add_func ("/calibration/a tag that holds does not become background",
      test_active_is_not_background);
  g_test_add_func ("/calibration/warm-up takes time and frames", test_warm_up);
  g_test_add_func ("/calibration/a frame without scores is not learnt",
      test_nan_is_not_learnt);
  g_test_add_func (
      "/calibration/one threshold serves several phrases of a random model",
      test_one_threshold);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prompt sets from strings, and what encoding makes of them. */

#include <clv/clv-prompts.h>
#include <clv/clv-scorer.h>
#include <math.h>
#include <string.h>

#include "score/clv-prompts-private.h"

#define WIDTH 7

static void
assert_label (ClvPrompts *prompts, guint index, const gchar *label,
    ClvScoring scoring, gdouble threshold)
{
  const ClvLabel *found = clv_prompts_get_label (prompts, index);

  g_assert_cmpstr (found->label, ==, label);
  g_assert_cmpstr (found->group, ==, "default");
  g_assert_cmpuint (found->group_index, ==, 0);
  g_assert_cmpint (found->scoring, ==, scoring);
  g_assert_cmpfloat_with_epsilon (found->threshold, threshold, 1e-6);
  g_assert_cmpfloat_with_epsilon (found->off_threshold, threshold, 1e-6);
  g_assert_cmpfloat (found->min_duration, ==, 0);
}

static void
test_separators (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = clv_prompts_new_from_string (
      " a cat; a dog, sleeping ;;\n\ta \"quoted\" gate\r\n;\n", NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (clv_prompts_get_n_labels (prompts), ==, 3);
  assert_label (prompts, 0, "a cat", CLV_SCORING_SOFTMAX, 0.5);
  assert_label (prompts, 1, "a dog, sleeping", CLV_SCORING_SOFTMAX, 0.5);
  assert_label (prompts, 2, "a \"quoted\" gate", CLV_SCORING_SOFTMAX, 0.5);
}

static void
test_one_phrase (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts =
      clv_prompts_new_from_string ("ein Fuchs im Schnee, 雪の狐", NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (clv_prompts_get_n_labels (prompts), ==, 1);
  assert_label (
      prompts, 0, "ein Fuchs im Schnee, 雪の狐", CLV_SCORING_COSINE, 0.25);
}

static void
test_defaults (void)
{
  const ClvPromptsDefaults given = {
    .scoring = CLV_SCORING_SIGMOID,
    .threshold = 0.7f,
  };
  const ClvPromptsDefaults unsaid = {
    .scoring = CLV_SCORING_COSINE,
    .threshold = -1,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) first =
      clv_prompts_new_from_string ("a; b", &given, &error);
  g_autoptr (ClvPrompts) second =
      clv_prompts_new_from_string ("a; b", &unsaid, &error);

  g_assert_no_error (error);
  assert_label (first, 1, "b", CLV_SCORING_SIGMOID, 0.7);
  assert_label (second, 1, "b", CLV_SCORING_COSINE, 0.25);
  g_assert_cmpuint (clv_prompts_get_generation (second), >,
      clv_prompts_get_generation (first));
}

static void
test_bad_strings (void)
{
  const gchar *const no_hole[] = { "a photo of {}", "a photo", NULL };
  const gchar *const two_holes[] = { "{} and {}", NULL };
  const struct {
    const gchar *prompts;
    const gchar *const *templates;
    const gchar *message;
  } rows[] = {
    { "", NULL, "prompts: wanted phrases*found nothing" },
    { " ;\n; ", NULL, "prompts: wanted phrases*found only separators*" },
    { "a; b; a", NULL, "prompts: *once in its group, found \"a\" again" },
    { "a \xff b", NULL, "prompts: wanted UTF-8, found*0xff*offset 2" },
    { "a", no_hole, "template: wanted*one {}*found none" },
    { "a", two_holes, "template: wanted*one {}*found several" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const ClvPromptsDefaults defaults = { .templates = rows[i].templates };
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvPrompts) prompts =
        clv_prompts_new_from_string (rows[i].prompts, &defaults, &error);

    g_assert_null (prompts);
    g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
    if (!g_pattern_match_simple (rows[i].message, error->message))
      g_error ("row %u: %s", i, error->message);
  }
}

/* A text tower that any text has a unit vector in: its bytes, hashed. */
static void
embed (const gchar *text, gfloat *ret_row)
{
  GRand *rand = g_rand_new_with_seed (g_str_hash (text));
  gdouble values[WIDTH], sum = 0;

  for (guint d = 0; d < WIDTH; d++) {
    values[d] = g_rand_double_range (rand, -1, 1);
    sum += values[d] * values[d];
  }
  for (guint d = 0; d < WIDTH; d++)
    ret_row[d] = (gfloat) (values[d] / sqrt (sum));
  g_rand_free (rand);
}

static gboolean
encode (const gchar *const *texts, guint n, gfloat *ret_rows, gpointer seen,
    GError **error)
{
  for (guint i = 0; i < n; i++) {
    g_ptr_array_add (seen, g_strdup (texts[i]));
    embed (texts[i], &ret_rows[i * WIDTH]);
  }
  return TRUE;
}

static void
test_ensemble (void)
{
  const gchar *const templates[] = { "a photo of {}.", "{} at night", NULL };
  const ClvPromptsDefaults defaults = { .templates = templates };
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts =
      clv_prompts_new_from_string ("a cat; 100 % {x}", &defaults, &error);
  const gchar *const filled[2][2] = {
    { "a photo of a cat.", "a cat at night" },
    { "a photo of 100 % {x}.", "100 % {x} at night" },
  };
  const gfloat *matrix;
  guint width;

  g_assert_no_error (error);
  g_assert_null (clv_prompts_get_matrix (prompts, NULL));
  g_assert_cmpuint (clv_prompts_get_width (prompts), ==, 0);
  g_assert_true (
      clv_prompts_encode (prompts, NULL, WIDTH, encode, NULL, seen, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen->len, ==, 4);
  matrix = clv_prompts_get_matrix (prompts, &width);
  g_assert_cmpuint (width, ==, WIDTH);
  g_assert_cmpuint (clv_prompts_get_width (prompts), ==, WIDTH);
  for (guint row = 0; row < 2; row++) {
    gfloat first[WIDTH], second[WIDTH];
    gdouble mean[WIDTH], sum = 0;

    embed (filled[row][0], first);
    embed (filled[row][1], second);
    for (guint d = 0; d < WIDTH; d++) {
      mean[d] = ((gdouble) first[d] + second[d]) / 2;
      sum += mean[d] * mean[d];
    }
    for (guint d = 0; d < WIDTH; d++)
      g_assert_cmpfloat_with_epsilon (
          matrix[row * WIDTH + d], mean[d] / sqrt (sum), 1e-6);
  }
}

static gboolean
encode_fails (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  g_set_error_literal (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST, "gone");
  return FALSE;
}

static gboolean
encode_nan (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  for (guint i = 0; i < n * WIDTH; i++)
    ret_rows[i] = NAN;
  return TRUE;
}

/* x for the first half of the texts, -x for the other. */
static gboolean
encode_opposites (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  memset (ret_rows, 0, n * WIDTH * sizeof *ret_rows);
  for (guint i = 0; i < n; i++)
    ret_rows[i * WIDTH] = i < n / 2 ? 1 : -1;
  return TRUE;
}

static void
test_encode_errors (void)
{
  const gchar *const templates[] = { "a {}", "no {}", NULL };
  const ClvPromptsDefaults defaults = { .templates = templates };
  const struct {
    ClvEncodeTextFunc encode;
    gint code;
    const gchar *message;
  } rows[] = {
    { encode_fails, CLV_ERROR_DEVICE_LOST, "gone" },
    { encode_nan, CLV_ERROR_FAILED, "text \"a fox\": wanted*unit length*" },
    { encode_opposites, CLV_ERROR_FAILED, "prompt \"fox\": *cancel out" },
  };
  g_autoptr (ClvPrompts) prompts =
      clv_prompts_new_from_string ("fox", &defaults, NULL);
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (clv_prompts_encode (
        prompts, NULL, WIDTH, rows[i].encode, NULL, NULL, &error));
    g_assert_error (error, CLV_ERROR, rows[i].code);
    if (!g_pattern_match_simple (rows[i].message, error->message))
      g_error ("row %u: %s", i, error->message);
    g_assert_null (clv_prompts_get_matrix (prompts, NULL));
  }

  /* After failures the set can still be encoded, but only for one model. */
  g_assert_true (
      clv_prompts_encode (prompts, NULL, WIDTH, encode, NULL, seen, NULL));
  g_assert_false (
      clv_prompts_encode (prompts, "other", WIDTH, encode, NULL, seen, &again));
  g_assert_error (again, CLV_ERROR, CLV_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prompts/semicolons and newlines separate, commas do not",
      test_separators);
  g_test_add_func (
      "/prompts/one phrase is scored by its cosine", test_one_phrase);
  g_test_add_func (
      "/prompts/defaults hold for what a string cannot say", test_defaults);
  g_test_add_func (
      "/prompts/a bad string is an error that says why", test_bad_strings);
  g_test_add_func (
      "/prompts/a row is the unit mean over the templates", test_ensemble);
  g_test_add_func ("/prompts/a failed encoding leaves the set as it was",
      test_encode_errors);
  return g_test_run ();
}

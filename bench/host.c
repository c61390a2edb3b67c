/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is computed on the host, with as many phrases as one likes and without a
 * device: the embeddings are made up, the work on them is not.
 *
 *   bench-host score N WIDTH ROUNDS     a picture against N phrases in one group
 *   bench-host cache N WIDTH            N embeddings through the cache on disk
 *
 * Prints milliseconds: "score" of each round, "cache" of the one call that reads
 * the cache of $CLV_CACHE_DIR, or fills it where it is empty. */

#include <clv/clv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  guint width;
  GRand *rand;
} Source;

static void
fill_unit (Source *source, gfloat *row)
{
  gdouble square = 0.0;

  for (guint i = 0; i < source->width; i++) {
    row[i] = (gfloat) g_rand_double_range (source->rand, -1.0, 1.0);
    square += (gdouble) row[i] * row[i];
  }
  for (guint i = 0; i < source->width; i++)
    row[i] /= (gfloat) sqrt (square);
}

/* A ClvEncodeTextFunc. */
static gboolean
make_up (const gchar *const *texts, guint n_texts, gfloat *ret_embeddings,
    gpointer user_data, GError **error)
{
  Source *source = user_data;

  for (guint i = 0; i < n_texts; i++)
    fill_unit (source, ret_embeddings + (gsize) i * source->width);
  return TRUE;
}

static ClvPrompts *
make_prompts (guint n, GError **error)
{
  g_autoptr (GString) phrases = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (phrases, "a photo of thing %u;", i);
  return clv_prompts_new_from_string (phrases->str, NULL, error);
}

static gboolean
run_score (guint n, Source *source, guint rounds, GError **error)
{
  g_autoptr (ClvPrompts) prompts = make_prompts (n, error);
  g_autoptr (ClvScorer) scorer = NULL;
  g_autofree ClvScore *scores = g_new (ClvScore, n);
  g_autofree gfloat *picture = g_new (gfloat, source->width);

  if (prompts == NULL || !clv_prompts_encode (prompts, NULL, source->width,
                             make_up, NULL, source, error))
    return FALSE;
  scorer = clv_scorer_new (prompts, 100.0f, 0.5, 0);
  for (guint i = 0; i < rounds; i++) {
    gint64 start_us;

    fill_unit (source, picture);
    start_us = g_get_monotonic_time ();
    clv_scorer_score (scorer, picture, i * 0.04, scores, NULL);
    printf ("%.4f\n", (g_get_monotonic_time () - start_us) / 1e3);
  }
  return TRUE;
}

static gboolean
run_cache (guint n, Source *source, GError **error)
{
  g_autoptr (ClvPrompts) prompts = make_prompts (n, error);
  const gint64 start_us = g_get_monotonic_time ();

  if (prompts == NULL || !clv_prompts_encode (prompts, "bench", source->width,
                             make_up, NULL, source, error))
    return FALSE;
  printf ("%.3f\n", (g_get_monotonic_time () - start_us) / 1e3);
  return TRUE;
}

int
main (int argc, gchar **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  const guint n = argc > 2 ? (guint) CLAMP (atoi (argv[2]), 0, 1000000) : 0;
  Source source = { .rand = rand };
  gboolean ok;

  if (argc > 3)
    source.width = (guint) CLAMP (atoi (argv[3]), 0, 65536);
  if (n > 0 && source.width > 0 && argc == 5 &&
      g_str_equal (argv[1], "score")) {
    ok = run_score (n, &source, (guint) MAX (atoi (argv[4]), 1), &error);
  } else if (n > 0 && source.width > 0 && argc == 4 &&
             g_str_equal (argv[1], "cache")) {
    ok = run_cache (n, &source, &error);
  } else {
    fprintf (
        stderr, "usage: bench-host score N WIDTH ROUNDS | cache N WIDTH\n");
    return 2;
  }
  if (!ok)
    fprintf (stderr, "bench-host: %s\n", error->message);
  return ok ? 0 : 1;
}

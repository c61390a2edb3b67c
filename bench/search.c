/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Searches an index of random moments, on request, so that a driver can take
 * turns with another program:
 *
 *   bench-search INDEX N WIDTH QUERY-FILE
 *
 * INDEX is made with N moments of one media if it is missing. QUERY-FILE holds
 * WIDTH floats. For each line "time" on standard input one search is made, with
 * segments and all, and its milliseconds and those of processor time are printed;
 * for "best", the numbers of the best moments. */

#include <clv/clv-index.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AT_ONCE 4096
#define TOP     10

static void
fail (const GError *error)
{
  fprintf (stderr, "bench-search: %s\n", error->message);
  exit (1);
}

/* Uniform in each value, which is a direction like any other in many
 * dimensions. */
static void
make_row (gfloat *row, guint width, guint64 *seed)
{
  gdouble sum = 0;

  for (guint d = 0; d < width; d++) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    row[d] = (gfloat) (gint32) (*seed >> 32) / 2147483648.0f;
    sum += (gdouble) row[d] * row[d];
  }
  for (guint d = 0; d < width; d++)
    row[d] = (gfloat) (row[d] / sqrt (sum));
}

static void
make_index (const gchar *path, guint n, guint width)
{
  static const ClvIndexMedia media = { .location = "random",
    .size = -1,
    .modified_us = -1,
    .sampling = "",
    .span = 1 };
  g_autofree gfloat *rows = g_new (gfloat, (gsize) AT_ONCE * width);
  g_autofree ClvIndexMoment *moments = g_new0 (ClvIndexMoment, AT_ONCE);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index =
      clv_index_open_writable (path, "random", "random", width, &error);
  ClvIndexProgress progress;
  guint64 seed = 1;

  if (index == NULL ||
      !clv_index_begin_media (index, &media, &progress, &error))
    fail (error);
  for (guint first = 0; first < n; first += AT_ONCE) {
    const guint now = MIN (AT_ONCE, n - first);

    for (guint i = 0; i < now; i++) {
      moments[i].time = first + i;
      make_row (rows + (gsize) i * width, width, &seed);
    }
    if (!clv_index_append (index, progress.id, moments, now, rows, &error))
      fail (error);
  }
}

static void
answer (ClvIndex *index, const gfloat *vector, const gchar *request)
{
  const gint64 start_us = g_get_monotonic_time ();
  const clock_t start = clock ();
  const ClvIndexQuery query = { .vector = vector, .top = TOP };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = clv_index_search (index, &query, &error);

  if (hits == NULL)
    fail (error);
  if (strcmp (request, "best\n") == 0)
    for (guint i = 0; i < hits->len; i++)
      printf ("%s%" G_GINT64_FORMAT, i > 0 ? " " : "",
          ((ClvIndexHit *) hits->pdata[i])->moment);
  else
    printf ("%.3f %.3f", (g_get_monotonic_time () - start_us) / 1e3,
        (clock () - start) * 1e3 / CLOCKS_PER_SEC);
  printf ("\n");
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = NULL;
  g_autofree gchar *vector = NULL;
  gchar line[32];
  gsize size = 0;
  guint width;

  if (argc != 5) {
    fprintf (stderr, "usage: bench-search INDEX N WIDTH QUERY-FILE\n");
    return 2;
  }
  width = (guint) CLAMP (atoi (argv[3]), 1, 65536);
  if (!g_file_test (argv[1], G_FILE_TEST_EXISTS))
    make_index (argv[1], (guint) MAX (atoi (argv[2]), 1), width);
  index = clv_index_open (argv[1], &error);
  if (index == NULL || !g_file_get_contents (argv[4], &vector, &size, &error))
    fail (error);
  if (size != clv_index_get_width (index) * sizeof (gfloat)) {
    fprintf (stderr, "bench-search: %s: wanted %u floats, found %zu bytes\n",
        argv[4], clv_index_get_width (index), size);
    return 1;
  }
  while (fgets (line, sizeof line, stdin) != NULL)
    answer (index, (const gfloat *) vector, line);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which segments a search finds, and where they start and end. */

#include <math.h>
#include <string.h>

#include "index-test.h"

static void
assert_hit (GPtrArray *hits, guint i, const gchar *media, gdouble start,
    gdouble end, gdouble best, gfloat score, guint n_moments)
{
  const ClvIndexHit *hit;

  g_assert_cmpuint (i, <, hits->len);
  hit = hits->pdata[i];
  g_assert_cmpstr (hit->media, ==, media);
  g_assert_cmpfloat (hit->start, ==, start);
  g_assert_cmpfloat (hit->end, ==, end);
  g_assert_cmpfloat (hit->best, ==, best);
  g_assert_cmpfloat_with_epsilon (hit->score, score, 1e-3);
  g_assert_cmpuint (hit->n_moments, ==, n_moments);
}

static void
test_segments (IndexFixture *self, gconstpointer data)
{
  static const gfloat one[] = { 0.1f, 0.1f, 0.7f, 0.9f, 0.8f, 0.1f, 0.1f, 0.6f,
    0.1f };
  static const gfloat two[] = { 0.95f, 0.1f, 0.1f, 0.1f, 0.1f };
  gint64 id = test_media (self->index, "one");
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  test_append (self->index, id, 10, one, 4);
  test_append (self->index, id, 14, one + 4, 5);
  clv_index_end_media (self->index, id, 19, &error);
  g_assert_no_error (error);
  id = test_media (self->index, "two");
  test_append (self->index, id, 0, two, 5);

  hits = test_search (self->index, 3);
  g_assert_cmpuint (hits->len, ==, 3);
  assert_hit (hits, 0, "two", 0, 1, 0, 0.95f, 1);
  assert_hit (hits, 1, "one", 12, 15, 13, 0.9f, 3);
  assert_hit (hits, 2, "one", 17, 18, 17, 0.6f, 1);
}

/* All segments together are all moments, each in one of them. */
static void
test_all (IndexFixture *self, gconstpointer data)
{
  gfloat cosines[500];
  const gint64 id = test_media (self->index, "m");
  g_autoptr (GPtrArray) hits = NULL;
  guint n_moments = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cosines); i++)
    cosines[i] = (gfloat) (i * 7919 % 257) / 300;
  test_append (self->index, id, 0, cosines, G_N_ELEMENTS (cosines));
  hits = test_search (self->index, 100000);
  for (guint i = 0; i < hits->len; i++) {
    const ClvIndexHit *hit = hits->pdata[i];

    n_moments += hit->n_moments;
    g_assert_cmpfloat (hit->start, <=, hit->best);
    g_assert_cmpfloat (hit->best, <, hit->end);
    if (i > 0)
      g_assert_cmpfloat (
          hit->score, <=, ((ClvIndexHit *) hits->pdata[i - 1])->score);
    for (guint j = 0; j < i; j++) {
      const ClvIndexHit *other = hits->pdata[j];

      g_assert_true (hit->start >= other->end || hit->end <= other->start);
    }
  }
  g_assert_cmpuint (n_moments, ==, G_N_ELEMENTS (cosines));
}

/* The same all the time is one segment, up to the end of the media; where
 * moments are missing it is two. */
static void
test_gap (IndexFixture *self, gconstpointer data)
{
  static const gfloat same[] = { 0.5f, 0.5f, 0.5f };
  const gint64 id = test_media (self->index, "m");
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  test_append (self->index, id, 0, same, 3);
  test_append (self->index, id, 60, same, 3);
  clv_index_end_media (self->index, id, 62.5, &error);
  g_assert_no_error (error);
  hits = test_search (self->index, 10);
  g_assert_cmpuint (hits->len, ==, 2);
  assert_hit (hits, 0, "m", 0, 3, 0, 0.5f, 3);
  assert_hit (hits, 1, "m", 60, 62.5, 60, 0.5f, 3);
}

static GPtrArray *
search (IndexFixture *self, ClvIndexQuery query)
{
  static const gfloat axis[TEST_WIDTH] = { 1 };
  g_autoptr (GError) error = NULL;
  GPtrArray *hits;

  query.vector = axis;
  hits = clv_index_search (self->index, &query, &error);
  g_assert_no_error (error);
  return hits;
}

static void
test_filters (IndexFixture *self, gconstpointer data)
{
  static const gfloat peak[] = { 0.1f, 0.9f, 0.1f, 0.8f, 0.1f };
  static const struct {
    ClvIndexQuery query;
    guint n;
    const gchar *media;
    gdouble best;
  } cases[] = {
    { { .media = "/v/*.mkv" }, 1, "/v/a.mkv", 1 },
    { { .media = "/v/?.mp4" }, 1, "/v/b.mp4", 1 },
    { { .media = "/v/[b].mp4" }, 0, NULL, 0 },
    { { .media = "*[c*" }, 1, "/w/[c].mp4", 1 },
    { { .media = "*.mp4", .after = 2 }, 1, "/v/b.mp4", 3 },
    { { .media = "*b.mp4", .before = 1 }, 1, "/v/b.mp4", 0 },
    { { .after = 3, .before = 4, .top = 1 }, 1, "/v/a.mkv", 3 },
    { { .after = 5 }, 0, NULL, 0 },
    { { .media = "nothing" }, 0, NULL, 0 },
  };

  test_append (self->index, test_media (self->index, "/v/a.mkv"), 0, peak, 5);
  test_append (self->index, test_media (self->index, "/v/b.mp4"), 0, peak, 5);
  test_append (self->index, test_media (self->index, "/w/[c].mp4"), 0, peak, 5);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) hits = search (self, cases[i].query);

    g_test_message ("case %u", i);
    g_assert_true (cases[i].n == 0 ? hits->len == 0 : hits->len >= 1);
    if (cases[i].n > 0) {
      g_assert_cmpstr (
          ((ClvIndexHit *) hits->pdata[0])->media, ==, cases[i].media);
      g_assert_cmpfloat (
          ((ClvIndexHit *) hits->pdata[0])->best, ==, cases[i].best);
    }
  }
}

static void
test_empty (IndexFixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) hits = test_search (self->index, 5);

  g_assert_cmpuint (hits->len, ==, 0);
}

static void
test_no_direction (IndexFixture *self, gconstpointer data)
{
  gfloat vector[TEST_WIDTH] = { 0 };
  const ClvIndexQuery query = { .vector = vector };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (clv_index_search (self->index, &query, &error));
    g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
    vector[3] = NAN;
  }
}

/* Moments of an older version of a media are never found. */
static void
test_changed (IndexFixture *self, gconstpointer data)
{
  static const gfloat old[] = { 0.2f, 0.9f, 0.2f }, new[] = { 0.3f, 0.1f };
  const ClvIndexMedia changed = {
    .location = "m", .size = 2, .sampling = "interval 1", .span = 1
  };
  ClvIndexProgress progress;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  test_append (self->index, test_media (self->index, "m"), 0, old, 3);
  g_assert_true (
      clv_index_begin_media (self->index, &changed, &progress, &error));
  hits = test_search (self->index, 5);
  g_assert_cmpuint (hits->len, ==, 0);
  g_ptr_array_unref (hits);
  test_append (self->index, progress.id, 0, new, 2);
  hits = test_search (self->index, 1);
  assert_hit (hits, 0, "m", 0, 1, 0, 0.3f, 1);
}

#define ADD(name, func)                                                        \
  g_test_add ("/index-search/" name, IndexFixture, NULL, index_fixture_set_up, \
      func, index_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("neighbours are merged, best first", test_segments);
  ADD ("segments cover each moment once", test_all);
  ADD ("missing moments part a segment", test_gap);
  ADD ("media and time limit the search", test_filters);
  ADD ("an empty index has no hits", test_empty);
  ADD ("a query without direction is refused", test_no_direction);
  ADD ("what a media held before is not found", test_changed);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes into an index comes out again: in another process, after a resume,
 * while others write. */

#include <math.h>
#include <string.h>

#include "index-test.h"

static void
assert_count (ClvIndex *index, guint64 n_media, guint64 n_moments)
{
  guint64 media, moments;
  g_autoptr (GError) error = NULL;

  clv_index_count (index, &media, &moments, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (media, ==, n_media);
  g_assert_cmpuint (moments, ==, n_moments);
}

static void
test_again (IndexFixture *self, gconstpointer data)
{
  static const gfloat cosines[] = { 0.1f, 0.9f };
  g_autoptr (ClvIndex) reader = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  test_append (self->index, test_media (self->index, "m"), 0, cosines, 2);
  g_clear_object (&self->index);
  self->index = test_open (self->path);
  reader = clv_index_open (self->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (clv_index_get_model_id (reader), ==, TEST_MODEL);
  g_assert_cmpstr (clv_index_get_model_name (reader), ==, "test");
  g_assert_cmpstr (clv_index_get_path (reader), ==, self->path);
  g_assert_cmpuint (clv_index_get_width (reader), ==, TEST_WIDTH);
  assert_count (reader, 1, 2);
  hits = test_search (reader, 1);
  g_assert_cmpuint (hits->len, ==, 1);
  g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->best, ==, 1);
}

static void
test_details (IndexFixture *self, gconstpointer data)
{
  const ClvIndexTag tags[] = { { "a dog", 0.5 }, { "rain", 0.75 } };
  g_autoptr (GBytes) picture = g_bytes_new ("\xff\xd8\0x", 4);
  const ClvIndexMoment moment = {
    .time = 2.5, .tags = tags, .n_tags = 2, .thumbnail = picture
  };
  const gint64 id = test_media (self->index, "m");
  const ClvIndexMedia anew = { .location = "m", .sampling = "s", .span = 1 };
  ClvIndexProgress progress;
  gfloat row[TEST_WIDTH];
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GError) error = NULL;
  const ClvIndexHit *hit;

  test_vector (0.4f, 3, row);
  g_assert_true (clv_index_append (self->index, id, &moment, 1, row, &error));
  hits = test_search (self->index, 1);
  hit = hits->pdata[0];
  g_assert_cmpstr (hit->tags[0], ==, "rain");
  g_assert_cmpstr (hit->tags[1], ==, "a dog");
  g_assert_null (hit->tags[2]);
  found = clv_index_get_thumbnail (self->index, hit->moment, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, picture));
  g_assert_null (
      clv_index_get_thumbnail (self->index, hit->moment + 1, &error));
  g_assert_no_error (error);

  /* It goes with its media. */
  clv_index_begin_media (self->index, &anew, &progress, &error);
  g_assert_no_error (error);
  g_assert_null (clv_index_get_thumbnail (self->index, hit->moment, &error));
  g_assert_no_error (error);
}

static void
test_resume (IndexFixture *self, gconstpointer data)
{
  static const gfloat cosines[] = { 0.1f, 0.9f, 0.3f };
  ClvIndexMedia media = {
    .location = "m", .size = 10, .modified_us = 20, .sampling = "s", .span = 1
  };
  ClvIndexProgress first, second;
  g_autoptr (GError) error = NULL;

  clv_index_look_up_media (self->index, &media, &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first.id, ==, 0);
  assert_count (self->index, 0, 0);
  clv_index_begin_media (self->index, &media, &first, &error);
  g_assert_no_error (error);
  g_assert_false (first.complete);
  g_assert_cmpfloat (first.last_time, <, 0);
  test_append (self->index, first.id, 4, cosines, 3);

  clv_index_begin_media (self->index, &media, &second, &error);
  g_assert_no_error (error);
  g_assert_cmpint (second.id, ==, first.id);
  g_assert_false (second.complete);
  g_assert_cmpfloat (second.last_time, ==, 6);

  g_assert_true (clv_index_end_media (self->index, first.id, 7, &error));
  clv_index_begin_media (self->index, &media, &second, &error);
  g_assert_no_error (error);
  g_assert_true (second.complete);
  assert_count (self->index, 1, 3);
  clv_index_look_up_media (self->index, &media, &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first.id, ==, second.id);
  g_assert_true (first.complete);
  g_assert_cmpfloat (first.last_time, ==, 6);

  for (guint i = 0; i < 4; i++) {
    media.size += i == 0;
    media.modified_us += i == 1;
    media.sampling = i == 2 ? "t" : media.sampling;
    media.span += i == 3;
    test_append (self->index, second.id, 7, cosines, 1);
    clv_index_look_up_media (self->index, &media, &first, &error);
    g_assert_no_error (error);
    g_assert_cmpint (first.id, ==, 0);
    g_assert_false (first.complete);
    assert_count (self->index, 1, i == 0 ? 4 : 1);
    clv_index_begin_media (self->index, &media, &second, &error);
    g_assert_no_error (error);
    g_assert_false (second.complete);
    g_assert_cmpfloat (second.last_time, <, 0);
    assert_count (self->index, 1, 0);
  }
}

/* Each has taken it up before the other added moments: none is there twice. */
static void
test_two_of_one_media (IndexFixture *self, gconstpointer data)
{
  static const gfloat cosines[] = { 0.1f, 0.9f, 0.3f };
  const ClvIndexMoment again[] = { { .time = 2 }, { .time = 3 } };
  g_autoptr (ClvIndex) other = test_open (self->path);
  const gint64 id = test_media (self->index, "a tape");
  gfloat rows[2 * TEST_WIDTH];
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (test_media (other, "a tape"), ==, id);
  test_append (self->index, id, 0, cosines, 3);
  test_vector (0.5f, 0, rows);
  test_vector (0.5f, 1, rows + TEST_WIDTH);
  g_assert_false (clv_index_append (other, id, again, 2, rows, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (error->message, self->path));
  g_assert_nonnull (strstr (error->message, "a tape"));
  g_assert_nonnull (strstr (error->message, "another process is indexing it"));
  assert_count (other, 1, 3);
  test_append (other, id, 3, cosines, 1);
  assert_count (self->index, 1, 4);
}

/* All or nothing. */
static void
test_refused (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  const ClvIndexTag twice[] = { { "a", 1 }, { "a", 1 } };
  ClvIndexMoment moments[2] = { { .time = 0 }, { .time = 1 } };
  gfloat rows[2 * TEST_WIDTH], broken[2 * TEST_WIDTH];

  test_vector (0.5f, 0, rows);
  test_vector (0.5f, 1, rows + TEST_WIDTH);
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GError) error = NULL;

    memcpy (broken, rows, sizeof rows);
    if (i == 0)
      broken[TEST_WIDTH] = 7;
    if (i == 1)
      broken[TEST_WIDTH + 3] = NAN;
    moments[1].time = i == 2 ? INFINITY : 1;
    moments[1].tags = twice;
    moments[1].n_tags = i == 3 ? 2 : 0;
    g_assert_false (clv_index_append (
        self->index, i == 4 ? id + 1 : id, moments, 2, broken, &error));
    g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
    g_assert_true (g_str_has_prefix (error->message, self->path));
    assert_count (self->index, 1, 0);
  }
}

static void
test_reading_only (IndexFixture *self, gconstpointer data)
{
  const ClvIndexMedia media = { .location = "m", .sampling = "s", .span = 1 };
  const ClvIndexMoment moment = { .time = 0 };
  gfloat row[TEST_WIDTH];
  ClvIndexProgress progress;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) reader = clv_index_open (self->path, &error);

  g_assert_no_error (error);
  g_assert_false (clv_index_begin_media (reader, &media, &progress, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_clear_error (&error);
  test_vector (1, 0, row);
  g_assert_false (clv_index_append (reader, 1, &moment, 1, row, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (clv_index_end_media (reader, 1, 1, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
}

#define N_WRITERS 3
#define N_APPENDS 20
#define N_AT_ONCE 7

typedef struct {
  const gchar *path;
  guint number;
  gint n_left; /* atomic: writers that are not done */
} Shared;

static gpointer
write_some (gpointer data)
{
  Shared *shared = data;
  g_autoptr (ClvIndex) index = test_open (shared->path);
  g_autofree gchar *name = g_strdup_printf (
      "media %d", g_atomic_int_add ((gint *) &shared->number, 1));
  const gint64 id = test_media (index, name);
  gfloat cosines[N_AT_ONCE];

  for (guint i = 0; i < N_AT_ONCE; i++)
    cosines[i] = 0.5f;
  for (guint i = 0; i < N_APPENDS; i++)
    test_append (index, id, i * N_AT_ONCE, cosines, N_AT_ONCE);
  g_atomic_int_add (&shared->n_left, -1);
  return NULL;
}

/* Each with its own connection, as processes have; a reader that was open before
 * sees whole appends and right vectors all the time. */
static void
test_together (IndexFixture *self, gconstpointer data)
{
  Shared shared = { .path = self->path, .n_left = N_WRITERS };
  GThread *threads[N_WRITERS];
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) reader = clv_index_open (self->path, &error);
  guint64 n_moments = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < N_WRITERS; i++)
    threads[i] = g_thread_new ("writer", write_some, &shared);
  do {
    const guint64 before = n_moments;
    g_autoptr (GPtrArray) hits = test_search (reader, 1000);
    guint n_found = 0;

    for (guint i = 0; i < hits->len; i++) {
      const ClvIndexHit *hit = hits->pdata[i];

      n_found += hit->n_moments;
      g_assert_cmpfloat_with_epsilon (hit->score, 0.5, 1e-3);
    }
    g_assert_cmpuint (n_found % N_AT_ONCE, ==, 0);
    g_assert_cmpuint (n_found, >=, before);
    g_assert_true (clv_index_count (reader, NULL, &n_moments, &error));
    g_assert_cmpuint (n_moments, >=, n_found);
  } while (g_atomic_int_get (&shared.n_left) > 0);
  for (guint i = 0; i < N_WRITERS; i++)
    g_thread_join (threads[i]);
  assert_count (reader, N_WRITERS, N_WRITERS * N_APPENDS * N_AT_ONCE);
}

#define ADD(name, func)                                                        \
  g_test_add ("/index/" name, IndexFixture, NULL, index_fixture_set_up, func,  \
      index_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("moments are there when it is opened again", test_again);
  ADD ("tags and thumbnails are kept", test_details);
  ADD ("a media is resumed, and indexed anew when it changed", test_resume);
  ADD ("two that index one media add no moment twice", test_two_of_one_media);
  ADD ("a bad moment is refused, and those with it", test_refused);
  ADD ("a reader does not write", test_reading_only);
  ADD ("several write while one reads", test_together);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "index-test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#ifdef HAVE_POSTGRESQL
#include <libpq-fe.h>
#endif

gchar *
test_directory_new (void)
{
  g_autoptr (GError) error = NULL;
  gchar *directory = g_dir_make_tmp ("clv-index-XXXXXX", &error);

  g_assert_no_error (error);
  return directory;
}

void
test_directory_free (gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const gchar *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);

    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  g_dir_close (dir);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (directory);
}

#ifdef HAVE_POSTGRESQL
/* Tables of its own on the server that tests/postgresql/with-server.sh has started. */
static gchar *
make_schema (const gchar *uri, const gchar *directory)
{
  g_autofree gchar *base = g_path_get_basename (directory);
  g_autofree gchar *name = g_ascii_strdown (base, -1);
  g_autofree gchar *sql = g_strdup_printf ("CREATE SCHEMA \"%s\"", name);
  PGconn *connection = PQconnectdb (uri);

  PQclear (PQexec (connection, sql));
  g_assert_cmpstr (PQerrorMessage (connection), ==, "");
  PQfinish (connection);
  return g_strdup_printf ("%s&options=-csearch_path%%3D%s,public", uri, name);
}
#endif

gchar *
test_path (const gchar *directory)
{
#ifdef HAVE_POSTGRESQL
  const gchar *uri = g_getenv ("CLV_TEST_POSTGRESQL");

  if (uri != NULL)
    return make_schema (uri, directory);
#endif
  return g_build_filename (directory, "index", NULL);
}

ClvIndex *
test_open (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  ClvIndex *index =
      clv_index_open_writable (path, TEST_MODEL, "test", TEST_WIDTH, &error);

  g_assert_no_error (error);
  return index;
}

void
index_fixture_set_up (IndexFixture *self, gconstpointer data)
{
  self->directory = test_directory_new ();
  self->path = test_path (self->directory);
  self->index = test_open (self->path);
}

void
index_fixture_tear_down (IndexFixture *self, gconstpointer data)
{
  g_object_unref (self->index);
  g_free (self->path);
  test_directory_free (self->directory);
}

void
test_vector (gfloat cosine, guint other, gfloat *ret_vector)
{
  memset (ret_vector, 0, TEST_WIDTH * sizeof *ret_vector);
  ret_vector[0] = cosine;
  ret_vector[1 + other % (TEST_WIDTH - 1)] = sqrtf (1 - cosine * cosine);
}

gint64
test_media (ClvIndex *index, const gchar *location)
{
  const ClvIndexMedia media = {
    .location = location,
    .size = 1000,
    .modified_us = 5,
    .sampling = "interval 1",
    .span = 1,
  };
  g_autoptr (GError) error = NULL;
  ClvIndexProgress progress;

  clv_index_begin_media (index, &media, &progress, &error);
  g_assert_no_error (error);
  return progress.id;
}

void
test_append (ClvIndex *index, gint64 media, gdouble first,
    const gfloat *cosines, guint n)
{
  g_autofree ClvIndexMoment *moments = g_new0 (ClvIndexMoment, n);
  g_autofree gfloat *rows = g_new (gfloat, (gsize) n * TEST_WIDTH);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++) {
    moments[i].time = first + i;
    test_vector (cosines[i], i, rows + (gsize) i * TEST_WIDTH);
  }
  clv_index_append (index, media, moments, n, rows, &error);
  g_assert_no_error (error);
}

GPtrArray *
test_search (ClvIndex *index, guint top)
{
  gfloat vector[TEST_WIDTH] = { 2.0f };
  const ClvIndexQuery query = { .vector = vector, .top = top };
  g_autoptr (GError) error = NULL;
  GPtrArray *hits = clv_index_search (index, &query, &error);

  g_assert_no_error (error);
  return hits;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that goes away and comes back: no moment is lost, none is there twice. Run
 * by tests/postgresql/with-server.sh. */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "../postgresql/server-test.h"
#include "index-test.h"

#define SPAN 1

static const gfloat cosines[] = { 0.5f, 0.5f, 0.5f };

static void
set_up (IndexFixture *self, gconstpointer data)
{
  index_fixture_set_up (self, data);
  g_setenv ("CLV_SPOOL_DIR", self->directory, TRUE);
  g_setenv ("CLV_SPOOL_MB", "4", TRUE);
}

static void
assert_count (ClvIndex *index, guint64 n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  guint64 n_moments;
  guint n_found = 0;

  g_assert_true (clv_index_count (index, NULL, &n_moments, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_moments, ==, n);
  /* And as many rows. */
  hits = test_search (index, 100000);
  for (guint i = 0; i < hits->len; i++)
    n_found += ((ClvIndexHit *) hits->pdata[i])->n_moments;
  g_assert_cmpuint (n_found, ==, n);
}

static void
flush (ClvIndex *index)
{
  g_autoptr (GError) error = NULL;

  clv_index_flush (index, &error);
  g_assert_no_error (error);
  g_assert_false (clv_index_is_away (index, NULL));
}

static void
look_up (ClvIndex *index, const gchar *location, gboolean complete,
    gdouble last_time)
{
  const ClvIndexMedia media = { .location = location,
    .size = 1000,
    .modified_us = 5,
    .sampling = "interval 1",
    .span = SPAN };
  g_autoptr (GError) error = NULL;
  ClvIndexProgress progress;

  clv_index_look_up_media (index, &media, &progress, &error);
  g_assert_no_error (error);
  g_assert_cmpint (progress.id, >, 0);
  g_assert_cmpint (progress.complete, ==, complete);
  g_assert_cmpfloat (progress.last_time, ==, last_time);
}

/* Tags and pictures come through it, too. */
static void
test_outage (IndexFixture *self, gconstpointer data)
{
  const ClvIndexTag tags[] = { { "a dog", 0.5 }, { "ein Hündchen", 0.75 } };
  g_autoptr (GBytes) picture = g_bytes_new ("\xff\xd8\0x", 4);
  const ClvIndexMoment moment = {
    .time = 6, .tags = tags, .n_tags = 2, .thumbnail = picture
  };
  const gint64 id = test_media (self->index, "m");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GBytes) found = NULL;
  g_autofree gchar *why = NULL;
  gfloat row[TEST_WIDTH];

  test_append (self->index, id, 0, cosines, 3);
  server_test_do ("stop");
  g_assert_false (clv_index_is_away (self->index, NULL));
  test_append (self->index, id, 3, cosines, 3);
  g_assert_true (clv_index_is_away (self->index, &why));
  g_assert_true (g_str_has_prefix (why, self->path));
  test_vector (0.9f, 0, row);
  clv_index_append (self->index, id, &moment, 1, row, &error);
  g_assert_no_error (error);
  clv_index_end_media (self->index, id, 7, &error);
  g_assert_no_error (error);
  server_test_do ("start");
  flush (self->index);
  assert_count (self->index, 7);
  look_up (self->index, "m", TRUE, 6);
  hits = test_search (self->index, 1);
  g_assert_cmpstr (
      ((ClvIndexHit *) hits->pdata[0])->tags[0], ==, "ein Hündchen");
  g_assert_cmpstr (((ClvIndexHit *) hits->pdata[0])->tags[1], ==, "a dog");
  found = clv_index_get_thumbnail (
      self->index, ((ClvIndexHit *) hits->pdata[0])->moment, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, picture));
}

static void
test_still_away (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  g_autoptr (GError) error = NULL;

  server_test_do ("stop");
  test_append (self->index, id, 0, cosines, 3);
  g_assert_false (clv_index_flush (self->index, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_assert_nonnull (strstr (error->message, "3 moments of 1 media wait in "));
  g_assert_nonnull (strstr (error->message, self->directory));
  server_test_do ("start");
  /* Appends alone find out, too, when it is time to try again. */
  for (guint n = 3; clv_index_is_away (self->index, NULL); n += 3) {
    g_usleep (G_USEC_PER_SEC / 2);
    test_append (self->index, id, n, cosines, 3);
  }
  flush (self->index);
}

static gpointer
crash_often (gpointer data)
{
  gint *n_left = data;

  for (guint i = 0; i < 4; i++) {
    g_usleep (G_USEC_PER_SEC / 4);
    server_test_do ("crash");
    g_usleep (G_USEC_PER_SEC / 4);
    server_test_do ("start");
  }
  g_atomic_int_set (n_left, 0);
  return NULL;
}

/* At whatever point of a transaction. */
static void
test_crashes (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  gint n_left = 1;
  g_autoptr (GThread) thread = g_thread_new ("crash", crash_often, &n_left);
  guint n = 0, n_away = 0;

  while (g_atomic_int_get (&n_left) > 0) {
    test_append (self->index, id, n, cosines, 3);
    n += 3;
    n_away += clv_index_is_away (self->index, NULL);
    g_usleep (2000);
  }
  g_thread_join (g_steal_pointer (&thread));
  g_test_message ("%u moments, %u appends to the spool", n, n_away);
  g_assert_cmpuint (n_away, >, 0);
  flush (self->index);
  test_append (self->index, id, n, cosines, 3);
  assert_count (self->index, n + 3);
  look_up (self->index, "m", FALSE, n + 2);
}

static gchar *
find_spool (IndexFixture *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".db"))
      return g_build_filename (self->directory, name, NULL);
  return NULL;
}

/* Died between what the server has and what the spool need not have any more. */
static void
test_twice (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  g_autofree gchar *spool = NULL, *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  server_test_do ("stop");
  test_append (self->index, id, 0, cosines, 3);
  clv_index_end_media (self->index, id, 3, &error);
  g_assert_no_error (error);
  spool = find_spool (self);
  g_file_get_contents (spool, &content, &size, &error);
  g_assert_no_error (error);
  server_test_do ("start");
  flush (self->index);
  g_clear_object (&self->index);
  g_file_set_contents (spool, content, (gssize) size, &error);
  g_assert_no_error (error);
  self->index = test_open (self->path);
  assert_count (self->index, 3);
  look_up (self->index, "m", TRUE, 2);
}

static void
test_next_run (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  ClvIndexProgress progress;
  const ClvIndexMedia media = { .location = "m",
    .size = 1000,
    .modified_us = 5,
    .sampling = "interval 1",
    .span = SPAN };
  g_autoptr (GError) error = NULL;

  test_append (self->index, id, 0, cosines, 3);
  server_test_do ("stop");
  test_append (self->index, id, 3, cosines, 3);
  g_clear_object (&self->index);
  server_test_do ("start");
  self->index = test_open (self->path);
  assert_count (self->index, 6);
  clv_index_begin_media (self->index, &media, &progress, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (progress.last_time, ==, 5);
}

static void
test_full (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  g_autofree guint8 *noise = g_malloc0 (100000);
  g_autoptr (GBytes) picture =
      g_bytes_new_take (g_steal_pointer (&noise), 100000);
  g_autoptr (GError) error = NULL;
  ClvIndexMoment moment = { .thumbnail = picture };
  gfloat row[TEST_WIDTH];
  guint n = 0;

  test_vector (0.5f, 0, row);
  server_test_do ("stop");
  for (moment.time = 0; n < 100; moment.time++, n++)
    if (!clv_index_append (self->index, id, &moment, 1, row, &error))
      break;
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_true (g_str_has_prefix (error->message, self->path));
  g_assert_nonnull (
      strstr (error->message, "the spool is full (CLV_SPOOL_MB=4): "));
  g_assert_cmpuint (n, >, 30);
  g_assert_cmpuint (n, <, 42);
  server_test_do ("start");
  flush (self->index);
  assert_count (self->index, n);
  /* The place is free again. */
  server_test_do ("stop");
  test_append (self->index, id, 200, cosines, 3);
  server_test_do ("start");
  flush (self->index);
  assert_count (self->index, n + 3);
}

static void
test_no_spool (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  const ClvIndexMoment moment = { .time = 0 };
  g_autoptr (GError) error = NULL;
  gfloat row[TEST_WIDTH];

  g_setenv ("CLV_SPOOL_DIR", "/proc/no/such", TRUE);
  test_vector (0.5f, 0, row);
  server_test_do ("stop");
  g_assert_false (clv_index_append (self->index, id, &moment, 1, row, &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, self->path));
  g_assert_nonnull (strstr (error->message, "/proc/no/such"));
  server_test_do ("start");
}

/* What was indexed anew meanwhile is newer than what waited. */
static void
test_superseded (IndexFixture *self, gconstpointer data)
{
  const gint64 id = test_media (self->index, "m");
  const ClvIndexMedia anew = { .location = "m", .sampling = "s", .span = 1 };
  g_autofree gchar *elsewhere = g_build_filename (self->directory, "x", NULL);
  g_autoptr (ClvIndex) other = NULL;
  g_autoptr (GError) error = NULL;
  const ClvIndexMoment moment = { .time = 9 };
  ClvIndexProgress progress;
  gfloat row[TEST_WIDTH];

  server_test_do ("stop");
  test_append (self->index, id, 0, cosines, 3);
  server_test_do ("start");
  g_setenv ("CLV_SPOOL_DIR", elsewhere, TRUE);
  other = test_open (self->path);
  clv_index_begin_media (other, &anew, &progress, &error);
  g_assert_no_error (error);
  test_append (other, progress.id, 0, cosines, 1);
  flush (self->index);
  assert_count (other, 1);
  test_vector (0.5f, 0, row);
  g_assert_false (clv_index_append (self->index, id, &moment, 1, row, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "any more"));
}

/* Begun while the server is away, over what it has already. */
static void
test_begun_blindly (IndexFixture *self, gconstpointer data)
{
  gint64 id = test_media (self->index, "known");
  g_autoptr (GError) error = NULL;

  test_append (self->index, id, 0, cosines, 3);
  test_append (self->index, id, 3, cosines, 3);
  server_test_do ("stop");
  test_append (self->index, id, 6, cosines, 1);
  id = test_media (self->index, "new");
  g_assert_cmpint (id, <, 0);
  test_append (self->index, id, 0, cosines, 3);
  id = test_media (self->index, "known");
  test_append (self->index, id, 0, cosines, 3);
  server_test_do ("start");
  flush (self->index);
  test_append (self->index, id, 3, cosines, 3);
  test_append (self->index, id, 6, cosines, 3);
  clv_index_end_media (self->index, id, 9, &error);
  g_assert_no_error (error);
  assert_count (self->index, 3 + 9);
  look_up (self->index, "known", TRUE, 8);
  look_up (self->index, "new", FALSE, 2);
}

#define ADD(name, func)                                                        \
  g_test_add ("/index-away/" name, IndexFixture, NULL, set_up, func,           \
      index_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLV_TEST_SERVER") == NULL)
    return 77;
  ADD ("what is added while the server is away comes later", test_outage);
  ADD ("a server that stays away is told of", test_still_away);
  ADD ("a server that crashes again and again has each moment once",
      test_crashes);
  ADD ("what is sent twice is there once", test_twice);
  ADD ("the next run sends what waits", test_next_run);
  ADD ("a full spool is an error, and keeps what it has", test_full);
  ADD ("without a spool an append fails", test_no_spool);
  ADD ("what waited does not replace what is newer", test_superseded);
  ADD ("a media may begin while the server is away", test_begun_blindly);
  return g_test_run ();
}

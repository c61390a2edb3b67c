/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Crashes, damage and files of others: no moment without its embedding, and a
 * message that names the file. */

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index-test.h"

#define ROW_BYTES    (2 * TEST_WIDTH)
#define HEADER_BYTES 128

typedef struct {
  gchar *directory;
  gchar *path;
  gchar *vectors;
} Fixture;

/* Three moments, closed. */
static void
set_up (Fixture *self, gconstpointer data)
{
  static const gfloat cosines[] = { 0.1f, 0.8f, 0.2f };
  g_autoptr (ClvIndex) index = NULL;

  self->directory = test_directory_new ();
  self->path = test_path (self->directory);
  self->vectors = g_strconcat (self->path, ".vectors", NULL);
  index = test_open (self->path);
  test_append (index, test_media (index, "m"), 0, cosines, 3);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_free (self->path);
  g_free (self->vectors);
  test_directory_free (self->directory);
}

static gint64
size_of (const gchar *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_size;
}

static void
append_bytes (const gchar *path, guint n)
{
  FILE *file = g_fopen (path, "ab");

  g_assert_nonnull (file);
  for (guint i = 0; i < n; i++)
    fputc (0xff, file);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* Both ways of opening fail with this; `text` is in the message. */
static void
assert_refused (Fixture *self, GQuark domain, gint code, const gchar *text)
{
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvIndex) index =
        i == 0 ? clv_index_open (self->path, &error)
               : clv_index_open_writable (
                     self->path, TEST_MODEL, "test", TEST_WIDTH, &error);

    g_assert_null (index);
    g_assert_error (error, domain, code);
    g_test_message ("%s", error->message);
    g_assert_true (g_str_has_prefix (error->message, self->path));
    g_assert_nonnull (strstr (error->message, text));
  }
}

static void
sql (Fixture *self, const gchar *text)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (self->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, text, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

/* A process died after it wrote embeddings and before it said so: one and a
 * half rows that no moment has, of bits that are no numbers. */
static void
test_torn_tail (Fixture *self, gconstpointer data)
{
  static const gfloat more[] = { 0.9f };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) reader = NULL;
  g_autoptr (ClvIndex) writer = NULL;
  g_autoptr (GPtrArray) hits = NULL;

  append_bytes (self->vectors, ROW_BYTES + ROW_BYTES / 2);
  reader = clv_index_open (self->path, &error);
  g_assert_no_error (error);
  hits = test_search (reader, 100);
  g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->best, ==, 1);
  g_assert_cmpint (size_of (self->vectors), ==,
      HEADER_BYTES + 4 * ROW_BYTES + ROW_BYTES / 2);

  writer = test_open (self->path);
  g_assert_cmpint (size_of (self->vectors), ==, HEADER_BYTES + 3 * ROW_BYTES);
  test_append (writer, test_media (writer, "m"), 7, more, 1);
  g_ptr_array_unref (hits);
  hits = test_search (reader, 1);
  g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->best, ==, 7);
}

static void
test_cut_off (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (
      truncate (self->vectors, HEADER_BYTES + 3 * ROW_BYTES - 1), ==, 0);
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "found 2");
  g_assert_cmpint (truncate (self->vectors, 60), ==, 0);
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "found 60 bytes");
  g_assert_cmpint (truncate (self->vectors, 0), ==, 0);
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "found 0 bytes");
  g_assert_cmpint (g_unlink (self->vectors), ==, 0);
  assert_refused (self, G_FILE_ERROR, G_FILE_ERROR_NOENT, ".vectors");
}

/* Cut off while it is open: an error, not a crash. */
static void
test_cut_off_later (Fixture *self, gconstpointer data)
{
  gfloat vector[TEST_WIDTH] = { 1 };
  const ClvIndexQuery query = { .vector = vector };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) reader = clv_index_open (self->path, &error);
  g_autoptr (GPtrArray) hits = NULL;

  g_assert_no_error (error);
  hits = test_search (reader, 1);
  g_assert_cmpint (truncate (self->vectors, HEADER_BYTES), ==, 0);
  g_assert_null (clv_index_search (reader, &query, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
}

static void
test_header (Fixture *self, gconstpointer data)
{
  static const struct {
    gsize offset;
    gint code;
    const gchar *text;
  } cases[] = {
    { 0, CLV_ERROR_BAD_FILE, "clvvecs1" },
    { 8, CLV_ERROR_UNSUPPORTED, "byte order" },
    { 12, CLV_ERROR_BAD_FILE, "wanted embeddings of 40" },
    { 20, CLV_ERROR_BAD_FILE, "is of another model" },
  };
  g_autofree gchar *good = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (self->vectors, &good, &size, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *bad = g_memdup2 (good, size);

    bad[cases[i].offset] ^= 0x10;
    g_assert_true (g_file_set_contents (self->vectors, bad, size, NULL));
    assert_refused (self, CLV_ERROR, cases[i].code, cases[i].text);
  }
}

static void
test_other_model (Fixture *self, gconstpointer data)
{
  static const gchar *const id =
      "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) reader = clv_index_open (self->path, &error);

  g_assert_no_error (error);
  g_assert_null (clv_index_open_writable (
      self->path, id, "big-model", TEST_WIDTH, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "big-model"));
  g_assert_nonnull (strstr (error->message, "'test'"));
  g_clear_error (&error);
  g_assert_false (clv_index_check_model (
      reader, TEST_MODEL, "test", TEST_WIDTH + 1, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_true (clv_index_check_model (
      reader, TEST_MODEL, "other name", TEST_WIDTH, &error));
}

static void
test_newer (Fixture *self, gconstpointer data)
{
  sql (self, "PRAGMA user_version = 99");
  assert_refused (self, CLV_ERROR, CLV_ERROR_UNSUPPORTED, "found 99");
}

static void
test_others (Fixture *self, gconstpointer data)
{
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;
  gsize size, size_after;

  g_assert_cmpint (g_unlink (self->path), ==, 0);
  sql (self, "CREATE TABLE notes (text)");
  g_assert_true (g_file_get_contents (self->path, &before, &size, NULL));
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "no index of clv");
  g_assert_true (g_file_get_contents (self->path, &after, &size_after, NULL));
  g_assert_cmpmem (before, size, after, size_after);
}

static void
test_no_database (Fixture *self, gconstpointer data)
{
  g_autofree gchar *text = g_strnfill (5000, 'x');

  g_assert_true (g_file_set_contents (self->path, text, -1, NULL));
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "no sound SQLite");
}

/* Pages behind the first one overwritten: whatever it is, it is an error and
 * not a crash. */
static void
test_damaged (Fixture *self, gconstpointer data)
{
  gfloat vector[TEST_WIDTH] = { 1 };
  const ClvIndexQuery query = { .vector = vector };
  g_autofree gchar *bytes = NULL;
  gsize size;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = NULL;

  g_assert_true (g_file_get_contents (self->path, &bytes, &size, NULL));
  g_assert_cmpuint (size, >, 8192);
  memset (bytes + 4096, 0xa5, size - 4096);
  g_assert_true (g_file_set_contents (self->path, bytes, size, NULL));
  index = clv_index_open (self->path, &error);
  if (index != NULL)
    g_assert_null (clv_index_search (index, &query, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_true (g_str_has_prefix (error->message, self->path));
}

/* Rows that the vectors file cannot have. */
static void
test_wild_rows (Fixture *self, gconstpointer data)
{
  gfloat vector[TEST_WIDTH] = { 1 };
  const ClvIndexQuery query = { .vector = vector };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = NULL;

  sql (self, "UPDATE runs SET last = 1000000");
  index = clv_index_open (self->path, &error);
  g_assert_no_error (error);
  g_assert_null (clv_index_search (index, &query, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);

  /* As bytes they would be 0 of the 64 bits: no reason to cut the file. */
  g_assert_cmpuint (
      (guint64) (G_GUINT64_CONSTANT (1) << 60) * ROW_BYTES, ==, 0);
  sql (self, "UPDATE store SET n_rows = 1 << 60");
  assert_refused (self, CLV_ERROR, CLV_ERROR_BAD_FILE, "cut off");
  g_assert_cmpint (size_of (self->vectors), ==, HEADER_BYTES + 3 * ROW_BYTES);
}

/* The same while it is open: the embeddings that are there are not written
 * over. */
static void
test_wild_rows_later (Fixture *self, gconstpointer data)
{
  const ClvIndexMoment moment = { .time = 3 };
  gfloat row[TEST_WIDTH];
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;
  gsize size, size_after;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = test_open (self->path);

  test_vector (1, 0, row);
  g_assert_true (g_file_get_contents (self->vectors, &before, &size, NULL));
  sql (self, "UPDATE store SET n_rows = 1 << 60");
  g_assert_false (clv_index_append (index, 1, &moment, 1, row, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_true (
      g_file_get_contents (self->vectors, &after, &size_after, NULL));
  g_assert_cmpmem (before, size, after, size_after);
}

static void
test_nowhere (Fixture *self, gconstpointer data)
{
  g_free (self->path);
  self->path = g_build_filename (self->directory, "no", "index", NULL);
  assert_refused (self, G_FILE_ERROR, G_FILE_ERROR_NOENT, "cannot be opened");
  g_free (self->path);
  self->path = g_build_filename (self->directory, "missing", NULL);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (clv_index_open (self->path, &error));
    g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  }
}

/* A new index does not write over a file that is none of its own. */
static void
test_in_the_way (Fixture *self, gconstpointer data)
{
  g_autofree gchar *bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_true (g_file_set_contents (self->vectors, "a letter", -1, NULL));
  g_assert_null (clv_index_open_writable (
      self->path, TEST_MODEL, "test", TEST_WIDTH, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_true (g_file_get_contents (self->vectors, &bytes, NULL, NULL));
  g_assert_cmpstr (bytes, ==, "a letter");
}

/* The database was deleted without its embeddings, and who has it open goes on with what it had:
 * the new index has a file of its own. */
static void
test_made_anew (Fixture *self, gconstpointer data)
{
  static const gfloat other[] = { 0.6f };
  g_autoptr (ClvIndex) old = test_open (self->path);
  static const gchar *const endings[] = { "", "-wal", "-shm" };
  g_autoptr (ClvIndex) new = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  gint64 id;

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree gchar *path = g_strconcat (self->path, endings[i], NULL);

    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  new = test_open (self->path);
  id = test_media (new, "n");
  g_assert_cmpint (size_of (self->vectors), ==, HEADER_BYTES);
  hits = test_search (old, 1);
  g_assert_cmpuint (hits->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (
      ((ClvIndexHit *) hits->pdata[0])->score, 0.8, 1e-3);
  test_append (new, id, 0, other, 1);
  g_ptr_array_unref (hits);
  hits = test_search (new, 10);
  g_assert_cmpuint (hits->len, ==, 1);
  g_assert_cmpstr (((ClvIndexHit *) hits->pdata[0])->media, ==, "n");
}

#define N_MAKERS 6

/* A new index is made once, and nobody is told that it is not there. */
static void
test_made_at_once (Fixture *self, gconstpointer data)
{
  for (guint round = 0; round < 20; round++) {
    g_autofree gchar *path = g_strdup_printf ("%s-%u", self->path, round);
    g_autoptr (ClvIndex) index = NULL;
    pid_t children[N_MAKERS];
    int start[2];
    char none;

    g_assert_cmpint (pipe (start), ==, 0);
    for (guint i = 0; i < N_MAKERS; i++) {
      children[i] = fork ();
      g_assert_cmpint (children[i], >=, 0);
      if (children[i] == 0) {
        close (start[1]);
        while (read (start[0], &none, 1) > 0)
          ; /* until all are there */
        g_object_unref (test_open (path));
        _exit (0);
      }
    }
    close (start[0]);
    close (start[1]);
    for (guint i = 0; i < N_MAKERS; i++) {
      int status;

      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      g_assert_cmpint (status, ==, 0);
    }
    index = test_open (path);
  }
}

#define NOBODY 65534

/* SQLite's log needs files beside the database: they stay for those who may
 * not make them. */
static void
test_read_by_others (Fixture *self, gconstpointer data)
{
  pid_t child;
  int status;

  if (geteuid () != 0) {
    g_test_skip ("root may become somebody else");
    return;
  }
  g_assert_cmpint (g_chmod (self->directory, 0755), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    g_autoptr (GError) error = NULL;
    ClvIndex *index;
    GPtrArray *hits;

    g_assert_cmpint (setgid (NOBODY), ==, 0);
    g_assert_cmpint (setuid (NOBODY), ==, 0);
    index = clv_index_open (self->path, &error);
    g_assert_no_error (error);
    hits = test_search (index, 1);
    g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->best, ==, 1);
    g_ptr_array_unref (hits);
    g_object_unref (index);
    _exit (0);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
}

#define N_MANY 5000

/* The disk is full in the middle of an embedding: the moments are not there
 * either. */
static void
test_full (Fixture *self, gconstpointer data)
{
  g_autofree gfloat *cosines = g_new0 (gfloat, N_MANY);
  const ClvIndexMoment moment = { .time = N_MANY + 3 };
  gfloat row[TEST_WIDTH];
  struct rlimit unlimited, limit;
  ClvIndex *index = test_open (self->path);
  guint64 n_moments;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = NULL;

  test_append (index, test_media (index, "m"), 3, cosines, N_MANY);
  g_object_unref (index); /* empties SQLite's log: there is room in that */
  index = test_open (self->path);
  test_vector (0.9f, 0, row);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &unlimited), ==, 0);
  limit = unlimited;
  limit.rlim_cur = (rlim_t) size_of (self->vectors) + ROW_BYTES / 2;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  clv_index_append (index, 1, &moment, 1, row, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &unlimited), ==, 0);
  signal (SIGXFSZ, SIG_DFL);
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_true (g_str_has_prefix (error->message, self->vectors));
  g_clear_error (&error);

  g_assert_true (clv_index_count (index, NULL, &n_moments, &error));
  g_assert_cmpuint (n_moments, ==, N_MANY + 3);
  g_assert_true (clv_index_append (index, 1, &moment, 1, row, &error));
  hits = test_search (index, 1);
  g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->best, ==, N_MANY + 3);
  g_object_unref (index);
}

/* The child appends until it is killed, at any moment. */
static void
write_for_ever (const gchar *path, guint64 n_before)
{
  static const gfloat cosines[] = { 0.5f, 0.5f, 0.5f };
  ClvIndex *index = test_open (path);
  const gint64 id = test_media (index, "m");

  for (guint i = 0;; i++)
    test_append (index, id, n_before + i * 3.0, cosines, 3);
}

static void
test_killed (Fixture *self, gconstpointer data)
{
  guint64 n_before = 3;

  for (guint round = 0; round < 8; round++) {
    g_autoptr (ClvIndex) index = NULL;
    g_autoptr (GPtrArray) hits = NULL;
    g_autoptr (GError) error = NULL;
    guint64 n_moments;
    guint n_found = 0;
    const pid_t child = fork ();

    g_assert_cmpint (child, >=, 0);
    if (child == 0)
      write_for_ever (self->path, n_before);
    g_usleep (20000 + round * 7777);
    g_assert_cmpint (kill (child, SIGKILL), ==, 0);
    g_assert_cmpint (waitpid (child, NULL, 0), ==, child);

    index = test_open (self->path);
    g_assert_true (clv_index_count (index, NULL, &n_moments, &error));
    g_assert_cmpuint (n_moments, >=, n_before);
    g_assert_cmpuint (n_moments % 3, ==, 0);
    g_assert_cmpint (size_of (self->vectors), ==,
        HEADER_BYTES + (gint64) n_moments * ROW_BYTES);
    hits = test_search (index, 100000);
    for (guint i = 0; i < hits->len; i++)
      n_found += ((ClvIndexHit *) hits->pdata[i])->n_moments;
    g_assert_cmpuint (n_found, ==, n_moments);
    n_before = n_moments;
  }
}

#define ADD(name, func)                                                        \
  g_test_add ("/index-damage/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("embeddings without a moment are ignored and cut off", test_torn_tail);
  ADD ("missing embeddings are an error", test_cut_off);
  ADD ("embeddings that go missing later are an error", test_cut_off_later);
  ADD ("the header must fit", test_header);
  ADD ("another model is refused by name", test_other_model);
  ADD ("a newer schema is refused", test_newer);
  ADD ("somebody else's database is left alone", test_others);
  ADD ("a text is no database", test_no_database);
  ADD ("a damaged database is an error", test_damaged);
  ADD ("rows beyond the file are an error", test_wild_rows);
  ADD ("nothing is added behind rows that are not there", test_wild_rows_later);
  ADD ("a missing directory is named", test_nowhere);
  ADD ("a file in the way is left alone", test_in_the_way);
  ADD ("who has a deleted index open keeps it", test_made_anew);
  ADD ("several make one index at once", test_made_at_once);
  ADD ("who may only read can search", test_read_by_others);
  ADD ("a full disk loses what does not fit, and nothing else", test_full);
  ADD ("a writer that is killed leaves a whole index", test_killed);
  return g_test_run ();
}

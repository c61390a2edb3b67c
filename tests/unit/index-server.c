/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Servers and databases that are not as they should be; and a search that uses the
 * graph of the server. Run by tests/postgresql/with-server.sh. */

#include <gio/gio.h>
#include <libpq-fe.h>
#include <math.h>
#include <string.h>

#include "index-test.h"

/* In the database of the test; `uri` may be another. */
static void
sql (const gchar *uri, const gchar *statement)
{
  PGconn *connection = PQconnectdb (uri);

  PQclear (PQexec (connection, statement));
  g_assert_cmpstr (PQerrorMessage (connection), ==, "");
  PQfinish (connection);
}

/* The socket's folder. */
static const gchar *
host (void)
{
  return strstr (g_getenv ("CLV_TEST_POSTGRESQL"), "host=") + strlen ("host=");
}

static void
assert_refused (const gchar *uri, const gchar *shown, GQuark domain, gint code,
    const gchar *says)
{
  for (guint writable = 0; writable < 2; writable++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvIndex) index = writable
                                     ? clv_index_open_writable (uri, TEST_MODEL,
                                           "test", TEST_WIDTH, &error)
                                     : clv_index_open (uri, &error);

    g_assert_null (index);
    g_test_message ("%s", error->message);
    g_assert_error (error, domain, code);
    g_assert_true (g_str_has_prefix (error->message, shown));
    g_assert_nonnull (strstr (error->message, says));
    g_assert_null (strstr (error->message, "s3cret"));
  }
}

static void
test_password (void)
{
  g_autofree gchar *in_front =
      g_strdup_printf ("postgresql://locked:s3cret@/test?host=%s", host ());
  g_autofree gchar *behind = g_strdup_printf (
      "postgresql:///test?user=locked&password=s3cret&host=%s", host ());
  g_autofree gchar *shown =
      g_strdup_printf ("postgresql://locked@/test?host=%s: ", host ());

  assert_refused (in_front, shown, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
      "password authentication failed");
  assert_refused (behind, shown, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
      "password authentication failed");
  assert_refused ("postgresql://u:s3cret%ZZ@h/d", "postgresql://…: ", CLV_ERROR,
      CLV_ERROR_FAILED, "wanted postgresql://[USER");
  assert_refused ("postgres://u:s3cret@h/d?no_such=s3cret",
      "postgresql://…: ", CLV_ERROR, CLV_ERROR_FAILED,
      "wanted postgresql://[USER");
}

static void
test_shown (void)
{
  static const struct {
    const gchar *path;
    const gchar *shown;
  } cases[] = {
    { "/srv/tapes.db", "/srv/tapes.db" },
    { "postgresql://me:s3cret@db.example.org:5433/tapes",
        "postgresql://me@db.example.org:5433/tapes" },
    { "postgres://me@h1,h2/t?password=s3cret&sslmode=require",
        "postgresql://me@/t?host=h1,h2" },
    { "postgresql:///t%20u?options=-csearch_path%3Da,b",
        "postgresql:///t%20u?options=-csearch_path%3Da,b" },
    { "postgresql://[::1]/t?sslpassword=s3cret", "postgresql:///t?host=::1" },
    { "postgresql://a:s3c%ZZret@h", "postgresql://…" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *shown = clv_index_hide_password (cases[i].path);

    g_assert_cmpstr (shown, ==, cases[i].shown);
  }
}

static void
test_unreachable (void)
{
  assert_refused ("postgresql://u:s3cret@/d?host=/no/such",
      "postgresql://u@/d?host=/no/such: ", G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
      "/no/such");
  assert_refused ("postgresql://u:s3cret@127.0.0.1:1/d",
      "postgresql://u@127.0.0.1:1/d: ", G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
      "127.0.0.1");
}

/* A role that may not add the extension, in a database without it. */
static void
test_no_vector (void)
{
  g_autofree gchar *uri = g_strdup_printf (
      "postgresql://locked:open%%20sesame@/bare?host=%s", host ());
  g_autofree gchar *shown =
      g_strdup_printf ("postgresql://locked@/bare?host=%s: ", host ());

  sql (g_getenv ("CLV_TEST_POSTGRESQL"), "CREATE DATABASE bare OWNER locked");
  assert_refused (uri, shown, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "wanted a database with pgvector 0.8 or newer, found none");
}

static void
test_no_index (IndexFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  sql (self->path, "DROP TABLE clv_migrations");
  g_assert_null (clv_index_open (self->path, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_nonnull (strstr (error->message, "there is no index"));
}

static void
test_newer (IndexFixture *self, gconstpointer data)
{
  g_autofree gchar *shown = g_strconcat (self->path, ": ", NULL);

  sql (self->path, "INSERT INTO clv_migrations VALUES (99)");
  assert_refused (self->path, shown, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "found 99: a newer clv made it");
}

static void
test_other_model (IndexFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_index_open_writable (
      self->path, "abcdef0123456789", "other", TEST_WIDTH, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (error->message, self->path));
  g_assert_nonnull (strstr (error->message, "model 'test'"));
  g_assert_nonnull (strstr (error->message, "wanted 'other'"));
}

static void
test_names (IndexFixture *self, gconstpointer data)
{
  const ClvIndexMedia media = {
    .location = "/srv/\xe9t\xe9.mkv", .sampling = "s", .span = 1
  };
  ClvIndexProgress progress;
  g_autoptr (GError) error = NULL;

  g_assert_false (
      clv_index_begin_media (self->index, &media, &progress, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "UTF-8"));
}

#define N_MAKERS 4

static gpointer
make (gpointer path)
{
  g_object_unref (test_open (path));
  return NULL;
}

static void
test_made_together (IndexFixture *self, gconstpointer data)
{
  GThread *threads[N_MAKERS];

  sql (self->path,
      "DROP TABLE clv_migrations, clv_store, clv_moments, clv_media");
  for (guint i = 0; i < N_MAKERS; i++)
    threads[i] = g_thread_new ("maker", make, self->path);
  for (guint i = 0; i < N_MAKERS; i++)
    g_thread_join (threads[i]);
}

/* Each writer has moments of all media, in another order. */
#define N_WRITERS 4
#define N_MEDIA   6
#define N_MOMENTS 8

typedef struct {
  const gchar *path;
  guint number;
  gint n_added; /* atomic */
} Writers;

static gpointer
write_all (gpointer data)
{
  Writers *self = data;
  const guint number = (guint) g_atomic_int_add ((gint *) &self->number, 1);
  g_autoptr (ClvIndex) index = test_open (self->path);
  gfloat row[TEST_WIDTH];

  test_vector (0.5f, number, row);
  for (guint m = 0; m < N_MEDIA; m++) {
    g_autofree gchar *name =
        g_strdup_printf ("shared %u", (m + number) % N_MEDIA);
    const gint64 id = test_media (index, name);

    for (guint i = 0; i < N_MOMENTS; i++) {
      const ClvIndexMoment moment = { .time = i };
      g_autoptr (GError) error = NULL;

      if (clv_index_append (index, id, &moment, 1, row, &error))
        g_atomic_int_inc (&self->n_added);
      else
        g_assert_nonnull (
            strstr (error->message, "another process is indexing it"));
    }
  }
  return NULL;
}

static void
test_same_media (IndexFixture *self, gconstpointer data)
{
  Writers writers = { .path = self->path };
  GThread *threads[N_WRITERS];
  g_autoptr (GError) error = NULL;
  guint64 n_media, n_moments;

  for (guint i = 0; i < N_WRITERS; i++)
    threads[i] = g_thread_new ("writer", write_all, &writers);
  for (guint i = 0; i < N_WRITERS; i++)
    g_thread_join (threads[i]);
  g_assert_true (clv_index_count (self->index, &n_media, &n_moments, &error));
  g_assert_cmpuint (n_media, ==, N_MEDIA);
  g_assert_cmpuint (n_moments, ==, N_MEDIA * N_MOMENTS);
  g_assert_cmpint (writers.n_added, ==, N_MEDIA * N_MOMENTS);
}

/* More than are compared one by one: a few that are like the query among many that
 * are not, in media that a filter leaves few of. */
#define N_LARGE   6000
#define N_AMONG   500
#define N_NEEDLES (N_LARGE / N_AMONG)

/* A direction at random, drawn towards axis 0. */
static void
make_row (gfloat towards, guint64 *seed, gfloat *row)
{
  gfloat sum = 0;

  for (guint d = 0; d < TEST_WIDTH; d++) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    row[d] = (gfloat) (gint32) (*seed >> 32) / 2147483648.0f +
             (d == 0 ? towards : 0);
    sum += row[d] * row[d];
  }
  for (guint d = 0; d < TEST_WIDTH; d++)
    row[d] /= sqrtf (sum);
}

/* *ret_best: the time of the needle that is most like the query. */
static void
append_large (ClvIndex *index, const gchar *location, guint64 seed,
    gdouble *ret_best, gfloat *ret_score)
{
  g_autofree ClvIndexMoment *moments = g_new0 (ClvIndexMoment, N_LARGE);
  g_autofree gfloat *rows = g_new (gfloat, N_LARGE * TEST_WIDTH);
  const gint64 id = test_media (index, location);
  g_autoptr (GError) error = NULL;

  *ret_score = 0;
  for (guint i = 0; i < N_LARGE; i++) {
    gfloat *row = rows + (gsize) i * TEST_WIDTH;

    moments[i].time = i;
    make_row (i % N_AMONG == 7 ? 8 : 0, &seed, row);
    if (row[0] > *ret_score) {
      *ret_score = row[0];
      *ret_best = i;
    }
  }
  clv_index_append (index, id, moments, N_LARGE, rows, &error);
  g_assert_no_error (error);
}

static void
assert_best (ClvIndex *index, ClvIndexQuery query, const gchar *media,
    gdouble best, gfloat score)
{
  const gfloat vector[TEST_WIDTH] = { 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  const ClvIndexHit *hit;

  query.vector = vector;
  query.top = 2 * N_NEEDLES;
  hits = clv_index_search (index, &query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hits->len, >=, 1);
  hit = hits->pdata[0];
  g_assert_cmpstr (hit->media, ==, media);
  g_assert_cmpfloat (hit->best, ==, best);
  g_assert_cmpfloat_with_epsilon (hit->score, score, 1e-3);
  for (guint i = 1; i < hits->len; i++)
    g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[i])->score, <=,
        ((ClvIndexHit *) hits->pdata[i - 1])->score);
}

static void
test_graph (IndexFixture *self, gconstpointer data)
{
  gdouble best[3];
  gfloat score[3];
  const gfloat few[] = { 0.1f, 0.2f };

  /* Made at once it takes a tenth of the time. */
  sql (self->path, "DROP INDEX clv_moments_embedding");
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *name = g_strdup_printf ("large %u", i);

    append_large (self->index, name, i + 1, &best[i], &score[i]);
  }
  test_append (self->index, test_media (self->index, "small"), 0, few, 2);
  sql (self->path, "CREATE INDEX clv_moments_embedding ON clv_moments"
                   " USING hnsw (embedding halfvec_ip_ops)");

  assert_best (self->index, (ClvIndexQuery){ 0 },
      score[0] > score[1] ? "large 0" : "large 1",
      MAX (score[0], score[1]) == score[0] ? best[0] : best[1],
      MAX (score[0], score[1]));
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *name = g_strdup_printf ("large %u", i);

    assert_best (
        self->index, (ClvIndexQuery){ .media = name }, name, best[i], score[i]);
    assert_best (self->index,
        (ClvIndexQuery){
            .media = name, .after = best[i], .before = best[i] + 0.5 },
        name, best[i], score[i]);
  }
  assert_best (self->index, (ClvIndexQuery){ .media = "s*" }, "small", 1, 0.2f);
}

#define ADD(name, func)                                                        \
  g_test_add ("/index-server/" name, IndexFixture, NULL, index_fixture_set_up, \
      func, index_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLV_TEST_POSTGRESQL") == NULL)
    return 77;
  g_test_add_func ("/index-server/passwords are not shown", test_shown);
  g_test_add_func ("/index-server/a wrong password is refused, and not shown",
      test_password);
  g_test_add_func ("/index-server/no server is told of", test_unreachable);
  g_test_add_func ("/index-server/a database needs pgvector", test_no_vector);
  ADD ("a database without an index is told of", test_no_index);
  ADD ("a newer schema is refused", test_newer);
  ADD ("another model is refused", test_other_model);
  ADD ("names are UTF-8", test_names);
  ADD ("several make one index at once", test_made_together);
  ADD ("several index the same media, and each moment is there once",
      test_same_media);
  ADD ("many moments are found by the graph", test_graph);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All embeddings are compared with the query, straight from the file; the
 * database is asked about the best of them and their neighbours. */

#include "clv-index-scan.h"
#include "clv-index-segments.h"
#include "clv-index-sqlite.h"

#define DEFAULT_THREADS 2

typedef struct {
  ClvIndex *index;
  ClvIndexScan scan;
  ClvStatement *about;
  ClvStatement *earlier;
  ClvStatement *later;
  ClvStatement *tags;
} Search;

static void
search_clear (Search *self)
{
  clv_index_scan_clear (&self->scan);
  sqlite3_finalize (self->about);
  sqlite3_finalize (self->earlier);
  sqlite3_finalize (self->later);
  sqlite3_finalize (self->tags);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

/* GLOB gives [ a meaning that ours does not have. */
static gchar *
to_glob (const gchar *pattern)
{
  GString *glob = g_string_new (NULL);

  for (const gchar *c = pattern; *c != '\0'; c++) {
    if (*c == '[')
      g_string_append (glob, "[[]");
    else
      g_string_append_c (glob, *c);
  }
  return g_string_free (glob, FALSE);
}

/* Whole runs where time does not matter, otherwise row by row. */
static ClvStatement *
select_rows (ClvIndex *self, const ClvIndexQuery *query, GError **error)
{
  const gboolean timed = query->after > 0 || query->before > 0;
  g_autofree gchar *glob = query->media != NULL ? to_glob (query->media) : NULL;
  g_autofree gchar *sql = g_strdup_printf (
      "SELECT %s FROM %s WHERE (?1 IS NULL OR media IN"
      " (SELECT id FROM media WHERE location GLOB ?1))%s ORDER BY 1",
      timed ? "id, id" : "first, last", timed ? "moments" : "runs",
      timed ? " AND time >= ?2 AND (?3 <= 0 OR time < ?3)" : "");
  ClvStatement *statement = clv_index_db_prepare (self->db, sql, error);

  if (statement == NULL)
    return NULL;
  if (glob != NULL)
    sqlite3_bind_text (statement, 1, glob, -1, SQLITE_TRANSIENT);
  if (timed) {
    sqlite3_bind_double (statement, 2, query->after);
    sqlite3_bind_double (statement, 3, query->before);
  }
  return statement;
}

static GArray *
read_runs (
    ClvIndex *self, const ClvIndexQuery *query, guint64 n_rows, GError **error)
{
  g_autoptr (ClvStatement) statement = select_rows (self, query, error);
  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (ClvIndexRun));
  gboolean failed = FALSE;
  guint64 end = 0;

  if (statement == NULL)
    return NULL;
  while (clv_index_db_next (statement, &failed, error)) {
    const ClvIndexRun run = {
      .first = (guint64) sqlite3_column_int64 (statement, 0),
      .last = (guint64) sqlite3_column_int64 (statement, 1),
    };

    if (run.first < end || run.last < run.first || run.last >= n_rows) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: wanted rows of embeddings from %" G_GUINT64_FORMAT
          " to below %" G_GUINT64_FORMAT ", found %" G_GUINT64_FORMAT
          " to %" G_GUINT64_FORMAT,
          self->path, end, n_rows, run.first, run.last);
      return NULL;
    }
    if (runs->len > 0 && run.first == end)
      g_array_index (runs, ClvIndexRun, runs->len - 1).last = run.last;
    else
      g_array_append_val (runs, run);
    end = run.last + 1;
  }
  return failed ? NULL : g_steal_pointer (&runs);
}

static gboolean
prepare (Search *self, GError **error)
{
  sqlite3 *db = self->index->db;

  return (self->about = clv_index_db_prepare (db,
              "SELECT location, span, duration, time, media.id"
              " FROM moments JOIN media ON media.id = media"
              " WHERE moments.id = ?",
              error)) != NULL &&
         (self->earlier = clv_index_db_prepare (db,
              "SELECT id, time FROM moments WHERE media = ?1"
              " AND (time, id) < (?2, ?3) ORDER BY time DESC, id DESC",
              error)) != NULL &&
         (self->later = clv_index_db_prepare (db,
              "SELECT id, time FROM moments WHERE media = ?1"
              " AND (time, id) > (?2, ?3) ORDER BY time, id",
              error)) != NULL &&
         (self->tags = clv_index_db_prepare (db,
              "SELECT label FROM tags WHERE moment = ? ORDER BY score DESC",
              error)) != NULL;
}

static gboolean
find_best (gpointer source, guint n, ClvIndexScored *ret_best, guint *ret_n,
    GError **error)
{
  const Search *self = source;
  g_autofree ClvIndexBest *best = g_new (ClvIndexBest, (gsize) n + 1);

  *ret_n = clv_index_scan_best (&self->scan, n, best);
  for (guint i = 0; i < *ret_n; i++)
    ret_best[i] = (ClvIndexScored){
      .id = (gint64) best[i].row,
      .score = best[i].score,
    };
  return TRUE;
}

static gfloat
score_of (const Search *self, gint64 moment)
{
  guint64 at;

  return clv_index_scan_find (&self->scan, (guint64) moment, &at)
             ? self->scan.scores[at]
             : CLV_INDEX_TAKEN;
}

static gboolean
is_taken (gpointer source, gint64 moment)
{
  return score_of (source, moment) == CLV_INDEX_TAKEN;
}

static void
take (gpointer source, gint64 moment)
{
  Search *self = source;
  guint64 at;

  if (clv_index_scan_find (&self->scan, (guint64) moment, &at))
    clv_index_scan_take (&self->scan, at);
}

static gboolean
walk (gpointer source, gint64 media, const ClvIndexHit *hit, gboolean back,
    ClvIndexVisit visit, gpointer user_data, GError **error)
{
  Search *self = source;
  ClvStatement *statement = back ? self->earlier : self->later;
  gboolean failed = FALSE;

  sqlite3_bind_int64 (statement, 1, media);
  sqlite3_bind_double (statement, 2, hit->best);
  sqlite3_bind_int64 (statement, 3, hit->moment);
  while (clv_index_db_next (statement, &failed, error)) {
    ClvIndexScored moment = {
      .id = sqlite3_column_int64 (statement, 0),
      .time = sqlite3_column_double (statement, 1),
    };

    moment.score = score_of (self, moment.id);
    if (!visit (&moment, user_data))
      break;
  }
  sqlite3_reset (statement);
  return !failed;
}

static gboolean
read_tags (Search *self, ClvIndexHit *hit, GError **error)
{
  g_autoptr (GStrvBuilder) tags = g_strv_builder_new ();
  gboolean failed = FALSE;

  sqlite3_bind_int64 (self->tags, 1, hit->moment);
  while (clv_index_db_next (self->tags, &failed, error))
    g_strv_builder_add (
        tags, (const gchar *) sqlite3_column_text (self->tags, 0));
  sqlite3_reset (self->tags);
  hit->tags = g_strv_builder_end (tags);
  return !failed;
}

static gboolean
describe (
    gpointer source, ClvIndexHit *hit, ClvIndexAbout *ret_about, GError **error)
{
  Search *self = source;
  gboolean failed = FALSE;

  sqlite3_bind_int64 (self->about, 1, hit->moment);
  if (!clv_index_db_next (self->about, &failed, error)) {
    if (!failed)
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: the moment %" G_GINT64_FORMAT " is missing", self->index->path,
          hit->moment);
    sqlite3_reset (self->about);
    return FALSE;
  }
  hit->media = g_strdup ((gchar *) sqlite3_column_text (self->about, 0));
  hit->best = sqlite3_column_double (self->about, 3);
  *ret_about = (ClvIndexAbout){
    .media = sqlite3_column_int64 (self->about, 4),
    .span = sqlite3_column_double (self->about, 1),
    .duration = sqlite3_column_type (self->about, 2) == SQLITE_NULL
                    ? G_MAXDOUBLE
                    : sqlite3_column_double (self->about, 2),
  };
  sqlite3_reset (self->about);
  return read_tags (self, hit, error);
}

static const ClvIndexSource source_class = {
  .find_best = find_best,
  .is_taken = is_taken,
  .take = take,
  .describe = describe,
  .walk = walk,
};

static GPtrArray *
search (
    ClvIndex *self, const ClvIndexQuery *query, const gfloat *x, GError **error)
{
  g_auto (Search) search = { .index = self };
  g_autoptr (GArray) runs = NULL;
  const guint16 *rows;
  guint64 n_rows;

  if (!clv_index_get_n_rows (self, &n_rows, error) || !prepare (&search, error))
    return NULL;
  runs = read_runs (self, query, n_rows, error);
  rows = runs ? clv_index_vectors_map (&self->vectors, n_rows, error) : NULL;
  if (rows == NULL ||
      !clv_index_scan_run (&search.scan, rows, self->width,
          (const ClvIndexRun *) runs->data, runs->len, x,
          query->n_threads > 0 ? query->n_threads : DEFAULT_THREADS, error))
    return NULL;
  return clv_index_find_segments (&source_class, &search,
      query->top > 0 ? query->top : CLV_INDEX_TOP, search.scan.n,
      search.scan.mean, error);
}

GPtrArray *
clv_index_sqlite_search (
    ClvIndex *self, const ClvIndexQuery *query, const gfloat *x, GError **error)
{
  GPtrArray *hits;

  /* One snapshot for all reads. */
  if (!clv_index_begin (self, FALSE, error))
    return NULL;
  hits = search (self, query, x, error);
  clv_index_db_run (self->db, "ROLLBACK", NULL);
  return hits;
}

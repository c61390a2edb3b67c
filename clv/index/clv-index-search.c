/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a query to segments: rows to compare, their scores, and what lies around
 * the best of them. */

#include "clv-index-private.h"

#include <string.h>

#include "clv-index-scan.h"

#define DEFAULT_TOP     10
#define DEFAULT_THREADS 2

/* Scores so near the best one belong to it whatever the mean is: pictures of
 * one thing differ by that much, and a recording of nothing else has no other
 * mean. */
#define SAME_SCORE 0.01

/* Moments are taken at frames, so their distance varies by one. */
#define SPAN_SLACK 1.5

typedef struct {
  ClvIndex *index;
  const ClvIndexQuery *query;
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

static void
hit_free (ClvIndexHit *hit)
{
  g_free (hit->media);
  g_strfreev (hit->tags);
  g_free (hit);
}

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

typedef struct {
  gint64 media;
  gdouble reach; /* seconds between neighbours */
  gdouble floor; /* the lowest score of the segment */
} Neighbourhood;

/* Goes over neighbours in one direction as long as they belong to the segment.
 * *edge becomes the time of the last one that does, *ret_beyond of the first one
 * that does not; it is left alone where there is none. */
static gboolean
walk (Search *self, ClvStatement *statement, const Neighbourhood *around,
    ClvIndexHit *hit, gdouble *edge, gdouble *ret_beyond, GError **error)
{
  gboolean failed = FALSE;

  sqlite3_bind_int64 (statement, 1, around->media);
  sqlite3_bind_double (statement, 2, hit->best);
  sqlite3_bind_int64 (statement, 3, hit->moment);
  while (clv_index_db_next (statement, &failed, error)) {
    const guint64 row = (guint64) sqlite3_column_int64 (statement, 0);
    const gdouble time = sqlite3_column_double (statement, 1);
    guint64 at;

    /* A row that was taken has the lowest score of all. */
    if (ABS (time - *edge) > around->reach ||
        !clv_index_scan_find (&self->scan, row, &at) ||
        self->scan.scores[at] < around->floor) {
      *ret_beyond = time;
      break;
    }
    clv_index_scan_take (&self->scan, at);
    *edge = time;
    hit->n_moments++;
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

/* The segment around a moment; *ret_hit stays NULL if it is none. */
static gboolean
grow (Search *self, const ClvIndexBest *best, ClvIndexHit **ret_hit,
    GError **error)
{
  ClvIndexHit *hit = g_new0 (ClvIndexHit, 1);
  Neighbourhood around;
  gdouble span, duration, before = 0, beyond = G_MAXDOUBLE;
  gboolean failed = FALSE;

  *ret_hit = hit;
  clv_index_scan_take (&self->scan, best->at);
  sqlite3_bind_int64 (self->about, 1, (gint64) best->row);
  if (!clv_index_db_next (self->about, &failed, error)) {
    if (!failed)
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: the moment %" G_GUINT64_FORMAT " is missing", self->index->path,
          best->row);
    sqlite3_reset (self->about);
    return FALSE;
  }
  span = sqlite3_column_double (self->about, 1);
  duration = sqlite3_column_type (self->about, 2) == SQLITE_NULL
                 ? G_MAXDOUBLE
                 : sqlite3_column_double (self->about, 2);
  around = (Neighbourhood){
    .media = sqlite3_column_int64 (self->about, 4),
    .reach = span * SPAN_SLACK,
    .floor =
        MIN ((self->scan.mean + best->score) / 2, best->score - SAME_SCORE),
  };
  hit->media = g_strdup ((gchar *) sqlite3_column_text (self->about, 0));
  hit->best = hit->start = hit->end = sqlite3_column_double (self->about, 3);
  hit->score = best->score;
  hit->moment = (gint64) best->row;
  hit->n_moments = 1;
  sqlite3_reset (self->about);

  if (!walk (self, self->earlier, &around, hit, &hit->start, &before, error) ||
      !walk (self, self->later, &around, hit, &hit->end, &beyond, error) ||
      !read_tags (self, hit, error))
    return FALSE;
  /* The last moment stands for what follows, up to the next one. */
  hit->end = MAX (hit->end, MIN (MIN (hit->end + span, beyond), duration));
  return TRUE;
}

/* One walk over the scores gives more than is wanted, as some of the best are
 * neighbours. */
static GPtrArray *
find_segments (Search *self, GError **error)
{
  const guint top = self->query->top > 0 ? self->query->top : DEFAULT_TOP;
  const guint n_best = (guint) MIN ((guint64) top * 4 + 64, self->scan.n);
  g_autofree ClvIndexBest *best = g_new (ClvIndexBest, (gsize) n_best + 1);
  g_autoptr (GPtrArray) hits =
      g_ptr_array_new_with_free_func ((GDestroyNotify) hit_free);
  guint n;

  do {
    n = clv_index_scan_best (&self->scan, n_best, best);
    for (guint i = 0; i < n && hits->len < top; i++) {
      ClvIndexHit *hit = NULL;

      if (self->scan.scores[best[i].at] == -G_MAXFLOAT)
        continue; /* a part of a better segment */
      if (!grow (self, &best[i], &hit, error)) {
        hit_free (hit);
        return NULL;
      }
      g_ptr_array_add (hits, hit);
    }
  } while (n > 0 && hits->len < top);
  return g_steal_pointer (&hits);
}

static GPtrArray *
search (
    ClvIndex *self, const ClvIndexQuery *query, const gfloat *x, GError **error)
{
  g_auto (Search) search = { .index = self, .query = query };
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
  return find_segments (&search, error);
}

GPtrArray *
clv_index_search (ClvIndex *self, const ClvIndexQuery *query, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);
  g_autofree gfloat *x =
      g_memdup2 (query->vector, self->width * sizeof (gfloat));
  GPtrArray *hits;

  if (!clv_index_normalize (x, self->width)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: wanted a query with a direction, found one of length 0 or "
        "without",
        self->path);
    return NULL;
  }
  /* One snapshot for all reads. */
  if (!clv_index_begin (self, FALSE, error))
    return NULL;
  hits = search (self, query, x, error);
  clv_index_db_run (self->db, "ROLLBACK", NULL);
  return hits;
}

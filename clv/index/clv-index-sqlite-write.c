/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How media and moments get into an index. */

#include "clv-index-sqlite.h"

/* *ret_same: the media is there and has not changed. *ret_id 0: it is not. */
static gboolean
find_media (ClvIndex *self, const ClvIndexMedia *media, gboolean *ret_same,
    ClvIndexProgress *ret_progress, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT id, duration IS NOT NULL,"
      " size = ?2 AND modified_us = ?3 AND sampling = ?4 AND span = ?5,"
      " (SELECT max(time) FROM moments WHERE media = media.id)"
      " FROM media WHERE location = ?1",
      error);
  gboolean failed = FALSE;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, media->location, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, media->size);
  sqlite3_bind_int64 (statement, 3, media->modified_us);
  sqlite3_bind_text (statement, 4, media->sampling, -1, SQLITE_STATIC);
  sqlite3_bind_double (statement, 5, media->span);
  *ret_progress = (ClvIndexProgress){ .last_time = -1.0 };
  *ret_same = FALSE;
  if (!clv_index_db_next (statement, &failed, error))
    return !failed;
  ret_progress->id = sqlite3_column_int64 (statement, 0);
  ret_progress->complete = sqlite3_column_int (statement, 1);
  *ret_same = sqlite3_column_int (statement, 2);
  if (sqlite3_column_type (statement, 3) != SQLITE_NULL)
    ret_progress->last_time = sqlite3_column_double (statement, 3);
  return TRUE;
}

static gboolean
delete_media (ClvIndex *self, gint64 id, GError **error)
{
  g_autoptr (ClvStatement) statement =
      clv_index_db_prepare (self->db, "DELETE FROM media WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  return clv_index_db_finish (statement, error);
}

static gboolean
insert_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "INSERT INTO media (location, size, modified_us, sampling, span)"
      " VALUES (?, ?, ?, ?, ?)",
      error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, media->location, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, media->size);
  sqlite3_bind_int64 (statement, 3, media->modified_us);
  sqlite3_bind_text (statement, 4, media->sampling, -1, SQLITE_STATIC);
  sqlite3_bind_double (statement, 5, media->span);
  if (!clv_index_db_finish (statement, error))
    return FALSE;
  *ret_progress = (ClvIndexProgress){
    .id = sqlite3_last_insert_rowid (self->db),
    .last_time = -1.0,
  };
  return TRUE;
}

static gboolean
take_up (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  gboolean same;

  if (!find_media (self, media, &same, ret_progress, error))
    return FALSE;
  if (same)
    return TRUE;
  return (ret_progress->id == 0 ||
             delete_media (self, ret_progress->id, error)) &&
         insert_media (self, media, ret_progress, error);
}

gboolean
clv_index_sqlite_look_up_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  gboolean same;

  if (!find_media (self, media, &same, ret_progress, error))
    return FALSE;
  if (!same)
    *ret_progress = (ClvIndexProgress){ .last_time = -1.0 };
  return TRUE;
}

gboolean
clv_index_sqlite_begin_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  return clv_index_begin (self, TRUE, error) &&
         clv_index_end (
             self, take_up (self, media, ret_progress, error), error);
}

static gboolean
insert_tags (ClvStatement *statement, guint64 row, const ClvIndexMoment *moment,
    GError **error)
{
  for (guint i = 0; i < moment->n_tags; i++) {
    sqlite3_bind_int64 (statement, 1, (gint64) row);
    sqlite3_bind_text (statement, 2, moment->tags[i].label, -1, SQLITE_STATIC);
    sqlite3_bind_double (statement, 3, moment->tags[i].score);
    if (!clv_index_db_finish (statement, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
insert_thumbnail (ClvStatement *statement, guint64 row,
    const ClvIndexMoment *moment, GError **error)
{
  const void *data;
  gsize size;

  if (moment->thumbnail == NULL)
    return TRUE;
  data = g_bytes_get_data (moment->thumbnail, &size);
  sqlite3_bind_int64 (statement, 1, (gint64) row);
  sqlite3_bind_blob64 (
      statement, 2, data != NULL ? data : "", size, SQLITE_STATIC);
  return clv_index_db_finish (statement, error);
}

static gboolean
insert_moments (ClvIndex *self, gint64 media, guint64 first,
    const ClvIndexMoment *moments, guint n, GError **error)
{
  g_autoptr (ClvStatement) moment = clv_index_db_prepare (
      self->db, "INSERT INTO moments VALUES (?, ?, ?)", error);
  g_autoptr (ClvStatement) thumbnail =
      moment != NULL ? clv_index_db_prepare (self->db,
                           "INSERT INTO thumbnails VALUES (?, ?)", error)
                     : NULL;
  g_autoptr (ClvStatement) tag =
      thumbnail != NULL ? clv_index_db_prepare (self->db,
                              "INSERT INTO tags VALUES (?, ?, ?)", error)
                        : NULL;

  if (tag == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    sqlite3_bind_int64 (moment, 1, (gint64) (first + i));
    sqlite3_bind_int64 (moment, 2, media);
    sqlite3_bind_double (moment, 3, moments[i].time);
    if (!clv_index_db_finish (moment, error) ||
        !insert_thumbnail (thumbnail, first + i, &moments[i], error) ||
        !insert_tags (tag, first + i, &moments[i], error))
      return FALSE;
  }
  return TRUE;
}

/* Makes the newest run longer, or adds one. */
static gboolean
note_run (ClvIndex *self, gint64 media, guint64 first, guint n, GError **error)
{
  static const gchar *const sql[] = {
    "UPDATE runs SET last = ?2"
    " WHERE first = (SELECT max(first) FROM runs) AND media = ?3"
    " AND last = ?1 - 1",
    "INSERT INTO runs VALUES (?1, ?2, ?3)",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sql); i++) {
    g_autoptr (ClvStatement) statement =
        clv_index_db_prepare (self->db, sql[i], error);

    if (statement == NULL)
      return FALSE;
    sqlite3_bind_int64 (statement, 1, (gint64) first);
    sqlite3_bind_int64 (statement, 2, (gint64) (first + n - 1));
    sqlite3_bind_int64 (statement, 3, media);
    if (!clv_index_db_finish (statement, error))
      return FALSE;
    if (sqlite3_changes (self->db) > 0)
      return TRUE;
  }
  return TRUE;
}

static gboolean
set_n_rows (ClvIndex *self, guint64 n_rows, GError **error)
{
  g_autoptr (ClvStatement) statement =
      clv_index_db_prepare (self->db, "UPDATE store SET n_rows = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, (gint64) n_rows);
  return clv_index_db_finish (statement, error);
}

/* That the media is there, and all of its moments are before `time`: two that
 * took up one media both go on where it was left. */
static gboolean
check_media (ClvIndex *self, gint64 media, gdouble time, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT location,"
      " (SELECT max(time) FROM moments WHERE media = media.id)"
      " FROM media WHERE id = ?",
      error);
  gboolean failed = FALSE;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, media);
  if (clv_index_db_next (statement, &failed, error)) {
    if (sqlite3_column_type (statement, 1) == SQLITE_NULL ||
        time > sqlite3_column_double (statement, 1))
      return TRUE;
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: %s: has moments up to %.3f s already, and the next one is at "
        "%.3f s: another process is indexing it",
        self->path, (const gchar *) sqlite3_column_text (statement, 0),
        sqlite3_column_double (statement, 1), time);
    return FALSE;
  }
  if (!failed)
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: there is no media %" G_GINT64_FORMAT " any more: was it indexed "
        "anew by another process?",
        self->path, media);
  return FALSE;
}

gboolean
clv_index_sqlite_append (ClvIndex *self, gint64 media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error)
{
  guint64 first = 0;
  gboolean good;

  if (!clv_index_begin (self, TRUE, error))
    return FALSE;
  /* Embeddings are on disk before anything says so. Should we die in between,
   * they are behind the rows that count, and are cut off or written over. */
  good =
      check_media (self, media, moments[0].time, error) &&
      clv_index_get_n_rows (self, &first, error) &&
      clv_index_vectors_check (&self->vectors, first, FALSE, error) &&
      clv_index_vectors_write (&self->vectors, first, embeddings, n, error) &&
      insert_moments (self, media, first, moments, n, error) &&
      note_run (self, media, first, n, error) &&
      set_n_rows (self, first + n, error);
  return clv_index_end (self, good, error);
}

gboolean
clv_index_sqlite_end_media (
    ClvIndex *self, gint64 media, gdouble duration, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (
      self->db, "UPDATE media SET duration = ? WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_double (statement, 1, duration);
  sqlite3_bind_int64 (statement, 2, media);
  return clv_index_db_finish (statement, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An index in a database of SQLite, with a file of vectors beside it. */

#include "clv-index-sqlite.h"

gboolean
clv_index_begin (ClvIndex *self, gboolean write, GError **error)
{
  return clv_index_db_run (
      self->db, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

gboolean
clv_index_end (ClvIndex *self, gboolean good, GError **error)
{
  if (good && clv_index_db_run (self->db, "COMMIT", error))
    return TRUE;
  /* Of what has failed already there is an error. */
  clv_index_db_run (self->db, "ROLLBACK", NULL);
  return FALSE;
}

gboolean
clv_index_get_n_rows (ClvIndex *self, guint64 *ret_n, GError **error)
{
  g_autoptr (ClvStatement) statement =
      clv_index_db_prepare (self->db, "SELECT n_rows FROM store", error);

  if (statement == NULL)
    return FALSE;
  if (sqlite3_step (statement) != SQLITE_ROW)
    return clv_index_db_fail (self->db, error);
  *ret_n = (guint64) sqlite3_column_int64 (statement, 0);
  return TRUE;
}

static gboolean
read_store (ClvIndex *self, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (
      self->db, "SELECT model_id, model_name, width, n_rows FROM store", error);
  gboolean failed = FALSE;
  gint64 width;

  if (statement == NULL)
    return FALSE;
  if (!clv_index_db_next (statement, &failed, error)) {
    if (!failed)
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: the table 'store' is empty", self->path);
    return FALSE;
  }
  self->model_id = g_strdup ((gchar *) sqlite3_column_text (statement, 0));
  self->model_name = g_strdup ((gchar *) sqlite3_column_text (statement, 1));
  width = sqlite3_column_int64 (statement, 2);
  if (self->model_id == NULL || self->model_name == NULL || width < 1 ||
      width > CLV_INDEX_MAX_WIDTH || sqlite3_column_int64 (statement, 3) < 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the table 'store' holds values out of their range", self->path);
    return FALSE;
  }
  self->width = (guint) width;
  return TRUE;
}

/* In a write transaction, on an empty database. */
static gboolean
make_store (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  g_autofree gchar *vectors = g_strconcat (self->path, ".vectors", NULL);
  g_autoptr (ClvStatement) statement = NULL;

  if (!clv_index_vectors_create (vectors, model->id, model->width, error) ||
      !clv_index_db_migrate (self->db, 0, error))
    return FALSE;
  statement = clv_index_db_prepare (
      self->db, "INSERT INTO store VALUES (1, ?, ?, ?, 0)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, model->id, -1, SQLITE_TRANSIENT);
  sqlite3_bind_text (statement, 2, model->name, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 3, model->width);
  return clv_index_db_finish (statement, error);
}

static gboolean
open_store (ClvIndex *self, gboolean cut, GError **error)
{
  g_autofree gchar *vectors = g_strconcat (self->path, ".vectors", NULL);
  guint64 n_rows;

  return read_store (self, error) &&
         clv_index_vectors_open (&self->vectors, vectors, self->model_id,
             self->width, self->writable, error) &&
         clv_index_get_n_rows (self, &n_rows, error) &&
         clv_index_vectors_check (&self->vectors, n_rows, cut, error);
}

/* The write lock keeps others from adding rows while what no transaction knows
 * is cut off, and two makers apart. */
static gboolean
prepare (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  guint version;

  return clv_index_db_get_version (self->db, &version, error) &&
         (version > 0 ? clv_index_db_migrate (self->db, version, error)
                      : make_store (self, model, error)) &&
         open_store (self, TRUE, error) &&
         clv_index_check_model (
             self, model->id, model->name, model->width, error);
}

static gboolean
open_writable (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  guint version;

  self->db = clv_index_db_open (self->path, TRUE, error);
  /* A database of somebody else is not to be switched to WAL. */
  return self->db != NULL &&
         clv_index_db_get_version (self->db, &version, error) &&
         clv_index_db_use_log (self->db, error) &&
         clv_index_begin (self, TRUE, error) &&
         clv_index_end (self, prepare (self, model, error), error);
}

static gboolean
open_for_reading (ClvIndex *self, GError **error)
{
  guint version;

  self->db = clv_index_db_open (self->path, FALSE, error);
  if (self->db == NULL || !clv_index_db_get_version (self->db, &version, error))
    return FALSE;
  if (version == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is empty, wanted an index", self->path);
    return FALSE;
  }
  if (version < clv_index_db_newest_version ()) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: has the older schema version %u; it becomes version %u when "
        "something is added to it",
        self->path, version, clv_index_db_newest_version ());
    return FALSE;
  }
  return open_store (self, FALSE, error);
}

static gboolean
sqlite_open (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  return model != NULL ? open_writable (self, model, error)
                       : open_for_reading (self, error);
}

static void
sqlite_close (ClvIndex *self)
{
  clv_index_vectors_clear (&self->vectors);
  sqlite3_close (self->db);
}

static gboolean
sqlite_count (ClvIndex *self, guint64 *ret_n_media, guint64 *ret_n_moments,
    GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT (SELECT count(*) FROM media),"
      " (SELECT coalesce(sum(last - first + 1), 0) FROM runs)",
      error);

  if (statement == NULL)
    return FALSE;
  if (sqlite3_step (statement) != SQLITE_ROW)
    return clv_index_db_fail (self->db, error);
  *ret_n_media = (guint64) sqlite3_column_int64 (statement, 0);
  *ret_n_moments = (guint64) sqlite3_column_int64 (statement, 1);
  return TRUE;
}

static GBytes *
sqlite_get_thumbnail (ClvIndex *self, gint64 moment, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (
      self->db, "SELECT picture FROM thumbnails WHERE moment = ?", error);
  gboolean failed = FALSE;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, moment);
  if (!clv_index_db_next (statement, &failed, error))
    return NULL;
  return g_bytes_new (sqlite3_column_blob (statement, 0),
      (gsize) sqlite3_column_bytes (statement, 0));
}

const ClvIndexStore clv_index_sqlite = {
  .open = sqlite_open,
  .close = sqlite_close,
  .count = sqlite_count,
  .get_thumbnail = sqlite_get_thumbnail,
  .look_up_media = clv_index_sqlite_look_up_media,
  .begin_media = clv_index_sqlite_begin_media,
  .append = clv_index_sqlite_append,
  .end_media = clv_index_sqlite_end_media,
  .search = clv_index_sqlite_search,
};

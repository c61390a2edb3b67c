/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-private.h"

#include <math.h>
#include <string.h>

#define MAX_WIDTH 65536

G_DEFINE_FINAL_TYPE (ClvIndex, clv_index, G_TYPE_OBJECT)

static void
clv_index_finalize (GObject *object)
{
  ClvIndex *self = CLV_INDEX (object);

  clv_index_vectors_clear (&self->vectors);
  sqlite3_close (self->db);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self->model_id);
  g_free (self->model_name);
  G_OBJECT_CLASS (clv_index_parent_class)->finalize (object);
}

static void
clv_index_class_init (ClvIndexClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clv_index_finalize;
}

static void
clv_index_init (ClvIndex *self)
{
  g_mutex_init (&self->lock);
  self->vectors = CLV_INDEX_VECTORS_INIT;
}

const gchar *
clv_index_get_path (ClvIndex *self)
{
  return self->path;
}

const gchar *
clv_index_get_model_id (ClvIndex *self)
{
  return self->model_id;
}

const gchar *
clv_index_get_model_name (ClvIndex *self)
{
  return self->model_name;
}

guint
clv_index_get_width (ClvIndex *self)
{
  return self->width;
}

gboolean
clv_index_normalize (gfloat *vector, guint width)
{
  gdouble sum = 0;

  for (guint d = 0; d < width; d++)
    sum += (gdouble) vector[d] * vector[d];
  if (!isfinite (sum) || sum <= 0)
    return FALSE;
  for (guint d = 0; d < width; d++)
    vector[d] = (gfloat) (vector[d] / sqrt (sum));
  return TRUE;
}

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
      width > MAX_WIDTH || sqlite3_column_int64 (statement, 3) < 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the table 'store' holds values out of their range", self->path);
    return FALSE;
  }
  self->width = (guint) width;
  return TRUE;
}

/* In a write transaction, on an empty database. */
static gboolean
make_store (ClvIndex *self, const gchar *model_id, const gchar *model_name,
    guint width, GError **error)
{
  g_autofree gchar *vectors = g_strconcat (self->path, ".vectors", NULL);
  g_autoptr (ClvStatement) statement = NULL;

  if (!clv_index_vectors_create (vectors, model_id, width, error) ||
      !clv_index_db_migrate (self->db, 0, error))
    return FALSE;
  statement = clv_index_db_prepare (
      self->db, "INSERT INTO store VALUES (1, ?, ?, ?, 0)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, model_id, -1, SQLITE_TRANSIENT);
  sqlite3_bind_text (statement, 2, model_name, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 3, width);
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
prepare (ClvIndex *self, const gchar *model_id, const gchar *model_name,
    guint width, GError **error)
{
  guint version;

  return clv_index_db_get_version (self->db, &version, error) &&
         (version > 0
                 ? clv_index_db_migrate (self->db, version, error)
                 : make_store (self, model_id, model_name, width, error)) &&
         open_store (self, TRUE, error) &&
         clv_index_check_model (self, model_id, model_name, width, error);
}

ClvIndex *
clv_index_open_writable (const gchar *path, const gchar *model_id,
    const gchar *model_name, guint width, GError **error)
{
  g_autoptr (ClvIndex) self = g_object_new (CLV_TYPE_INDEX, NULL);
  guint version;

  g_return_val_if_fail (path != NULL && model_id != NULL, NULL);
  g_return_val_if_fail (width >= 1 && width <= MAX_WIDTH, NULL);

  self->path = g_strdup (path);
  self->writable = TRUE;
  self->db = clv_index_db_open (path, TRUE, error);
  /* A database of somebody else is not to be switched to WAL. */
  if (self->db == NULL ||
      !clv_index_db_get_version (self->db, &version, error) ||
      !clv_index_db_use_log (self->db, error) ||
      !clv_index_begin (self, TRUE, error) ||
      !clv_index_end (
          self, prepare (self, model_id, model_name, width, error), error))
    return NULL;
  return g_steal_pointer (&self);
}

ClvIndex *
clv_index_open (const gchar *path, GError **error)
{
  g_autoptr (ClvIndex) self = g_object_new (CLV_TYPE_INDEX, NULL);
  guint version;

  g_return_val_if_fail (path != NULL, NULL);

  self->path = g_strdup (path);
  self->db = clv_index_db_open (path, FALSE, error);
  if (self->db == NULL || !clv_index_db_get_version (self->db, &version, error))
    return NULL;
  if (version == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is empty, wanted an index", path);
    return NULL;
  }
  if (version < clv_index_db_newest_version ()) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: has the older schema version %u; it becomes version %u when "
        "something is added to it",
        path, version, clv_index_db_newest_version ());
    return NULL;
  }
  return open_store (self, FALSE, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
clv_index_check_model (ClvIndex *self, const gchar *model_id,
    const gchar *model_name, guint width, GError **error)
{
  if (strcmp (self->model_id, model_id) == 0 && self->width == width)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: holds moments of model '%s' (%.12s…, %u values), wanted '%s' "
      "(%.12s…, %u values): embeddings of different models cannot be compared; "
      "use that model, or another index",
      self->path, self->model_name, self->model_id, self->width, model_name,
      model_id, width);
  return FALSE;
}

gboolean
clv_index_count (ClvIndex *self, guint64 *ret_n_media, guint64 *ret_n_moments,
    GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT (SELECT count(*) FROM media),"
      " (SELECT coalesce(sum(last - first + 1), 0) FROM runs)",
      error);

  if (statement == NULL)
    return FALSE;
  if (sqlite3_step (statement) != SQLITE_ROW)
    return clv_index_db_fail (self->db, error);
  if (ret_n_media != NULL)
    *ret_n_media = (guint64) sqlite3_column_int64 (statement, 0);
  if (ret_n_moments != NULL)
    *ret_n_moments = (guint64) sqlite3_column_int64 (statement, 1);
  return TRUE;
}

GBytes *
clv_index_get_thumbnail (ClvIndex *self, gint64 moment, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishspool.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include <clv/clv-error.h>

/* "clvp": tells our databases from others, as file(1) does. */
#define APPLICATION_ID 0x636c7670
#define VERSION_NUMBER 1

/* The log may stay that long between checkpoints. */
#define MAX_LOG_BYTES 1048576

/* Messages hold what a camera saw: for their owner only. */
#define DIRECTORY_MODE 0700

struct _GstClipPublishSpool {
  sqlite3 *db;
  sqlite3_stmt *insert;
  sqlite3_stmt *read;
  sqlite3_stmt *forget;
  sqlite3_stmt *oldest;
  gchar *path;
  guint64 max_size;
  guint64 size;
  guint64 length;
  guint64 last_id;
};

static gboolean
fail (GstClipPublishSpool *self, GError **error)
{
  const gint code = sqlite3_errcode (self->db) & 0xff;
  const gint system = sqlite3_system_errno (self->db);

  if (code == SQLITE_BUSY)
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: another element or process has this spool in use; each needs its "
        "own `spool`, or another `source`",
        self->path);
  else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a spool (a SQLite database), found: %s", self->path,
        sqlite3_errmsg (self->db));
  else if (code == SQLITE_FULL)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "%s: %s", self->path,
        sqlite3_errmsg (self->db));
  else
    g_set_error (error, G_FILE_ERROR,
        system != 0 ? g_file_error_from_errno (system) : G_FILE_ERROR_FAILED,
        "%s: %s%s%s", self->path, sqlite3_errmsg (self->db),
        system != 0 ? ": " : "", system != 0 ? g_strerror (system) : "");
  return FALSE;
}

static gboolean
run (GstClipPublishSpool *self, const gchar *sql, GError **error)
{
  return sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
         fail (self, error);
}

/* One number that a query gives. */
static gboolean
get (GstClipPublishSpool *self, const gchar *sql, guint64 *ret, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean good =
      sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW;

  if (good)
    *ret = (guint64) sqlite3_column_int64 (statement, 0);
  else
    fail (self, error);
  sqlite3_finalize (statement);
  return good;
}

static gboolean
prepare (GstClipPublishSpool *self, sqlite3_stmt **ret_statement,
    const gchar *sql, GError **error)
{
  return sqlite3_prepare_v2 (self->db, sql, -1, ret_statement, NULL) ==
             SQLITE_OK ||
         fail (self, error);
}

static gboolean
check_version (GstClipPublishSpool *self, GError **error)
{
  guint64 version, application, n_tables;

  if (!get (self, "PRAGMA user_version", &version, error) ||
      !get (self, "PRAGMA application_id", &application, error) ||
      !get (self, "SELECT count(*) FROM sqlite_schema", &n_tables, error))
    return FALSE;
  if (version == 0 && application == 0 && n_tables == 0)
    return run (self,
        "CREATE TABLE messages ("
        "  id INTEGER PRIMARY KEY,"
        "  topic TEXT NOT NULL,"
        "  key TEXT,"
        "  payload TEXT NOT NULL,"
        "  retain INTEGER NOT NULL,"
        "  size INTEGER NOT NULL);"
        "PRAGMA user_version = " G_STRINGIFY (
            VERSION_NUMBER) ";"
                            "PRAGMA application_id = " G_STRINGIFY (
                                APPLICATION_ID),
        error);
  if (application == APPLICATION_ID && version == VERSION_NUMBER)
    return TRUE;
  if (application == APPLICATION_ID)
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: wanted a spool of version %d, found %" G_GUINT64_FORMAT,
        self->path, VERSION_NUMBER, version);
  else
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is a SQLite database, but no spool of clippublish", self->path);
  return FALSE;
}

static gboolean
open_database (GstClipPublishSpool *self, GError **error)
{
  g_autofree gchar *directory = g_path_get_dirname (self->path);

  if (g_mkdir_with_parents (directory, DIRECTORY_MODE) != 0) {
    const gint code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
        "%s: the directory of the spool cannot be made: %s", directory,
        g_strerror (code));
    return FALSE;
  }
  if (sqlite3_open (self->path, &self->db) != SQLITE_OK)
    return fail (self, error);
  sqlite3_extended_result_codes (self->db, 1);
  /* A lock that is held as long as the database is open, and goes with the process.
   * With synchronous = NORMAL a commit costs no sync in WAL mode. */
  return run (self,
             "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
             "PRAGMA synchronous = NORMAL;"
             "PRAGMA journal_size_limit = " G_STRINGIFY (
                 MAX_LOG_BYTES) ";"
                                "BEGIN IMMEDIATE",
             error) &&
         check_version (self, error) && run (self, "COMMIT", error);
}

static gboolean
count (GstClipPublishSpool *self, GError **error)
{
  return get (self, "SELECT count(*) FROM messages", &self->length, error) &&
         get (self, "SELECT coalesce(sum(size), 0) FROM messages", &self->size,
             error) &&
         get (self, "SELECT coalesce(max(id), 0) FROM messages", &self->last_id,
             error);
}

GstClipPublishSpool *
gst_clip_publish_spool_new (const gchar *path, guint64 max_size, GError **error)
{
  GstClipPublishSpool *self = g_new0 (GstClipPublishSpool, 1);

  self->path = g_strdup (path);
  self->max_size = max_size;
  if (open_database (self, error) && count (self, error) &&
      prepare (self, &self->insert,
          "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", error) &&
      prepare (self, &self->read,
          "SELECT id, topic, key, payload, retain FROM messages WHERE id > ? "
          "ORDER BY id LIMIT 1",
          error) &&
      prepare (self, &self->forget,
          "DELETE FROM messages WHERE id <= ? AND id > ? RETURNING size",
          error) &&
      prepare (self, &self->oldest,
          "SELECT id FROM messages WHERE id > ? ORDER BY id LIMIT 1", error))
    return self;
  gst_clip_publish_spool_free (self);
  return NULL;
}

void
gst_clip_publish_spool_free (GstClipPublishSpool *self)
{
  sqlite3_finalize (self->insert);
  sqlite3_finalize (self->read);
  sqlite3_finalize (self->forget);
  sqlite3_finalize (self->oldest);
  sqlite3_close (self->db);
  g_free (self->path);
  g_free (self);
}

guint64
gst_clip_publish_spool_get_last_id (const GstClipPublishSpool *self)
{
  return self->last_id;
}

guint64
gst_clip_publish_spool_get_length (const GstClipPublishSpool *self)
{
  return self->length;
}

/* Rows above one number and up to another. */
static gboolean
delete_rows (GstClipPublishSpool *self, guint64 above, guint64 up_to,
    guint *ret_n, GError **error)
{
  gint code;

  *ret_n = 0;
  sqlite3_bind_int64 (self->forget, 1, (gint64) up_to);
  sqlite3_bind_int64 (self->forget, 2, (gint64) above);
  while ((code = sqlite3_step (self->forget)) == SQLITE_ROW) {
    self->size -= (guint64) sqlite3_column_int64 (self->forget, 0);
    self->length--;
    (*ret_n)++;
  }
  if (code != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (self->forget);
  return code == SQLITE_DONE;
}

/* The oldest one that is not under way goes; `ret_n` 0: there is none. */
static gboolean
delete_oldest (
    GstClipPublishSpool *self, guint64 under_way, guint *ret_n, GError **error)
{
  gint code;
  guint64 id;

  *ret_n = 0;
  sqlite3_bind_int64 (self->oldest, 1, (gint64) under_way);
  code = sqlite3_step (self->oldest);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    fail (self, error);
  id = code == SQLITE_ROW ? (guint64) sqlite3_column_int64 (self->oldest, 0)
                          : under_way;
  sqlite3_reset (self->oldest);
  if (code != SQLITE_ROW)
    return code == SQLITE_DONE;
  return delete_rows (self, under_way, id, ret_n, error);
}

static gboolean
insert (GstClipPublishSpool *self, const GstClipPublishMessage *message,
    guint64 id, guint64 size, GError **error)
{
  gboolean good;

  sqlite3_bind_int64 (self->insert, 1, (gint64) id);
  sqlite3_bind_text (self->insert, 2, message->topic, -1, SQLITE_STATIC);
  sqlite3_bind_text (self->insert, 3, message->key, -1, SQLITE_STATIC);
  sqlite3_bind_text (self->insert, 4, message->payload, -1, SQLITE_STATIC);
  sqlite3_bind_int (self->insert, 5, message->retain);
  sqlite3_bind_int64 (self->insert, 6, (gint64) size);
  good = sqlite3_step (self->insert) == SQLITE_DONE || fail (self, error);
  sqlite3_reset (self->insert);
  sqlite3_clear_bindings (self->insert);
  if (good) {
    self->length++;
    self->size += size;
  }
  return good;
}

static gboolean
add (GstClipPublishSpool *self, const GstClipPublishMessage *message,
    guint64 id, guint64 under_way, guint *n_gone, GError **error)
{
  const guint64 size = gst_clip_publish_message_get_size (message);

  while (size <= self->max_size && self->size + size > self->max_size) {
    guint n;

    if (!delete_oldest (self, under_way, &n, error))
      return FALSE;
    if (n == 0)
      break;
    *n_gone += n;
  }
  if (self->size + size > self->max_size) {
    (*n_gone)++;
    return TRUE;
  }
  return insert (self, message, id, size, error);
}

gboolean
gst_clip_publish_spool_add (GstClipPublishSpool *self,
    const GPtrArray *messages, guint64 first_id, guint64 under_way,
    guint *ret_n_gone, GError **error)
{
  const guint64 size = self->size, length = self->length;
  guint n_gone = 0;

  if (!run (self, "BEGIN", error))
    return FALSE;
  for (guint i = 0; i < messages->len; i++)
    if (!add (
            self, messages->pdata[i], first_id + i, under_way, &n_gone, error))
      goto failed;
  if (!run (self, "COMMIT", error))
    goto failed;
  self->last_id = first_id + messages->len - 1;
  *ret_n_gone = n_gone;
  return TRUE;

failed:
  run (self, "ROLLBACK", NULL);
  self->size = size;
  self->length = length;
  return FALSE;
}

static gchar *
get_text (sqlite3_stmt *statement, gint column)
{
  return g_strdup ((const gchar *) sqlite3_column_text (statement, column));
}

gboolean
gst_clip_publish_spool_read (GstClipPublishSpool *self, guint64 above,
    guint64 *ret_id, GstClipPublishMessage **ret_message, GError **error)
{
  gint code;

  sqlite3_bind_int64 (self->read, 1, (gint64) above);
  code = sqlite3_step (self->read);
  if (code == SQLITE_ROW) {
    *ret_id = (guint64) sqlite3_column_int64 (self->read, 0);
    *ret_message = gst_clip_publish_message_new (get_text (self->read, 1),
        get_text (self->read, 2), get_text (self->read, 3),
        sqlite3_column_int (self->read, 4));
  } else if (code != SQLITE_DONE) {
    fail (self, error);
  }
  sqlite3_reset (self->read);
  return code == SQLITE_ROW;
}

gboolean
gst_clip_publish_spool_forget (
    GstClipPublishSpool *self, guint64 up_to, GError **error)
{
  guint n;

  return delete_rows (self, 0, up_to, &n, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-db.h"

#include <clv/clv-error.h>

/* Who waits longer for another process's transaction gives up. */
#define BUSY_MS 10000

/* Between two tries, where SQLite does not wait itself. */
#define RETRY_US 5000

/* The log may stay that long between checkpoints. */
#define MAX_LOG_BYTES 67108864

/* "clvi": tells our databases from others, as file(1) does. */
#define APPLICATION_ID 0x636c7669

/* One entry a version, applied in order; what is released is never changed.
 *
 * A moment's number is the row of its embedding in the vectors file. Rows are
 * given out once: `n_rows` never goes back, though moments may be deleted. A run
 * is a range of rows of one media, so that a search needs no look at moments; one
 * between two times reads them all, which is why pictures are kept apart. */
static const gchar *const migrations[] = {
  /* 1 */
  "CREATE TABLE migrations ("
  "  version INTEGER PRIMARY KEY,"
  "  applied INTEGER NOT NULL);" /* seconds since 1970 */
  "CREATE TABLE store ("
  "  id INTEGER PRIMARY KEY CHECK (id = 1),"
  "  model_id TEXT NOT NULL,"
  "  model_name TEXT NOT NULL,"
  "  width INTEGER NOT NULL,"
  "  n_rows INTEGER NOT NULL);"
  "CREATE TABLE media ("
  "  id INTEGER PRIMARY KEY,"
  "  location TEXT NOT NULL UNIQUE,"
  "  size INTEGER NOT NULL,"
  "  modified_us INTEGER NOT NULL,"
  "  sampling TEXT NOT NULL,"
  "  span REAL NOT NULL,"
  "  duration REAL);" /* seconds; NULL until it is complete */
  "CREATE TABLE moments ("
  "  id INTEGER PRIMARY KEY,"
  "  media INTEGER NOT NULL REFERENCES media ON DELETE CASCADE,"
  "  time REAL NOT NULL);"
  "CREATE INDEX moments_of_media ON moments (media, time, id);"
  "CREATE TABLE runs ("
  "  first INTEGER PRIMARY KEY,"
  "  last INTEGER NOT NULL,"
  "  media INTEGER NOT NULL REFERENCES media ON DELETE CASCADE);"
  "CREATE INDEX runs_of_media ON runs (media);"
  "CREATE TABLE thumbnails ("
  "  moment INTEGER PRIMARY KEY REFERENCES moments ON DELETE CASCADE,"
  "  picture BLOB NOT NULL);"
  "CREATE TABLE tags ("
  "  moment INTEGER NOT NULL REFERENCES moments ON DELETE CASCADE,"
  "  label TEXT NOT NULL,"
  "  score REAL NOT NULL,"
  "  PRIMARY KEY (moment, label)) WITHOUT ROWID;",
};

guint
clv_index_db_newest_version (void)
{
  return G_N_ELEMENTS (migrations);
}

static const gchar *
path_of (sqlite3 *db)
{
  return sqlite3_db_filename (db, "main");
}

gboolean
clv_index_db_fail (sqlite3 *db, GError **error)
{
  const gchar *path = path_of (db), *what = sqlite3_errmsg (db);
  const gint code = sqlite3_errcode (db) & 0xff;
  const gint system = sqlite3_system_errno (db);

  switch (code) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: is no sound SQLite database: %s", path, what);
      break;
    case SQLITE_NOMEM:
      g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "%s: %s", path, what);
      break;
    case SQLITE_BUSY:
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
          "%s: another process has been writing for %d seconds", path,
          BUSY_MS / 1000);
      break;
    case SQLITE_FULL:
      g_set_error (
          error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "%s: %s", path, what);
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      g_set_error (
          error, G_FILE_ERROR, G_FILE_ERROR_ACCES, "%s: %s", path, what);
      break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      g_set_error (error, G_FILE_ERROR,
          system != 0 ? g_file_error_from_errno (system) : G_FILE_ERROR_IO,
          "%s: %s%s%s", path, what, system != 0 ? ": " : "",
          system != 0 ? g_strerror (system) : "");
      break;
    default:
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "%s: %s", path, what);
      break;
  }
  return FALSE;
}

gboolean
clv_index_db_run (sqlite3 *db, const gchar *sql, GError **error)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK ||
         clv_index_db_fail (db, error);
}

ClvStatement *
clv_index_db_prepare (sqlite3 *db, const gchar *sql, GError **error)
{
  ClvStatement *statement = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) != SQLITE_OK)
    clv_index_db_fail (db, error);
  return statement;
}

gboolean
clv_index_db_finish (ClvStatement *statement, GError **error)
{
  if (sqlite3_step (statement) != SQLITE_DONE) {
    clv_index_db_fail (sqlite3_db_handle (statement), error);
    sqlite3_reset (statement);
    return FALSE;
  }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return TRUE;
}

gboolean
clv_index_db_next (
    ClvStatement *statement, gboolean *ret_failed, GError **error)
{
  switch (sqlite3_step (statement)) {
    case SQLITE_ROW:
      return TRUE;
    case SQLITE_DONE:
      return FALSE;
    default:
      *ret_failed = TRUE;
      return clv_index_db_fail (sqlite3_db_handle (statement), error);
  }
}

/* A whole number that a pragma or a query gives. */
static gboolean
get_integer (sqlite3 *db, const gchar *sql, gint64 *ret, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (db, sql, error);

  if (statement == NULL)
    return FALSE;
  if (sqlite3_step (statement) != SQLITE_ROW)
    return clv_index_db_fail (db, error);
  *ret = sqlite3_column_int64 (statement, 0);
  return TRUE;
}

sqlite3 *
clv_index_db_open (const gchar *path, gboolean create, GError **error)
{
  sqlite3 *db = NULL;
  gint64 on = 0;

  if (sqlite3_open_v2 (path, &db,
          SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX |
              (create ? SQLITE_OPEN_CREATE : 0),
          NULL) != SQLITE_OK) {
    const gint system = db != NULL ? sqlite3_system_errno (db) : 0;

    g_set_error (error, G_FILE_ERROR,
        system != 0 ? g_file_error_from_errno (system) : G_FILE_ERROR_FAILED,
        "%s: cannot be opened: %s", path,
        system != 0  ? g_strerror (system)
        : db != NULL ? sqlite3_errmsg (db)
                     : "out of memory");
    sqlite3_close (db);
    return NULL;
  }
  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, BUSY_MS);
  /* Embeddings are synced before each commit, and NORMAL loses no consistency
   * in WAL mode: only the newest commits, with a power cut. */
  if (clv_index_db_run (
          db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL", error) &&
      get_integer (db, "PRAGMA foreign_keys", &on, error) && on)
    return db;
  sqlite3_close (db);
  return NULL;
}

gboolean
clv_index_db_use_log (sqlite3 *db, GError **error)
{
  const gint64 end = g_get_monotonic_time () + BUSY_MS * 1000;
  int on = 1;

  /* SQLite's timeout does not hold for this one, when two do it at once. */
  while (sqlite3_exec (db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) !=
         SQLITE_OK) {
    if ((sqlite3_errcode (db) & 0xff) != SQLITE_BUSY ||
        g_get_monotonic_time () >= end)
      return clv_index_db_fail (db, error);
    g_usleep (RETRY_US);
  }
  /* Who may not make the log's files can read only where they are; with a limit
   * the last one to close empties the log. */
  if (sqlite3_file_control (db, "main", SQLITE_FCNTL_PERSIST_WAL, &on) !=
      SQLITE_OK)
    return clv_index_db_fail (db, error);
  return clv_index_db_run (
      db, "PRAGMA journal_size_limit = " G_STRINGIFY (MAX_LOG_BYTES), error);
}

static gboolean
read_version (sqlite3 *db, gint64 *ret_version, gint64 *ret_application,
    gint64 *ret_n_tables, GError **error)
{
  return get_integer (db, "PRAGMA user_version", ret_version, error) &&
         get_integer (db, "PRAGMA application_id", ret_application, error) &&
         get_integer (
             db, "SELECT count(*) FROM sqlite_schema", ret_n_tables, error);
}

gboolean
clv_index_db_get_version (sqlite3 *db, guint *ret_version, GError **error)
{
  const gboolean alone = sqlite3_get_autocommit (db) != 0;
  gint64 version = 0, application = 0, n_tables = 0;
  gboolean good;

  /* All from one snapshot: another process may be making the index. */
  if (alone && !clv_index_db_run (db, "BEGIN", error))
    return FALSE;
  good = read_version (db, &version, &application, &n_tables, error);
  if (alone)
    clv_index_db_run (db, "ROLLBACK", NULL);
  if (!good)
    return FALSE;
  if (application == 0 && version == 0 && n_tables == 0) {
    *ret_version = 0;
    return TRUE;
  }
  if (application != APPLICATION_ID || version < 1) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is a SQLite database, but no index of clv", path_of (db));
    return FALSE;
  }
  if (version > (gint64) G_N_ELEMENTS (migrations)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: wanted schema version %u or older, found %" G_GINT64_FORMAT
        ": a newer clv made it",
        path_of (db), (guint) G_N_ELEMENTS (migrations), version);
    return FALSE;
  }
  *ret_version = (guint) version;
  return TRUE;
}

gboolean
clv_index_db_migrate (sqlite3 *db, guint version, GError **error)
{
  for (guint i = version; i < G_N_ELEMENTS (migrations); i++) {
    g_autofree gchar *mark =
        g_strdup_printf ("INSERT INTO migrations VALUES (%u, unixepoch());"
                         "PRAGMA user_version = %u; PRAGMA application_id = %d",
            i + 1, i + 1, APPLICATION_ID);

    if (!clv_index_db_run (db, migrations[i], error) ||
        !clv_index_db_run (db, mark, error))
      return FALSE;
  }
  return TRUE;
}

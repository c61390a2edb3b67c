/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The database of an index: its schema, and SQLite's errors as GErrors. */

#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

typedef sqlite3_stmt ClvStatement;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvStatement, sqlite3_finalize)

/* Opens the database; nothing of the schema is looked at. */
sqlite3 *clv_index_db_open (const gchar *path, gboolean create, GError **error);

/* Readers and a writer do not wait for each other from now on (WAL). The files of
 * the log stay when the last one closes. */
gboolean clv_index_db_use_log (sqlite3 *db, GError **error);

/* The schema version; 0: an empty database. Databases of others and newer
 * versions are errors. */
gboolean clv_index_db_get_version (
    sqlite3 *db, guint *ret_version, GError **error);

/* Inside a transaction: from `version` to the one of this library. */
gboolean clv_index_db_migrate (sqlite3 *db, guint version, GError **error);

guint clv_index_db_newest_version (void);

/* Sets the error from the connection's last one; always FALSE. */
gboolean clv_index_db_fail (sqlite3 *db, GError **error);

gboolean clv_index_db_run (sqlite3 *db, const gchar *sql, GError **error);

ClvStatement *clv_index_db_prepare (
    sqlite3 *db, const gchar *sql, GError **error);

/* Steps a statement that returns nothing, and makes it ready for new values. */
gboolean clv_index_db_finish (ClvStatement *statement, GError **error);

/* Steps to the next row. FALSE at the end, and with *ret_failed set on errors. */
gboolean clv_index_db_next (
    ClvStatement *statement, gboolean *ret_failed, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A connection to PostgreSQL: parameters, results, and errors as GErrors. */

#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

typedef PGresult ClvPgResult;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPgResult, PQclear)

typedef struct {
  gchar *uri;         /* may hold a password: never in a message */
  const gchar *path;  /* without it, for messages; borrowed */
  PGconn *connection; /* NULL: there is none now */
} ClvPg;

/* What may be shown of a URI: no password, nothing that libpq does not need to
 * find the database. NULL where libpq cannot read it. */
gchar *clv_pg_hide_password (const gchar *uri, GError **error);

/* Waits up to ten seconds for an answer, unless the URI says otherwise. FALSE with
 * G_IO_ERROR_NOT_CONNECTED, as from all functions below where the server is gone or
 * cannot work now: then the connection is NULL, and trying again may help. */
gboolean clv_pg_connect (ClvPg *self, GError **error);
void clv_pg_disconnect (ClvPg *self);

gboolean clv_pg_is_away (const GError *error);

#define CLV_PG_MAX_VALUES 8

/* {0} is an empty row of parameters. Texts and bytes are borrowed. */
typedef struct {
  guint n;
  const char *values[CLV_PG_MAX_VALUES];
  int lengths[CLV_PG_MAX_VALUES];
  int formats[CLV_PG_MAX_VALUES];
  gchar numbers[CLV_PG_MAX_VALUES][G_ASCII_DTOSTR_BUF_SIZE];
} ClvPgValues;

void clv_pg_add_text (ClvPgValues *self, const gchar *text); /* NULL: NULL */
void clv_pg_add_integer (ClvPgValues *self, gint64 value);
void clv_pg_add_number (ClvPgValues *self, gdouble value);
void clv_pg_add_bytes (ClvPgValues *self, const GByteArray *bytes);

/* One statement with its parameters (may be NULL). `binary`: the values of the result
 * are; otherwise they are text. */
ClvPgResult *clv_pg_query (ClvPg *self, const gchar *sql,
    const ClvPgValues *values, gboolean binary, GError **error);

/* Statements without parameters and results. */
gboolean clv_pg_run (ClvPg *self, const gchar *sql, GError **error);

/* The same, with parameters. */
gboolean clv_pg_execute (
    ClvPg *self, const gchar *sql, const ClvPgValues *values, GError **error);

/* Behind COPY … FROM STDIN, all that is copied. */
gboolean clv_pg_copy (
    ClvPg *self, const gchar *sql, const GByteArray *data, GError **error);

/* COMMIT or, where `good` is FALSE, ROLLBACK; whether all was good. */
gboolean clv_pg_end (ClvPg *self, gboolean good, GError **error);

/* Of results that are text. */
gint64 clv_pg_get_integer (const ClvPgResult *result, int row, int column);
gdouble clv_pg_get_number (const ClvPgResult *result, int row, int column);
gboolean clv_pg_get_boolean (const ClvPgResult *result, int row, int column);

/* The binary forms that the server reads and writes, in the order of the network. */
void clv_pg_put16 (GByteArray *bytes, guint16 value);
void clv_pg_put32 (GByteArray *bytes, guint32 value);
void clv_pg_put_number (GByteArray *bytes, gdouble value); /* float8 */
gint64 clv_pg_take_integer (const ClvPgResult *result, int row, int column);
gdouble clv_pg_take_number (const ClvPgResult *result, int row, int column);

G_END_DECLS

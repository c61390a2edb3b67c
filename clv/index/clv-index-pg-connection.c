/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-pg-connection.h"

#include <clv/clv-error.h>
#include <string.h>

static const gchar *
get_option (const PQconninfoOption *options, const gchar *keyword)
{
  for (; options->keyword != NULL; options++)
    if (strcmp (options->keyword, keyword) == 0)
      return options->val;
  return NULL;
}

static void
add_option (GString *uri, const gchar *keyword, const gchar *value)
{
  g_autofree gchar *escaped =
      value != NULL ? g_uri_escape_string (value, "/,:", TRUE) : NULL;

  if (escaped != NULL)
    g_string_append_printf (uri, "%c%s=%s",
        strchr (uri->str, '?') != NULL ? '&' : '?', keyword, escaped);
}

/* A host that a URI has room for where hosts are. */
static gboolean
is_plain (const gchar *host, const gchar *port)
{
  return host != NULL && strpbrk (host, "/,:%@?") == NULL &&
         (port == NULL || strchr (port, ',') == NULL);
}

gchar *
clv_pg_hide_password (const gchar *uri, GError **error)
{
  PQconninfoOption *options = PQconninfoParse (uri, NULL);
  const gchar *user, *host, *port, *database;
  gboolean plain;
  GString *shown;

  /* libpq's own message would show all of it. */
  if (options == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "postgresql://…: wanted "
        "postgresql://[USER[:PASSWORD]@][HOST[:PORT]]/DATABASE[?OPTION=VALUE…] "
        "with special characters as %%XX, found something that libpq cannot "
        "read");
    return NULL;
  }
  user = get_option (options, "user");
  host = get_option (options, "host");
  port = get_option (options, "port");
  /* Of several hosts, each with the usual one. */
  if (port != NULL && port[strspn (port, ",")] == '\0')
    port = NULL;
  database = get_option (options, "dbname");
  plain = is_plain (host, port);

  shown = g_string_new ("postgresql://");
  if (user != NULL) {
    g_string_append_uri_escaped (shown, user, NULL, TRUE);
    g_string_append_c (shown, '@');
  }
  if (plain) {
    g_string_append (shown, host);
    if (port != NULL)
      g_string_append_printf (shown, ":%s", port);
  }
  g_string_append_c (shown, '/');
  if (database != NULL)
    g_string_append_uri_escaped (shown, database, NULL, TRUE);
  if (!plain) {
    add_option (shown, "host", host);
    add_option (shown, "port", port);
  }
  add_option (shown, "hostaddr", get_option (options, "hostaddr"));
  add_option (shown, "options", get_option (options, "options"));
  add_option (shown, "service", get_option (options, "service"));
  PQconninfoFree (options);
  return g_string_free (shown, FALSE);
}

/* libpq's messages have lines; ours are one. */
static gchar *
one_line (const gchar *text)
{
  g_autofree gchar *copy = g_strchomp (g_strdup (text));
  g_auto (GStrv) lines = g_strsplit (copy, "\n", 0);

  for (guint i = 0; lines[i] != NULL; i++)
    g_strstrip (lines[i]);
  return g_strjoinv (" ", lines);
}

static gboolean
fail (ClvPg *self, gboolean away, const gchar *text, GError **error)
{
  g_autofree gchar *line = one_line (text);

  g_set_error (error, away ? G_IO_ERROR : CLV_ERROR,
      away ? (gint) G_IO_ERROR_NOT_CONNECTED : (gint) CLV_ERROR_FAILED,
      "%s: %s", self->path, line);
  if (away)
    clv_pg_disconnect (self);
  return FALSE;
}

gboolean
clv_pg_is_away (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static void
ignore_notice (void *data, const PGresult *result)
{
}

gboolean
clv_pg_connect (ClvPg *self, GError **error)
{
  /* What comes behind dbname is stronger than the URI, what comes before is not. A
   * server that is gone without a word is found out in half a minute. */
  static const char *const keywords[] = { "connect_timeout", "tcp_user_timeout",
    "keepalives_idle", "keepalives_interval", "keepalives_count",
    "fallback_application_name", "dbname", "client_encoding", NULL };
  const char *const values[] = { "10", "30000", "10", "5", "3", "clv",
    self->uri, "UTF8", NULL };

  clv_pg_disconnect (self);
  self->connection = PQconnectdbParams (keywords, values, 1);
  if (self->connection == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "%s: no memory for a connection", self->path);
    return FALSE;
  }
  if (PQstatus (self->connection) != CONNECTION_OK)
    return fail (self, TRUE, PQerrorMessage (self->connection), error);
  PQsetNoticeReceiver (self->connection, ignore_notice, NULL);
  return TRUE;
}

void
clv_pg_disconnect (ClvPg *self)
{
  g_clear_pointer (&self->connection, PQfinish);
}

/* Classes of SQLSTATE in which the fault is not with what was asked: no connection,
 * a server that stops, has no room or may only be read (a standby).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html */
static gboolean
is_away_state (const gchar *state)
{
  static const gchar *const states[] = { "08", "53", "57P", "58", "25006" };

  for (guint i = 0; state != NULL && i < G_N_ELEMENTS (states); i++)
    if (g_str_has_prefix (state, states[i]))
      return TRUE;
  return FALSE;
}

/* Two writers that wait for each other, of which the server has ended one: the
 * next try may be better, so it counts as the connection does. */
static gboolean
is_conflict (const gchar *state)
{
  return state != NULL && g_str_has_prefix (state, "40");
}

static gboolean
check (ClvPg *self, const ClvPgResult *result, GError **error)
{
  const ExecStatusType status = PQresultStatus (result);
  const gchar *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
      status == PGRES_COPY_IN)
    return TRUE;
  /* Without a state it is libpq that speaks, of the connection. */
  return fail (self,
      PQstatus (self->connection) != CONNECTION_OK || state == NULL ||
          is_away_state (state) || is_conflict (state),
      result != NULL && *PQresultErrorMessage (result) != '\0'
          ? PQresultErrorMessage (result)
          : PQerrorMessage (self->connection),
      error);
}

static gboolean
is_connected (ClvPg *self, GError **error)
{
  return self->connection != NULL ||
         fail (self, TRUE, "the connection was lost", error);
}

ClvPgResult *
clv_pg_query (ClvPg *self, const gchar *sql, const ClvPgValues *values,
    gboolean binary, GError **error)
{
  static const ClvPgValues none = { 0 };
  g_autoptr (ClvPgResult) result = NULL;

  if (!is_connected (self, error))
    return NULL;
  if (values == NULL)
    values = &none;
  result = PQexecParams (self->connection, sql, (int) values->n, NULL,
      values->values, values->lengths, values->formats, binary);
  return check (self, result, error) ? g_steal_pointer (&result) : NULL;
}

gboolean
clv_pg_run (ClvPg *self, const gchar *sql, GError **error)
{
  g_autoptr (ClvPgResult) result = NULL;

  if (!is_connected (self, error))
    return FALSE;
  result = PQexec (self->connection, sql);
  return check (self, result, error);
}

gboolean
clv_pg_execute (
    ClvPg *self, const gchar *sql, const ClvPgValues *values, GError **error)
{
  g_autoptr (ClvPgResult) result =
      clv_pg_query (self, sql, values, FALSE, error);

  return result != NULL;
}

gboolean
clv_pg_copy (
    ClvPg *self, const gchar *sql, const GByteArray *data, GError **error)
{
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgResult *rest;

  if (!clv_pg_run (self, sql, error))
    return FALSE;
  if (PQputCopyData (
          self->connection, (const char *) data->data, (int) data->len) != 1 ||
      PQputCopyEnd (self->connection, NULL) != 1)
    return fail (self, TRUE, PQerrorMessage (self->connection), error);
  result = PQgetResult (self->connection);
  while ((rest = PQgetResult (self->connection)) != NULL)
    PQclear (rest);
  return check (self, result, error);
}

gboolean
clv_pg_end (ClvPg *self, gboolean good, GError **error)
{
  if (good)
    return clv_pg_run (self, "COMMIT", error);
  /* Of what has failed already there is an error. */
  if (self->connection != NULL)
    clv_pg_run (self, "ROLLBACK", NULL);
  return FALSE;
}

static void
add (ClvPgValues *self, gconstpointer value, gsize length, int format)
{
  g_assert (self->n < CLV_PG_MAX_VALUES);
  self->values[self->n] = value;
  self->lengths[self->n] = (int) length;
  self->formats[self->n] = format;
  self->n++;
}

void
clv_pg_add_text (ClvPgValues *self, const gchar *text)
{
  add (self, text, 0, 0);
}

void
clv_pg_add_integer (ClvPgValues *self, gint64 value)
{
  gchar *text = self->numbers[self->n];

  g_snprintf (text, sizeof self->numbers[0], "%" G_GINT64_FORMAT, value);
  add (self, text, 0, 0);
}

void
clv_pg_add_number (ClvPgValues *self, gdouble value)
{
  gchar *text = self->numbers[self->n];

  g_ascii_dtostr (text, sizeof self->numbers[0], value);
  add (self, text, 0, 0);
}

void
clv_pg_add_bytes (ClvPgValues *self, const GByteArray *bytes)
{
  add (self, bytes->data, bytes->len, 1);
}

gint64
clv_pg_get_integer (const ClvPgResult *result, int row, int column)
{
  return g_ascii_strtoll (PQgetvalue (result, row, column), NULL, 10);
}

gdouble
clv_pg_get_number (const ClvPgResult *result, int row, int column)
{
  return g_ascii_strtod (PQgetvalue (result, row, column), NULL);
}

gboolean
clv_pg_get_boolean (const ClvPgResult *result, int row, int column)
{
  return *PQgetvalue (result, row, column) == 't';
}

void
clv_pg_put16 (GByteArray *bytes, guint16 value)
{
  const guint16 big = GUINT16_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

void
clv_pg_put32 (GByteArray *bytes, guint32 value)
{
  const guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

void
clv_pg_put_number (GByteArray *bytes, gdouble value)
{
  guint64 big;

  memcpy (&big, &value, sizeof big);
  big = GUINT64_TO_BE (big);
  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

gint64
clv_pg_take_integer (const ClvPgResult *result, int row, int column)
{
  gint64 big;

  memcpy (&big, PQgetvalue (result, row, column), sizeof big);
  return GINT64_FROM_BE (big);
}

gdouble
clv_pg_take_number (const ClvPgResult *result, int row, int column)
{
  const gint64 bits = clv_pg_take_integer (result, row, column);
  gdouble value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-pg.h"

#include <stdio.h>

/* Of pg_advisory_xact_lock(): who makes or changes the schema has it. "clvi". */
#define LOCK "1668052585"

/* Its HNSW indexes of halfvec go so far. */
#define MAX_WIDTH 4000

#define PGVECTOR_MAJOR 0
#define PGVECTOR_MINOR 8

/* One entry a version, applied in order; what is released is never changed. %u is
 * the width of embeddings.
 *
 * A media's row has the sum of its embeddings, so that the mean score of all moments
 * is known without a look at them; it is also what writers of one media wait for.
 * Embeddings stay in the row (STORAGE PLAIN), as comparing them is what they are for;
 * pictures are moved out of it by the server itself. */
static const gchar *const migrations[] = {
  /* 1 */
  "CREATE TABLE clv_migrations ("
  "  version integer PRIMARY KEY,"
  "  applied timestamptz NOT NULL DEFAULT now());"
  "CREATE TABLE clv_store ("
  "  id integer PRIMARY KEY CHECK (id = 1),"
  "  model_id text NOT NULL,"
  "  model_name text NOT NULL,"
  "  width integer NOT NULL);"
  "CREATE TABLE clv_media ("
  "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
  "  location text NOT NULL UNIQUE,"
  "  size bigint NOT NULL,"
  "  modified_us bigint NOT NULL,"
  "  sampling text NOT NULL,"
  "  span float8 NOT NULL,"
  "  begun_us bigint NOT NULL," /* microseconds since 1970 */
  "  duration float8,"          /* seconds; NULL until it is complete */
  "  n_moments bigint NOT NULL DEFAULT 0,"
  "  last_time float8,"
  "  total vector);"
  "CREATE TABLE clv_moments ("
  "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
  "  media bigint NOT NULL REFERENCES clv_media ON DELETE CASCADE,"
  "  time float8 NOT NULL,"
  "  embedding halfvec(%u) NOT NULL,"
  "  thumbnail bytea,"
  "  labels text[] NOT NULL,"
  "  scores float8[] NOT NULL,"
  "  UNIQUE (media, time));"
  "ALTER TABLE clv_moments ALTER embedding SET STORAGE PLAIN;"
  "CREATE INDEX clv_moments_embedding ON clv_moments"
  "  USING hnsw (embedding halfvec_ip_ops);",
};

static gboolean
is_new_enough (const gchar *version)
{
  guint major = 0, minor = 0;

  return sscanf (version, "%u.%u", &major, &minor) == 2 &&
         (major > PGVECTOR_MAJOR ||
             (major == PGVECTOR_MAJOR && minor >= PGVECTOR_MINOR));
}

/* *ret_version NULL: it is not there. */
static gboolean
read_extension (ClvPg *pg, gchar **ret_version, GError **error)
{
  g_autoptr (ClvPgResult) result = clv_pg_query (pg,
      "SELECT extversion FROM pg_extension WHERE extname = 'vector'", NULL,
      FALSE, error);

  if (result == NULL)
    return FALSE;
  *ret_version =
      PQntuples (result) > 0 ? g_strdup (PQgetvalue (result, 0, 0)) : NULL;
  return TRUE;
}

static gboolean
check_extension (ClvPg *pg, gboolean create, GError **error)
{
  g_autofree gchar *version = NULL;
  g_autoptr (GError) failed = NULL;

  if (!read_extension (pg, &version, error))
    return FALSE;
  if (version == NULL && create) {
    /* Two may do it at once, and one of them fail. */
    if (!clv_pg_run (pg, "CREATE EXTENSION IF NOT EXISTS vector", &failed) &&
        clv_pg_is_away (failed)) {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
    if (!read_extension (pg, &version, error))
      return FALSE;
  }
  if (version != NULL && is_new_enough (version))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: wanted a database with pgvector %d.%d or newer, found %s%s; "
      "a superuser adds it with CREATE EXTENSION vector (Debian 13's package: "
      "postgresql-17-pgvector)%s%s",
      pg->path, PGVECTOR_MAJOR, PGVECTOR_MINOR,
      version != NULL ? "version " : "none", version != NULL ? version : "",
      failed != NULL ? ": " : "", failed != NULL ? failed->message : "");
  return FALSE;
}

/* 0: there is no index. */
static gboolean
get_version (ClvPg *pg, guint *ret_version, GError **error)
{
  g_autoptr (ClvPgResult) there = clv_pg_query (pg,
      "SELECT to_regclass('clv_migrations') IS NOT NULL", NULL, FALSE, error);
  g_autoptr (ClvPgResult) result = NULL;
  gint64 version;

  if (there == NULL)
    return FALSE;
  *ret_version = 0;
  if (!clv_pg_get_boolean (there, 0, 0))
    return TRUE;
  result = clv_pg_query (
      pg, "SELECT max(version) FROM clv_migrations", NULL, FALSE, error);
  if (result == NULL)
    return FALSE;
  version = clv_pg_get_integer (result, 0, 0);
  if (version < 1 || version > (gint64) G_N_ELEMENTS (migrations)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: wanted schema version %u or older, found %" G_GINT64_FORMAT
        ": a newer clv made it",
        pg->path, (guint) G_N_ELEMENTS (migrations), version);
    return FALSE;
  }
  *ret_version = (guint) version;
  return TRUE;
}

static gboolean
migrate (ClvPg *pg, guint version, guint width, GError **error)
{
  g_autofree gchar *width_text = g_strdup_printf ("%u", width);

  for (guint i = version; i < G_N_ELEMENTS (migrations); i++) {
    g_autoptr (GString) sql = g_string_new (migrations[i]);

    g_string_replace (sql, "%u", width_text, 0);
    g_string_append_printf (
        sql, "INSERT INTO clv_migrations (version) VALUES (%u)", i + 1);
    if (!clv_pg_run (pg, sql->str, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
insert_store (ClvPg *pg, const ClvIndexModel *model, GError **error)
{
  ClvPgValues values = { 0 };

  clv_pg_add_text (&values, model->id);
  clv_pg_add_text (&values, model->name);
  clv_pg_add_integer (&values, model->width);
  return clv_pg_execute (
      pg, "INSERT INTO clv_store VALUES (1, $1, $2, $3)", &values, error);
}

/* After a new connection it has to be what it was. */
static gboolean
read_store (ClvIndex *self, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  g_autoptr (ClvPgResult) result = clv_pg_query (pg,
      "SELECT model_id, model_name, width FROM clv_store", NULL, FALSE, error);
  gint64 width;

  if (result == NULL)
    return FALSE;
  width = PQntuples (result) == 1 ? clv_pg_get_integer (result, 0, 2) : 0;
  if (width < 1 || width > MAX_WIDTH) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the table 'clv_store' holds values out of their range", pg->path);
    return FALSE;
  }
  if (self->model_id != NULL)
    return clv_index_check_model (self, PQgetvalue (result, 0, 0),
        PQgetvalue (result, 0, 1), (guint) width, error);
  self->model_id = g_strdup (PQgetvalue (result, 0, 0));
  self->model_name = g_strdup (PQgetvalue (result, 0, 1));
  self->width = (guint) width;
  return TRUE;
}

static gboolean
prepare_for_writing (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  guint version;

  return clv_pg_run (pg, "SELECT pg_advisory_xact_lock(" LOCK ")", error) &&
         get_version (pg, &version, error) &&
         migrate (pg, version, model->width, error) &&
         (version > 0 || insert_store (pg, model, error)) &&
         read_store (self, error) &&
         clv_index_check_model (
             self, model->id, model->name, model->width, error);
}

static gboolean
prepare_for_reading (ClvIndex *self, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  guint version;

  if (!get_version (pg, &version, error))
    return FALSE;
  if (version == G_N_ELEMENTS (migrations))
    return read_store (self, error);
  if (version == 0)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: there is no index in the database; clv index makes one", pg->path);
  else
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: has the older schema version %u; it becomes version %u when "
        "something is added to it",
        pg->path, version, (guint) G_N_ELEMENTS (migrations));
  return FALSE;
}

gboolean
clv_index_pg_prepare (
    ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  ClvPg *pg = &self->pg->pg;

  if (model != NULL && model->width > MAX_WIDTH) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: wanted embeddings of at most %d values, found %u", pg->path,
        MAX_WIDTH, model->width);
    return FALSE;
  }
  if (!check_extension (pg, model != NULL, error) ||
      !clv_pg_run (pg, "BEGIN", error))
    return FALSE;
  return clv_pg_end (pg,
      model != NULL ? prepare_for_writing (self, model, error)
                    : prepare_for_reading (self, error),
      error);
}

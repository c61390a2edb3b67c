/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Media and moments to the server. Every transaction locks the row of its media first
 * and no other, so that writers wait for each other and never in a circle. */

#include "clv-index-pg.h"

#include <string.h>

#include "ops/half.h"

/* PostgreSQL's types of array elements. */
#define TEXT_OID   25
#define FLOAT8_OID 701

#define IS_SAME "size = $2 AND modified_us = $3 AND sampling = $4 AND span = $5"

static void
add_media (ClvPgValues *values, const gchar *location, gint64 size,
    gint64 modified_us, const gchar *sampling, gdouble span)
{
  clv_pg_add_text (values, location);
  clv_pg_add_integer (values, size);
  clv_pg_add_integer (values, modified_us);
  clv_pg_add_text (values, sampling);
  clv_pg_add_number (values, span);
}

/* Columns: id, complete, last time, same, begun. */
static ClvPgResult *
find (ClvPg *pg, const ClvPgValues *media, gboolean lock, GError **error)
{
  return clv_pg_query (pg,
      lock
          ? "SELECT id, duration IS NOT NULL, coalesce(last_time, -1), " IS_SAME
            ", begun_us FROM clv_media WHERE location = $1 FOR UPDATE"
          : "SELECT id, duration IS NOT NULL, coalesce(last_time, -1), " IS_SAME
            ", begun_us FROM clv_media WHERE location = $1",
      media, FALSE, error);
}

static void
read_progress (const ClvPgResult *found, ClvIndexProgress *ret_progress)
{
  *ret_progress = (ClvIndexProgress){
    .id = clv_pg_get_integer (found, 0, 0),
    .complete = clv_pg_get_boolean (found, 0, 1),
    .last_time = clv_pg_get_number (found, 0, 2),
  };
}

gboolean
clv_index_pg_look_up (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  ClvPgValues values = { 0 };
  g_autoptr (ClvPgResult) found = NULL;

  add_media (&values, media->location, media->size, media->modified_us,
      media->sampling, media->span);
  found = find (&self->pg->pg, &values, FALSE, error);
  if (found == NULL)
    return FALSE;
  *ret_progress = (ClvIndexProgress){ .last_time = -1.0 };
  if (PQntuples (found) > 0 && clv_pg_get_boolean (found, 0, 3))
    read_progress (found, ret_progress);
  return TRUE;
}

static gboolean
delete_media (ClvPg *pg, gint64 id, GError **error)
{
  ClvPgValues values = { 0 };

  clv_pg_add_integer (&values, id);
  return clv_pg_execute (
      pg, "DELETE FROM clv_media WHERE id = $1", &values, error);
}

/* In a transaction. *ret_done FALSE: somebody else's row came or went at the same
 * time, so look again. */
static gboolean
try_to_take_up (ClvPg *pg, ClvIndexBegun *media, gboolean old_too,
    ClvIndexProgress *ret_progress, gboolean *ret_done, GError **error)
{
  ClvPgValues values = { 0 };
  g_autoptr (ClvPgResult) found = NULL;
  g_autoptr (ClvPgResult) inserted = NULL;

  add_media (&values, media->location, media->size, media->modified_us,
      media->sampling, media->span);
  *ret_progress = (ClvIndexProgress){ .last_time = -1.0 };
  *ret_done = TRUE;
  found = find (pg, &values, TRUE, error);
  if (found == NULL)
    return FALSE;
  if (PQntuples (found) > 0 && clv_pg_get_boolean (found, 0, 3)) {
    read_progress (found, ret_progress);
    media->begun_us = clv_pg_get_integer (found, 0, 4);
    return TRUE;
  }
  if (PQntuples (found) > 0 && !old_too &&
      clv_pg_get_integer (found, 0, 4) >= media->begun_us)
    return TRUE;
  if (PQntuples (found) > 0 &&
      !delete_media (pg, clv_pg_get_integer (found, 0, 0), error))
    return FALSE;

  clv_pg_add_integer (&values, media->begun_us);
  inserted = clv_pg_query (pg,
      "INSERT INTO clv_media"
      " (location, size, modified_us, sampling, span, begun_us)"
      " VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::bigint > 0 THEN $6::bigint"
      " ELSE extract(epoch FROM clock_timestamp()) * 1000000 END)"
      " ON CONFLICT (location) DO NOTHING RETURNING id, begun_us",
      &values, FALSE, error);
  if (inserted == NULL)
    return FALSE;
  *ret_done = PQntuples (inserted) > 0;
  if (*ret_done) {
    ret_progress->id = clv_pg_get_integer (inserted, 0, 0);
    media->begun_us = clv_pg_get_integer (inserted, 0, 1);
  }
  return TRUE;
}

gboolean
clv_index_pg_take_up (ClvIndex *self, ClvIndexBegun *media, gboolean old_too,
    ClvIndexProgress *ret_progress, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  gboolean done = FALSE;

  /* Each round waits for who is in the way, and he is done then. */
  while (!done)
    if (!clv_pg_run (pg, "BEGIN", error) ||
        !clv_pg_end (pg,
            try_to_take_up (pg, media, old_too, ret_progress, &done, error),
            error))
      return FALSE;
  return TRUE;
}

/* An array of one dimension, in the binary form of array_recv(). */
static void
put_array (GByteArray *row, guint n, guint32 type)
{
  clv_pg_put32 (row, n > 0); /* dimensions */
  clv_pg_put32 (row, 0);     /* no NULL in it */
  clv_pg_put32 (row, type);
  if (n > 0) {
    clv_pg_put32 (row, n);
    clv_pg_put32 (row, 1); /* the first index */
  }
}

#define ARRAY_BYTES(n) ((n) > 0 ? 20u : 12u)

static void
put_tags (GByteArray *row, const ClvIndexMoment *moment)
{
  guint32 size = ARRAY_BYTES (moment->n_tags);

  for (guint i = 0; i < moment->n_tags; i++)
    size += 4 + (guint32) strlen (moment->tags[i].label);
  clv_pg_put32 (row, size);
  put_array (row, moment->n_tags, TEXT_OID);
  for (guint i = 0; i < moment->n_tags; i++) {
    const guint length = (guint) strlen (moment->tags[i].label);

    clv_pg_put32 (row, length);
    g_byte_array_append (row, (const guint8 *) moment->tags[i].label, length);
  }

  clv_pg_put32 (row, ARRAY_BYTES (moment->n_tags) + 12 * moment->n_tags);
  put_array (row, moment->n_tags, FLOAT8_OID);
  for (guint i = 0; i < moment->n_tags; i++) {
    clv_pg_put32 (row, 8);
    clv_pg_put_number (row, moment->tags[i].score);
  }
}

/* One row of clv_batch: each field behind its length. */
static void
put_moment (GByteArray *rows, const ClvIndexMoment *moment,
    const gfloat *embedding, guint width)
{
  gsize size = 0;
  gconstpointer picture = moment->thumbnail != NULL
                              ? g_bytes_get_data (moment->thumbnail, &size)
                              : NULL;

  clv_pg_put16 (rows, 5); /* fields */
  clv_pg_put32 (rows, 8);
  clv_pg_put_number (rows, moment->time);
  clv_pg_put32 (rows, 4 + 2 * width);
  clv_pg_put16 (rows, (guint16) width);
  clv_pg_put16 (rows, 0); /* halfvec_recv() wants it */
  for (guint d = 0; d < width; d++)
    clv_pg_put16 (rows, clv_half_from_float (embedding[d]));
  clv_pg_put32 (rows, moment->thumbnail != NULL ? (guint32) size : G_MAXUINT32);
  if (size > 0)
    g_byte_array_append (rows, picture, (guint) size);
  put_tags (rows, moment);
}

/* What COPY … (FORMAT binary) reads.
 * https://www.postgresql.org/docs/current/sql-copy.html */
static GByteArray *
make_rows (const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    guint width)
{
  static const guint8 header[19] = "PGCOPY\n\xff\r\n\0"; /* no flags, no more */
  GByteArray *rows = g_byte_array_new ();

  g_byte_array_append (rows, header, sizeof header);
  for (guint i = 0; i < n; i++)
    put_moment (rows, &moments[i], embeddings + (gsize) i * width, width);
  clv_pg_put16 (rows, G_MAXUINT16);
  return rows;
}

/* Locks the media's row. Two that took up one media both go on where it was left. */
static gboolean
check_media (
    ClvIndex *self, gint64 media, gboolean later, gdouble time, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  ClvPgValues values = { 0 };
  g_autoptr (ClvPgResult) found = NULL;

  clv_pg_add_integer (&values, media);
  found = clv_pg_query (pg,
      "SELECT location, last_time FROM clv_media WHERE id = $1"
      " FOR NO KEY UPDATE",
      &values, FALSE, error);
  if (found == NULL)
    return FALSE;
  if (PQntuples (found) == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: there is no media %" G_GINT64_FORMAT " any more: was it indexed "
        "anew by another process?",
        pg->path, media);
    return FALSE;
  }
  if (!later || PQgetisnull (found, 0, 1) ||
      time > clv_pg_get_number (found, 0, 1))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "%s: %s: has moments up to %.3f s already, and the next one is at "
      "%.3f s: another process is indexing it",
      pg->path, PQgetvalue (found, 0, 0), clv_pg_get_number (found, 0, 1),
      time);
  return FALSE;
}

static gboolean
insert_batch (ClvPg *pg, gint64 media, GError **error)
{
  ClvPgValues values = { 0 };

  clv_pg_add_integer (&values, media);
  return clv_pg_execute (pg,
      "WITH added AS (INSERT INTO clv_moments"
      " (media, time, embedding, thumbnail, labels, scores)"
      " SELECT $1::bigint, time, embedding, thumbnail, labels, scores"
      " FROM clv_batch ORDER BY time"
      " ON CONFLICT (media, time) DO NOTHING RETURNING time, embedding),"
      " sums AS (SELECT count(*) AS n, max(time) AS time,"
      " sum(embedding::vector) AS total FROM added)"
      " UPDATE clv_media SET n_moments = n_moments + sums.n,"
      " last_time = greatest(last_time, sums.time),"
      " total = coalesce(clv_media.total + sums.total, sums.total)"
      " FROM sums WHERE id = $1::bigint AND sums.n > 0",
      &values, error);
}

gboolean
clv_index_pg_send (ClvIndex *self, gint64 media, const ClvIndexMoment *moments,
    guint n, const gfloat *embeddings, gboolean later, GError **error)
{
  ClvPg *pg = &self->pg->pg;
  g_autoptr (GByteArray) rows = make_rows (moments, n, embeddings, self->width);

  /* A pooler may have given this transaction another session. */
  if (!clv_pg_run (pg,
          "BEGIN; CREATE TEMPORARY TABLE IF NOT EXISTS clv_batch ("
          "time float8, embedding halfvec, thumbnail bytea, labels text[],"
          " scores float8[]) ON COMMIT DELETE ROWS",
          error))
    return clv_pg_end (pg, FALSE, error);
  return clv_pg_end (pg,
      check_media (self, media, later, moments[0].time, error) &&
          clv_pg_copy (
              pg, "COPY clv_batch FROM STDIN (FORMAT binary)", rows, error) &&
          insert_batch (pg, media, error),
      error);
}

gboolean
clv_index_pg_set_duration (
    ClvIndex *self, gint64 media, gdouble duration, GError **error)
{
  ClvPgValues values = { 0 };

  clv_pg_add_number (&values, duration);
  clv_pg_add_integer (&values, media);
  return clv_pg_execute (&self->pg->pg,
      "UPDATE clv_media SET duration = $1 WHERE id = $2", &values, error);
}

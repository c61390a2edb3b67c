/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-spool.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "clv-index-db.h"
#include "ops/half.h"

/* "clvs": tells a spool from other databases, as file(1) does. */
#define APPLICATION_ID 0x636c7673

#define PAGE_BYTES 4096

/* Of moments of 512 values with pictures of 4 KB: a day with one a second. */
#define DEFAULT_MB 512
#define MIN_MB     1
#define MAX_MB     1048576

/* An embedding is D float16 in the order of this machine, tags a GVariant. */
static const gchar schema[] =
    "PRAGMA auto_vacuum = FULL; PRAGMA synchronous = FULL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS media ("
    "  id INTEGER PRIMARY KEY,"
    "  location TEXT NOT NULL UNIQUE,"
    "  size INTEGER NOT NULL,"
    "  modified_us INTEGER NOT NULL,"
    "  sampling TEXT NOT NULL,"
    "  span REAL NOT NULL,"
    "  begun_us INTEGER NOT NULL,"
    "  duration REAL);"
    "CREATE TABLE IF NOT EXISTS moments ("
    "  id INTEGER PRIMARY KEY,"
    "  media INTEGER NOT NULL REFERENCES media ON DELETE CASCADE,"
    "  time REAL NOT NULL,"
    "  embedding BLOB NOT NULL,"
    "  thumbnail BLOB,"
    "  tags BLOB,"
    "  UNIQUE (media, time));"
    "PRAGMA user_version = 1;"
    "PRAGMA application_id = " G_STRINGIFY (APPLICATION_ID) ";"
                                                            "COMMIT";

struct _ClvIndexSpool {
  gchar *path;
  guint width;
  sqlite3 *db;
};

void
clv_index_begun_clear (ClvIndexBegun *self)
{
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->sampling, g_free);
}

static guint
limit_mb (void)
{
  const gchar *word = g_getenv ("CLV_SPOOL_MB");
  guint64 mb;

  return word != NULL && g_ascii_string_to_unsigned (
                             word, 10, MIN_MB, MAX_MB, &mb, NULL)
             ? (guint) mb
             : DEFAULT_MB;
}

/* One file for each index and model. */
static gchar *
make_path (const gchar *index, const gchar *model_id)
{
  const gchar *set = g_getenv ("CLV_SPOOL_DIR");
  g_autofree gchar *folder =
      set != NULL && *set != '\0'
          ? g_strdup (set)
          : g_build_filename (g_get_user_data_dir (), "clv", "spool", NULL);
  g_autofree gchar *key = g_strconcat (index, "\n", model_id, NULL);
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree gchar *name = g_strdup_printf ("%.16s.db", digest);

  return g_build_filename (folder, name, NULL);
}

static gboolean
make_folder (const gchar *path, GError **error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0700) != 0) {
    const gint code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        folder, g_strerror (code));
    return FALSE;
  }
  return TRUE;
}

ClvIndexSpool *
clv_index_spool_open (const gchar *index, const gchar *model_id, guint width,
    gboolean create, GError **error)
{
  g_autoptr (ClvIndexSpool) self = NULL;
  g_autofree gchar *path = make_path (index, model_id);
  g_autofree gchar *limit =
      g_strdup_printf ("PRAGMA max_page_count = %" G_GUINT64_FORMAT,
          (guint64) limit_mb () * 1048576 / PAGE_BYTES);

  if (!create && !g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  if (create && !make_folder (path, error))
    return NULL;
  self = g_new0 (ClvIndexSpool, 1);
  self->path = g_steal_pointer (&path);
  self->width = width;
  self->db = clv_index_db_open (self->path, TRUE, error);
  return self->db != NULL && clv_index_db_run (self->db, schema, error) &&
                 clv_index_db_run (self->db, limit, error)
             ? g_steal_pointer (&self)
             : NULL;
}

void
clv_index_spool_free (ClvIndexSpool *self)
{
  sqlite3_close (self->db);
  g_free (self->path);
  g_free (self);
}

const gchar *
clv_index_spool_get_path (ClvIndexSpool *self)
{
  return self->path;
}

gboolean
clv_index_spool_count (ClvIndexSpool *self, guint64 *ret_n_moments,
    guint64 *ret_n_media, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT (SELECT count(*) FROM moments), (SELECT count(*) FROM media)",
      error);
  gboolean failed = FALSE;

  if (statement == NULL || !clv_index_db_next (statement, &failed, error))
    return FALSE;
  *ret_n_moments = (guint64) sqlite3_column_int64 (statement, 0);
  *ret_n_media = (guint64) sqlite3_column_int64 (statement, 1);
  return TRUE;
}

static void
bind_media (ClvStatement *statement, const ClvIndexBegun *media)
{
  sqlite3_bind_text (statement, 1, media->location, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, media->size);
  sqlite3_bind_int64 (statement, 3, media->modified_us);
  sqlite3_bind_text (statement, 4, media->sampling, -1, SQLITE_STATIC);
  sqlite3_bind_double (statement, 5, media->span);
}

static gboolean
run_with_media (ClvIndexSpool *self, const gchar *sql,
    const ClvIndexBegun *media, GError **error)
{
  g_autoptr (ClvStatement) statement =
      clv_index_db_prepare (self->db, sql, error);

  if (statement == NULL)
    return FALSE;
  bind_media (statement, media);
  if (sqlite3_bind_parameter_count (statement) > 5)
    sqlite3_bind_int64 (statement, 6, media->begun_us);
  return clv_index_db_finish (statement, error);
}

/* In a transaction: the media's row, without what is left of another version. */
static gboolean
take_up (ClvIndexSpool *self, const ClvIndexBegun *media, gint64 *ret_id,
    GError **error)
{
  g_autoptr (ClvStatement) statement = NULL;
  gboolean failed = FALSE;

  if (!run_with_media (self,
          "DELETE FROM media WHERE location = ?1 AND NOT (size = ?2"
          " AND modified_us = ?3 AND sampling = ?4 AND span = ?5)",
          media, error) ||
      !run_with_media (self,
          "INSERT OR IGNORE INTO media"
          " (location, size, modified_us, sampling, span, begun_us)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
          media, error))
    return FALSE;
  statement = clv_index_db_prepare (
      self->db, "SELECT id FROM media WHERE location = ?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, media->location, -1, SQLITE_STATIC);
  if (!clv_index_db_next (statement, &failed, error))
    return FALSE;
  *ret_id = sqlite3_column_int64 (statement, 0);
  return TRUE;
}

static GVariant *
pack_tags (const ClvIndexMoment *moment)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sd)"));
  for (guint i = 0; i < moment->n_tags; i++)
    g_variant_builder_add (
        &builder, "(sd)", moment->tags[i].label, moment->tags[i].score);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static gboolean
insert_moment (ClvIndexSpool *self, ClvStatement *statement, gint64 media,
    const ClvIndexMoment *moment, const gfloat *embedding, GError **error)
{
  const gsize size = self->width * sizeof (guint16);
  g_autofree guint16 *halves = g_new (guint16, self->width);
  g_autoptr (GVariant) tags = pack_tags (moment);

  for (guint d = 0; d < self->width; d++)
    halves[d] = clv_half_from_float (embedding[d]);
  sqlite3_bind_int64 (statement, 1, media);
  sqlite3_bind_double (statement, 2, moment->time);
  sqlite3_bind_blob64 (statement, 3, halves, size, SQLITE_STATIC);
  if (moment->thumbnail != NULL)
    sqlite3_bind_blob64 (statement, 4,
        g_bytes_get_data (moment->thumbnail, NULL),
        g_bytes_get_size (moment->thumbnail), SQLITE_STATIC);
  else
    sqlite3_bind_null (statement, 4);
  sqlite3_bind_blob64 (statement, 5, g_variant_get_data (tags),
      g_variant_get_size (tags), SQLITE_STATIC);
  return clv_index_db_finish (statement, error);
}

static gboolean
insert_moments (ClvIndexSpool *self, gint64 media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "INSERT OR IGNORE INTO moments (media, time, embedding, thumbnail, tags)"
      " VALUES (?, ?, ?, ?, ?)",
      error);

  for (guint i = 0; statement != NULL && i < n; i++)
    if (!insert_moment (self, statement, media, &moments[i],
            embeddings + (gsize) i * self->width, error))
      return FALSE;
  return statement != NULL;
}

static gboolean
end_transaction (ClvIndexSpool *self, gboolean good, GError **error)
{
  if (good && clv_index_db_run (self->db, "COMMIT", error))
    return TRUE;
  clv_index_db_run (self->db, "ROLLBACK", NULL);
  if (error != NULL &&
      g_error_matches (*error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    g_prefix_error (
        error, "the spool is full (CLV_SPOOL_MB=%u): ", limit_mb ());
  return FALSE;
}

gboolean
clv_index_spool_add (ClvIndexSpool *self, const ClvIndexBegun *media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error)
{
  gint64 id = 0;

  if (!clv_index_db_run (self->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  return end_transaction (self,
      take_up (self, media, &id, error) &&
          insert_moments (self, id, moments, n, embeddings, error),
      error);
}

static gboolean
set_duration (
    ClvIndexSpool *self, gint64 media, gdouble duration, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (
      self->db, "UPDATE media SET duration = ? WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_double (statement, 1, duration);
  sqlite3_bind_int64 (statement, 2, media);
  return clv_index_db_finish (statement, error);
}

gboolean
clv_index_spool_end (ClvIndexSpool *self, const ClvIndexBegun *media,
    gdouble duration, GError **error)
{
  gint64 id = 0;

  if (!clv_index_db_run (self->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  return end_transaction (self,
      take_up (self, media, &id, error) &&
          set_duration (self, id, duration, error),
      error);
}

void
clv_index_spooled_clear (ClvIndexSpooled *self)
{
  clv_index_begun_clear (&self->media);
  for (guint i = 0; i < self->n; i++) {
    g_clear_pointer (&self->moments[i].thumbnail, g_bytes_unref);
    g_free ((gpointer) self->moments[i].tags);
  }
  g_clear_pointer (&self->moments, g_free);
  g_clear_pointer (&self->ids, g_free);
  g_clear_pointer (&self->embeddings, g_free);
  g_clear_pointer (&self->variants, g_ptr_array_unref);
  self->n = 0;
}

/* Labels stay in the variant. */
static void
unpack_tags (ClvIndexSpooled *self, ClvIndexMoment *moment, GBytes *bytes)
{
  GVariant *tags = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE ("a(sd)"), bytes, FALSE));
  ClvIndexTag *row = g_new0 (ClvIndexTag, g_variant_n_children (tags) + 1);

  moment->n_tags = (guint) g_variant_n_children (tags);
  for (guint i = 0; i < moment->n_tags; i++)
    g_variant_get_child (tags, i, "(&sd)", &row[i].label, &row[i].score);
  moment->tags = row;
  g_ptr_array_add (self->variants, tags);
}

static GBytes *
get_bytes (ClvStatement *statement, int column)
{
  return g_bytes_new (sqlite3_column_blob (statement, column),
      (gsize) sqlite3_column_bytes (statement, column));
}

static gboolean
read_moment (ClvIndexSpool *self, ClvStatement *statement,
    ClvIndexSpooled *spooled, GError **error)
{
  ClvIndexMoment *moment = &spooled->moments[spooled->n];
  gfloat *embedding = spooled->embeddings + (gsize) spooled->n * self->width;
  g_autoptr (GBytes) tags = get_bytes (statement, 3);
  const guint16 *halves = sqlite3_column_blob (statement, 1);
  const gsize size = (gsize) sqlite3_column_bytes (statement, 1);

  if (size != self->width * sizeof (guint16)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted embeddings of %u values, found %" G_GSIZE_FORMAT " bytes",
        self->path, self->width, size);
    return FALSE;
  }
  for (guint d = 0; d < self->width; d++)
    embedding[d] = clv_half_to_float (halves[d]);
  moment->time = sqlite3_column_double (statement, 0);
  if (sqlite3_column_type (statement, 2) != SQLITE_NULL)
    moment->thumbnail = get_bytes (statement, 2);
  spooled->ids[spooled->n++] = sqlite3_column_int64 (statement, 4);
  unpack_tags (spooled, moment, tags);
  return TRUE;
}

static gboolean
read_moments (ClvIndexSpool *self, ClvIndexSpooled *spooled, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT time, embedding, thumbnail, tags, id FROM moments WHERE media = ?"
      " ORDER BY time LIMIT " G_STRINGIFY (CLV_INDEX_SPOOL_BATCH),
      error);
  gboolean failed = FALSE;

  if (statement == NULL)
    return FALSE;
  spooled->moments = g_new0 (ClvIndexMoment, CLV_INDEX_SPOOL_BATCH);
  spooled->ids = g_new (gint64, CLV_INDEX_SPOOL_BATCH);
  spooled->embeddings =
      g_new (gfloat, (gsize) CLV_INDEX_SPOOL_BATCH * self->width);
  spooled->variants =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  sqlite3_bind_int64 (statement, 1, spooled->id);
  while (clv_index_db_next (statement, &failed, error))
    if (!read_moment (self, statement, spooled, error))
      return FALSE;
  return !failed;
}

static gboolean
read_oldest (ClvIndexSpool *self, ClvIndexSpooled *spooled, gboolean *ret_any,
    GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "SELECT id, location, size, modified_us, sampling, span, begun_us,"
      " duration FROM media ORDER BY id LIMIT 1",
      error);
  gboolean failed = FALSE;

  *ret_any = FALSE;
  if (statement == NULL)
    return FALSE;
  if (!clv_index_db_next (statement, &failed, error))
    return !failed;
  *ret_any = TRUE;
  spooled->id = sqlite3_column_int64 (statement, 0);
  spooled->media = (ClvIndexBegun){
    .location = g_strdup ((gchar *) sqlite3_column_text (statement, 1)),
    .size = sqlite3_column_int64 (statement, 2),
    .modified_us = sqlite3_column_int64 (statement, 3),
    .sampling = g_strdup ((gchar *) sqlite3_column_text (statement, 4)),
    .span = sqlite3_column_double (statement, 5),
    .begun_us = sqlite3_column_int64 (statement, 6),
  };
  spooled->ended = sqlite3_column_type (statement, 7) != SQLITE_NULL;
  spooled->duration = sqlite3_column_double (statement, 7);
  return read_moments (self, spooled, error);
}

gboolean
clv_index_spool_read (ClvIndexSpool *self, ClvIndexSpooled *ret,
    gboolean *ret_any, GError **error)
{
  ClvIndexSpooled spooled = { 0 };
  gboolean good;

  /* Another process may be adding to it. */
  if (!clv_index_db_run (self->db, "BEGIN", error))
    return FALSE;
  good = read_oldest (self, &spooled, ret_any, error);
  clv_index_db_run (self->db, "ROLLBACK", NULL);
  if (!good) {
    clv_index_spooled_clear (&spooled);
    return FALSE;
  }
  spooled.ended = spooled.ended && spooled.n < CLV_INDEX_SPOOL_BATCH;
  *ret = spooled;
  return TRUE;
}

static gboolean
delete_moments (
    ClvIndexSpool *self, const ClvIndexSpooled *spooled, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (
      self->db, "DELETE FROM moments WHERE id = ?", error);

  for (guint i = 0; statement != NULL && i < spooled->n; i++) {
    sqlite3_bind_int64 (statement, 1, spooled->ids[i]);
    if (!clv_index_db_finish (statement, error))
      return FALSE;
  }
  return statement != NULL;
}

/* What was added since, or an end that was told since, stays. */
static gboolean
delete_media (
    ClvIndexSpool *self, const ClvIndexSpooled *spooled, GError **error)
{
  g_autoptr (ClvStatement) statement = clv_index_db_prepare (self->db,
      "DELETE FROM media WHERE id = ?1 AND (?2 OR duration IS NULL)"
      " AND NOT EXISTS (SELECT 1 FROM moments WHERE media = ?1)",
      error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, spooled->id);
  sqlite3_bind_int (statement, 2, spooled->ended);
  return clv_index_db_finish (statement, error);
}

gboolean
clv_index_spool_drop (
    ClvIndexSpool *self, const ClvIndexSpooled *spooled, GError **error)
{
  if (!clv_index_db_run (self->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  return end_transaction (self,
      delete_moments (self, spooled, error) &&
          delete_media (self, spooled, error),
      error);
}

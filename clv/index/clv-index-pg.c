/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An index on a server that may go away: what cannot be written there waits in a spool
 * on this machine's disk, in order, and goes first when the server is back. */

#include "clv-index-pg.h"

/* Between two tries: the first, doubled up to the last. */
#define MIN_DELAY_US (G_USEC_PER_SEC / 2)
#define MAX_DELAY_US (30 * G_USEC_PER_SEC)

/* Where nothing can be done without the server. */
#define PATIENCE_US (10 * G_USEC_PER_SEC)

static void
pg_media_free (ClvIndexPgMedia *self)
{
  clv_index_begun_clear (&self->begun);
  g_free (self);
}

/* `later`: the next try that nobody asks for is put off more than the last one. */
static void
note_away (ClvIndex *self, const GError *error, gboolean later)
{
  ClvIndexPg *pg = self->pg;

  g_free (pg->why);
  pg->why = g_strdup (error->message);
  pg->delay_us =
      CLAMP (pg->delay_us * (later ? 2 : 1), MIN_DELAY_US, MAX_DELAY_US);
  pg->retry_us = g_get_monotonic_time () + pg->delay_us;
}

static gboolean
replay (ClvIndex *self, const ClvIndexSpooled *spooled, GError **error)
{
  ClvIndexBegun media = spooled->media;
  ClvIndexProgress progress;

  /* 0: it was indexed anew since, so nobody looks for these any more. */
  return clv_index_pg_take_up (self, &media, FALSE, &progress, error) &&
         (progress.id == 0 || spooled->n == 0 ||
             clv_index_pg_send (self, progress.id, spooled->moments, spooled->n,
                 spooled->embeddings, FALSE, error)) &&
         (progress.id == 0 || !spooled->ended ||
             clv_index_pg_set_duration (
                 self, progress.id, spooled->duration, error)) &&
         clv_index_spool_drop (self->pg->spool, spooled, error);
}

/* Another process may do the same at the same time: no moment is there twice. */
static gboolean
replay_all (ClvIndex *self, GError **error)
{
  gboolean any = self->pg->spool != NULL;

  while (any) {
    g_auto (ClvIndexSpooled) spooled = { 0 };

    if (!clv_index_spool_read (self->pg->spool, &spooled, &any, error) ||
        (any && !replay (self, &spooled, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
connect (ClvIndex *self, GError **error)
{
  const ClvIndexModel model = { self->model_id, self->model_name, self->width };

  return self->pg->pg.connection != NULL ||
         (clv_pg_connect (&self->pg->pg, error) &&
             clv_index_pg_prepare (
                 self, self->writable ? &model : NULL, error));
}

/* TRUE: there is a connection, and nothing waits. While the server is away it is
 * tried now and then only, unless `now`. */
static gboolean
catch_up (ClvIndex *self, gboolean now, GError **error)
{
  ClvIndexPg *pg = self->pg;
  g_autoptr (GError) failed = NULL;

  if (pg->why != NULL && !now && g_get_monotonic_time () < pg->retry_us) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, pg->why);
    return FALSE;
  }
  if (connect (self, &failed) && replay_all (self, &failed)) {
    g_clear_pointer (&pg->why, g_free);
    pg->delay_us = 0;
    return TRUE;
  }
  if (clv_pg_is_away (failed))
    note_away (self, failed, !now);
  g_propagate_error (error, g_steal_pointer (&failed));
  return FALSE;
}

/* The same, again and again for a while. */
static gboolean
wait_for_server (ClvIndex *self, GError **error)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;
  g_autoptr (GError) failed = NULL;

  while (!catch_up (self, TRUE, &failed)) {
    if (!clv_pg_is_away (failed) || g_get_monotonic_time () >= end) {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
    g_clear_error (&failed);
    g_usleep (MIN_DELAY_US);
  }
  return TRUE;
}

static gboolean
pg_open (ClvIndex *self, const ClvIndexModel *model, GError **error)
{
  ClvIndexPg *pg = self->pg = g_new0 (ClvIndexPg, 1);

  pg->pg.uri = self->path;
  self->path = clv_pg_hide_password (pg->pg.uri, error);
  if (self->path == NULL)
    return FALSE;
  pg->pg.path = self->path;
  pg->media = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) pg_media_free);
  if (!clv_pg_connect (&pg->pg, error) ||
      !clv_index_pg_prepare (self, model, error))
    return FALSE;
  if (model != NULL) {
    g_autoptr (GError) failed = NULL;

    pg->spool = clv_index_spool_open (
        self->path, self->model_id, self->width, FALSE, &failed);
    if (failed == NULL && !catch_up (self, TRUE, &failed) &&
        clv_pg_is_away (failed))
      g_clear_error (&failed);
    if (failed != NULL) {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
  }
  return TRUE;
}

static void
pg_close (ClvIndex *self)
{
  ClvIndexPg *pg = self->pg;

  clv_pg_disconnect (&pg->pg);
  g_clear_pointer (&pg->spool, clv_index_spool_free);
  g_clear_pointer (&pg->media, g_hash_table_unref);
  g_free (pg->why);
  g_free (pg->pg.uri);
  g_free (pg);
}

static gboolean
pg_count (ClvIndex *self, guint64 *ret_n_media, guint64 *ret_n_moments,
    GError **error)
{
  g_autoptr (ClvPgResult) result = NULL;

  if (!connect (self, error))
    return FALSE;
  result = clv_pg_query (&self->pg->pg,
      "SELECT count(*), coalesce(sum(n_moments), 0) FROM clv_media", NULL,
      FALSE, error);
  if (result == NULL)
    return FALSE;
  *ret_n_media = (guint64) clv_pg_get_integer (result, 0, 0);
  *ret_n_moments = (guint64) clv_pg_get_integer (result, 0, 1);
  return TRUE;
}

static GBytes *
pg_get_thumbnail (ClvIndex *self, gint64 moment, GError **error)
{
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgValues values = { 0 };

  clv_pg_add_integer (&values, moment);
  if (!connect (self, error))
    return NULL;
  result = clv_pg_query (&self->pg->pg,
      "SELECT thumbnail FROM clv_moments WHERE id = $1", &values, TRUE, error);
  if (result == NULL || PQntuples (result) == 0 || PQgetisnull (result, 0, 0))
    return NULL;
  return g_bytes_new (
      PQgetvalue (result, 0, 0), (gsize) PQgetlength (result, 0, 0));
}

/* The server's texts are UTF-8; names of files are any bytes. */
static gboolean
check_media (ClvIndex *self, const ClvIndexMedia *media, GError **error)
{
  if (g_utf8_validate (media->location, -1, NULL) &&
      g_utf8_validate (media->sampling, -1, NULL))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: wanted the media's name in UTF-8, found '%s'", self->path,
      media->location);
  return FALSE;
}

static gboolean
pg_look_up_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  return check_media (self, media, error) && wait_for_server (self, error) &&
         clv_index_pg_look_up (self, media, ret_progress, error);
}

/* After catch_up(), which has noted it itself where it failed: whether what comes next
 * has to do without the server. Takes an error that says otherwise over. */
static gboolean
do_without (ClvIndex *self, GError *failed, GError **error)
{
  if (!clv_pg_is_away (failed)) {
    g_propagate_error (error, failed);
    return FALSE;
  }
  if (self->pg->why == NULL)
    note_away (self, failed, TRUE);
  g_error_free (failed);
  return TRUE;
}

static ClvIndexPgMedia *
remember (ClvIndex *self, const ClvIndexMedia *media, gint64 number)
{
  ClvIndexPgMedia *begun = g_new0 (ClvIndexPgMedia, 1);
  gint64 *key = g_memdup2 (&number, sizeof number);

  begun->begun = (ClvIndexBegun){
    .location = g_strdup (media->location),
    .size = media->size,
    .modified_us = media->modified_us,
    .sampling = g_strdup (media->sampling),
    .span = media->span,
  };
  g_hash_table_replace (self->pg->media, key, begun);
  return begun;
}

static gboolean
pg_begin_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  ClvIndexBegun begun = {
    .location = (gchar *) media->location,
    .size = media->size,
    .modified_us = media->modified_us,
    .sampling = (gchar *) media->sampling,
    .span = media->span,
  };
  ClvIndexPgMedia *kept;
  g_autoptr (GError) failed = NULL;

  if (!check_media (self, media, error))
    return FALSE;
  if (catch_up (self, FALSE, &failed) &&
      clv_index_pg_take_up (self, &begun, TRUE, ret_progress, &failed)) {
    kept = remember (self, media, ret_progress->id);
    kept->id = ret_progress->id;
    kept->begun.begun_us = begun.begun_us;
    return TRUE;
  }
  if (!do_without (self, g_steal_pointer (&failed), error))
    return FALSE;
  *ret_progress = (ClvIndexProgress){
    .id = -++self->pg->n_blind,
    .last_time = -1.0,
  };
  kept = remember (self, media, ret_progress->id);
  kept->blind = TRUE;
  kept->begun.begun_us = g_get_real_time ();
  return TRUE;
}

static ClvIndexPgMedia *
find_media (ClvIndex *self, gint64 number, GError **error)
{
  ClvIndexPgMedia *media = g_hash_table_lookup (self->pg->media, &number);

  if (media == NULL)
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: the media %" G_GINT64_FORMAT " was not begun", self->path, number);
  return media;
}

/* The server knows the media. */
static gboolean
find_id (ClvIndex *self, ClvIndexPgMedia *media, GError **error)
{
  ClvIndexProgress progress;

  if (media->id == 0) {
    if (!clv_index_pg_take_up (self, &media->begun, FALSE, &progress, error))
      return FALSE;
    media->id = progress.id;
  }
  if (media->id != 0)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "%s: %s: another process has begun it anew", self->path,
      media->begun.location);
  return FALSE;
}

static gboolean
open_spool (ClvIndex *self, GError **error)
{
  if (self->pg->spool == NULL)
    self->pg->spool = clv_index_spool_open (
        self->path, self->model_id, self->width, TRUE, error);
  return self->pg->spool != NULL;
}

static gboolean
pg_append (ClvIndex *self, gint64 number, const ClvIndexMoment *moments,
    guint n, const gfloat *embeddings, GError **error)
{
  ClvIndexPgMedia *media = find_media (self, number, error);
  g_autoptr (GError) failed = NULL;

  if (media == NULL)
    return FALSE;
  if (catch_up (self, FALSE, &failed) && find_id (self, media, &failed) &&
      clv_index_pg_send (
          self, media->id, moments, n, embeddings, !media->blind, &failed))
    return TRUE;
  if (!do_without (self, g_steal_pointer (&failed), error))
    return FALSE;
  if (open_spool (self, error) &&
      clv_index_spool_add (
          self->pg->spool, &media->begun, moments, n, embeddings, error))
    return TRUE;
  g_prefix_error (error, "%s; ", self->pg->why);
  return FALSE;
}

static gboolean
pg_end_media (ClvIndex *self, gint64 number, gdouble duration, GError **error)
{
  ClvIndexPgMedia *media = find_media (self, number, error);
  g_autoptr (GError) failed = NULL;

  if (media == NULL)
    return FALSE;
  if (catch_up (self, FALSE, &failed) && find_id (self, media, &failed) &&
      clv_index_pg_set_duration (self, media->id, duration, &failed))
    return TRUE;
  if (!do_without (self, g_steal_pointer (&failed), error))
    return FALSE;
  if (open_spool (self, error) &&
      clv_index_spool_end (self->pg->spool, &media->begun, duration, error))
    return TRUE;
  g_prefix_error (error, "%s; ", self->pg->why);
  return FALSE;
}

static gboolean
pg_flush (ClvIndex *self, GError **error)
{
  g_autoptr (GError) failed = NULL;
  guint64 n_moments = 0, n_media = 0;

  if (self->pg->spool == NULL || wait_for_server (self, &failed))
    return TRUE;
  if (clv_index_spool_count (self->pg->spool, &n_moments, &n_media, NULL))
    g_prefix_error (&failed,
        "%" G_GUINT64_FORMAT " moments of %" G_GUINT64_FORMAT
        " media wait in %s for the next time that something is indexed: ",
        n_moments, n_media, clv_index_spool_get_path (self->pg->spool));
  g_propagate_error (error, g_steal_pointer (&failed));
  return FALSE;
}

static const gchar *
pg_get_away (ClvIndex *self)
{
  return self->pg->why;
}

static GPtrArray *
pg_search (
    ClvIndex *self, const ClvIndexQuery *query, const gfloat *x, GError **error)
{
  return connect (self, error) ? clv_index_pg_search (self, query, x, error)
                               : NULL;
}

const ClvIndexStore clv_index_postgresql = {
  .open = pg_open,
  .close = pg_close,
  .count = pg_count,
  .get_thumbnail = pg_get_thumbnail,
  .look_up_media = pg_look_up_media,
  .begin_media = pg_begin_media,
  .append = pg_append,
  .end_media = pg_end_media,
  .flush = pg_flush,
  .get_away = pg_get_away,
  .search = pg_search,
};

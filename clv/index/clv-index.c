/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all kinds of indexes have in common. */

#include "clv-index-private.h"

#include <math.h>
#include <string.h>

#ifdef HAVE_POSTGRESQL
#include "clv-index-pg-connection.h"
#endif

/* float32 rounding of a vector that was made unit length, with room. */
#define UNIT_TOLERANCE 1e-3

G_DEFINE_FINAL_TYPE (ClvIndex, clv_index, G_TYPE_OBJECT)

static void
clv_index_finalize (GObject *object)
{
  ClvIndex *self = CLV_INDEX (object);

  if (self->store != NULL)
    self->store->close (self);
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

static gboolean
is_uri (const gchar *path)
{
  return g_str_has_prefix (path, "postgresql://") ||
         g_str_has_prefix (path, "postgres://");
}

gchar *
clv_index_hide_password (const gchar *path)
{
  gchar *shown = NULL;

  if (!is_uri (path))
    return g_strdup (path);
#ifdef HAVE_POSTGRESQL
  shown = clv_pg_hide_password (path, NULL);
#endif
  return shown != NULL ? shown : g_strdup ("postgresql://…");
}

static const ClvIndexStore *
find_store (const gchar *path, GError **error)
{
  if (!is_uri (path))
    return &clv_index_sqlite;
#ifdef HAVE_POSTGRESQL
  return &clv_index_postgresql;
#else
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "postgresql://…: this clv was built without PostgreSQL (meson option "
      "postgresql)");
  return NULL;
#endif
}

/* `model` NULL: for reading. */
static ClvIndex *
open_index (const gchar *path, const ClvIndexModel *model, GError **error)
{
  g_autoptr (ClvIndex) self = g_object_new (CLV_TYPE_INDEX, NULL);

  self->path = g_strdup (path);
  self->writable = model != NULL;
  self->store = find_store (path, error);
  return self->store != NULL && self->store->open (self, model, error)
             ? g_steal_pointer (&self)
             : NULL;
}

ClvIndex *
clv_index_open_writable (const gchar *path, const gchar *model_id,
    const gchar *model_name, guint width, GError **error)
{
  const ClvIndexModel model = { model_id, model_name, width };

  g_return_val_if_fail (path != NULL && model_id != NULL, NULL);
  g_return_val_if_fail (width >= 1 && width <= CLV_INDEX_MAX_WIDTH, NULL);

  return open_index (path, &model, error);
}

ClvIndex *
clv_index_open (const gchar *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return open_index (path, NULL, error);
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
  guint64 n_media = 0, n_moments = 0;

  if (!self->store->count (self, &n_media, &n_moments, error))
    return FALSE;
  if (ret_n_media != NULL)
    *ret_n_media = n_media;
  if (ret_n_moments != NULL)
    *ret_n_moments = n_moments;
  return TRUE;
}

GBytes *
clv_index_get_thumbnail (ClvIndex *self, gint64 moment, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  return self->store->get_thumbnail (self, moment, error);
}

static gboolean
read_only (ClvIndex *self, GError **error)
{
  if (self->writable)
    return FALSE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "%s: was opened for searching only", self->path);
  return TRUE;
}

gboolean
clv_index_look_up_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  g_return_val_if_fail (media->location != NULL, FALSE);
  g_return_val_if_fail (media->sampling != NULL && media->span > 0, FALSE);

  return self->store->look_up_media (self, media, ret_progress, error);
}

gboolean
clv_index_begin_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  g_return_val_if_fail (media->location != NULL, FALSE);
  g_return_val_if_fail (media->sampling != NULL && media->span > 0, FALSE);

  return !read_only (self, error) &&
         self->store->begin_media (self, media, ret_progress, error);
}

static gboolean
check_tags (ClvIndex *self, const ClvIndexMoment *moment, GError **error)
{
  for (guint i = 0; i < moment->n_tags; i++)
    for (guint j = 0; j < i; j++)
      if (strcmp (moment->tags[i].label, moment->tags[j].label) == 0) {
        g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
            "%s: moment at %.3f s: wanted labels that differ, found '%s' twice",
            self->path, moment->time, moment->tags[i].label);
        return FALSE;
      }
  return TRUE;
}

/* Searching relies on it: rows are compared without a look at their length. */
static gboolean
check_moments (ClvIndex *self, const ClvIndexMoment *moments, guint n,
    const gfloat *embeddings, GError **error)
{
  for (guint i = 0; i < n; i++) {
    const gfloat *row = embeddings + (gsize) i * self->width;
    gdouble sum = 0;

    for (guint d = 0; d < self->width; d++)
      sum += (gdouble) row[d] * row[d];
    if (!(fabs (sqrt (sum) - 1) < UNIT_TOLERANCE)) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
          "%s: moment at %.3f s: wanted an embedding of length 1, found %g",
          self->path, moments[i].time, sqrt (sum));
      return FALSE;
    }
    if (!isfinite (moments[i].time)) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
          "%s: wanted the moment's time in seconds, found %g", self->path,
          moments[i].time);
      return FALSE;
    }
    if (!check_tags (self, &moments[i], error))
      return FALSE;
  }
  return TRUE;
}

gboolean
clv_index_append (ClvIndex *self, gint64 media, const ClvIndexMoment *moments,
    guint n, const gfloat *embeddings, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  if (read_only (self, error) ||
      !check_moments (self, moments, n, embeddings, error))
    return FALSE;
  return n == 0 ||
         self->store->append (self, media, moments, n, embeddings, error);
}

gboolean
clv_index_end_media (
    ClvIndex *self, gint64 media, gdouble duration, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  /* A duration at all says that there is no more to come. */
  return !read_only (self, error) &&
         self->store->end_media (
             self, media, isfinite (duration) ? duration : 0.0, error);
}

gboolean
clv_index_flush (ClvIndex *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);

  return self->store->flush == NULL || self->store->flush (self, error);
}

gboolean
clv_index_is_away (ClvIndex *self, gchar **ret_why)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);
  const gchar *why =
      self->store->get_away != NULL ? self->store->get_away (self) : NULL;

  if (why != NULL && ret_why != NULL)
    *ret_why = g_strdup (why);
  return why != NULL;
}

GPtrArray *
clv_index_search (ClvIndex *self, const ClvIndexQuery *query, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&self->lock);
  g_autofree gfloat *x =
      g_memdup2 (query->vector, self->width * sizeof (gfloat));

  if (!clv_index_normalize (x, self->width)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: wanted a query with a direction, found one of length 0 or "
        "without",
        self->path);
    return NULL;
  }
  return self->store->search (self, query, x, error);
}

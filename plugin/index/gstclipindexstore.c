/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexstore.h"

#include <gio/gio.h>
#include <gst/video/video.h>
#include <string.h>

#include "gstclipframe.h"
#include "gstclipthumbnail.h"

/* Each write waits for the disk, so moments go together; what waits longer is
 * written too, so that an end at any time loses little. */
#define MAX_PENDING 256
#define PENDING_US  (2 * G_USEC_PER_SEC)

struct _GstClipIndexStore {
  GstElement *element;
  gchar *path;
  ClvEngine *engine;
  gboolean thumbnails;
  ClvIndex *index;
  gboolean away; /* it was said that its server is */
  GstClipIndexCounts counts;

  /* What waits: moments of one media, in order. */
  GPtrArray *pending; /* GstClipIndexMoment */
  GPtrArray *jpegs;   /* GBytes of each, or NULL */
  gint64 pending_us;  /* since when */

  GMutex lock; /* of what follows */
  gboolean cancelled;
  ClvFuture *future; /* pictures that are encoded now */
};

static void
clear_bytes (gpointer data)
{
  if (data != NULL)
    g_bytes_unref (data);
}

static gboolean
open_index (GstClipIndexStore *self, const gchar *model_id,
    const gchar *model_name, guint width, GError **error)
{
  if (self->index != NULL)
    return clv_index_check_model (
        self->index, model_id, model_name, width, error);
  self->index =
      clv_index_open_writable (self->path, model_id, model_name, width, error);
  return self->index != NULL;
}

static gboolean
open_for_engine (GstClipIndexStore *self, GError **error)
{
  ClvModel *model = clv_engine_get_model (self->engine);

  return open_index (self, clv_model_get_id (model), clv_model_get_name (model),
      clv_model_get_embedding_width (model), error);
}

GstClipIndexStore *
gst_clip_index_store_new (GstElement *element, const gchar *path,
    ClvEngine *engine, gboolean thumbnails, GError **error)
{
  GstClipIndexStore *self = g_new0 (GstClipIndexStore, 1);

  g_mutex_init (&self->lock);
  self->element = element;
  self->path = g_strdup (path);
  self->engine = engine != NULL ? g_object_ref (engine) : NULL;
  self->thumbnails = thumbnails;
  self->pending = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_clip_index_moment_free);
  self->jpegs = g_ptr_array_new_with_free_func (clear_bytes);
  if (engine == NULL || open_for_engine (self, error))
    return self;
  gst_clip_index_store_free (self);
  return NULL;
}

void
gst_clip_index_store_free (GstClipIndexStore *self)
{
  g_clear_object (&self->index);
  g_clear_object (&self->engine);
  g_ptr_array_unref (self->pending);
  g_ptr_array_unref (self->jpegs);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

static gboolean
begin_media (GstClipIndexStore *self, GstClipIndexMedia *media, GError **error)
{
  if (media->progress.id != 0)
    return TRUE;
  if (!gst_clip_index_media_begin (media, self->index, error))
    return FALSE;
  if (media->progress.last_time >= 0)
    GST_ELEMENT_INFO (self->element, RESOURCE, SETTINGS,
        ("%s has moments of %s up to %.3f s: later ones are added.",
            clv_index_get_path (self->index), media->name,
            media->progress.last_time),
        (NULL));
  return TRUE;
}

/* Opens what the moment goes to. *ret_wanted: it is not there yet. */
static gboolean
look_up (GstClipIndexStore *self, const GstClipIndexMoment *moment,
    gboolean *ret_wanted, GError **error)
{
  if (!(moment->embedding != NULL
              ? open_index (self, moment->model_id, moment->model_name,
                    moment->width, error)
              : open_for_engine (self, error)) ||
      !begin_media (self, moment->media, error))
    return FALSE;
  *ret_wanted = moment->time > moment->media->progress.last_time;
  if (*ret_wanted)
    moment->media->progress.last_time = moment->time;
  else
    self->counts.known++;
  return TRUE;
}

static gboolean
submit (GstClipIndexStore *self, const ClvFrame *frames, guint n,
    ClvFuture **ret_future, GError **error)
{
  const ClvRequest how = { .stream = self };
  gboolean good = TRUE;

  g_mutex_lock (&self->lock);
  if (!self->cancelled) {
    self->future = clv_engine_submit (self->engine, frames, n, &how, error);
    good = self->future != NULL;
  }
  *ret_future = self->future != NULL ? clv_future_ref (self->future) : NULL;
  g_mutex_unlock (&self->lock);
  return good;
}

/* Mapped pictures to embeddings; those stay NULL if it was cancelled. */
static gboolean
encode_frames (GstClipIndexStore *self, GstClipIndexMoment **moments,
    const ClvFrame *frames, guint n, GError **error)
{
  ClvModel *model = clv_engine_get_model (self->engine);
  const guint width = clv_model_get_embedding_width (model);
  g_autoptr (ClvFuture) future = NULL;
  g_autoptr (GError) failed = NULL;
  const gfloat *rows;

  if (!submit (self, frames, n, &future, error))
    return FALSE;
  if (future == NULL)
    return TRUE;
  rows = clv_future_get (future, &failed);
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->future, clv_future_unref);
  g_mutex_unlock (&self->lock);
  if (g_error_matches (failed, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TRUE;
  if (rows == NULL) {
    g_propagate_error (error, g_steal_pointer (&failed));
    return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    moments[i]->embedding =
        g_memdup2 (rows + (gsize) i * width, width * sizeof (gfloat));
    moments[i]->width = width;
  }
  return TRUE;
}

/* At most GST_CLIP_INDEX_BATCH moments that have no embedding. */
static gboolean
encode (GstClipIndexStore *self, GstClipIndexMoment **moments, guint n,
    GError **error)
{
  GstClipFrameMap maps[GST_CLIP_INDEX_BATCH];
  ClvFrame frames[GST_CLIP_INDEX_BATCH];
  gboolean good = TRUE;
  guint n_mapped = 0;

  while (good && n_mapped < n) {
    GstSample *picture = moments[n_mapped]->picture;
    GstVideoInfo info;

    good = gst_video_info_from_caps (&info, gst_sample_get_caps (picture)) &&
           gst_clip_frame_map (&maps[n_mapped], &frames[n_mapped], &info,
               gst_sample_get_buffer (picture),
               clv_engine_get_device (self->engine), error);
    n_mapped += good;
  }
  good = good && encode_frames (self, moments, frames, n, error);
  for (guint i = 0; i < n_mapped; i++)
    gst_clip_frame_unmap (&maps[i]);
  return good;
}

static gboolean
encode_missing (GstClipIndexStore *self, GstClipIndexMoment **moments, guint n,
    GError **error)
{
  GstClipIndexMoment *missing[GST_CLIP_INDEX_BATCH];
  guint n_missing = 0;

  for (guint i = 0; i < n; i++)
    if (moments[i]->embedding == NULL)
      missing[n_missing++] = moments[i];
  return n_missing == 0 || encode (self, missing, n_missing, error);
}

/* Takes the moment over. */
static gboolean
keep (GstClipIndexStore *self, GstClipIndexMoment *moment, GError **error)
{
  GBytes *jpeg = NULL;

  if (self->pending->len > 0 &&
      ((GstClipIndexMoment *) self->pending->pdata[0])->media !=
          moment->media &&
      !gst_clip_index_store_flush (self, error)) {
    gst_clip_index_moment_free (moment);
    return FALSE;
  }
  if (self->thumbnails && moment->picture != NULL) {
    jpeg = gst_clip_thumbnail_new (moment->picture, error);
    if (jpeg == NULL) {
      gst_clip_index_moment_free (moment);
      return FALSE;
    }
  }
  g_clear_pointer (&moment->picture, gst_sample_unref);
  if (self->pending->len == 0)
    self->pending_us = g_get_monotonic_time ();
  g_ptr_array_add (self->pending, moment);
  g_ptr_array_add (self->jpegs, jpeg);
  return TRUE;
}

gboolean
gst_clip_index_store_add (GstClipIndexStore *self, GstClipIndexMoment **moments,
    guint n, GError **error)
{
  GstClipIndexMoment *wanted[GST_CLIP_INDEX_BATCH];
  guint n_wanted = 0;
  gboolean good = TRUE;

  for (guint i = 0; i < n; i++) {
    gboolean is_wanted = FALSE;

    good = good && look_up (self, moments[i], &is_wanted, error);
    if (is_wanted)
      wanted[n_wanted++] = moments[i];
    else
      gst_clip_index_moment_free (moments[i]);
  }
  good = good && encode_missing (self, wanted, n_wanted, error);
  for (guint i = 0; i < n_wanted; i++) {
    if (good && wanted[i]->embedding != NULL)
      good = keep (self, wanted[i], error);
    else {
      self->counts.dropped++;
      gst_clip_index_moment_free (wanted[i]);
    }
  }
  if (good &&
      (self->pending->len >= MAX_PENDING ||
          gst_clip_index_store_get_due (self) <= g_get_monotonic_time ()))
    good = gst_clip_index_store_flush (self, error);
  return good;
}

gint64
gst_clip_index_store_get_due (const GstClipIndexStore *self)
{
  return self->pending->len > 0 ? self->pending_us + PENDING_US : G_MAXINT64;
}

/* Nothing is lost, but nothing is found either. */
static void
tell_of_server (GstClipIndexStore *self)
{
  g_autofree gchar *why = NULL;
  const gboolean away = clv_index_is_away (self->index, &why);

  if (away && !self->away)
    GST_ELEMENT_WARNING (self->element, RESOURCE, OPEN_WRITE,
        ("The index cannot be reached; moments wait on this machine's disk: %s",
            why),
        (NULL));
  else if (!away && self->away)
    GST_ELEMENT_INFO (self->element, RESOURCE, OPEN_WRITE,
        ("%s can be reached again, and has all moments.",
            clv_index_get_path (self->index)),
        (NULL));
  self->away = away;
}

gboolean
gst_clip_index_store_flush (GstClipIndexStore *self, GError **error)
{
  const guint n = self->pending->len;
  g_autofree ClvIndexMoment *rows = g_new0 (ClvIndexMoment, n);
  g_autofree gfloat *embeddings = NULL;
  guint width;

  if (n == 0)
    return TRUE;
  width = clv_index_get_width (self->index);
  embeddings = g_new (gfloat, (gsize) n * width);
  for (guint i = 0; i < n; i++) {
    const GstClipIndexMoment *moment = self->pending->pdata[i];

    rows[i] = (ClvIndexMoment){
      .time = moment->time,
      .tags = moment->tags,
      .n_tags = moment->n_tags,
      .thumbnail = self->jpegs->pdata[i],
    };
    memcpy (embeddings + (gsize) i * width, moment->embedding,
        width * sizeof (gfloat));
  }
  if (!clv_index_append (self->index,
          ((GstClipIndexMoment *) self->pending->pdata[0])->media->progress.id,
          rows, n, embeddings, error))
    return FALSE;
  tell_of_server (self);
  self->counts.stored += n;
  g_ptr_array_set_size (self->pending, 0);
  g_ptr_array_set_size (self->jpegs, 0);
  return TRUE;
}

gboolean
gst_clip_index_store_end (GstClipIndexStore *self, GstClipIndexMedia *media,
    gdouble duration, GError **error)
{
  if (!gst_clip_index_store_flush (self, error))
    return FALSE;
  if (media->progress.id == 0)
    return TRUE;
  if (!clv_index_end_media (self->index, media->progress.id, duration, error))
    return FALSE;
  tell_of_server (self);
  return TRUE;
}

void
gst_clip_index_store_get_counts (
    const GstClipIndexStore *self, GstClipIndexCounts *ret_counts)
{
  *ret_counts = self->counts;
}

void
gst_clip_index_store_cancel (GstClipIndexStore *self)
{
  g_mutex_lock (&self->lock);
  self->cancelled = TRUE;
  if (self->future != NULL)
    clv_future_cancel (self->future);
  g_mutex_unlock (&self->lock);
}

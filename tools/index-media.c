/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "index-media.h"

#include "index-sampler.h"
#include "media-batch.h"
#include "plugin/gstclipthumbnail.h"
#include "progress.h"

/* Moments go to the index together, as each time the disk is waited for; what
 * waits longer is written too, so that an end at any time loses little. */
#define MAX_PENDING 256
#define PENDING_US  (2 * G_USEC_PER_SEC)

typedef struct {
  MediaBatch pictures;
  GBytes *thumbnails[MEDIA_BATCH_MAX];
} Batch;

typedef struct {
  IndexJob *job;
  gint64 media;      /* in the index */
  gdouble last_time; /* of the moments that are there */
  guint width;
  IndexSampler sampler;
  Batch batches[2];   /* one is filled while the other is encoded */
  guint filled;       /* which */
  GArray *moments;    /* ClvIndexMoment: pending */
  GArray *embeddings; /* their rows */
  gint64 written_us;
} Run;

static void
clear_moment (gpointer data)
{
  g_clear_pointer (&((ClvIndexMoment *) data)->thumbnail, g_bytes_unref);
}

static void
clear_batch (Batch *self)
{
  media_batch_clear (&self->pictures);
  for (guint i = 0; i < MEDIA_BATCH_MAX; i++)
    g_clear_pointer (&self->thumbnails[i], g_bytes_unref);
}

static void
run_clear (Run *self)
{
  clear_batch (&self->batches[0]);
  clear_batch (&self->batches[1]);
  g_clear_pointer (&self->moments, g_array_unref);
  g_clear_pointer (&self->embeddings, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
run_init (Run *self, IndexJob *job, const ClvIndexProgress *progress)
{
  *self = (Run){
    .job = job,
    .media = progress->id,
    .last_time = progress->last_time,
    .width = clv_index_get_width (job->index),
    .sampler = { .pace = { .interval = job->interval },
        .scene_change = job->scene_change },
    .moments = g_array_new (FALSE, FALSE, sizeof (ClvIndexMoment)),
    .embeddings = g_array_new (FALSE, FALSE, sizeof (gfloat)),
    .written_us = g_get_monotonic_time (),
  };
  g_array_set_clear_func (self->moments, clear_moment);
}

static gboolean
write_pending (Run *self, GError **error)
{
  if (!clv_index_append (self->job->index, self->media,
          (const ClvIndexMoment *) self->moments->data, self->moments->len,
          (const gfloat *) self->embeddings->data, error))
    return FALSE;
  self->job->n_moments += self->moments->len;
  g_array_set_size (self->moments, 0);
  g_array_set_size (self->embeddings, 0);
  self->written_us = g_get_monotonic_time ();
  return TRUE;
}

/* The moments of what is being encoded, if there is something, become pending. */
static gboolean
finish_batch (Run *self, Batch *batch, GError **error)
{
  MediaBatch *pictures = &batch->pictures;
  const gfloat *rows =
      pictures->future != NULL ? media_batch_get (pictures, error) : NULL;
  const gboolean done = pictures->future == NULL || rows != NULL;

  if (rows != NULL)
    g_array_append_vals (self->embeddings, rows, pictures->n * self->width);
  for (guint i = 0; rows != NULL && i < pictures->n; i++) {
    const ClvIndexMoment moment = {
      .time = pictures->pictures[i].time,
      .thumbnail = g_steal_pointer (&batch->thumbnails[i]),
    };

    g_array_append_val (self->moments, moment);
  }
  clear_batch (batch);
  return done;
}

/* Hands over what was filled, then finishes the batch before, which is filled next. */
static gboolean
turn_batches (Run *self, GError **error)
{
  MediaBatch *filled = &self->batches[self->filled].pictures;
  const gboolean submitted =
      filled->n == 0 || media_batch_submit (filled, self->job->engine, error);
  gboolean finished;

  self->filled = !self->filled;
  finished = finish_batch (
      self, &self->batches[self->filled], submitted ? error : NULL);
  return submitted && finished;
}

/* Takes the picture over. */
static gboolean
add_picture (Run *self, MediaPicture *picture, GError **error)
{
  Batch *batch = &self->batches[self->filled];
  Batch *before = &self->batches[!self->filled];
  GBytes *thumbnail = NULL;

  if (self->job->thumbnails) {
    thumbnail = gst_clip_thumbnail_new (picture->sample, error);
    if (thumbnail == NULL) {
      media_picture_clear (picture);
      return FALSE;
    }
  }
  if (!media_batch_add (&batch->pictures, picture, error)) {
    g_clear_pointer (&thumbnail, g_bytes_unref);
    return FALSE;
  }
  batch->thumbnails[batch->pictures.n - 1] = thumbnail;
  if (media_batch_is_done (&before->pictures) &&
      !finish_batch (self, before, error))
    return FALSE;
  if (batch->pictures.n == MEDIA_BATCH_MAX && !turn_batches (self, error))
    return FALSE;
  return (self->moments->len < MAX_PENDING &&
             g_get_monotonic_time () < self->written_us + PENDING_US) ||
         write_pending (self, error);
}

/* `picture`: the first one; taken over. */
static MediaStatus
read_pictures (Run *self, Media *media, MediaPicture *picture,
    const gchar *location, const gchar *title, GError **error)
{
  g_auto (Progress) progress = { 0 };
  MediaStatus status = MEDIA_PICTURE;

  progress_start (&progress, title, "frames");
  for (guint64 n = 1; status == MEDIA_PICTURE; n++) {
    const gdouble time = picture->time;

    /* The sampler sees what an earlier run has taken too: so it goes on as that
     * one would have. */
    if (!index_sampler_take (&self->sampler, picture) ||
        time <= self->last_time)
      media_picture_clear (picture);
    else if (add_picture (self, picture, error))
      self->last_time = time;
    else {
      g_prefix_error (error, "%s: ", location);
      return MEDIA_ERROR;
    }
    progress_update (
        &progress, n, media_get_end (media) / media_get_duration (media));
    status = media_pull (media, picture, error);
  }
  return status;
}

typedef gboolean (*Ask) (ClvIndex *index, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error);

/* `ask`: begins the media, or only looks. */
static gboolean
ask_index (IndexJob *job, const gchar *location, Ask ask,
    ClvIndexProgress *ret_progress, GError **error)
{
  const IndexSampler sampler = { .pace = { .interval = job->interval },
    .scene_change = job->scene_change };
  g_autofree gchar *how = index_sampler_describe (&sampler);
  g_autofree gchar *sampling =
      g_strconcat (how, job->thumbnails ? ", thumbnails" : "", NULL);
  ClvIndexMedia media = {
    .sampling = sampling,
    .span = index_sampler_get_span (&sampler),
  };
  g_autofree gchar *name =
      clv_index_name_media (location, &media.size, &media.modified_us);

  media.location = name;
  return ask (job->index, &media, ret_progress, error);
}

/* From the first picture on. */
static MediaStatus
index_pictures (IndexJob *job, Media *media, MediaPicture *picture,
    const ClvIndexProgress *progress, const gchar *location, const gchar *title,
    GError **error)
{
  g_auto (Run) run = { 0 };
  g_autoptr (GError) late = NULL;
  MediaStatus status;

  run_init (&run, job, progress);
  status = read_pictures (&run, media, picture, location, title, error);
  if ((!turn_batches (&run, &late) || !turn_batches (&run, &late) ||
          !write_pending (&run, &late)) &&
      status != MEDIA_ERROR) {
    g_propagate_prefixed_error (
        error, g_steal_pointer (&late), "%s: ", location);
    status = MEDIA_ERROR;
  }
  if (status == MEDIA_END && !clv_index_end_media (job->index, run.media,
                                 media_get_end (media), error))
    status = MEDIA_ERROR;
  return status;
}

MediaStatus
index_media (IndexJob *job, const gchar *location, const gchar *title,
    gboolean *ret_unchanged, GError **error)
{
  g_autoptr (Media) media = NULL;
  MediaPicture picture = { 0 };
  ClvIndexProgress progress = { 0 };
  MediaStatus status;

  *ret_unchanged = FALSE;
  /* A file that has not changed is not opened. */
  if (!ask_index (job, location, clv_index_look_up_media, &progress, error))
    return MEDIA_ERROR;
  if (progress.complete) {
    *ret_unchanged = TRUE;
    return MEDIA_END;
  }
  /* One that cannot be read, or is missing, keeps its moments: it may come
   * back. So they go when there is a picture. */
  media = media_open (location, error);
  status = media != NULL ? media_pull (media, &picture, error) : MEDIA_ERROR;
  if (status != MEDIA_PICTURE)
    return status;
  if (!ask_index (job, location, clv_index_begin_media, &progress, error)) {
    media_picture_clear (&picture);
    return MEDIA_ERROR;
  }
  if (progress.complete) { /* another process was faster */
    media_picture_clear (&picture);
    *ret_unchanged = TRUE;
    return MEDIA_END;
  }
  return index_pictures (
      job, media, &picture, &progress, location, title, error);
}

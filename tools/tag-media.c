/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-media.h"

#include "media-batch.h"
#include "plugin/gstclippace.h"
#include "plugin/tag/gstcliptagencode.h"
#include "progress.h"
#include "tag-tiles.h"

typedef struct {
  TagJob *job;
  const gchar *location;
  ClvScorer *scorer;
  ClvScore *scores; /* one for each label */
  guint width;
  MediaBatch batches[2];       /* one is filled while the other is encoded */
  guint filled;                /* which */
  TagTiles *tiles;             /* NULL: none */
  GPtrArray *tile_requests[2]; /* of the batches; NULL: none */
  GArray *events;              /* ClvTagEvent */
  GArray *spans;               /* TagSpan */
  guint64 n_pictures;
  GstClipPace pace; /* where there is a rate */
  gdouble last_time;
  TagSummary summary;
} Run;

static void
run_init (Run *self, TagJob *job, const gchar *location)
{
  ClvModel *model = clv_engine_get_model (job->engine);
  const guint width = clv_model_get_embedding_width (model);

  *self = (Run){
    .job = job,
    .location = location,
    .scorer = clv_scorer_new (
        job->prompts, clv_model_get_logit_scale (model), job->smoothing, 0),
    .scores = g_new0 (ClvScore, clv_prompts_get_n_labels (job->prompts)),
    .width = width,
    .tiles = job->columns == 0 ? NULL
                               : tag_tiles_new (job->prompts, model,
                                     job->smoothing, job->columns, job->rows),
    .events = g_array_new (FALSE, FALSE, sizeof (ClvTagEvent)),
    .spans = g_array_new (FALSE, FALSE, sizeof (TagSpan)),
    .pace = { .interval = job->rate > 0.0 ? 1.0 / job->rate : 0.0 },
    .summary = { .media = location, .best_score = -G_MAXFLOAT },
  };
}

/* Tiles borrow the pixels, too. */
static void
clear_batch (Run *self, guint which)
{
  if (self->tile_requests[which] != NULL)
    gst_clip_tag_encode_wait (self->tile_requests[which], NULL);
  g_clear_pointer (&self->tile_requests[which], g_ptr_array_unref);
  media_batch_clear (&self->batches[which]);
}

static void
run_clear (Run *self)
{
  clear_batch (self, 0);
  clear_batch (self, 1);
  g_clear_pointer (&self->tiles, tag_tiles_free);
  g_clear_object (&self->scorer);
  g_free (self->scores);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->spans, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* A stop event knows the whole span. */
static void
take_events (Run *self)
{
  for (guint i = 0; i < self->events->len; i++) {
    const ClvTagEvent *event = &g_array_index (self->events, ClvTagEvent, i);
    const TagSpan span = {
      .media = self->location,
      .label = event->index,
      .start = event->started,
      .end = event->time,
      .peak = event->peak,
    };

    if (!event->start)
      g_array_append_val (self->spans, span);
  }
  g_array_set_size (self->events, 0);
}

static void
note_best (Run *self)
{
  for (guint i = 0; i < clv_prompts_get_n_labels (self->job->prompts); i++) {
    if (self->scores[i].score > self->summary.best_score) {
      self->summary.best_score = self->scores[i].score;
      self->summary.best_label = i;
    }
  }
}

static void
score_picture (Run *self, guint which, guint index, const gfloat *embedding)
{
  const MediaBatch *batch = &self->batches[which];
  const MediaPicture *picture = &batch->pictures[index];
  TagFrame frame = { self->location, picture->time, picture->pts, self->scores,
    picture->sample, 0, NULL };

  /* Time of a scorer does not go back; a broken timestamp may. */
  self->last_time = MAX (self->last_time, picture->time);
  clv_scorer_score (
      self->scorer, embedding, self->last_time, self->scores, self->events);
  take_events (self);
  note_best (self);
  if (self->tiles != NULL) {
    frame.n_regions = tag_tiles_get_n (self->tiles);
    frame.regions = tag_tiles_score (
        self->tiles, self->tile_requests[which], batch, index, self->last_time);
  }
  self->summary.n_inferred++;
  self->job->n_inferred++;
  tag_writer_add_frame (self->job->writer, &frame);
}

/* Scores what is being encoded, if there is something. */
static gboolean
finish_batch (Run *self, guint which, GError **error)
{
  MediaBatch *batch = &self->batches[which];
  GPtrArray *tiles = self->tile_requests[which];
  const gfloat *rows =
      batch->future != NULL ? media_batch_get (batch, error) : NULL;
  gboolean done = batch->future == NULL || rows != NULL;

  if (done && tiles != NULL)
    done = gst_clip_tag_encode_wait (tiles, error);
  for (guint i = 0; done && rows != NULL && i < batch->n; i++)
    score_picture (self, which, i, rows + (gsize) i * self->width);
  clear_batch (self, which);
  return done;
}

static gboolean
submit_batch (Run *self, guint which, GError **error)
{
  MediaBatch *batch = &self->batches[which];

  if (batch->n == 0)
    return TRUE;
  if (!media_batch_submit (batch, self->job->engine, error))
    return FALSE;
  if (self->tiles == NULL)
    return TRUE;
  self->tile_requests[which] =
      tag_tiles_submit (self->tiles, batch, self->job->engine, error);
  if (self->tile_requests[which] != NULL)
    return TRUE;
  clear_batch (self, which);
  return FALSE;
}

/* Hands over what was filled, then finishes the batch before, which is filled next. */
static gboolean
turn_batches (Run *self, GError **error)
{
  const gboolean submitted = submit_batch (self, self->filled, error);
  gboolean finished;

  self->filled = !self->filled;
  finished = finish_batch (self, self->filled, submitted ? error : NULL);
  return submitted && finished;
}

static gboolean
is_wanted (Run *self, const MediaPicture *picture)
{
  const TagJob *job = self->job;

  if (self->n_pictures++ % job->interval != 0)
    return FALSE;
  return job->rate <= 0.0 || gst_clip_pace_take (&self->pace, picture->time);
}

/* Takes the picture over. What is there by now does not wait for a full batch. */
static gboolean
add_picture (Run *self, MediaPicture *picture, GError **error)
{
  MediaBatch *filled = &self->batches[self->filled];
  MediaBatch *before = &self->batches[!self->filled];

  return media_batch_add (filled, picture, error) &&
         (!media_batch_is_done (before) ||
             finish_batch (self, !self->filled, error)) &&
         (filled->n < MEDIA_BATCH_MAX || turn_batches (self, error));
}

static MediaStatus
read_pictures (Run *self, Media *media, GError **error)
{
  g_auto (Progress) progress = { 0 };
  MediaPicture picture = { 0 };
  MediaStatus status;

  progress_start (&progress, self->location, "frames");
  while ((status = media_pull (media, &picture, error)) == MEDIA_PICTURE) {
    if (!is_wanted (self, &picture)) {
      media_picture_clear (&picture);
      continue;
    }
    if (!add_picture (self, &picture, error)) {
      g_prefix_error (error, "%s: ", self->location);
      return MEDIA_ERROR;
    }
    progress_update (&progress, self->n_pictures,
        media_get_end (media) / media_get_duration (media));
  }
  return status;
}

/* Tags that are still active end with the media. */
static void
finish (Run *self, Media *media)
{
  TagWriter *writer = self->job->writer;

  self->summary.end = media_get_end (media);
  clv_scorer_close (
      self->scorer, MAX (self->summary.end, self->last_time), self->events);
  take_events (self);
  g_array_sort (self->spans, tag_span_compare);
  self->summary.spans = self->spans;
  if (self->summary.n_inferred > 0)
    tag_writer_end_media (writer, &self->summary);
}

MediaStatus
tag_media (TagJob *job, const gchar *location, GError **error)
{
  g_autoptr (Media) media = media_open (location, error);
  g_auto (Run) run = { 0 };
  g_autoptr (GError) late = NULL;
  MediaStatus status;

  if (media == NULL)
    return MEDIA_ERROR;

  run_init (&run, job, location);
  status = read_pictures (&run, media, error);
  /* Pictures before an error count too. */
  if ((!turn_batches (&run, &late) || !turn_batches (&run, &late)) &&
      status != MEDIA_ERROR) {
    g_propagate_prefixed_error (
        error, g_steal_pointer (&late), "%s: ", location);
    status = MEDIA_ERROR;
  }
  finish (&run, media);
  return status;
}

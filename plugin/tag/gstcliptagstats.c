/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagstats.h"

#include <stdlib.h>
#include <string.h>

static void
add_time (GstClipTagTimes *self, gint64 us)
{
  self->us[self->n++ % GST_CLIP_TAG_STATS_WINDOW] = CLAMP (us, 0, G_MAXUINT32);
}

void
gst_clip_tag_stats_add_batch (GstClipTagStats *self,
    const GstClipTagCounts *counts, gint64 encode_us, gint64 score_us)
{
  const guint n_frames = counts->frames;

  self->regions_left_out += counts->left_out;
  if (n_frames == 0)
    return;
  self->regions += counts->regions;
  self->inferred += n_frames;
  self->batches[n_frames - 1]++;
  for (guint i = 0; i < n_frames; i++) {
    add_time (&self->encode, encode_us / n_frames);
    add_time (&self->score, score_us / n_frames);
  }
}

void
gst_clip_tag_stats_add_frame (
    GstClipTagStats *self, gboolean tagged, gboolean fresh, gint64 delay_us)
{
  self->frames++;
  if (!tagged)
    self->untagged++;
  else if (!fresh)
    self->reused++;
  add_time (&self->delay, delay_us);
}

void
gst_clip_tag_stats_add_inferred (GstClipTagStats *self, gdouble time)
{
  if (self->has_inferred && time > self->inferred_at)
    gst_clip_tag_mean_add (&self->distance, time - self->inferred_at);
  self->has_inferred = TRUE;
  self->inferred_at = time;
}

void
gst_clip_tag_stats_add_verdict (
    GstClipTagStats *self, GstClipTagVerdict verdict)
{
  if (verdict == GST_CLIP_TAG_SKIP_LATE)
    self->late++;
  else if (verdict == GST_CLIP_TAG_SKIP_UNCHANGED)
    self->unchanged++;
}

static int
compare (const void *a, const void *b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

/* Nearest rank: the smallest value that percent % of all values do not pass. */
static gdouble
percentile_ms (const guint32 *sorted, guint n, guint percent)
{
  return sorted[(n * percent + 99) / 100 - 1] / 1000.0;
}

static void
set_percentiles (
    GstStructure *structure, const gchar *stage, const GstClipTagTimes *times)
{
  static const guint percents[] = { 50, 95, 99 };
  guint n = MIN (times->n, GST_CLIP_TAG_STATS_WINDOW);
  guint32 sorted[GST_CLIP_TAG_STATS_WINDOW];

  if (n == 0)
    return;
  memcpy (sorted, times->us, n * sizeof (guint32));
  qsort (sorted, n, sizeof (guint32), compare);
  for (guint i = 0; i < G_N_ELEMENTS (percents); i++) {
    g_autofree gchar *field = g_strdup_printf ("%s-ms-p%u", stage, percents[i]);

    gst_structure_set (structure, field, G_TYPE_DOUBLE,
        percentile_ms (sorted, n, percents[i]), NULL);
  }
}

/* How many batches of 1, 2 … frames there were, up to the largest. */
static void
set_batches (GstStructure *structure, const GstClipTagStats *self)
{
  g_auto (GValue) sizes = G_VALUE_INIT;
  guint n = CLV_MAX_BATCH;

  while (n > 0 && self->batches[n - 1] == 0)
    n--;
  gst_value_array_init (&sizes, n);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) count = G_VALUE_INIT;

    g_value_init (&count, G_TYPE_UINT64);
    g_value_set_uint64 (&count, self->batches[i]);
    gst_value_array_append_value (&sizes, &count);
  }
  gst_structure_set_value (structure, "batch-sizes", &sizes);
}

GstStructure *
gst_clip_tag_stats_to_structure (const GstClipTagStats *self)
{
  GstStructure *structure = gst_structure_new ("cliptag-stats", "frames",
      G_TYPE_UINT64, self->frames, "inferred", G_TYPE_UINT64, self->inferred,
      "reused", G_TYPE_UINT64, self->reused, "untagged", G_TYPE_UINT64,
      self->untagged, "skipped", G_TYPE_UINT64, self->skipped, "late",
      G_TYPE_UINT64, self->late, "unchanged", G_TYPE_UINT64, self->unchanged,
      "regions", G_TYPE_UINT64, self->regions, "regions-left-out",
      G_TYPE_UINT64, self->regions_left_out, "regions-empty", G_TYPE_UINT64,
      self->regions_empty, "auto-rate", G_TYPE_DOUBLE, self->auto_rate, NULL);

  if (self->distance.value > 0)
    gst_structure_set (structure, "inference-rate", G_TYPE_DOUBLE,
        1 / self->distance.value, NULL);
  set_batches (structure, self);
  set_percentiles (structure, "encode", &self->encode);
  set_percentiles (structure, "score", &self->score);
  set_percentiles (structure, "delay", &self->delay);
  return structure;
}

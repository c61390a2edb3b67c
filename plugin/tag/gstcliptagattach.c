/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagattach.h"

#include "gstcliptagclock.h"

static void
free_scored (gpointer data)
{
  GstClipTagScored *self = data;

  gst_clip_result_unref (self->result);
  g_free (self);
}

GHashTable *
gst_clip_tag_results_new (void)
{
  return g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_scored);
}

void
gst_clip_tag_results_add (
    GHashTable *self, guint64 serial, GstClipResult *result, gdouble time)
{
  GstClipTagScored *scored = g_new (GstClipTagScored, 1);

  *scored = (GstClipTagScored){ serial, gst_clip_result_ref (result), time };
  g_hash_table_replace (self, &scored->serial, scored);
}

static void
add_param (GstVideoRegionOfInterestMeta *roi, const GstClipRegionMeta *meta,
    guint index)
{
  const ClvLabel *label =
      clv_prompts_get_label (gst_clip_region_meta_get_prompts (meta), index);

  gst_video_region_of_interest_meta_add_param (
      roi, gst_structure_new ("clip-tag", "label", G_TYPE_STRING, label->label,
               "group", G_TYPE_STRING, label->group, "confidence",
               G_TYPE_DOUBLE, (gdouble) meta->scores[index].smoothed, NULL));
}

/* Who looks for one parameter by its name finds the best. */
static void
tell_roi (GstVideoRegionOfInterestMeta *roi, const GstClipRegionMeta *meta)
{
  const gint best = gst_clip_region_meta_get_best (meta);

  if (best < 0)
    return;
  add_param (roi, meta, (guint) best);
  for (guint i = 0; i < meta->n_scores; i++)
    if (meta->scores[i].active && i != (guint) best)
      add_param (roi, meta, i);
}

static void
attach_whole (GstBuffer *buffer, GstClipResult *result, gboolean fresh,
    gboolean unchanged, GstClockTime age, GstClipAnalytics analytics)
{
  GstClipHeatmaps *heatmaps = gst_clip_result_get_heatmaps (result);
  const GstClipMeta *meta =
      gst_buffer_add_clip_meta (buffer, result, fresh, unchanged, age);

  gst_clip_tag_analytics_add (
      buffer, NULL, gst_clip_meta_get_prompts (meta), meta->scores, analytics);
  if (meta->embedding != NULL && analytics != GST_CLIP_ANALYTICS_NONE)
    gst_clip_tag_analytics_add_embedding (
        buffer, result, meta->embedding, meta->embedding_width);
  if (heatmaps != NULL)
    gst_buffer_add_clip_heatmap_meta (buffer, heatmaps);
}

gboolean
gst_clip_tag_attach (GstBuffer *buffer, const GArray *regions,
    GHashTable *results, gdouble time, gdouble unchanged_since,
    GstClipAnalytics analytics)
{
  gboolean attached = FALSE;

  for (guint i = 0; results != NULL && i < regions->len; i++) {
    const GstClipTagRegion *region =
        &g_array_index (regions, GstClipTagRegion, i);
    const GstClipTagScored *scored =
        g_hash_table_lookup (results, &region->serial);
    const GstClipRegionMeta *meta;
    gboolean fresh, unchanged;
    GstClockTime age;

    if (scored == NULL)
      continue;
    attached = TRUE;
    fresh = region->row >= 0 && scored->time == time;
    unchanged = !fresh && scored->time == unchanged_since;
    age = gst_clip_tag_clock_to_ns (time - scored->time);
    if (region->serial == GST_CLIP_TAG_WHOLE) {
      attach_whole (buffer, scored->result, fresh, unchanged, age, analytics);
      continue;
    }
    meta = gst_buffer_add_clip_region_meta (
        buffer, &region->place, scored->result, fresh, unchanged, age);
    if (region->roi != NULL)
      tell_roi (region->roi, meta);
    if (region->detection.meta != NULL)
      gst_clip_tag_analytics_add (buffer, &region->detection,
          gst_clip_region_meta_get_prompts (meta), meta->scores, analytics);
  }
  return attached;
}

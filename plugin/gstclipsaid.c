/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipsaid.h"

#include "gstclipjson.h"
#include "gstclipresult.h"

static void
said_free (gpointer data)
{
  GstClipSaid *self = data;

  g_ptr_array_unref (self->regions);
  g_ptr_array_unref (self->results);
  g_free (self->active);
  g_free (self);
}

GPtrArray *
gst_clip_said_list_new (void)
{
  return g_ptr_array_new_with_free_func (said_free);
}

static GstClipSaid *
add (GPtrArray *list, guint64 generation, const GstClipMeta *whole)
{
  GstClipSaid *self = g_new0 (GstClipSaid, 1);

  self->generation = generation;
  self->whole = whole;
  self->regions = g_ptr_array_new ();
  self->results =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_clip_result_unref);
  if (whole != NULL)
    g_ptr_array_add (self->results, gst_clip_result_ref (whole->result));
  g_ptr_array_add (list, self);
  return self;
}

static GstClipSaid *
find (GPtrArray *list, guint64 generation)
{
  for (guint i = 0; i < list->len; i++) {
    GstClipSaid *self = list->pdata[i];

    if (self->generation == generation)
      return self;
  }
  return NULL;
}

static void
note_active (GString *text, const ClvScore *scores, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_c (text, scores[i].active ? '1' : '0');
}

static gchar *
describe_active (const GstClipSaid *self)
{
  GString *text = g_string_new (NULL);

  if (self->whole != NULL)
    note_active (text, self->whole->scores, self->whole->n_scores);
  for (guint i = 0; i < self->regions->len; i++) {
    const GstClipRegionMeta *meta = self->regions->pdata[i];
    const GstClipRegion *region = &meta->region;

    g_string_append_printf (text, " %u,%d,%d,%d:", (guint) region->roi_type,
        region->roi_id, region->column, region->row);
    note_active (text, meta->scores, meta->n_scores);
  }
  return g_string_free (text, FALSE);
}

GPtrArray *
gst_clip_said_list (GstBuffer *frame)
{
  GPtrArray *list = gst_clip_said_list_new ();
  gpointer state = NULL;
  GstMeta *next;

  while ((next = gst_buffer_iterate_meta_filtered (
              frame, &state, GST_CLIP_META_API_TYPE)) != NULL) {
    const GstClipMeta *meta = (const GstClipMeta *) next;

    add (list, meta->generation, meta);
  }
  state = NULL;
  while ((next = gst_buffer_iterate_meta_filtered (
              frame, &state, GST_CLIP_REGION_META_API_TYPE)) != NULL) {
    const GstClipRegionMeta *meta = (const GstClipRegionMeta *) next;
    GstClipSaid *said = find (list, meta->generation);

    if (said == NULL)
      said = add (list, meta->generation, NULL);
    g_ptr_array_add (said->regions, next);
    g_ptr_array_add (said->results, gst_clip_result_ref (meta->result));
  }
  for (guint i = 0; i < list->len; i++) {
    GstClipSaid *said = list->pdata[i];

    said->active = describe_active (said);
  }
  return list;
}

void
gst_clip_said_forget_metas (GstClipSaid *self)
{
  self->whole = NULL;
  g_ptr_array_set_size (self->regions, 0);
}

const GstClipSaid *
gst_clip_said_find (GPtrArray *list, const GstClipSaid *like)
{
  return find (list, like->generation);
}

gboolean
gst_clip_said_has_new (const GstClipSaid *self, const GstClipSaid *before)
{
  for (guint i = 0; i < self->results->len; i++)
    if (!g_ptr_array_find (before->results, self->results->pdata[i], NULL))
      return TRUE;
  return FALSE;
}

GstClockTime
gst_clip_said_get_pts (const GstClipSaid *self, GstBuffer *frame)
{
  GstClockTime newest = GST_CLOCK_TIME_NONE;

  if (self->whole != NULL)
    return self->whole->fresh ? GST_BUFFER_PTS (frame) : self->whole->pts;
  for (guint i = 0; i < self->regions->len; i++) {
    const GstClipRegionMeta *meta = self->regions->pdata[i];

    if (meta->fresh)
      return GST_BUFFER_PTS (frame);
    if (!GST_CLOCK_TIME_IS_VALID (newest) ||
        (GST_CLOCK_TIME_IS_VALID (meta->pts) && meta->pts > newest))
      newest = meta->pts;
  }
  return newest;
}

/* Of GstClipJsonRegion. */
static GArray *
list_regions (const GstClipSaid *self)
{
  GArray *regions = g_array_new (FALSE, FALSE, sizeof (GstClipJsonRegion));

  for (guint i = 0; i < self->regions->len; i++) {
    const GstClipRegionMeta *meta = self->regions->pdata[i];
    const GstClipJsonRegion region = { meta->region, meta->scores };

    g_array_append_val (regions, region);
  }
  return regions;
}

gchar *
gst_clip_said_to_line (const GstClipSaid *self, GstBuffer *frame,
    const GstSegment *segment, const gchar *media)
{
  const GstClipResult *result = self->results->pdata[0];
  g_autoptr (GArray) regions = list_regions (self);
  GstClipJsonFrame json = {
    .media = media,
    .model = result->model_name,
    .time = -1.0,
    .pts = gst_clip_said_get_pts (self, frame),
    .prompts = result->prompts,
    .scores = self->whole != NULL ? self->whole->scores : NULL,
    .n_regions = regions->len,
    .regions = (const GstClipJsonRegion *) regions->data,
  };
  guint64 time = GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (json.pts))
    time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, json.pts);
  if (GST_CLOCK_TIME_IS_VALID (time))
    json.time = (gdouble) time / GST_SECOND;
  return gst_clip_json_line (&json);
}

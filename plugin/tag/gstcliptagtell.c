/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagtell.h"

#include "gstcliptagactions.h"

/* Of a moment on the scorer's clock. */
static GstClockTime
get_times (const GstClipTagTold *told, gdouble time, GstClockTime *ret_pts)
{
  GstClockTime stream_time =
      gst_clip_tag_clock_to_ns (time * told->clock->direction);

  /* The end of the last frame may lie behind the segment. */
  *ret_pts = GST_CLOCK_TIME_NONE;
  if (told->clock->has_pts &&
      gst_segment_position_from_stream_time_full (
          told->segment, GST_FORMAT_TIME, stream_time, ret_pts) <= 0)
    *ret_pts = GST_CLOCK_TIME_NONE;
  return stream_time;
}

/* Where, unless it is the whole picture. */
static void
set_region (GstStructure *structure, const GstClipRegion *region)
{
  if (region == NULL)
    return;
  gst_structure_set (structure, "region", G_TYPE_STRING,
      region->column >= 0 ? "tile" : "roi", "x", G_TYPE_UINT, region->x, "y",
      G_TYPE_UINT, region->y, "width", G_TYPE_UINT, region->width, "height",
      G_TYPE_UINT, region->height, NULL);
  if (region->column >= 0)
    gst_structure_set (structure, "column", G_TYPE_INT, region->column, "row",
        G_TYPE_INT, region->row, NULL);
  else
    gst_structure_set (structure, "roi-type", G_TYPE_STRING,
        g_quark_to_string (region->roi_type), "roi-id", G_TYPE_INT,
        region->roi_id, NULL);
}

static void
tell_event (const GstClipTagTold *told, const ClvTagEvent *event,
    GstClipTagOutbox *outbox)
{
  const ClvLabel *label = clv_prompts_get_label (told->prompts, event->index);
  GstClockTime pts;
  GstClockTime stream_time = get_times (told, event->time, &pts);
  GstStructure *structure = gst_structure_new ("clip-tag", "label",
      G_TYPE_STRING, label->label, "group", G_TYPE_STRING, label->group,
      "event", G_TYPE_STRING, event->start ? "start" : "stop", "pts",
      G_TYPE_UINT64, pts, "stream-time", G_TYPE_UINT64, stream_time, "score",
      G_TYPE_DOUBLE, (gdouble) event->score, "peak", G_TYPE_DOUBLE,
      (gdouble) event->peak, "mean", G_TYPE_DOUBLE, (gdouble) event->mean,
      "duration", G_TYPE_UINT64,
      gst_clip_tag_clock_to_ns (event->time - event->started), NULL);

  set_region (structure, told->region);
  gst_clip_tag_outbox_add_message (outbox, told->element,
      gst_message_new_element (GST_OBJECT (told->element), structure));
}

void
gst_clip_tag_tell (const GstClipTagTold *told, const GArray *events,
    gboolean post_messages, gdouble time, const ClvScore *scores,
    GstClipTagOutbox *outbox)
{
  GstClockTime pts, stream_time;
  GstStructure *tags;

  for (guint i = 0; post_messages && i < events->len; i++)
    tell_event (told, &g_array_index (events, ClvTagEvent, i), outbox);
  stream_time = get_times (told, time, &pts);
  tags = gst_clip_tag_actions_describe_changed (
      told->element, told->prompts, scores, pts, stream_time);
  if (tags == NULL)
    return;
  set_region (tags, told->region);
  gst_clip_tag_outbox_add_changed (outbox, told->element, tags);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "index-sampler.h"

#include <gst/video/video.h>
#include <string.h>

/* Points of a cell's side that are looked at. */
#define POINTS 4

gchar *
index_sampler_describe (const IndexSampler *self)
{
  gchar interval[G_ASCII_DTOSTR_BUF_SIZE], change[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (interval, sizeof interval, self->pace.interval);
  g_ascii_dtostr (change, sizeof change, self->scene_change);
  return self->scene_change > 0
             ? g_strdup_printf (
                   "interval %s, scene change %s", interval, change)
             : g_strdup_printf ("interval %s", interval);
}

gdouble
index_sampler_get_span (const IndexSampler *self)
{
  return self->scene_change > 0 ? MAX (self->pace.interval, INDEX_SAMPLER_STILL)
                                : self->pace.interval;
}

/* 8 bits of one component of one pixel, whatever its format has. */
static guint
read_point (const GstVideoFrame *frame, guint component, guint x, guint y)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  const guint depth = GST_VIDEO_FORMAT_INFO_DEPTH (format, component);
  const guint8 *data =
      (const guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component) +
      (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
      (gsize) x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component);
  guint16 word;

  if (depth <= 8)
    return *data;
  memcpy (&word, data, sizeof word);
  return (GUINT16_FROM_LE (word) >>
             GST_VIDEO_FORMAT_INFO_SHIFT (format, component)) >>
         (depth - 8);
}

/* The mean of a few points of one cell of the grid. */
static guint8
read_cell (const GstVideoFrame *frame, guint component, guint cx, guint cy)
{
  const guint width = GST_VIDEO_FRAME_COMP_WIDTH (frame, component);
  const guint height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, component);
  guint sum = 0;

  for (guint py = 0; py < POINTS; py++)
    for (guint px = 0; px < POINTS; px++) {
      const guint n = INDEX_SAMPLER_SIDE * POINTS;
      const guint x = (guint) ((guint64) (cx * POINTS + px) * width / n);
      const guint y = (guint) ((guint64) (cy * POINTS + py) * height / n);

      sum += read_point (frame, component, x, y);
    }
  return (guint8) (sum / (POINTS * POINTS));
}

/* Returns how many values there are: a grid for each component. 0 for a picture
 * that cannot be looked at: it is taken then, and who encodes it says what is
 * wrong with it. */
static guint
read_grid (const MediaPicture *picture, guint8 *ret_grid)
{
  const guint cells = INDEX_SAMPLER_SIDE * INDEX_SAMPLER_SIDE;
  GstVideoFrame frame;
  GstVideoInfo info;
  guint n;

  if (!gst_video_info_from_caps (
          &info, gst_sample_get_caps (picture->sample)) ||
      !gst_video_frame_map (
          &frame, &info, gst_sample_get_buffer (picture->sample), GST_MAP_READ))
    return 0;
  n = MIN (GST_VIDEO_FRAME_N_COMPONENTS (&frame), INDEX_SAMPLER_COMPONENTS);
  for (guint c = 0; c < n; c++)
    for (guint i = 0; i < cells; i++)
      ret_grid[c * cells + i] =
          read_cell (&frame, c, i % INDEX_SAMPLER_SIDE, i / INDEX_SAMPLER_SIDE);
  gst_video_frame_unmap (&frame);
  return n * cells;
}

static gboolean
is_changed (IndexSampler *self, const MediaPicture *picture)
{
  guint8 grid[sizeof self->taken];
  const guint n = read_grid (picture, grid);
  guint64 difference = 0;

  /* One with other components cannot be compared. */
  for (guint i = 0; n == self->n_taken && i < n; i++)
    difference += (guint64) ABS ((gint) grid[i] - (gint) self->taken[i]);
  if (n > 0 && n == self->n_taken &&
      picture->time < self->taken_time + INDEX_SAMPLER_STILL - 0.0005 &&
      (gdouble) difference / (255.0 * n) < self->scene_change)
    return FALSE;
  memcpy (self->taken, grid, n);
  self->n_taken = n;
  self->taken_time = picture->time;
  return TRUE;
}

gboolean
index_sampler_take (IndexSampler *self, const MediaPicture *picture)
{
  return gst_clip_pace_take (&self->pace, picture->time) &&
         (self->scene_change <= 0 || is_changed (self, picture));
}

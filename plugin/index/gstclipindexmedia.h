/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include <clv/clv-index.h>

G_BEGIN_DECLS

/* One stream as an index knows it. Counted references. */
typedef struct {
  gchar *name;
  gint64 size; /* -1: no file */
  gint64 modified_us;
  gchar *sampling;
  gdouble span; /* seconds */

  /* Only the thread that writes. */
  ClvIndexProgress progress; /* id 0: not begun */
} GstClipIndexMedia;

/**
 * gst_clip_index_media_new:
 * @sink: of the element; upstream is asked what it reads
 * @name: (nullable): what it is called, with the codes of g_date_time_format()
 *   for the local time; %NULL: the path or URI of what upstream reads. A live
 *   source, and one that has no URI, is named with the time of its start, as each
 *   of its runs is something else
 * @interval: seconds between moments
 * @thumbnails: whether they have pictures
 * @error: %CLV_ERROR_FAILED for a @name that is no format
 */
GstClipIndexMedia *gst_clip_index_media_new (GstPad *sink, const gchar *name,
    gdouble interval, gboolean thumbnails, GError **error);

GstClipIndexMedia *gst_clip_index_media_ref (GstClipIndexMedia *self);
void gst_clip_index_media_unref (GstClipIndexMedia *self);

/* Takes the media up in an index, once: progress then says what is there. */
gboolean gst_clip_index_media_begin (
    GstClipIndexMedia *self, ClvIndex *index, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One media from decoder to writer. */

#pragma once

#include "media.h"
#include "tag-writer.h"

G_BEGIN_DECLS

typedef struct {
  ClvEngine *engine;
  ClvPrompts *prompts; /* encoded */
  TagWriter *writer;
  guint interval;    /* every n-th picture is inferred; 1: all */
  gdouble rate;      /* at most so many a second of the media; 0: no limit */
  gdouble smoothing; /* seconds */
  guint columns;     /* of tiles; 0: none */
  guint rows;
  guint64 n_inferred; /* of all media so far */
} TagJob;

/* MEDIA_END, MEDIA_ERROR with `error` naming the media, or MEDIA_INTERRUPTED.
 * In each case what was tagged so far has gone to the writer. */
MediaStatus tag_media (TagJob *job, const gchar *location, GError **error);

G_END_DECLS

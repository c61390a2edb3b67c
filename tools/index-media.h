/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One media from decoder to index. */

#pragma once

#include <clv/clv-index.h>
#include <clv/clv.h>

#include "media.h"

G_BEGIN_DECLS

typedef struct {
  ClvEngine *engine;
  ClvIndex *index;
  gdouble interval;     /* seconds */
  gdouble scene_change; /* 0 to 1; 0: every interval */
  gboolean thumbnails;
  guint64 n_moments; /* added to the index so far, of all media */
} IndexJob;

/* MEDIA_END, MEDIA_ERROR with `error` naming the media, or MEDIA_INTERRUPTED. In
 * each case what was encoded so far is in the index, and the next call goes on
 * behind it. A media that cannot be read keeps the moments that it had.
 * *ret_unchanged: it was all there already. `title`: for the progress
 * line. */
MediaStatus index_media (IndexJob *job, const gchar *location,
    const gchar *title, gboolean *ret_unchanged, GError **error);

G_END_DECLS

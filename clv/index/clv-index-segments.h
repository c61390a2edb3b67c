/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From scores of moments to segments: what all kinds of indexes do alike. */

#pragma once

#include <clv/clv-index.h>

G_BEGIN_DECLS

/* The score of a moment that is not searched, or a part of a segment already. */
#define CLV_INDEX_TAKEN (-G_MAXFLOAT)

typedef struct {
  gint64 id;
  gdouble time;
  gfloat score;
} ClvIndexScored;

/* Of the media of a moment. */
typedef struct {
  gint64 media;
  gdouble span;     /* seconds */
  gdouble duration; /* G_MAXDOUBLE: not known */
} ClvIndexAbout;

/* FALSE: that was enough. */
typedef gboolean (*ClvIndexVisit) (
    const ClvIndexScored *moment, gpointer user_data);

/* What is searched; each function gets the source. */
typedef struct {
  /* Up to n moments that are not taken, best first, with id and score; of equal
   * scores the lower id. Returns FALSE on failure. */
  gboolean (*find_best) (gpointer source, guint n, ClvIndexScored *ret_best,
      guint *ret_n, GError **error);
  gboolean (*is_taken) (gpointer source, gint64 moment);
  void (*take) (gpointer source, gint64 moment);
  /* Fills media, best and tags of the moment `hit->moment`. */
  gboolean (*describe) (gpointer source, ClvIndexHit *hit,
      ClvIndexAbout *ret_about, GError **error);
  /* Moments of the media behind (or with `back` before) the one of `hit`, the
   * nearest first, until there are no more or `visit` has enough. */
  gboolean (*walk) (gpointer source, gint64 media, const ClvIndexHit *hit,
      gboolean back, ClvIndexVisit visit, gpointer user_data, GError **error);
} ClvIndexSource;

/* `n` moments are searched; `mean` of their scores. See clv_index_search(). */
GPtrArray *clv_index_find_segments (const ClvIndexSource *class,
    gpointer source, guint top, guint64 n, gdouble mean, GError **error);

G_END_DECLS

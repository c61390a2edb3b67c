/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-segments.h"

/* Scores so near the best one belong to it whatever the mean is: pictures of
 * one thing differ by that much, and a recording of nothing else has no other
 * mean. */
#define SAME_SCORE 0.01

/* Moments are taken at frames, so their distance varies by one. */
#define SPAN_SLACK 1.5

static void
hit_free (ClvIndexHit *hit)
{
  g_free (hit->media);
  g_strfreev (hit->tags);
  g_free (hit);
}

/* On the way from the best moment in one direction. */
typedef struct {
  const ClvIndexSource *class;
  gpointer source;
  ClvIndexHit *hit;
  gdouble reach;  /* seconds between neighbours */
  gdouble floor;  /* the lowest score of the segment */
  gdouble edge;   /* time of the last one that belongs to it */
  gdouble beyond; /* and of the first that does not; left alone without one */
} Walk;

static gboolean
visit (const ClvIndexScored *moment, gpointer user_data)
{
  Walk *self = user_data;

  /* One that was taken has the lowest score of all. */
  if (ABS (moment->time - self->edge) > self->reach ||
      moment->score < self->floor) {
    self->beyond = moment->time;
    return FALSE;
  }
  self->class->take (self->source, moment->id);
  self->edge = moment->time;
  self->hit->n_moments++;
  return TRUE;
}

/* The segment around a moment; NULL on failure. */
static ClvIndexHit *
grow (const ClvIndexSource *class, gpointer source, const ClvIndexScored *best,
    gdouble mean, GError **error)
{
  ClvIndexHit *hit = g_new0 (ClvIndexHit, 1);
  ClvIndexAbout about;
  Walk walk;

  hit->moment = best->id;
  hit->score = best->score;
  hit->n_moments = 1;
  class->take (source, best->id);
  if (!class->describe (source, hit, &about, error)) {
    hit_free (hit);
    return NULL;
  }
  walk = (Walk){
    .class = class,
    .source = source,
    .hit = hit,
    .reach = about.span * SPAN_SLACK,
    .floor = MIN ((mean + best->score) / 2, best->score - SAME_SCORE),
    .edge = hit->best,
  };
  if (!class->walk (source, about.media, hit, TRUE, visit, &walk, error)) {
    hit_free (hit);
    return NULL;
  }
  hit->start = walk.edge;
  walk.edge = hit->best;
  walk.beyond = G_MAXDOUBLE;
  if (!class->walk (source, about.media, hit, FALSE, visit, &walk, error)) {
    hit_free (hit);
    return NULL;
  }
  /* The last moment stands for what follows, up to the next one. */
  hit->end = MAX (walk.edge,
      MIN (MIN (walk.edge + about.span, walk.beyond), about.duration));
  return hit;
}

/* One look for the best gives more than is wanted, as some of them are
 * neighbours. */
GPtrArray *
clv_index_find_segments (const ClvIndexSource *class, gpointer source,
    guint top, guint64 n, gdouble mean, GError **error)
{
  const guint n_best = (guint) MIN ((guint64) top * 4 + 64, n);
  g_autofree ClvIndexScored *best = g_new (ClvIndexScored, (gsize) n_best + 1);
  g_autoptr (GPtrArray) hits =
      g_ptr_array_new_with_free_func ((GDestroyNotify) hit_free);
  guint n_found;

  do {
    if (!class->find_best (source, n_best, best, &n_found, error))
      return NULL;
    for (guint i = 0; i < n_found && hits->len < top; i++) {
      ClvIndexHit *hit;

      if (class->is_taken (source, best[i].id))
        continue; /* a part of a better segment */
      hit = grow (class, source, &best[i], mean, error);
      if (hit == NULL)
        return NULL;
      g_ptr_array_add (hits, hit);
    }
  } while (n_found > 0 && hits->len < top);
  return g_steal_pointer (&hits);
}

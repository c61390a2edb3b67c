/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagstats.h"

#include <stdlib.h>
#include <string.h>

void
gst_clip_tag_stats_add (
    GstClipTagStats *self, gint64 encode_us, gint64 score_us)
{
  guint slot = self->inferred % GST_CLIP_TAG_STATS_WINDOW;

  self->encode_us[slot] = CLAMP (encode_us, 0, G_MAXUINT32);
  self->score_us[slot] = CLAMP (score_us, 0, G_MAXUINT32);
  self->inferred++;
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
add_percentiles (
    GstStructure *structure, const gchar *stage, const guint32 *ring, guint n)
{
  static const guint percents[] = { 50, 95, 99 };
  guint32 sorted[GST_CLIP_TAG_STATS_WINDOW];

  memcpy (sorted, ring, n * sizeof (guint32));
  qsort (sorted, n, sizeof (guint32), compare);
  for (guint i = 0; i < G_N_ELEMENTS (percents); i++) {
    g_autofree gchar *field = g_strdup_printf ("%s-ms-p%u", stage, percents[i]);

    gst_structure_set (structure, field, G_TYPE_DOUBLE,
        percentile_ms (sorted, n, percents[i]), NULL);
  }
}

GstStructure *
gst_clip_tag_stats_to_structure (const GstClipTagStats *self)
{
  guint n = MIN (self->inferred, GST_CLIP_TAG_STATS_WINDOW);
  GstStructure *structure = gst_structure_new ("cliptag-stats", "frames",
      G_TYPE_UINT64, self->frames, "inferred", G_TYPE_UINT64, self->inferred,
      "reused", G_TYPE_UINT64, self->frames - self->inferred, NULL);

  if (n > 0) {
    add_percentiles (structure, "encode", self->encode_us, n);
    add_percentiles (structure, "score", self->score_us, n);
  }
  return structure;
}

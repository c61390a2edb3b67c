/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlayrows.h"

#include <math.h>

typedef struct {
  GstClipOverlayRow row;
  gfloat score;
  guint order;
} Candidate;

void
gst_clip_overlay_rows_init (GstClipOverlayRows *self)
{
  *self = (GstClipOverlayRows){
    .rows = g_array_new (FALSE, FALSE, sizeof (GstClipOverlayRow)),
    .results =
        g_ptr_array_new_with_free_func ((GDestroyNotify) gst_clip_result_unref),
    .candidates = g_array_new (FALSE, FALSE, sizeof (Candidate)),
  };
}

void
gst_clip_overlay_rows_clear (GstClipOverlayRows *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->results, g_ptr_array_unref);
  g_clear_pointer (&self->candidates, g_array_unref);
}

/* Whoever attached the meta may have computed with anything. */
static gint
to_percent (gfloat score)
{
  if (isnan (score))
    return 0;
  return (gint) lroundf (CLAMP (score, -1.0f, 1.0f) * 100);
}

GstClipOverlayRow
gst_clip_overlay_row_make (
    ClvPrompts *prompts, guint index, const ClvScore *score)
{
  const ClvLabel *label = clv_prompts_get_label (prompts, index);

  return (GstClipOverlayRow){
    .label = label->label,
    .percent = to_percent (score->smoothed),
    .threshold = to_percent (label->threshold),
    .cosine = label->scoring == CLV_SCORING_COSINE &&
              label->calibration == CLV_CALIBRATION_NONE,
    .active = score->active,
  };
}

static void
add_candidates (
    GstClipOverlayRows *self, const GstClipMeta *meta, GstClipOverlayShow show)
{
  ClvPrompts *prompts = gst_clip_meta_get_prompts (meta);
  gboolean several;

  if (meta->n_scores == 0)
    return;
  several =
      clv_prompts_get_label (prompts, meta->n_scores - 1)->group_index > 0;
  g_ptr_array_add (self->results, gst_clip_result_ref (meta->result));

  for (guint i = 0; i < meta->n_scores; i++) {
    const ClvScore *score = &meta->scores[i];
    Candidate candidate = {
      .row = gst_clip_overlay_row_make (prompts, i, score),
      .score = isnan (score->smoothed) ? -1 : score->smoothed,
      .order = self->candidates->len,
    };

    if (several)
      candidate.row.group = clv_prompts_get_label (prompts, i)->group;
    if (show != GST_CLIP_OVERLAY_SHOW_ACTIVE || score->active)
      g_array_append_val (self->candidates, candidate);
  }
}

static gint
by_score (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->order < y->order ? -1 : 1;
}

static gint
by_order (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;

  return x->order < y->order ? -1 : 1;
}

void
gst_clip_overlay_rows_read (GstClipOverlayRows *self, GstBuffer *buffer,
    GstClipOverlayShow show, guint max_labels)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n;

  g_array_set_size (self->rows, 0);
  g_array_set_size (self->candidates, 0);
  g_ptr_array_set_size (self->results, 0);
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_META_API_TYPE)))
    add_candidates (self, (const GstClipMeta *) meta, show);

  n = self->candidates->len;
  if (max_labels > 0 && n > max_labels)
    n = max_labels;
  self->n_left_out = 0;
  if (show == GST_CLIP_OVERLAY_SHOW_TOP)
    g_array_sort (self->candidates, by_score);
  else if (n < self->candidates->len) {
    g_array_sort (self->candidates, by_score);
    self->n_left_out = self->candidates->len - n;
    g_array_set_size (self->candidates, n);
    g_array_sort (self->candidates, by_order);
  }
  for (guint i = 0; i < n; i++)
    g_array_append_val (
        self->rows, g_array_index (self->candidates, Candidate, i).row);
}

gboolean
gst_clip_overlay_rows_are_of (const GstClipOverlayRows *self, GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_META_API_TYPE))) {
    const GstClipMeta *clip = (const GstClipMeta *) meta;

    if (clip->n_scores == 0)
      continue;
    if (n == self->results->len ||
        g_ptr_array_index (self->results, n) != clip->result)
      return FALSE;
    n++;
  }
  return n == self->results->len;
}

static gboolean
row_equal (const GstClipOverlayRow *a, const GstClipOverlayRow *b)
{
  return a->percent == b->percent && a->active == b->active &&
         a->threshold == b->threshold && a->cosine == b->cosine &&
         g_strcmp0 (a->label, b->label) == 0 &&
         g_strcmp0 (a->group, b->group) == 0;
}

gboolean
gst_clip_overlay_rows_equal (
    const GstClipOverlayRows *a, const GstClipOverlayRows *b)
{
  if (a->rows->len != b->rows->len || a->n_left_out != b->n_left_out)
    return FALSE;
  for (guint i = 0; i < a->rows->len; i++)
    if (!row_equal (&g_array_index (a->rows, GstClipOverlayRow, i),
            &g_array_index (b->rows, GstClipOverlayRow, i)))
      return FALSE;
  return TRUE;
}

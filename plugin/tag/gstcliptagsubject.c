/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagsubject.h"

#include "gstcliptagtracks.h"

static void
free_subject (gpointer data)
{
  GstClipTagSubject *self = data;

  g_clear_object (&self->scorer);
  g_clear_pointer (&self->result, gst_clip_result_unref);
  g_free (self);
}

GPtrArray *
gst_clip_tag_subjects_new (void)
{
  return g_ptr_array_new_with_free_func (free_subject);
}

GstClipTagSubject *
gst_clip_tag_subjects_find (GPtrArray *self, guint64 serial)
{
  for (guint i = 0; i < self->len; i++) {
    GstClipTagSubject *subject = g_ptr_array_index (self, i);

    if (subject->serial == serial)
      return subject;
  }
  return NULL;
}

void
gst_clip_tag_subjects_begin (GPtrArray *self)
{
  for (guint i = 0; i < self->len; i++) {
    GstClipTagSubject *subject = g_ptr_array_index (self, i);

    subject->was_chosen = subject->was_chosen && !subject->pending;
    subject->pending = FALSE;
  }
}

static GstClipTagSubject *
add (GPtrArray *self, const GstClipTagScoring *scoring, guint64 serial)
{
  GstClipTagSubject *subject = g_new0 (GstClipTagSubject, 1);

  subject->serial = serial;
  subject->scorer = clv_scorer_new (scoring->prompts, scoring->logit_scale,
      scoring->smoothing, scoring->top_k);
  g_ptr_array_add (self, subject);
  return subject;
}

/* A region of a detector that is due. */
typedef struct {
  guint region;
  gboolean was_chosen;
  guint64 chosen;
} Candidate;

static gint
longest_first (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->was_chosen != y->was_chosen)
    return x->was_chosen ? 1 : -1;
  if (x->was_chosen && x->chosen != y->chosen)
    return x->chosen < y->chosen ? -1 : 1;
  return x->region < y->region ? -1 : 1;
}

static gboolean
is_due (const GstClipTagSubject *subject, guint64 index, guint interval)
{
  if (subject == NULL || !subject->was_chosen)
    return TRUE;
  return interval > 0 && index - subject->chosen >= interval;
}

/* Of GstClipTagRegion: marks those that are to be encoded with row 0. */
static guint
mark (GPtrArray *self, const GstClipTagLimits *limits, GArray *regions,
    guint64 index)
{
  g_autoptr (GArray) due = g_array_new (FALSE, FALSE, sizeof (Candidate));
  guint n;

  for (guint i = 0; i < regions->len; i++) {
    GstClipTagRegion *region = &g_array_index (regions, GstClipTagRegion, i);
    const GstClipTagSubject *subject =
        gst_clip_tag_subjects_find (self, region->serial);
    Candidate candidate = { .region = i };

    region->row = region->serial < GST_CLIP_TAG_FIRST_ROI ? 0 : -1;
    if (region->row == 0 ||
        !is_due (subject, index, limits->reclassify_interval))
      continue;
    if (subject != NULL) {
      candidate.was_chosen = subject->was_chosen;
      candidate.chosen = subject->chosen;
    }
    g_array_append_val (due, candidate);
  }
  n = MIN (due->len, limits->max_regions);
  if (n < due->len)
    g_array_sort (due, longest_first);
  for (guint i = 0; i < n; i++)
    g_array_index (
        regions, GstClipTagRegion, g_array_index (due, Candidate, i).region)
        .row = 0;
  return due->len - n;
}

gboolean
gst_clip_tag_subjects_choose (GPtrArray *self, const GstClipTagScoring *scoring,
    GArray *regions, guint64 index, GstClipTagCounts *counts)
{
  const guint first_row = counts->rows;

  counts->left_out += mark (self, &scoring->limits, regions, index);
  for (guint i = 0; i < regions->len; i++) {
    GstClipTagRegion *region = &g_array_index (regions, GstClipTagRegion, i);
    GstClipTagSubject *subject;

    if (region->row < 0)
      continue;
    region->row = (gint) counts->rows++;
    counts->regions += region->serial != GST_CLIP_TAG_WHOLE;
    subject = gst_clip_tag_subjects_find (self, region->serial);
    if (subject == NULL)
      subject = add (self, scoring, region->serial);
    subject->was_chosen = subject->pending = TRUE;
    subject->chosen = index;
  }
  counts->frames += counts->rows > first_row;
  return counts->rows > first_row;
}

void
gst_clip_tag_subjects_see (GPtrArray *self, const GArray *regions, gdouble time)
{
  for (guint i = 0; i < regions->len; i++) {
    const GstClipTagRegion *region =
        &g_array_index (regions, GstClipTagRegion, i);
    GstClipTagSubject *subject =
        gst_clip_tag_subjects_find (self, region->serial);

    if (subject == NULL)
      continue;
    subject->place = region->place;
    subject->seen = time;
  }
}

gboolean
gst_clip_tag_subject_is_lost (const GstClipTagSubject *self, gdouble time)
{
  return self->serial >= GST_CLIP_TAG_FIRST_ROI && !self->pending &&
         time - self->seen > GST_CLIP_TAG_LOST_SECONDS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagtopk.h"

/* As for the durations of the library: times add up to a little less. */
#define TIME_SLACK 1e-6

/* One label: is it let through, and what it was like since it is. */
typedef struct {
  gboolean active;
  gboolean cooling; /* it stopped at `stopped` */
  gdouble stopped;
  gdouble started;
  gfloat last;
  gfloat peak;
  gdouble sum;
  guint n;
} Label;

struct _GstClipTopK {
  ClvPrompts *prompts;
  guint k;
  guint n_labels;
  gdouble *starts; /* when a label that starts with this frame did so */
  Label *labels;
};

GstClipTopK *
gst_clip_top_k_new (ClvPrompts *prompts, guint k)
{
  GstClipTopK *self = g_new0 (GstClipTopK, 1);

  self->prompts = g_object_ref (prompts);
  self->k = k;
  self->n_labels = clv_prompts_get_n_labels (prompts);
  self->starts = g_new0 (gdouble, self->n_labels);
  self->labels = g_new0 (Label, self->n_labels);
  return self;
}

void
gst_clip_top_k_free (GstClipTopK *self)
{
  g_object_unref (self->prompts);
  g_free (self->starts);
  g_free (self->labels);
  g_free (self);
}

/* Equal scores: the label that was given first is the better one. */
static gboolean
is_among_best (GstClipTopK *self, const ClvScore *scores, guint index)
{
  guint group = clv_prompts_get_label (self->prompts, index)->group_index;
  guint n_better = 0;

  for (guint i = 0; i < self->n_labels; i++) {
    if (clv_prompts_get_label (self->prompts, i)->group_index != group)
      continue;
    if (scores[i].smoothed > scores[index].smoothed ||
        (scores[i].smoothed == scores[index].smoothed && i < index))
      n_better++;
  }
  return n_better < self->k;
}

/* A label that is not among the best any more has stopped too. */
static gboolean
is_cooling (GstClipTopK *self, guint index, gdouble time)
{
  Label *label = &self->labels[index];
  gdouble cool_down = clv_prompts_get_label (self->prompts, index)->cool_down;

  label->cooling =
      label->cooling && time - label->stopped < cool_down - TIME_SLACK;
  return label->cooling;
}

static void
append_event (
    Label *label, guint index, gboolean start, gdouble time, GArray *events)
{
  ClvTagEvent event = {
    .index = index,
    .start = start,
    .time = time,
    .started = label->started,
    .score = label->last,
    .peak = label->peak,
    .mean = label->n > 0 ? label->sum / label->n : label->last,
  };

  g_array_append_val (events, event);
}

static void
start_label (
    Label *label, guint index, gdouble time, gfloat smoothed, GArray *events)
{
  *label = (Label){
    .active = TRUE,
    .started = time,
    .last = smoothed,
    .peak = smoothed,
  };
  append_event (label, index, TRUE, time, events);
}

void
gst_clip_top_k_apply (
    GstClipTopK *self, ClvScore *scores, gdouble time, GArray *events)
{
  for (guint i = 0; i < self->n_labels; i++)
    self->starts[i] = time;
  for (guint i = 0; i < events->len; i++) {
    const ClvTagEvent *event = &g_array_index (events, ClvTagEvent, i);

    if (event->start)
      self->starts[event->index] = event->time;
  }
  g_array_set_size (events, 0);

  for (guint i = 0; i < self->n_labels; i++) {
    Label *label = &self->labels[i];
    gboolean active = scores[i].active && is_among_best (self, scores, i) &&
                      (label->active || !is_cooling (self, i, time));

    scores[i].active = active;
    if (active && !label->active)
      start_label (label, i, self->starts[i], scores[i].smoothed, events);
    label->last = scores[i].smoothed;
    if (active) {
      label->peak = MAX (label->peak, label->last);
      label->sum += label->last;
      label->n++;
    } else if (label->active) {
      label->active = FALSE;
      label->cooling = TRUE;
      label->stopped = time;
      append_event (label, i, FALSE, time, events);
    }
  }
}

void
gst_clip_top_k_close (GstClipTopK *self, gdouble time, GArray *events)
{
  g_array_set_size (events, 0);
  for (guint i = 0; i < self->n_labels; i++) {
    Label *label = &self->labels[i];

    label->cooling = FALSE;
    if (!label->active)
      continue;
    label->active = FALSE;
    append_event (label, i, FALSE, time, events);
  }
}

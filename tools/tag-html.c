/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page with a time line for each label, its scores, and pictures where tags
 * start; html/tag.js shows it. */

#include "html-page.h"
#include "plugin/gstclipjson.h"
#include "plugin/gstclipthumbnail.h"
#include "tag-writer.h"

/* A curve has so many steps at most; a longer media has longer ones. Even. */
#define MAX_STEPS 1500

/* The picture where a label became active. */
typedef struct {
  guint label;
  gdouble time;
  GBytes *jpeg;
} Shot;

/* Of the media that is read. */
typedef struct {
  JsonBuilder *builder;
  guint n_labels;
  GArray *times;  /* gdouble: where each step begins */
  GArray *scores; /* gint: n_labels thousandths a step, the highest in it */
  guint frames_a_step; /* inferred ones */
  guint n_frames;      /* of the last step */
  gboolean *active;    /* of the frame before */
  gfloat *peaks;
  GArray *shots;
} Report;

static void
clear_shot (gpointer data)
{
  g_clear_pointer (&((Shot *) data)->jpeg, g_bytes_unref);
}

static void
reset (Report *self)
{
  g_array_set_size (self->times, 0);
  g_array_set_size (self->scores, 0);
  g_array_set_size (self->shots, 0);
  self->frames_a_step = 1;
  self->n_frames = 0;
  for (guint i = 0; i < self->n_labels; i++) {
    self->active[i] = FALSE;
    self->peaks[i] = -G_MAXFLOAT;
  }
}

static void
add_labels (JsonBuilder *builder, ClvPrompts *prompts)
{
  guint n_groups = 0;

  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < clv_prompts_get_n_labels (prompts); i++) {
    const ClvLabel *label = clv_prompts_get_label (prompts, i);

    n_groups = MAX (n_groups, label->group_index + 1);
    json_builder_begin_object (builder);
    gst_clip_json_add_text (builder, "label", label->label);
    gst_clip_json_add_text (builder, "group", label->group);
    gst_clip_json_add_number (builder, "threshold", label->threshold);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  gst_clip_json_add_number (builder, "groups", n_groups);
}

static void
begin (TagWriter *writer)
{
  Report *self = g_new0 (Report, 1);
  g_autofree gchar *about =
      g_strdup_printf ("Tags of clv, model %s", writer->model_name);

  writer->state = self;
  self->n_labels = clv_prompts_get_n_labels (writer->prompts);
  self->times = g_array_new (FALSE, FALSE, sizeof (gdouble));
  self->scores = g_array_new (FALSE, FALSE, sizeof (gint));
  self->shots = g_array_new (FALSE, FALSE, sizeof (Shot));
  g_array_set_clear_func (self->shots, clear_shot);
  self->active = g_new (gboolean, self->n_labels);
  self->peaks = g_new (gfloat, self->n_labels);
  reset (self);

  self->builder = json_builder_new ();
  json_builder_begin_object (self->builder);
  gst_clip_json_add_text (self->builder, "title", "Tags");
  gst_clip_json_add_text (self->builder, "about", about);
  add_labels (self->builder, writer->prompts);
  json_builder_set_member_name (self->builder, "media");
  json_builder_begin_array (self->builder);
}

/* Two steps become one. */
static void
halve (Report *self)
{
  const guint n = self->times->len / 2;
  gdouble *times = (gdouble *) self->times->data;
  gint *scores = (gint *) self->scores->data;

  for (guint i = 0; i < n; i++) {
    const gint *a = scores + (gsize) 2 * i * self->n_labels;
    const gint *b = a + self->n_labels;

    times[i] = times[2 * i];
    for (guint j = 0; j < self->n_labels; j++)
      scores[(gsize) i * self->n_labels + j] = MAX (a[j], b[j]);
  }
  g_array_set_size (self->times, n);
  g_array_set_size (self->scores, n * self->n_labels);
  self->frames_a_step *= 2;
}

/* The scores of the step that the frame belongs to. */
static gint *
find_step (Report *self, gdouble time)
{
  const gint nothing = -1000;

  if (self->times->len > 0 && self->n_frames < self->frames_a_step) {
    self->n_frames++;
    return &g_array_index (
        self->scores, gint, (self->times->len - 1) * self->n_labels);
  }
  if (self->times->len == MAX_STEPS)
    halve (self);
  self->n_frames = 1;
  g_array_append_val (self->times, time);
  for (guint i = 0; i < self->n_labels; i++)
    g_array_append_val (self->scores, nothing);
  return &g_array_index (
      self->scores, gint, (self->times->len - 1) * self->n_labels);
}

/* Without its picture a start is shown all the same. */
static void
add_shot (Report *self, guint label, const TagFrame *frame)
{
  g_autoptr (GError) error = NULL;
  const Shot shot = { label, frame->time,
    gst_clip_thumbnail_new (frame->sample, &error) };

  if (shot.jpeg != NULL)
    g_array_append_val (self->shots, shot);
  else
    g_debug ("%s at %.3f s: %s", frame->media, frame->time, error->message);
}

static void
take_frame (TagWriter *writer, const TagFrame *frame)
{
  Report *self = writer->state;
  gint *step = find_step (self, frame->time);

  for (guint i = 0; i < self->n_labels; i++) {
    const ClvScore *score = &frame->scores[i];

    step[i] = MAX (step[i], (gint) (score->smoothed * 1000.0f + 0.5f));
    self->peaks[i] = MAX (self->peaks[i], score->smoothed);
    if (score->active && !self->active[i])
      add_shot (self, i, frame);
    self->active[i] = score->active;
  }
}

/* A tag may have become active behind its start, by its minimum duration. */
static GBytes *
find_picture (const Report *self, const TagSpan *span)
{
  for (guint i = 0; i < self->shots->len; i++) {
    const Shot *shot = &g_array_index (self->shots, Shot, i);

    if (shot->label == span->label && shot->time >= span->start - 0.001 &&
        shot->time <= span->end)
      return shot->jpeg;
  }
  return NULL;
}

/* Returns how long the label was active. */
static gdouble
add_spans (Report *self, guint label, const GArray *spans)
{
  JsonBuilder *builder = self->builder;
  gdouble active = 0;

  json_builder_set_member_name (builder, "spans");
  json_builder_begin_array (builder);
  for (guint i = 0; i < spans->len; i++) {
    const TagSpan *span = &g_array_index (spans, TagSpan, i);

    if (span->label != label)
      continue;
    active += span->end - span->start;
    json_builder_begin_object (builder);
    gst_clip_json_add_number (builder, "start", span->start);
    gst_clip_json_add_number (builder, "end", span->end);
    gst_clip_json_add_number (builder, "peak", span->peak);
    html_page_add_picture (builder, find_picture (self, span));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  return active;
}

static void
add_label (Report *self, guint label, const GArray *spans)
{
  JsonBuilder *builder = self->builder;

  json_builder_begin_object (builder);
  gst_clip_json_add_number (builder, "peak", self->peaks[label]);
  gst_clip_json_add_number (builder, "active", add_spans (self, label, spans));
  json_builder_set_member_name (builder, "scores");
  json_builder_begin_array (builder);
  for (guint i = label; i < self->scores->len; i += self->n_labels)
    json_builder_add_int_value (builder, g_array_index (self->scores, gint, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
end_media (TagWriter *writer, const TagSummary *summary)
{
  Report *self = writer->state;
  JsonBuilder *builder = self->builder;

  json_builder_begin_object (builder);
  html_page_add_media (builder, summary->media);
  /* A picture has no duration, and a time line wants one. */
  gst_clip_json_add_number (builder, "duration", MAX (summary->end, 0.001));
  gst_clip_json_add_number (builder, "frames", (gdouble) summary->n_inferred);
  json_builder_set_member_name (builder, "times");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->times->len; i++)
    json_builder_add_double_value (
        builder, g_array_index (self->times, gdouble, i));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->n_labels; i++)
    add_label (self, i, summary->spans);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  reset (self);
}

static void
finish (TagWriter *writer)
{
  Report *self = writer->state;
  g_autoptr (JsonNode) data = NULL;

  json_builder_end_array (self->builder);
  json_builder_end_object (self->builder);
  data = json_builder_get_root (self->builder);
  html_page_write (writer->out, "tag.js", data);
}

static void
clear (TagWriter *writer)
{
  Report *self = writer->state;

  if (self == NULL)
    return;
  g_object_unref (self->builder);
  g_array_unref (self->times);
  g_array_unref (self->scores);
  g_array_unref (self->shots);
  g_free (self->active);
  g_free (self->peaks);
  g_free (self);
}

const TagFormat tag_format_html = {
  .name = "html",
  .begin = begin,
  .frame = take_frame,
  .media_end = end_media,
  .finish = finish,
  .clear = clear,
};

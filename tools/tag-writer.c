/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-writer.h"

#include <errno.h>
#include <string.h>

const TagFormat *
tag_format_find (const gchar *name)
{
  static const TagFormat *const formats[] = { &tag_format_table,
    &tag_format_jsonl, &tag_format_csv, &tag_format_vtt, &tag_format_html,
    &tag_format_chapters, &tag_format_edl, &tag_format_ffmetadata };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (name, formats[i]->name) == 0)
      return formats[i];
  return NULL;
}

gboolean
tag_writer_open (TagWriter *self, const TagFormat *format, const gchar *path,
    ClvPrompts *prompts, const gchar *model_name, guint n_media, GError **error)
{
  *self = (TagWriter){
    .format = format,
    .prompts = prompts,
    .model_name = model_name,
    .n_media = n_media,
    .spans = g_array_new (FALSE, FALSE, sizeof (TagSpan)),
  };
  if (!output_open (&self->output, path, error))
    return FALSE;
  self->out = self->output.out;
  if (format->begin != NULL)
    format->begin (self);
  return TRUE;
}

void
tag_writer_add_frame (TagWriter *self, const TagFrame *frame)
{
  if (self->format->frame == NULL)
    return;
  errno = 0;
  self->format->frame (self, frame);
  output_note_failure (&self->output);
}

void
tag_writer_end_media (TagWriter *self, const TagSummary *summary)
{
  errno = 0;
  if (self->format->media_end != NULL)
    self->format->media_end (self, summary);
  fflush (self->out);
  output_note_failure (&self->output);
}

gboolean
tag_writer_commit (TagWriter *self, GError **error)
{
  errno = 0;
  if (self->format->finish != NULL)
    self->format->finish (self);
  return output_commit (&self->output, error);
}

void
tag_writer_clear (TagWriter *self)
{
  if (self->format != NULL && self->format->clear != NULL)
    self->format->clear (self);
  output_clear (&self->output);
  g_clear_pointer (&self->spans, g_array_unref);
}

gint
tag_span_compare (gconstpointer a, gconstpointer b)
{
  const TagSpan *left = a, *right = b;

  if (left->start != right->start)
    return left->start < right->start ? -1 : 1;
  if (left->end != right->end)
    return left->end < right->end ? -1 : 1;
  return left->label < right->label ? -1 : left->label > right->label;
}

gchar *
tag_format_time (gdouble seconds, gboolean always_hours)
{
  const guint64 ms = (guint64) (MAX (seconds, 0.0) * 1000.0 + 0.5);
  const guint64 hours = ms / 3600000;

  if (hours > 0 || always_hours)
    return g_strdup_printf ("%02" G_GUINT64_FORMAT ":%02u:%02u.%03u", hours,
        (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60),
        (guint) (ms % 1000));
  return g_strdup_printf ("%02u:%02u.%03u", (guint) (ms / 60000),
      (guint) (ms / 1000 % 60), (guint) (ms % 1000));
}

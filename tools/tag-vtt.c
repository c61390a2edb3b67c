/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* WebVTT (https://www.w3.org/TR/webvtt1/): one cue for each span in which a tag
 * was active, sorted by start as section 4.1 demands. With several media, an
 * identifier before each cue names its media. And chapters (section 1.4), as players
 * show them: one after another. */

#include "tag-chapters.h"

static void
write_header (TagWriter *self)
{
  fputs ("WEBVTT\n", self->out);
}

/* Cue text (section 4.2.2): & and < must be escaped, and a line "-->" may not
 * come in it; > is escaped for that. Line ends would end the cue. */
static void
write_escaped (FILE *out, const gchar *text)
{
  for (; *text != '\0'; text++) {
    switch (*text) {
      case '&':
        fputs ("&amp;", out);
        break;
      case '<':
        fputs ("&lt;", out);
        break;
      case '>':
        fputs ("&gt;", out);
        break;
      case '\n':
      case '\r':
        fputc (' ', out);
        break;
      default:
        fputc (*text, out);
    }
  }
}

static void
write_cue (TagWriter *self, const TagSpan *span)
{
  const ClvLabel *label = clv_prompts_get_label (self->prompts, span->label);
  /* A cue must not end where it starts: a millisecond is the unit. */
  const gdouble end = MAX (span->end, span->start + 0.001);
  g_autofree gchar *from = tag_format_time (span->start, TRUE);
  g_autofree gchar *to = tag_format_time (end, TRUE);

  fputc ('\n', self->out);
  if (self->n_media > 1) {
    g_autofree gchar *name = g_path_get_basename (span->media);

    write_escaped (self->out, name);
    fputc ('\n', self->out);
  }
  fprintf (self->out, "%s --> %s\n", from, to);
  write_escaped (self->out, label->label);
  fprintf (self->out, " (%.2f)\n", span->peak);
}

static void
keep_spans (TagWriter *self, const TagSummary *summary)
{
  g_array_append_vals (self->spans, summary->spans->data, summary->spans->len);
}

static void
write_spans (TagWriter *self)
{
  g_array_sort (self->spans, tag_span_compare);
  for (guint i = 0; i < self->spans->len; i++)
    write_cue (self, &g_array_index (self->spans, TagSpan, i));
}

const TagFormat tag_format_vtt = {
  .name = "vtt",
  .begin = write_header,
  .media_end = keep_spans,
  .finish = write_spans,
};

static void
write_chapters (TagWriter *self, const TagSummary *summary)
{
  g_autoptr (GArray) chapters =
      tag_chapters_new (summary->spans, self->prompts);

  for (guint i = 0; i < chapters->len; i++) {
    const TagChapter *chapter = &g_array_index (chapters, TagChapter, i);
    g_autofree gchar *from = tag_format_time (chapter->start, TRUE);
    g_autofree gchar *to = tag_format_time (chapter->end, TRUE);

    fprintf (self->out, "\n%s --> %s\n", from, to);
    write_escaped (self->out, chapter->title);
    fputc ('\n', self->out);
  }
}

const TagFormat tag_format_chapters = {
  .name = "chapters",
  .one_media = TRUE,
  .begin = write_header,
  .media_end = write_chapters,
};

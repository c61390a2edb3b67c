/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For people: when each tag was there, and where in the media that is. */

#include <string.h>

#include "clv-tool.h"
#include "tag-writer.h"

#define BAR_CELLS 30

/* A cell is filled where the span touches it. */
static gchar *
make_bar (const TagSpan *span, gdouble duration, gboolean utf8)
{
  GString *bar = g_string_new ("|");

  for (guint i = 0; i < BAR_CELLS; i++) {
    const gdouble from = duration * i / BAR_CELLS;
    const gdouble to = duration * (i + 1) / BAR_CELLS;
    const gboolean filled = span->start < to && span->end > from;

    g_string_append (bar, !filled ? " " : utf8 ? "█" : "#");
  }
  return g_string_free (g_string_append_c (bar, '|'), FALSE);
}

static void
write_table (TagWriter *self, const TagSummary *summary)
{
  const gboolean utf8 = g_get_charset (NULL);
  g_autofree gchar *media = tool_printable (summary->media);
  g_autofree gchar *end = tag_format_time (summary->end, FALSE);

  fprintf (self->out, "%s: %s, %" G_GUINT64_FORMAT " frame%s inferred\n", media,
      end, summary->n_inferred, summary->n_inferred == 1 ? "" : "s");
  if (summary->spans->len == 0 && summary->n_inferred > 0)
    fprintf (self->out, "  no tag was active; the best was '%s' with %.2f\n",
        clv_prompts_get_label (self->prompts, summary->best_label)->label,
        summary->best_score);
  if (summary->spans->len > 0)
    fprintf (self->out, "  %-12s  %-12s  %-*s  peak  label\n", "start", "end",
        BAR_CELLS + 2, "");

  for (guint i = 0; i < summary->spans->len; i++) {
    const TagSpan *span = &g_array_index (summary->spans, TagSpan, i);
    g_autofree gchar *from = tag_format_time (span->start, FALSE);
    g_autofree gchar *to = tag_format_time (span->end, FALSE);
    g_autofree gchar *bar = make_bar (span, summary->end, utf8);

    fprintf (self->out, "  %-12s  %-12s  %s  %.2f  %s\n", from, to, bar,
        span->peak, clv_prompts_get_label (self->prompts, span->label)->label);
  }
  fputc ('\n', self->out);
}

const TagFormat tag_format_table = {
  .name = "table",
  .media_end = write_table,
};

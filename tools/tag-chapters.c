/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-chapters.h"

/* What is shorter is due to rounding, and players show milliseconds. */
#define MIN_SECONDS 0.001

static void
clear_chapter (gpointer data)
{
  g_free (((TagChapter *) data)->title);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gdouble left = *(const gdouble *) a, right = *(const gdouble *) b;

  return left < right ? -1 : left > right;
}

/* All starts and ends, in order. */
static GArray *
list_cuts (const GArray *spans)
{
  GArray *cuts = g_array_new (FALSE, FALSE, sizeof (gdouble));

  for (guint i = 0; i < spans->len; i++) {
    const TagSpan *span = &g_array_index (spans, TagSpan, i);
    const gdouble end = MAX (span->end, span->start + MIN_SECONDS);

    g_array_append_val (cuts, span->start);
    g_array_append_val (cuts, end);
  }
  g_array_sort (cuts, compare_times);
  return cuts;
}

/* Labels that are active from `start` to `end`; NULL: none. */
static gchar *
make_title (
    const GArray *spans, ClvPrompts *prompts, gdouble start, gdouble end)
{
  g_autoptr (GString) title = g_string_new (NULL);

  for (guint i = 0; i < spans->len; i++) {
    const TagSpan *span = &g_array_index (spans, TagSpan, i);

    if (span->start <= start &&
        MAX (span->end, span->start + MIN_SECONDS) >= end)
      g_string_append_printf (title, "%s%s", title->len > 0 ? ", " : "",
          clv_prompts_get_label (prompts, span->label)->label);
  }
  return title->len > 0 ? g_strdup (title->str) : NULL;
}

GArray *
tag_chapters_new (const GArray *spans, ClvPrompts *prompts)
{
  GArray *chapters = g_array_new (FALSE, FALSE, sizeof (TagChapter));
  g_autoptr (GArray) cuts = list_cuts (spans);

  g_array_set_clear_func (chapters, clear_chapter);
  for (guint i = 0; i + 1 < cuts->len; i++) {
    TagChapter chapter = {
      .start = g_array_index (cuts, gdouble, i),
      .end = g_array_index (cuts, gdouble, i + 1),
    };

    if (chapter.end - chapter.start < MIN_SECONDS / 2)
      continue;
    chapter.title = make_title (spans, prompts, chapter.start, chapter.end);
    if (chapter.title != NULL)
      g_array_append_val (chapters, chapter);
  }
  return chapters;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An edit list for mpv (mpv's DOCS/edl-mpv.rst): it plays the parts of all media in
 * which tags were active, one after another, each with its tags as its title. */

#include <gio/gio.h>
#include <string.h>

#include "tag-chapters.h"

static void
write_header (TagWriter *self)
{
  fputs ("# mpv EDL v0\n", self->out);
}

/* %BYTES% in front of a text takes the meaning from what is in it, but for line
 * ends, which end an entry. */
static void
write_text (FILE *out, const gchar *text)
{
  g_autofree gchar *line = g_strdelimit (g_strdup (text), "\r\n", ' ');

  fprintf (out, "%%%" G_GSIZE_FORMAT "%%%s", strlen (line), line);
}

/* A relative path would be looked for beside the list. A line end in one can only
 * be written in a URI. */
static gchar *
find_file (const gchar *location)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (location);
  gchar *path = g_file_get_path (file);

  if (path == NULL)
    return g_strdup (location);
  if (strpbrk (path, "\r\n") == NULL)
    return path;
  g_free (path);
  return g_file_get_uri (file);
}

static void
write_parts (TagWriter *self, const TagSummary *summary)
{
  g_autoptr (GArray) chapters =
      tag_chapters_new (summary->spans, self->prompts);
  g_autofree gchar *file = find_file (summary->media);

  for (guint i = 0; i < chapters->len; i++) {
    const TagChapter *chapter = &g_array_index (chapters, TagChapter, i);
    gchar start[G_ASCII_DTOSTR_BUF_SIZE], length[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd (start, sizeof start, "%.3f", chapter->start);
    g_ascii_formatd (
        length, sizeof length, "%.3f", chapter->end - chapter->start);
    write_text (self->out, file);
    fprintf (self->out, ",%s,%s,title=", start, length);
    write_text (self->out, chapter->title);
    fputc ('\n', self->out);
  }
}

const TagFormat tag_format_edl = {
  .name = "edl",
  .begin = write_header,
  .media_end = write_parts,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* FFmpeg's metadata (https://ffmpeg.org/ffmpeg-formats.html#Metadata-2), with a
 * chapter for each stretch of the media in which the same tags are active:
 * `ffmpeg -i MEDIA -i FILE -map_chapters 1 -c copy OUT.mkv`. */

#include <string.h>

#include "tag-chapters.h"

static void
write_header (TagWriter *self)
{
  fputs (";FFMETADATA1\n", self->out);
}

/* = ; # \ and line ends have a backslash in front. */
static void
write_escaped (FILE *out, const gchar *text)
{
  for (; *text != '\0'; text++) {
    if (strchr ("=;#\\\n", *text) != NULL)
      fputc ('\\', out);
    fputc (*text, out);
  }
}

static void
write_chapters (TagWriter *self, const TagSummary *summary)
{
  g_autoptr (GArray) chapters =
      tag_chapters_new (summary->spans, self->prompts);

  for (guint i = 0; i < chapters->len; i++) {
    const TagChapter *chapter = &g_array_index (chapters, TagChapter, i);

    fprintf (self->out,
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=%.0f\nEND=%.0f\ntitle=",
        chapter->start * 1000, chapter->end * 1000);
    write_escaped (self->out, chapter->title);
    fputc ('\n', self->out);
  }
}

const TagFormat tag_format_ffmetadata = {
  .name = "ffmetadata",
  .one_media = TRUE,
  .begin = write_header,
  .media_end = write_chapters,
};

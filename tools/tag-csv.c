/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RFC 4180, one row for each label of each inferred picture. */

#include <string.h>

#include "tag-writer.h"

/* RFC 4180, 2.5 to 2.7. */
static void
write_field (FILE *out, const gchar *text)
{
  if (strpbrk (text, "\",\r\n") == NULL) {
    fputs (text, out);
    return;
  }
  fputc ('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"')
      fputc ('"', out);
    fputc (*text, out);
  }
  fputc ('"', out);
}

static void
write_header (TagWriter *self)
{
  fputs ("media,time,pts,group,label,score,cosine,active\r\n", self->out);
}

static void
write_frame (TagWriter *self, const TagFrame *frame)
{
  for (guint i = 0; i < clv_prompts_get_n_labels (self->prompts); i++) {
    const ClvLabel *label = clv_prompts_get_label (self->prompts, i);
    const ClvScore *score = &frame->scores[i];

    write_field (self->out, frame->media);
    fprintf (self->out, ",%.6f,", frame->time);
    if (GST_CLOCK_TIME_IS_VALID (frame->pts))
      fprintf (self->out, "%" G_GUINT64_FORMAT, frame->pts);
    fputc (',', self->out);
    write_field (self->out, label->group);
    fputc (',', self->out);
    write_field (self->out, label->label);
    fprintf (self->out, ",%.6f,%.6f,%d\r\n", score->score, score->cosine,
        score->active);
  }
}

const TagFormat tag_format_csv = {
  .name = "csv",
  .begin = write_header,
  .frame = write_frame,
};

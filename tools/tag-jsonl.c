/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One JSON object a line for each inferred picture, with all labels. */

#include "tag-writer.h"

static void
write_frame (TagWriter *self, const TagFrame *frame)
{
  const GstClipJsonFrame json = {
    .media = frame->media,
    .model = self->model_name,
    .time = frame->time,
    .pts = frame->pts,
    .prompts = self->prompts,
    .scores = frame->scores,
    .n_regions = frame->n_regions,
    .regions = frame->regions,
  };
  g_autofree gchar *line = gst_clip_json_line (&json);

  fputs (line, self->out);
}

const TagFormat tag_format_jsonl = {
  .name = "jsonl",
  .frame = write_frame,
};

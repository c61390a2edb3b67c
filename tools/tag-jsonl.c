/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One JSON object a line for each inferred picture, with all labels. */

#include <json-glib/json-glib.h>

#include "tag-writer.h"

static void
add_tags (JsonBuilder *builder, TagWriter *self, const ClvScore *scores)
{
  json_builder_begin_array (builder);
  for (guint i = 0; i < clv_prompts_get_n_labels (self->prompts); i++) {
    const ClvLabel *label = clv_prompts_get_label (self->prompts, i);

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "label");
    json_builder_add_string_value (builder, label->label);
    json_builder_set_member_name (builder, "group");
    json_builder_add_string_value (builder, label->group);
    json_builder_set_member_name (builder, "score");
    json_builder_add_double_value (builder, scores[i].score);
    json_builder_set_member_name (builder, "cosine");
    json_builder_add_double_value (builder, scores[i].cosine);
    json_builder_set_member_name (builder, "active");
    json_builder_add_boolean_value (builder, scores[i].active);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
write_frame (TagWriter *self, const TagFrame *frame)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree gchar *media = g_utf8_make_valid (frame->media, -1);
  g_autofree gchar *line = NULL;
  JsonNode *root;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "media");
  json_builder_add_string_value (builder, media);
  json_builder_set_member_name (builder, "time");
  json_builder_add_double_value (builder, frame->time);
  json_builder_set_member_name (builder, "pts");
  if (GST_CLOCK_TIME_IS_VALID (frame->pts))
    json_builder_add_int_value (builder, (gint64) frame->pts);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "tags");
  add_tags (builder, self, frame->scores);
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  line = json_to_string (root, FALSE);
  json_node_unref (root);
  fprintf (self->out, "%s\n", line);
}

const TagFormat tag_format_jsonl = { "jsonl", NULL, write_frame, NULL, NULL };

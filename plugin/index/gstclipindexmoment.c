/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexmoment.h"

/* An index keeps a label once for each moment, whatever its group and its cliptag:
 * with the highest score. */
static void
add_tag (GArray *tags, const gchar *label, gdouble score)
{
  const ClvIndexTag tag = { label, score };

  for (guint i = 0; i < tags->len; i++) {
    ClvIndexTag *other = &g_array_index (tags, ClvIndexTag, i);

    if (g_str_equal (other->label, label)) {
      other->score = MAX (other->score, score);
      return;
    }
  }
  g_array_append_val (tags, tag);
}

static void
take_tags (GstClipIndexMoment *self, GstBuffer *buffer)
{
  GArray *tags = g_array_new (FALSE, FALSE, sizeof (ClvIndexTag));
  gpointer state = NULL;
  GstMeta *next;

  while ((next = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_META_API_TYPE)) != NULL) {
    const GstClipMeta *meta = (const GstClipMeta *) next;

    g_ptr_array_add (
        self->prompts, g_object_ref (gst_clip_meta_get_prompts (meta)));
    for (guint i = 0; i < meta->n_scores; i++)
      if (meta->scores[i].active)
        add_tag (tags, gst_clip_meta_get_label (meta, i),
            (gdouble) meta->scores[i].score);
  }
  self->n_tags = tags->len;
  self->tags = (ClvIndexTag *) g_array_free (tags, FALSE);
}

GstClipIndexMoment *
gst_clip_index_moment_new (GstClipIndexMedia *media, gdouble time,
    GstBuffer *buffer, const GstClipMeta *meta)
{
  GstClipIndexMoment *self = g_new0 (GstClipIndexMoment, 1);

  self->media = gst_clip_index_media_ref (media);
  self->time = time;
  self->prompts = g_ptr_array_new_with_free_func (g_object_unref);
  take_tags (self, buffer);
  if (meta != NULL) {
    self->width = meta->embedding_width;
    self->embedding =
        g_memdup2 (meta->embedding, meta->embedding_width * sizeof (gfloat));
    self->model_name = g_strdup (meta->model_name);
    self->model_id = g_strdup (meta->model_id);
  }
  return self;
}

gboolean
gst_clip_index_moment_add_picture (
    GstClipIndexMoment *self, GstBuffer *buffer, GstCaps *caps)
{
  g_autoptr (GstBuffer) copy = gst_buffer_copy_deep (buffer);

  if (copy == NULL)
    return FALSE;
  self->picture = gst_sample_new (copy, caps, NULL, NULL);
  return TRUE;
}

void
gst_clip_index_moment_free (GstClipIndexMoment *self)
{
  gst_clip_index_media_unref (self->media);
  g_free (self->embedding);
  g_free (self->model_name);
  g_free (self->model_id);
  g_ptr_array_unref (self->prompts);
  g_free (self->tags);
  g_clear_pointer (&self->picture, gst_sample_unref);
  g_free (self);
}

const GstClipMeta *
gst_clip_index_find_meta (GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_CLIP_META_API_TYPE)) != NULL)
    if (((GstClipMeta *) meta)->embedding != NULL)
      return (GstClipMeta *) meta;
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexmoment.h"

/* An index keeps a label once for each moment, whatever its group. */
static gboolean
has_tag (const GstClipIndexMoment *self, const gchar *label)
{
  for (guint i = 0; i < self->n_tags; i++)
    if (g_str_equal (self->tags[i].label, label))
      return TRUE;
  return FALSE;
}

static void
take_meta (GstClipIndexMoment *self, const GstClipMeta *meta)
{
  self->width = meta->embedding_width;
  self->embedding =
      g_memdup2 (meta->embedding, meta->embedding_width * sizeof (gfloat));
  self->model_name = g_strdup (meta->model_name);
  self->model_id = g_strdup (meta->model_id);
  self->prompts = g_object_ref (gst_clip_meta_get_prompts (meta));
  self->tags = g_new (ClvIndexTag, meta->n_scores);
  for (guint i = 0; i < meta->n_scores; i++) {
    const gchar *label = gst_clip_meta_get_label (meta, i);

    if (meta->scores[i].active && !has_tag (self, label))
      self->tags[self->n_tags++] =
          (ClvIndexTag){ label, (gdouble) meta->scores[i].score };
  }
}

GstClipIndexMoment *
gst_clip_index_moment_new (
    GstClipIndexMedia *media, gdouble time, const GstClipMeta *meta)
{
  GstClipIndexMoment *self = g_new0 (GstClipIndexMoment, 1);

  self->media = gst_clip_index_media_ref (media);
  self->time = time;
  if (meta != NULL)
    take_meta (self, meta);
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
  g_clear_object (&self->prompts);
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

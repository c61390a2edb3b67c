/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipmeta.h"

#include <gst/video/video.h>

#include <string.h>

#include "gstclipresult.h"
#include "gstclipserial.h"

G_DEFINE_BOXED_TYPE (
    GstClipResult, gst_clip_result, gst_clip_result_ref, gst_clip_result_unref)

GstClipResult *
gst_clip_result_new (ClvPrompts *prompts, const gchar *model_name,
    const gchar *model_id, GstClockTime pts, const ClvScore *scores,
    const gfloat *embedding, guint embedding_width)
{
  guint n_scores = clv_prompts_get_n_labels (prompts);
  gsize scores_bytes = n_scores * sizeof (ClvScore);
  gsize embedding_bytes =
      embedding == NULL ? 0 : embedding_width * sizeof (gfloat);
  GstClipResult *self = g_atomic_rc_box_alloc (
      sizeof (GstClipResult) + scores_bytes + embedding_bytes);

  self->prompts = g_object_ref (prompts);
  self->model_name = g_intern_string (model_name);
  self->model_id = g_intern_string (model_id);
  self->pts = pts;
  self->heatmaps = NULL;
  self->n_scores = n_scores;
  memcpy (self->scores, scores, scores_bytes);

  self->embedding = NULL;
  self->embedding_width = 0;
  if (embedding != NULL) {
    self->embedding = (gfloat *) (self->scores + n_scores);
    self->embedding_width = embedding_width;
    memcpy (self->embedding, embedding, embedding_bytes);
  }
  return self;
}

void
gst_clip_result_take_heatmaps (GstClipResult *self, GstClipHeatmaps *heatmaps)
{
  g_clear_pointer (&self->heatmaps, gst_clip_heatmaps_unref);
  self->heatmaps = heatmaps;
}

GstClipHeatmaps *
gst_clip_result_get_heatmaps (GstClipResult *self)
{
  return self->heatmaps;
}

GstClipResult *
gst_clip_result_ref (GstClipResult *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear_result (gpointer data)
{
  GstClipResult *self = data;

  g_object_unref (self->prompts);
  g_clear_pointer (&self->heatmaps, gst_clip_heatmaps_unref);
}

void
gst_clip_result_unref (GstClipResult *self)
{
  g_atomic_rc_box_release_full (self, clear_result);
}

static gboolean
meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  memset ((guint8 *) meta + sizeof (GstMeta), 0,
      sizeof (GstClipMeta) - sizeof (GstMeta));
  return TRUE;
}

static void
meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (&((GstClipMeta *) meta)->result, gst_clip_result_unref);
}

/* The scores are of the whole picture, so a copy of a part of the bytes and a
 * scaled picture keep them as they are. */
static gboolean
meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
    gpointer data)
{
  GstClipMeta *clip = (GstClipMeta *) meta;

  if (!GST_META_TRANSFORM_IS_COPY (type) &&
      !GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    return FALSE;
  return gst_buffer_add_clip_meta (dest, clip->result, clip->fresh,
             clip->unchanged, clip->age) != NULL;
}

static void
meta_put (const GstMeta *meta, GstByteWriter *writer)
{
  const GstClipMeta *clip = (const GstClipMeta *) meta;

  gst_clip_serial_put_result (
      writer, clip->result, clip->fresh, clip->unchanged, clip->age);
}

static GstMeta *
meta_get (GstBuffer *buffer, GstByteReader *reader)
{
  GstClipSerialResult got;
  GstClipMeta *meta;

  if (!gst_clip_serial_get_result (reader, buffer, &got))
    return NULL;
  meta = gst_buffer_add_clip_meta (
      buffer, got.result, got.fresh, got.unchanged, got.age);
  gst_clip_result_unref (got.result);
  return (GstMeta *) meta;
}

GType
gst_clip_meta_api_get_type (void)
{
  static GType type = 0;
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR, NULL };

  if (g_once_init_enter (&type)) {
    GType registered = gst_meta_api_type_register ("GstClipMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

const GstMetaInfo *
gst_clip_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;
  static const GstClipSerialFuncs funcs = { meta_put, meta_get };

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_clip_serial_register (GST_CLIP_META_API_TYPE, "GstClipMeta",
            sizeof (GstClipMeta), meta_init, meta_free, meta_transform, &funcs);

    g_once_init_leave (&info, registered);
  }
  return info;
}

GstClipMeta *
gst_buffer_get_clip_meta (GstBuffer *buffer)
{
  return (GstClipMeta *) gst_buffer_get_meta (buffer, GST_CLIP_META_API_TYPE);
}

GstClipMeta *
gst_buffer_add_clip_meta (GstBuffer *buffer, GstClipResult *result,
    gboolean fresh, gboolean unchanged, GstClockTime age)
{
  GstClipMeta *meta =
      (GstClipMeta *) gst_buffer_add_meta (buffer, GST_CLIP_META_INFO, NULL);

  meta->result = gst_clip_result_ref (result);
  meta->model_name = result->model_name;
  meta->model_id = result->model_id;
  meta->generation = clv_prompts_get_generation (result->prompts);
  meta->pts = result->pts;
  meta->fresh = fresh;
  meta->unchanged = unchanged;
  meta->age = age;
  meta->n_scores = result->n_scores;
  meta->scores = result->scores;
  meta->embedding_width = result->embedding_width;
  meta->embedding = result->embedding;
  return meta;
}

ClvPrompts *
gst_clip_meta_get_prompts (const GstClipMeta *meta)
{
  return meta->result->prompts;
}

const gchar *
gst_clip_meta_get_label (const GstClipMeta *meta, guint index)
{
  if (index >= meta->n_scores)
    return NULL;
  return clv_prompts_get_label (meta->result->prompts, index)->label;
}

const gchar *
gst_clip_meta_get_group (const GstClipMeta *meta, guint index)
{
  if (index >= meta->n_scores)
    return NULL;
  return clv_prompts_get_label (meta->result->prompts, index)->group;
}

const ClvScore *
gst_clip_meta_get_score (const GstClipMeta *meta, guint index)
{
  return index < meta->n_scores ? &meta->scores[index] : NULL;
}

gint
gst_clip_meta_find (const GstClipMeta *meta, const gchar *label)
{
  for (guint i = 0; i < meta->n_scores; i++)
    if (g_str_equal (gst_clip_meta_get_label (meta, i), label))
      return i;
  return -1;
}

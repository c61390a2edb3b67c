/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipregionmeta.h"

#include <gst/video/video.h>

#include <string.h>

#include "gstclipresult.h"
#include "gstclipserial.h"

static gboolean
meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  memset ((guint8 *) meta + sizeof (GstMeta), 0,
      sizeof (GstClipRegionMeta) - sizeof (GstMeta));
  return TRUE;
}

static void
meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (
      &((GstClipRegionMeta *) meta)->result, gst_clip_result_unref);
}

/* As GstVideoRegionOfInterestMeta does it, so that the two stay together. */
static void
scale (GstClipRegion *region, const GstVideoMetaTransform *trans)
{
  const guint64 from_width = MAX (GST_VIDEO_INFO_WIDTH (trans->in_info), 1);
  const guint64 from_height = MAX (GST_VIDEO_INFO_HEIGHT (trans->in_info), 1);
  const guint64 width = GST_VIDEO_INFO_WIDTH (trans->out_info);
  const guint64 height = GST_VIDEO_INFO_HEIGHT (trans->out_info);

  region->x = region->x * width / from_width;
  region->y = region->y * height / from_height;
  region->width = MAX (region->width * width / from_width, 1);
  region->height = MAX (region->height * height / from_height, 1);
}

static gboolean
meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
    gpointer data)
{
  GstClipRegionMeta *self = (GstClipRegionMeta *) meta;
  GstClipRegion region = self->region;

  if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    scale (&region, data);
  else if (!GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;
  return gst_buffer_add_clip_region_meta (dest, &region, self->result,
             self->fresh, self->unchanged, self->age) != NULL;
}

static void
meta_put (const GstMeta *meta, GstByteWriter *writer)
{
  const GstClipRegionMeta *clip = (const GstClipRegionMeta *) meta;
  const GstClipRegion *region = &clip->region;
  const gchar *type = g_quark_to_string (region->roi_type);

  gst_clip_serial_put_u32 (writer, region->x);
  gst_clip_serial_put_u32 (writer, region->y);
  gst_clip_serial_put_u32 (writer, region->width);
  gst_clip_serial_put_u32 (writer, region->height);
  gst_clip_serial_put_text (writer, type != NULL ? type : "");
  gst_clip_serial_put_i32 (writer, region->roi_id);
  gst_clip_serial_put_i32 (writer, region->column);
  gst_clip_serial_put_i32 (writer, region->row);
  gst_clip_serial_put_result (
      writer, clip->result, clip->fresh, clip->unchanged, clip->age);
}

static gboolean
get_side (GstByteReader *reader, guint lowest, guint *ret_pixels)
{
  return gst_clip_serial_get_u32 (reader, ret_pixels) &&
         *ret_pixels >= lowest && *ret_pixels <= G_MAXINT32;
}

static gboolean
get_region (
    GstByteReader *reader, GstClipRegion *ret_region, const gchar **ret_type)
{
  return get_side (reader, 0, &ret_region->x) &&
         get_side (reader, 0, &ret_region->y) &&
         get_side (reader, 1, &ret_region->width) &&
         get_side (reader, 1, &ret_region->height) &&
         gst_clip_serial_get_text (reader, ret_type) &&
         gst_clip_serial_get_i32 (reader, &ret_region->roi_id) &&
         gst_clip_serial_get_i32 (reader, &ret_region->column) &&
         gst_clip_serial_get_i32 (reader, &ret_region->row);
}

static GstMeta *
meta_get (GstBuffer *buffer, GstByteReader *reader)
{
  GstClipRegion region = { 0 };
  GstClipSerialResult got;
  GstClipRegionMeta *meta = NULL;
  const gchar *type;

  if (!get_region (reader, &region, &type) ||
      !gst_clip_serial_get_result (reader, buffer, &got))
    return NULL;
  if (*type == '\0' || gst_clip_serial_may_keep (type)) {
    region.roi_type = *type == '\0' ? 0 : g_quark_from_string (type);
    meta = gst_buffer_add_clip_region_meta (
        buffer, &region, got.result, got.fresh, got.unchanged, got.age);
  }
  gst_clip_result_unref (got.result);
  return (GstMeta *) meta;
}

GType
gst_clip_region_meta_api_get_type (void)
{
  static GType type = 0;
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR,
    GST_META_TAG_VIDEO_ORIENTATION_STR, GST_META_TAG_VIDEO_SIZE_STR, NULL };

  if (g_once_init_enter (&type)) {
    GType registered =
        gst_meta_api_type_register ("GstClipRegionMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

const GstMetaInfo *
gst_clip_region_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;
  static const GstClipSerialFuncs funcs = { meta_put, meta_get };

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_clip_serial_register (GST_CLIP_REGION_META_API_TYPE,
            "GstClipRegionMeta", sizeof (GstClipRegionMeta), meta_init,
            meta_free, meta_transform, &funcs);

    g_once_init_leave (&info, registered);
  }
  return info;
}

GstClipRegionMeta *
gst_buffer_add_clip_region_meta (GstBuffer *buffer, const GstClipRegion *region,
    GstClipResult *result, gboolean fresh, gboolean unchanged, GstClockTime age)
{
  GstClipRegionMeta *meta = (GstClipRegionMeta *) gst_buffer_add_meta (
      buffer, GST_CLIP_REGION_META_INFO, NULL);

  meta->region = *region;
  meta->result = gst_clip_result_ref (result);
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
gst_clip_region_meta_get_prompts (const GstClipRegionMeta *meta)
{
  return meta->result->prompts;
}

const gchar *
gst_clip_region_meta_get_label (const GstClipRegionMeta *meta, guint index)
{
  if (index >= meta->n_scores)
    return NULL;
  return clv_prompts_get_label (meta->result->prompts, index)->label;
}

gint
gst_clip_region_meta_get_best (const GstClipRegionMeta *meta)
{
  gint best = -1;

  for (guint i = 0; i < meta->n_scores; i++)
    if (meta->scores[i].active &&
        (best < 0 || meta->scores[i].smoothed > meta->scores[best].smoothed))
      best = i;
  return best;
}

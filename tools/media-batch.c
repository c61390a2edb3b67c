/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media-batch.h"

#include "plugin/gstclipframe.h"

GstCaps *
media_batch_caps (void)
{
  return gst_caps_from_string (GST_CLIP_FRAME_CAPS);
}

gboolean
media_batch_add (MediaBatch *self, MediaPicture *picture, GError **error)
{
  GstVideoFrame *mapped = &self->mapped[self->n];
  GstCaps *caps = gst_sample_get_caps (picture->sample);
  GstVideoInfo info;

  g_return_val_if_fail (self->n < MEDIA_BATCH_MAX, FALSE);

  if (!gst_video_info_from_caps (&info, caps) ||
      !gst_video_frame_map (mapped, &info,
          gst_sample_get_buffer (picture->sample), GST_MAP_READ)) {
    g_autofree gchar *name = gst_caps_to_string (caps);

    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "a picture with caps %s cannot be mapped", name);
    media_picture_clear (picture);
    return FALSE;
  }
  if (!gst_clip_frame_init (&self->frames[self->n], mapped)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "the library does not read pixel format %s",
        GST_VIDEO_INFO_NAME (&info));
    gst_video_frame_unmap (mapped);
    media_picture_clear (picture);
    return FALSE;
  }
  self->pictures[self->n++] = *picture;
  *picture = (MediaPicture){ 0 };
  return TRUE;
}

gboolean
media_batch_encode (
    MediaBatch *self, ClvEngine *engine, gfloat *ret_embeddings, GError **error)
{
  return clv_engine_encode_frames (
      engine, self->frames, self->n, ret_embeddings, error);
}

gboolean
media_batch_submit (MediaBatch *self, ClvEngine *engine, GError **error)
{
  const ClvRequest how = { .stream = engine, .patches = self->patches };

  self->future = clv_engine_submit (engine, self->frames, self->n, &how, error);
  return self->future != NULL;
}

gboolean
media_batch_is_done (MediaBatch *self)
{
  return self->future != NULL && clv_future_is_answered (self->future);
}

const gfloat *
media_batch_get (MediaBatch *self, GError **error)
{
  return clv_future_get (self->future, error);
}

void
media_batch_clear (MediaBatch *self)
{
  if (self->future != NULL)
    clv_future_wait_until (self->future, -1);
  g_clear_pointer (&self->future, clv_future_unref);
  for (guint i = 0; i < self->n; i++) {
    gst_video_frame_unmap (&self->mapped[i]);
    media_picture_clear (&self->pictures[i]);
  }
  self->n = 0;
}

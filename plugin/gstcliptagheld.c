/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagheld.h"

#include <clv/clv-image-encoder.h>

#include "gstclipframe.h"

void
gst_clip_tag_held_push (
    GstClipTagHeldFrames *self, GstBuffer *buffer, gboolean infer)
{
  GstClipTagHeld *held = g_new (GstClipTagHeld, 1);

  held->buffer = buffer;
  held->infer = infer;
  g_queue_push_tail (&self->frames, held);
  if (infer)
    self->n_infer++;
}

GstBuffer *
gst_clip_tag_held_pop (GstClipTagHeldFrames *self, gboolean *ret_infer)
{
  GstClipTagHeld *held = g_queue_pop_head (&self->frames);
  GstBuffer *buffer;

  if (held == NULL)
    return NULL;
  if (held->infer)
    self->n_infer--;
  *ret_infer = held->infer;
  buffer = held->buffer;
  g_free (held);
  return buffer;
}

void
gst_clip_tag_held_clear (GstClipTagHeldFrames *self)
{
  GstBuffer *buffer;
  gboolean infer;

  while ((buffer = gst_clip_tag_held_pop (self, &infer)) != NULL)
    gst_buffer_unref (buffer);
}

static gboolean
map_frame (GstVideoFrame *ret_mapped, ClvFrame *ret_frame,
    const GstVideoInfo *info, GstBuffer *buffer, GError **error)
{
  if (!gst_video_frame_map (ret_mapped, info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "the buffer of %" G_GSIZE_FORMAT " bytes cannot be read as a picture",
        gst_buffer_get_size (buffer));
    return FALSE;
  }
  if (!gst_clip_frame_init (ret_frame, ret_mapped)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "pictures in this layout of %s cannot be read",
        gst_video_format_to_string (GST_VIDEO_FRAME_FORMAT (ret_mapped)));
    gst_video_frame_unmap (ret_mapped);
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_clip_tag_held_encode (GstClipTagHeldFrames *self, ClvEngine *engine,
    const GstVideoInfo *info, gfloat *ret_embeddings, GError **error)
{
  GstVideoFrame mapped[CLV_MAX_BATCH];
  ClvFrame frames[CLV_MAX_BATCH];
  guint n_mapped = 0;
  gboolean encoded = TRUE;

  for (GList *link = self->frames.head; encoded && link != NULL;
       link = link->next) {
    GstClipTagHeld *held = link->data;

    if (!held->infer)
      continue;
    encoded = map_frame (
        &mapped[n_mapped], &frames[n_mapped], info, held->buffer, error);
    if (encoded)
      n_mapped++;
  }
  encoded = encoded && clv_engine_encode_frames (
                           engine, frames, n_mapped, ret_embeddings, error);
  for (guint i = 0; i < n_mapped; i++)
    gst_video_frame_unmap (&mapped[i]);
  return encoded;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagheld.h"

#include <clv/clv-image-encoder.h>

#include "gstclipframe.h"

GstClipTagHeld *
gst_clip_tag_held_peek (GstClipTagHeldFrames *self, guint index)
{
  return &self->frames[(self->first + index) % G_N_ELEMENTS (self->frames)];
}

void
gst_clip_tag_held_push (GstClipTagHeldFrames *self, const GstClipTagHeld *frame)
{
  g_assert (self->n < G_N_ELEMENTS (self->frames));
  *gst_clip_tag_held_peek (self, self->n++) = *frame;
  if (frame->infer)
    self->n_infer++;
}

gboolean
gst_clip_tag_held_pop (GstClipTagHeldFrames *self, GstClipTagHeld *ret_frame)
{
  if (self->n == 0)
    return FALSE;
  *ret_frame = *gst_clip_tag_held_peek (self, 0);
  self->first = (self->first + 1) % G_N_ELEMENTS (self->frames);
  self->n--;
  if (ret_frame->infer)
    self->n_infer--;
  return TRUE;
}

void
gst_clip_tag_held_clear (GstClipTagHeldFrames *self)
{
  GstClipTagHeld frame;

  while (gst_clip_tag_held_pop (self, &frame))
    gst_buffer_unref (frame.buffer);
}

gboolean
gst_clip_tag_held_encode (GstClipTagHeldFrames *self, ClvEngine *engine,
    const GstVideoInfo *info, gfloat *ret_embeddings, GError **error)
{
  GstVideoFrame mapped[CLV_MAX_BATCH];
  ClvFrame frames[CLV_MAX_BATCH];
  guint n_mapped = 0;
  gboolean encoded = TRUE;

  for (guint i = 0; encoded && i < self->n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (self, i);

    if (!held->infer)
      continue;
    encoded = gst_clip_frame_map (
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

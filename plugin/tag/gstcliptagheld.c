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

/* The answer to frames that are mapped. */
static ClvFuture *
ask (GstClipTagHeldFrames *self, ClvEngine *engine, const ClvFrame *frames,
    guint n, const ClvRequest *how, const gfloat **ret_rows, GError **error)
{
  g_autoptr (ClvFuture) future =
      clv_engine_submit (engine, frames, n, how, error);

  *ret_rows = future != NULL ? clv_future_get (future, error) : NULL;
  if (*ret_rows == NULL)
    self->look.known = FALSE;
  return *ret_rows != NULL ? g_steal_pointer (&future) : NULL;
}

/* Frame i of the future is the i-th to infer. */
static void
take_answer (GstClipTagHeldFrames *self, ClvFuture *future, const gfloat *rows,
    guint width)
{
  const guint32 unchanged = clv_future_get_unchanged (future);
  guint row = 0;

  for (guint i = 0; i < self->n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (self, i);

    if (!held->infer)
      continue;
    held->infer = !(unchanged >> row & 1);
    held->unchanged = !held->infer;
    held->embedding = held->infer ? rows + (gsize) row * width : NULL;
    if (held->unchanged)
      self->n_infer--;
    row++;
  }
}

ClvFuture *
gst_clip_tag_held_encode (GstClipTagHeldFrames *self, ClvEngine *engine,
    const GstVideoInfo *info, gdouble change_threshold, GError **error)
{
  ClvRequest how = { .stream = self,
    .look = change_threshold > 0 ? &self->look : NULL,
    .change_threshold = change_threshold };
  GstVideoFrame mapped[CLV_MAX_BATCH];
  ClvFrame frames[CLV_MAX_BATCH];
  ClvFuture *future = NULL;
  const gfloat *rows;
  guint n_mapped = 0;
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < self->n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (self, i);

    if (!held->infer)
      continue;
    ok = gst_clip_frame_map (
        &mapped[n_mapped], &frames[n_mapped], info, held->buffer, error);
    if (ok)
      how.encode_always |= (guint32) held->mark.must << n_mapped++;
  }
  if (ok)
    future = ask (self, engine, frames, n_mapped, &how, &rows, error);
  if (future != NULL)
    take_answer (self, future, rows,
        clv_model_get_embedding_width (clv_engine_get_model (engine)));
  for (guint i = 0; i < n_mapped; i++)
    gst_video_frame_unmap (&mapped[i]);
  return future;
}

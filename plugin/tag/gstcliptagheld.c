/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagheld.h"

#include <clv/clv-image-encoder.h>

#include "gstclipframe.h"
#include "gstcliptagencode.h"

GstClipTagHeld *
gst_clip_tag_held_peek (GstClipTagHeldFrames *self, guint index)
{
  return &self->frames[(self->first + index) % G_N_ELEMENTS (self->frames)];
}

void
gst_clip_tag_held_push (GstClipTagHeldFrames *self, const GstClipTagHeld *frame)
{
  GstClipTagHeld *place = gst_clip_tag_held_peek (self, self->n);
  GArray *regions = place->regions;

  g_assert (self->n < G_N_ELEMENTS (self->frames));
  if (regions == NULL)
    regions = g_array_new (FALSE, FALSE, sizeof (GstClipTagRegion));
  g_array_set_size (regions, 0);
  g_array_append_vals (regions, frame->regions->data, frame->regions->len);
  *place = *frame;
  place->regions = regions;
  self->n++;
  if (frame->infer)
    self->n_infer++;
}

gboolean
gst_clip_tag_held_pop (GstClipTagHeldFrames *self, GstClipTagHeld *ret_frame)
{
  if (self->n == 0)
    return FALSE;
  *ret_frame = *gst_clip_tag_held_peek (self, 0);
  self->n--;
  /* An empty one begins where it has memory for regions already. */
  self->first =
      self->n == 0 ? 0 : (self->first + 1) % G_N_ELEMENTS (self->frames);
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
  for (guint i = 0; i < G_N_ELEMENTS (self->frames); i++)
    g_clear_pointer (&self->frames[i].regions, g_array_unref);
}

/* Frame i of the request is the i-th to infer. */
static void
heed_unchanged (GstClipTagHeldFrames *self, guint32 unchanged)
{
  guint row = 0;

  for (guint i = 0; i < self->n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (self, i);

    if (!held->infer)
      continue;
    held->infer = !(unchanged >> row & 1);
    held->unchanged = !held->infer;
    if (held->unchanged)
      self->n_infer--;
    row++;
  }
}

/* The answers to requests for frames that are mapped; takes them, or NULL. */
static GPtrArray *
take_answers (GstClipTagHeldFrames *self, GPtrArray *asked, gboolean look,
    GstClipTagWaitFunc wait, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) requests = asked;

  if (requests == NULL || !wait (data, requests, error)) {
    self->look.known = FALSE;
    return NULL;
  }
  if (look)
    heed_unchanged (
        self, clv_future_get_unchanged (g_ptr_array_index (requests, 0)));
  return g_steal_pointer (&requests);
}

GPtrArray *
gst_clip_tag_held_encode (GstClipTagHeldFrames *self, ClvEngine *engine,
    const GstVideoInfo *info, gdouble change_threshold, gboolean patches,
    GstClipTagWaitFunc wait, gpointer data, GError **error)
{
  ClvRequest how = { .stream = self,
    .look = change_threshold > 0 ? &self->look : NULL,
    .change_threshold = change_threshold,
    .patches = patches };
  g_autoptr (GArray) frames = g_array_new (FALSE, FALSE, sizeof (ClvFrame));
  GstClipFrameMap maps[CLV_MAX_BATCH];
  GPtrArray *requests = NULL;
  guint n_mapped = 0;
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < self->n; i++) {
    GstClipTagHeld *held = gst_clip_tag_held_peek (self, i);
    ClvFrame picture;

    if (!held->infer)
      continue;
    ok = gst_clip_frame_map (&maps[n_mapped], &picture, info, held->buffer,
        clv_engine_get_device (engine), error);
    if (!ok)
      break;
    how.encode_always |= (guint32) held->mark.must << n_mapped++;
    gst_clip_tag_encode_add (frames, &picture, held->regions);
  }
  if (ok)
    requests = take_answers (self,
        gst_clip_tag_encode_submit (engine, frames, &how, error),
        how.look != NULL, wait, data, error);
  for (guint i = 0; i < n_mapped; i++)
    gst_clip_frame_unmap (&maps[i]);
  return requests;
}

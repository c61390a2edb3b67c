/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagencode.h"

#include <clv/clv-image-encoder.h>

#include "gstclipframe.h"

void
gst_clip_tag_encode_add (
    GArray *frames, const ClvFrame *picture, const GArray *regions)
{
  for (guint i = 0; i < regions->len; i++) {
    const GstClipTagRegion *region =
        &g_array_index (regions, GstClipTagRegion, i);
    const GstClipFrameArea area = { region->place.x, region->place.y,
      region->place.width, region->place.height };
    const ClvFrame frame = gst_clip_frame_cut (picture, &area);

    if (region->row >= 0)
      g_array_append_val (frames, frame);
  }
}

GPtrArray *
gst_clip_tag_encode_submit (ClvEngine *engine, const GArray *frames,
    const ClvRequest *how, GError **error)
{
  g_autoptr (GPtrArray) requests =
      g_ptr_array_new_with_free_func ((GDestroyNotify) clv_future_unref);

  g_return_val_if_fail (
      how->look == NULL || frames->len <= CLV_MAX_BATCH, NULL);

  for (guint first = 0; first < frames->len; first += CLV_MAX_BATCH) {
    ClvFuture *request =
        clv_engine_submit (engine, &g_array_index (frames, ClvFrame, first),
            MIN (frames->len - first, CLV_MAX_BATCH), how, error);

    if (request == NULL) {
      gst_clip_tag_encode_cancel (requests);
      gst_clip_tag_encode_wait (requests, NULL);
      return NULL;
    }
    g_ptr_array_add (requests, request);
  }
  return g_steal_pointer (&requests);
}

void
gst_clip_tag_encode_cancel (GPtrArray *requests)
{
  for (guint i = 0; i < requests->len; i++)
    clv_future_cancel (g_ptr_array_index (requests, i));
}

gboolean
gst_clip_tag_encode_wait (GPtrArray *requests, GError **error)
{
  gboolean good = TRUE;

  for (guint i = 0; i < requests->len; i++) {
    const gfloat *rows =
        clv_future_get (g_ptr_array_index (requests, i), good ? error : NULL);

    good = good && rows != NULL;
  }
  return good;
}

ClvFuture *
gst_clip_tag_encode_find (GPtrArray *requests, guint row, guint *ret_row)
{
  *ret_row = row % CLV_MAX_BATCH;
  return g_ptr_array_index (requests, row / CLV_MAX_BATCH);
}

const gfloat *
gst_clip_tag_encode_get (GPtrArray *requests, guint row, guint width)
{
  guint own_row;
  ClvFuture *answer = gst_clip_tag_encode_find (requests, row, &own_row);

  return clv_future_get (answer, NULL) + (gsize) own_row * width;
}

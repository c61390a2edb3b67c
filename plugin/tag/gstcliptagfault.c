/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagfault.h"

#include <clv/clv-error.h>

#include "gstcliperror.h"
#include "gstcliptagprivate.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

#define MAX_BACK_OFF_SECONDS 32

/* Object lock held. 1, 2, 4 … seconds. */
static void
back_off (GstClipTagFault *fault)
{
  guint seconds = MIN (1u << MIN (fault->n_failures, 16), MAX_BACK_OFF_SECONDS);

  fault->n_failures++;
  fault->retry_us = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
}

gboolean
gst_clip_tag_fault_report (GstClipTag *self, const GError *error)
{
  gboolean pass, first;

  GST_OBJECT_LOCK (self);
  pass = self->settings.timing.on_error == GST_CLIP_ON_ERROR_PASS;
  first = pass ? !self->fault.broken : !self->fault.failed;
  if (pass) {
    self->fault.broken = TRUE;
    if (g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST))
      self->fault.lost = TRUE;
    back_off (&self->fault);
  } else
    self->fault.failed = TRUE;
  GST_OBJECT_UNLOCK (self);

  GST_WARNING_OBJECT (self, "cannot encode a frame: %s", error->message);
  if (first && pass)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot encode a frame, the video goes on without scores", error);
  else if (first)
    gst_clip_post_error (
        GST_ELEMENT (self), GST_MESSAGE_ERROR, "Cannot encode a frame", error);
  return pass;
}

void
gst_clip_tag_fault_recover (GstClipTag *self)
{
  gboolean was_broken;

  GST_OBJECT_LOCK (self);
  was_broken = self->fault.broken;
  if (was_broken)
    self->fault = (GstClipTagFault){ 0 };
  GST_OBJECT_UNLOCK (self);
  if (was_broken)
    GST_ELEMENT_INFO (
        self, RESOURCE, SETTINGS, ("Frames are encoded again"), (NULL));
}

gboolean
gst_clip_tag_fault_may_try (GstClipTag *self)
{
  gboolean may = TRUE, reload = FALSE;

  GST_OBJECT_LOCK (self);
  if (self->fault.broken) {
    gboolean due = g_get_monotonic_time () >= self->fault.retry_us;

    may = due && !self->fault.lost;
    reload = due && self->fault.lost && !self->fault.reloading;
    self->fault.reloading |= reload;
  }
  GST_OBJECT_UNLOCK (self);
  if (reload)
    gst_clip_tag_builder_push (self->builder,
        gst_clip_tag_order_new (GST_CLIP_TAG_BUILD_ENGINE, NULL));
  return may;
}

gboolean
gst_clip_tag_fault_passes (GstClipTag *self)
{
  gboolean pass;

  GST_OBJECT_LOCK (self);
  pass = self->settings.timing.on_error == GST_CLIP_ON_ERROR_PASS;
  GST_OBJECT_UNLOCK (self);
  return pass;
}

void
gst_clip_tag_fault_reloaded (GstClipTagFault *self, gboolean good)
{
  self->reloading = FALSE;
  if (good)
    self->lost = FALSE;
  else
    back_off (self);
}

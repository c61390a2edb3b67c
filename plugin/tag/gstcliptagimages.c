/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of memory:VulkanImage: the engine goes to the device that has them. Those
 * of DMABufs come to the engine's. */

#include "gstcliptagimages.h"

#include "gstclipframe.h"
#include "gstcliptagload.h"
#include "gstcliptagprivate.h"
#include "gstclipvulkan.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

/* The property asks for a device, and this is another. */
static gboolean
is_other_device (GstClipTag *self, ClvDevice *device)
{
  const gchar *wanted = self->started.device;
  const ClvDeviceInfo *engine =
      clv_device_get_info (clv_engine_get_device (self->engine));

  return wanted != NULL && *wanted != '\0' &&
         g_ascii_strcasecmp (wanted, "auto") != 0 &&
         g_strcmp0 (engine->uuid, clv_device_get_info (device)->uuid) != 0;
}

static ClvEngine *
move_engine (GstClipTag *self, ClvDevice *device, GError **error)
{
  if (is_other_device (self, device)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "the property device asks for %s, the images are on %s",
        clv_device_get_info (clv_engine_get_device (self->engine))->name,
        clv_device_get_info (device)->name);
    return NULL;
  }
  return clv_engine_get_on_device (
      self->started.model, device, self->started.precision, error);
}

static void
tell_of_dmabufs (GstClipTag *self, GstBuffer *buffer)
{
  ClvDevice *device = clv_engine_get_device (self->engine);
  const gchar *name = clv_device_get_info (device)->name;

  if (self->knows_dmabufs || !gst_clip_frame_is_dmabuf (buffer))
    return;
  self->knows_dmabufs = TRUE;
  if (gst_clip_frame_can_import (
          &GST_VIDEO_FILTER (self)->in_info, buffer, device))
    GST_INFO_OBJECT (self, "DMABufs are imported by %s", name);
  else
    GST_WARNING_OBJECT (self,
        "DMABufs cannot be imported by %s, each picture is mapped and copied",
        name);
}

void
gst_clip_tag_images_take (GstClipTag *self, GstBuffer *buffer)
{
  const gpointer owner = gst_clip_vulkan_get_owner (buffer);
  g_autoptr (GError) error = NULL;
  ClvEngine *engine = NULL;

  tell_of_dmabufs (self, buffer);
  if (owner == NULL || owner == self->images_owner)
    return;
  gst_clip_tag_images_clear (self);
  self->images_owner = gst_object_ref (owner); /* or its address is another's */
  self->images_device =
      gst_clip_vulkan_get_device (GST_ELEMENT (self), owner, &error);
  if (self->images_device == NULL) {
    GST_WARNING_OBJECT (
        self, "the pipeline's Vulkan device is of no use: %s", error->message);
    return;
  }
  engine = move_engine (self, self->images_device, &error);
  if (engine == NULL) {
    GST_WARNING_OBJECT (self,
        "the pipeline's Vulkan device is not shared, each picture is copied "
        "through the host: %s",
        error->message);
    return;
  }
  GST_INFO_OBJECT (self, "shares the pipeline's Vulkan device: %s",
      clv_device_get_info (self->images_device)->name);
  gst_clip_tag_take_engine (self, engine);
  self->knows_speed =
      gst_clip_tag_tell_speed (GST_ELEMENT (self), self->engine);
}

void
gst_clip_tag_images_clear (GstClipTag *self)
{
  self->knows_dmabufs = FALSE;
  gst_clear_object (&self->images_owner);
  g_clear_object (&self->images_device);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Buffers of memory:VulkanImage. Without gstreamer-vulkan there are none. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-device.h>

G_BEGIN_DECLS

#ifdef HAVE_VULKAN

/* The GstVulkanDevice of the images that a buffer is made of, borrowed; NULL if it is
 * of another memory. Any thread, cheap. */
gpointer gst_clip_vulkan_get_owner (GstBuffer *buffer);

/* The library's view of a GstVulkanDevice: one for all who ask while somebody holds
 * it. @element: (nullable): whose neighbours say which queue they use, and with which
 * lock; otherwise it is any that computes.
 * Returns: (transfer full) (nullable): NULL with CLV_ERROR_NO_DEVICE */
ClvDevice *gst_clip_vulkan_get_device (
    GstElement *element, gpointer owner, GError **error);

/* Sets memory, device and images of a frame whose format is set. FALSE for images that
 * may not be copied from, or are too few. */
gboolean gst_clip_vulkan_set_images (
    ClvFrame *frame, GstBuffer *buffer, ClvDevice *device, GError **error);

#else

static inline gpointer
gst_clip_vulkan_get_owner (GstBuffer *buffer)
{
  return NULL;
}

static inline ClvDevice *
gst_clip_vulkan_get_device (GstElement *element, gpointer owner, GError **error)
{
  return NULL;
}

static inline gboolean
gst_clip_vulkan_set_images (
    ClvFrame *frame, GstBuffer *buffer, ClvDevice *device, GError **error)
{
  return FALSE;
}

#endif

G_END_DECLS

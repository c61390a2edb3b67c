/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipvulkan.h"

#include <gst/video/video.h>
#include <gst/vulkan/vulkan.h>

static GMutex devices_mutex; /* one ClvDevice is made at a time */

static GstVulkanImageMemory *
peek_image (GstBuffer *buffer, guint index)
{
  GstMemory *memory = index < gst_buffer_n_memory (buffer)
                          ? gst_buffer_peek_memory (buffer, index)
                          : NULL;

  return memory != NULL && gst_is_vulkan_image_memory (memory)
             ? (GstVulkanImageMemory *) memory
             : NULL;
}

gpointer
gst_clip_vulkan_get_owner (GstBuffer *buffer)
{
  GstVulkanImageMemory *image = peek_image (buffer, 0);

  return image != NULL ? image->device : NULL;
}

static gboolean
can_compute (GstVulkanQueue *queue)
{
  const GstVulkanPhysicalDevice *physical = queue->device->physical_device;

  return queue->family < physical->n_queue_families &&
         (physical->queue_family_props[queue->family].queueFlags &
             VK_QUEUE_COMPUTE_BIT);
}

static gboolean
take_queue (GstVulkanDevice *device, GstVulkanQueue *queue, gpointer ret_queue)
{
  GstVulkanQueue **taken = ret_queue;

  if (!can_compute (queue))
    return TRUE;
  *taken = gst_object_ref (queue);
  return FALSE;
}

/* What matters is the object: its lock is that of one GstVulkanQueue, of which
 * several may stand for one VkQueue. */
static GstVulkanQueue *
find_queue (GstElement *element, GstVulkanDevice *device)
{
  GstVulkanQueue *queue = NULL;

  if (element != NULL)
    gst_vulkan_queue_run_context_query (element, &queue);
  if (queue != NULL && queue->device == device && can_compute (queue))
    return queue;
  gst_clear_object (&queue);
  gst_vulkan_device_foreach_queue (device, take_queue, &queue);
  return queue;
}

static void
lock_queue (gpointer queue)
{
  gst_vulkan_queue_submit_lock (queue);
}

static void
unlock_queue (gpointer queue)
{
  gst_vulkan_queue_submit_unlock (queue);
}

static ClvDevice *
share_device (GstElement *element, GstVulkanDevice *owner, GError **error)
{
  GstVulkanQueue *queue;
  ClvDevice *device;

  if (!gst_vulkan_instance_check_version (owner->instance, 1, 2, 0)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
        "%s: wanted an instance of Vulkan 1.2",
        owner->physical_device->properties.deviceName);
    return NULL;
  }
  queue = find_queue (element, owner);
  if (queue == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
        "%s: wanted a queue with compute, found none",
        owner->physical_device->properties.deviceName);
    return NULL;
  }
  const ClvSharedDevice shared = {
    .physical_device = owner->physical_device->device,
    .device = owner->device,
    .queue = queue->queue,
    .queue_family = queue->family,
    .lock = lock_queue,
    .unlock = unlock_queue,
    .user_data = queue, /* and it holds its device */
    .destroy = gst_object_unref,
  };
  device = clv_device_new_shared (&shared, error);
  if (device == NULL)
    gst_object_unref (queue);
  return device;
}

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

ClvDevice *
gst_clip_vulkan_get_device (GstElement *element, gpointer owner, GError **error)
{
  const GQuark quark = g_quark_from_static_string ("gst-clip-device");
  ClvDevice *device;
  GWeakRef *known;

  g_mutex_lock (&devices_mutex);
  known = g_object_get_qdata (owner, quark);
  if (known == NULL) {
    known = g_new0 (GWeakRef, 1);
    g_weak_ref_init (known, NULL);
    g_object_set_qdata_full (owner, quark, known, free_weak_ref);
  }
  device = g_weak_ref_get (known);
  if (device == NULL) {
    device = share_device (element, owner, error);
    g_weak_ref_set (known, device);
  }
  g_mutex_unlock (&devices_mutex);
  return device;
}

static gboolean
set_plane (
    ClvFrameImage *ret_plane, const GstVulkanImageMemory *image, gint plane)
{
  if (!(image->usage & VK_IMAGE_USAGE_TRANSFER_SRC_BIT))
    return FALSE;
  *ret_plane = (ClvFrameImage)
  {
    .image = (guint64) image->image, .layout = image->barrier.image_layout,
    .plane = plane, .layer = image->barrier.subresource_range.baseArrayLayer,
#if GST_CHECK_VERSION(1, 24, 0)
    .semaphore = (guint64) image->barrier.parent.semaphore,
    .value = image->barrier.parent.semaphore_value,
#endif
  };
  return TRUE;
}

gboolean
gst_clip_vulkan_set_images (
    ClvFrame *frame, GstBuffer *buffer, ClvDevice *device, GError **error)
{
  const guint n_memories = gst_buffer_n_memory (buffer);
  const guint n_planes = clv_frame_count_planes (frame);

  frame->memory = CLV_FRAME_IMAGE;
  frame->device = device;
  if (n_memories != 1 && n_memories != n_planes) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "wanted 1 or %u Vulkan images for %u planes, found %u", n_planes,
        n_planes, n_memories);
    return FALSE;
  }
  for (guint i = 0; i < n_planes; i++) {
    GstVulkanImageMemory *image = peek_image (buffer, MIN (i, n_memories - 1));
    const gboolean is_one_of_many = n_planes > n_memories;

    if (image != NULL &&
        set_plane (&frame->images[i], image, is_one_of_many ? (gint) i : -1))
      continue;
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "plane %u: wanted a Vulkan image with the usage TRANSFER_SRC, found %s",
        i, image == NULL ? "other memory" : "one without");
    return FALSE;
  }
  return TRUE;
}

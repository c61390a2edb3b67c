/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-buffer.h"

#include "clv-commands.h"

#include <string.h>

/* Flags in the order of our wishes; the last row is what every device has. */
static const VkMemoryPropertyFlags wishes[][3] = {
  [CLV_MEMORY_DEVICE] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 },
  [CLV_MEMORY_WEIGHTS] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 },
  [CLV_MEMORY_UPLOAD] = { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                              VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
          VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
          VK_MEMORY_PROPERTY_HOST_COHERENT_BIT },
  [CLV_MEMORY_READBACK] = { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
                                VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
          VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
          VK_MEMORY_PROPERTY_HOST_COHERENT_BIT },
};

/* The first type that fulfils the earliest wish. -1 if there is none. */
static gint
find_memory_type (const VkPhysicalDeviceMemoryProperties *props,
    guint32 allowed, ClvMemory memory)
{
  for (guint wish = 0; wish < G_N_ELEMENTS (wishes[0]); wish++)
    for (guint i = 0; i < props->memoryTypeCount; i++) {
      const VkMemoryPropertyFlags want = wishes[memory][wish];

      if ((allowed >> i & 1) &&
          (props->memoryTypes[i].propertyFlags & want) == want)
        return i;
    }
  return -1;
}

static gboolean
allocate (ClvBuffer *self, ClvMemory memory, GError **error)
{
  const VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  VkDevice vk = clv_device_get_vk (self->device);
  VkPhysicalDeviceMemoryProperties props;
  VkMemoryRequirements needs;
  VkMemoryAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
  };
  gboolean map;
  gint type;

  vkGetPhysicalDeviceMemoryProperties (
      clv_device_get_vk_physical (self->device), &props);
  vkGetBufferMemoryRequirements (vk, self->buffer, &needs);
  type = find_memory_type (&props, needs.memoryTypeBits, memory);
  if (type < 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "no memory type that the host can see");
    return FALSE;
  }
  map = (props.memoryTypes[type].propertyFlags & visible) == visible &&
        !((memory == CLV_MEMORY_DEVICE || memory == CLV_MEMORY_WEIGHTS) &&
            (clv_device_get_debug (self->device) & CLV_DEBUG_STAGING));

  info.allocationSize = needs.size;
  info.memoryTypeIndex = type;
  CLV_VK (vkAllocateMemory, vk, &info, NULL, &self->memory);
  CLV_VK (vkBindBufferMemory, vk, self->buffer, self->memory, 0);
  if (map) {
    CLV_VK (vkMapMemory, vk, self->memory, 0, VK_WHOLE_SIZE, 0, &self->map);
    /* lavapipe of Mesa 25 reports success where its mmap failed. */
    if (self->map == NULL || self->map == (gpointer) -1) {
      self->map = NULL;
      g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
          "vkMapMemory: the driver has no memory behind the buffer");
      return FALSE;
    }
    if (memory != CLV_MEMORY_WEIGHTS)
      memset (self->map, 0, self->size_bytes);
  }
  return TRUE;

fail:
  return FALSE;
}

static gboolean
zero_on_device (ClvBuffer *self, GError **error)
{
  g_autoptr (ClvCommands) cmds = clv_commands_new (self->device, "zero", error);

  if (cmds == NULL)
    return FALSE;
  clv_commands_zero (cmds, self);
  return clv_commands_end (cmds, error) && clv_commands_run (cmds, error);
}

/* llvmpipe compiles a shader for each state of the texels that it reads, and with
 * them, to no use, whether their buffer is a power of two in size and whether bits
 * 8 to 15 of the size are zero (the field that holds the last mipmap of an image).
 * Buffers that all answer no share one compiled shader.
 * Source: Mesa 22.3, lp_sampler_static_texture_state(). */
static gsize
texels_size (gsize size_bytes)
{
  if ((size_bytes >> 8 & 0xff) == 0)
    size_bytes += 256;
  return (size_bytes & (size_bytes - 1)) == 0 ? size_bytes + 16 : size_bytes;
}

gboolean
clv_buffer_init (ClvBuffer *self, ClvDevice *device, const gchar *name,
    ClvMemory memory, gsize size_bytes, VkFormat texel, GError **error)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);
  VkDevice vk = clv_device_get_vk (device);
  VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
             VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
             VK_BUFFER_USAGE_TRANSFER_DST_BIT,
  };

  *self = (ClvBuffer){ .device = device };
  /* Whole words and whole texels: fills and views need them. */
  self->size_bytes = MAX ((size_bytes + 15) / 16 * 16, 16);
  info.size = self->size_bytes;
  if (texel != VK_FORMAT_UNDEFINED) {
    info.size = texels_size (self->size_bytes);
    info.usage |= VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;
  }

  if (self->size_bytes > limits->max_storage_bytes) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "wanted %" G_GSIZE_FORMAT
        " bytes, a kernel of this device reads at most %" G_GUINT64_FORMAT,
        self->size_bytes, limits->max_storage_bytes);
    goto fail;
  }
  CLV_VK (vkCreateBuffer, vk, &info, NULL, &self->buffer);
  clv_device_name_object (
      device, VK_OBJECT_TYPE_BUFFER, (guint64) self->buffer, name);
  if (!allocate (self, memory, error))
    goto fail;
  if (self->map == NULL && memory != CLV_MEMORY_WEIGHTS &&
      !zero_on_device (self, error))
    goto fail;
  if (texel != VK_FORMAT_UNDEFINED) {
    const VkBufferViewCreateInfo view = {
      .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
      .buffer = self->buffer,
      .format = texel,
      .range = VK_WHOLE_SIZE,
    };

    CLV_VK (vkCreateBufferView, vk, &view, NULL, &self->view);
  }
  return TRUE;

fail:
  g_prefix_error (
      error, "buffer \"%s\" of %" G_GSIZE_FORMAT " bytes: ", name, size_bytes);
  clv_buffer_clear (self);
  return FALSE;
}

void
clv_buffer_clear (ClvBuffer *self)
{
  if (self->device != NULL && !clv_device_is_lost (self->device)) {
    VkDevice vk = clv_device_get_vk (self->device);

    vkDestroyBufferView (vk, self->view, NULL);
    vkDestroyBuffer (vk, self->buffer, NULL);
    vkFreeMemory (vk, self->memory, NULL);
  }
  *self = (ClvBuffer){ 0 };
}

/* One copy through a mapped buffer, in either direction. */
static gboolean
copy_staged (ClvBuffer *self, gsize offset, gpointer ret_data,
    gconstpointer data, gsize size, GError **error)
{
  ClvBuffer staging = { 0 };
  ClvCommands *cmds = NULL;
  gboolean ok = FALSE;

  if (!clv_buffer_init (&staging, self->device, "staging",
          data != NULL ? CLV_MEMORY_UPLOAD : CLV_MEMORY_READBACK, size,
          VK_FORMAT_UNDEFINED, error))
    return FALSE;
  cmds = clv_commands_new (self->device, "staging", error);
  if (cmds == NULL)
    goto out;
  if (data != NULL) {
    memcpy (staging.map, data, size);
    clv_commands_copy (cmds, &staging, 0, self, offset, size);
  } else {
    clv_commands_copy (cmds, self, offset, &staging, 0, size);
  }
  if (!clv_commands_end (cmds, error) || !clv_commands_run (cmds, error))
    goto out;
  if (ret_data != NULL)
    memcpy (ret_data, staging.map, size);
  ok = TRUE;

out:
  g_clear_pointer (&cmds, clv_commands_free);
  clv_buffer_clear (&staging);
  return ok;
}

gboolean
clv_buffer_upload (ClvBuffer *self, gsize offset_bytes, gconstpointer data,
    gsize size_bytes, GError **error)
{
  if (self->map == NULL)
    return copy_staged (self, offset_bytes, NULL, data, size_bytes, error);
  memcpy ((guint8 *) self->map + offset_bytes, data, size_bytes);
  return TRUE;
}

gboolean
clv_buffer_download (ClvBuffer *self, gsize offset_bytes, gpointer ret_data,
    gsize size_bytes, GError **error)
{
  if (self->map == NULL)
    return copy_staged (self, offset_bytes, ret_data, NULL, size_bytes, error);
  memcpy (ret_data, (const guint8 *) self->map + offset_bytes, size_bytes);
  return TRUE;
}

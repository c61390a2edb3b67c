/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-dmabuf.h"

#include <fcntl.h>
#include <unistd.h>

#define HANDLE_TYPE VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT

/* Types of memory that it can be; 0: none. */
static guint32
find_memory_types (ClvDevice *device, gint fd)
{
  VkDevice vk = clv_device_get_vk (device);
  VkMemoryFdPropertiesKHR props = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
  };
  PFN_vkGetMemoryFdPropertiesKHR get =
      (PFN_vkGetMemoryFdPropertiesKHR) vkGetDeviceProcAddr (
          vk, "vkGetMemoryFdPropertiesKHR");

  if (!clv_device_get_limits (device)->dmabuf || get == NULL ||
      get (vk, HANDLE_TYPE, fd, &props) != VK_SUCCESS)
    return 0;
  return props.memoryTypeBits;
}

gboolean
clv_device_can_import_dmabuf (ClvDevice *self, gint fd)
{
  return find_memory_types (self, fd) != 0;
}

/* The memory owns a descriptor of its own once it is there. */
static gboolean
allocate (ClvBuffer *self, gint fd, guint32 types, GError **error)
{
  VkDevice vk = clv_device_get_vk (self->device);
  const VkMemoryDedicatedAllocateInfo dedicated = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
    .buffer = self->buffer,
  };
  VkImportMemoryFdInfoKHR import = {
    .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
    .pNext = &dedicated,
    .handleType = HANDLE_TYPE,
    .fd = fcntl (fd, F_DUPFD_CLOEXEC, 0),
  };
  VkMemoryAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .pNext = &import,
    .allocationSize = self->size_bytes,
  };
  VkMemoryRequirements needs;

  vkGetBufferMemoryRequirements (vk, self->buffer, &needs);
  types &= needs.memoryTypeBits;
  if (types == 0) {
    g_set_error (
        error, CLV_ERROR, CLV_ERROR_UNSUPPORTED, "this device cannot read it");
    goto fail;
  }
  info.memoryTypeIndex = g_bit_nth_lsf (types, -1);
  CLV_VK (vkAllocateMemory, vk, &info, NULL, &self->memory);
  import.fd = -1;
  CLV_VK (vkBindBufferMemory, vk, self->buffer, self->memory, 0);
  return TRUE;

fail:
  if (import.fd >= 0)
    close (import.fd);
  return FALSE;
}

gboolean
clv_dmabuf_import (
    ClvBuffer *ret_buffer, ClvDevice *device, gint fd, GError **error)
{
  const gint64 size = lseek (fd, 0, SEEK_END);
  const guint32 types = find_memory_types (device, fd);
  const VkExternalMemoryBufferCreateInfo external = {
    .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
    .handleTypes = HANDLE_TYPE,
  };
  const VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .pNext = &external,
    .size = MAX (size, 0),
    .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
  };
  ClvBuffer buffer = { .device = device, .size_bytes = MAX (size, 0) };

  if (size <= 0 || types == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: wanted a DMABuf that %s can import, found another file",
        clv_device_get_info (device)->name);
    return FALSE;
  }
  CLV_VK (
      vkCreateBuffer, clv_device_get_vk (device), &info, NULL, &buffer.buffer);
  if (!allocate (&buffer, fd, types, error))
    goto fail;
  *ret_buffer = buffer;
  return TRUE;

fail:
  g_prefix_error (error, "frame: DMABuf: ");
  clv_buffer_clear (&buffer);
  return FALSE;
}

static VkBufferMemoryBarrier
make_barrier (const ClvBuffer *buffer)
{
  const guint others = clv_device_get_limits (buffer->device)->foreign_queue
                           ? VK_QUEUE_FAMILY_FOREIGN_EXT
                           : VK_QUEUE_FAMILY_EXTERNAL;

  return (VkBufferMemoryBarrier){
    .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
    .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
    .srcQueueFamilyIndex = others,
    .dstQueueFamilyIndex = clv_device_get_queue_family (buffer->device),
    .buffer = buffer->buffer,
    .size = VK_WHOLE_SIZE,
  };
}

void
clv_commands_take_dmabuf (ClvCommands *self, const ClvBuffer *buffer)
{
  const VkBufferMemoryBarrier barrier = make_barrier (buffer);

  vkCmdPipelineBarrier (clv_commands_get_vk (self),
      VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
      NULL, 1, &barrier, 0, NULL);
}

void
clv_commands_return_dmabuf (ClvCommands *self, const ClvBuffer *buffer)
{
  VkBufferMemoryBarrier barrier = make_barrier (buffer);
  const guint others = barrier.srcQueueFamilyIndex;

  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex;
  barrier.dstQueueFamilyIndex = others;
  barrier.dstAccessMask = 0;
  vkCmdPipelineBarrier (clv_commands_get_vk (self),
      VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0,
      0, NULL, 1, &barrier, 0, NULL);
}

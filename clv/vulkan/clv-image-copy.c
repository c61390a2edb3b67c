/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-image-copy.h"

#include "base/clv-frame-layout.h"

G_STATIC_ASSERT (CLV_DEVICE_MAX_WAITS == CLV_MAX_PLANES);

/* What an image is in while it is copied: its own layout where that allows it. */
static VkImageLayout
copy_layout (const ClvFrameImage *image)
{
  return image->layout == VK_IMAGE_LAYOUT_GENERAL
             ? VK_IMAGE_LAYOUT_GENERAL
             : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
}

static guint
n_planes (const ClvFrame *frame)
{
  return clv_frame_layout (frame->format)->n_planes;
}

/* An image of several planes has one layout. */
static gboolean
is_new (const ClvFrame *frame, guint plane)
{
  for (guint i = 0; i < plane; i++)
    if (frame->images[i].image == frame->images[plane].image &&
        frame->images[i].layer == frame->images[plane].layer)
      return FALSE;
  return TRUE;
}

/* Aspect COLOR stands for all planes of an image whose memory is one (Vulkan 1.3,
 * VUID-VkImageMemoryBarrier-image-01671). Nobody's queue family: what was exclusive
 * to another family was not handed over to us. */
static VkImageMemoryBarrier
make_barrier (const ClvFrameImage *image)
{
  return (VkImageMemoryBarrier){
    .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
    .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
    .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
    .image = (VkImage) image->image,
    .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, image->layer, 1 },
  };
}

void
clv_commands_take_images (ClvCommands *self, const ClvFrame *frame)
{
  VkImageMemoryBarrier barriers[CLV_MAX_PLANES];
  guint n = 0;

  for (guint i = 0; i < n_planes (frame); i++) {
    const ClvFrameImage *image = &frame->images[i];

    if (!is_new (frame, i))
      continue;
    barriers[n] = make_barrier (image);
    barriers[n].srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
    barriers[n].dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
    barriers[n].oldLayout = image->layout;
    barriers[n++].newLayout = copy_layout (image);
  }
  vkCmdPipelineBarrier (clv_commands_get_vk (self),
      VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
      NULL, 0, NULL, n, barriers);
}

void
clv_commands_return_images (ClvCommands *self, const ClvFrame *frame)
{
  VkImageMemoryBarrier barriers[CLV_MAX_PLANES];
  guint n = 0;

  for (guint i = 0; i < n_planes (frame); i++) {
    const ClvFrameImage *image = &frame->images[i];

    if (!is_new (frame, i) || copy_layout (image) == image->layout)
      continue;
    barriers[n] = make_barrier (image);
    barriers[n].dstAccessMask =
        VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    barriers[n].oldLayout = copy_layout (image);
    barriers[n++].newLayout = image->layout;
  }
  if (n > 0)
    vkCmdPipelineBarrier (clv_commands_get_vk (self),
        VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0,
        0, NULL, 0, NULL, n, barriers);
}

void
clv_commands_copy_image (ClvCommands *self, const ClvFrameImage *from,
    const ClvImagePart *part, const ClvBuffer *to)
{
  static const VkImageAspectFlags aspects[CLV_MAX_PLANES] = {
    VK_IMAGE_ASPECT_PLANE_0_BIT,
    VK_IMAGE_ASPECT_PLANE_1_BIT,
    VK_IMAGE_ASPECT_PLANE_2_BIT,
  };
  const VkBufferImageCopy region = {
    .bufferOffset = part->to,
    .bufferRowLength = part->pitch / part->texel_bytes,
    .imageSubresource = {
        .aspectMask = from->plane < 0 ? VK_IMAGE_ASPECT_COLOR_BIT
                                      : aspects[from->plane],
        .baseArrayLayer = from->layer,
        .layerCount = 1,
    },
    .imageOffset = { part->x, part->y, 0 },
    .imageExtent = { part->width, part->height, 1 },
  };

  vkCmdCopyImageToBuffer (clv_commands_get_vk (self), (VkImage) from->image,
      copy_layout (from), to->buffer, 1, &region);
}

ClvDeviceWaits
clv_frame_get_waits (const ClvFrame *frame)
{
  ClvDeviceWaits waits = { .n = 0 };

  for (guint i = 0; i < n_planes (frame); i++) {
    if (frame->images[i].semaphore == 0)
      continue;
    waits.semaphores[waits.n] = (VkSemaphore) frame->images[i].semaphore;
    waits.values[waits.n++] = frame->images[i].value;
  }
  return waits;
}

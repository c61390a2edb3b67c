/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that breaks when a test wants it to. The functions of the Vulkan loader
 * that can fail in the middle of a stream are defined in the test program: the
 * dynamic linker finds those first, and they call the loader's. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VULKAN_FAULT_NONE,
  VULKAN_FAULT_SUBMIT_LOST,   /* vkQueueSubmit(): the device is lost */
  VULKAN_FAULT_WAIT_LOST,     /* vkWaitForFences(): likewise */
  VULKAN_FAULT_SLOW,          /* what is submitted never ends; the time of those
                                 who wait is over after a fifth of a second */
  VULKAN_FAULT_HANG,          /* likewise, but not before the fault changes */
  VULKAN_FAULT_SUBMIT_MEMORY, /* vkQueueSubmit(): no memory */
  VULKAN_FAULT_ALLOCATE,      /* vkAllocateMemory(): no memory */
  VULKAN_FAULT_OPEN,          /* vkCreateDevice(): it cannot be initialised */
} VulkanFault;

/* From now on. Devices that are opened later are not concerned, but by OPEN. A
 * device is lost once, and whoever notices does not ask it again: its fault need
 * not be taken back. */
void vulkan_fault_set (VulkanFault fault);

/* How often it was met since it was set. */
guint vulkan_fault_count (void);

/* As above, of the device that was opened last only. */
void vulkan_fault_set_newest (VulkanFault fault);

/* Devices that are opened from now on have another UUID, as if there were a second
 * one; TRUE to FALSE: the first one again. */
void vulkan_fault_second_device (gboolean second);

G_END_DECLS

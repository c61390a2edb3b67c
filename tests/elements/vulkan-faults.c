/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For RTLD_NEXT. */
#define _GNU_SOURCE

#include "vulkan-faults.h"

#include <dlfcn.h>
#include <vulkan/vulkan.h>

static GMutex mutex;
static GCond changed;

/* All guarded by the mutex. */
static VulkanFault current;
static guint n_met;
static guint n_devices;  /* opened so far */
static guint first, end; /* numbers of those that are concerned */
static gboolean is_second;
static GHashTable *endless; /* VkFence */
static GHashTable *numbers; /* VkDevice or VkQueue → number + 1 */

/* The loader's. */
#define REAL(function) ((PFN_##function) find_real (#function))

static gpointer
find_real (const gchar *name)
{
  gpointer function = dlsym (RTLD_NEXT, name);

  g_assert_nonnull (function);
  return function;
}

static void
set (VulkanFault fault, gboolean newest)
{
  g_mutex_lock (&mutex);
  current = fault;
  n_met = 0;
  end = n_devices;
  first = newest && end > 0 ? end - 1 : 0;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&mutex);
}

void
vulkan_fault_set (VulkanFault fault)
{
  set (fault, FALSE);
}

void
vulkan_fault_set_newest (VulkanFault fault)
{
  set (fault, TRUE);
}

guint
vulkan_fault_count (void)
{
  guint n;

  g_mutex_lock (&mutex);
  n = n_met;
  g_mutex_unlock (&mutex);
  return n;
}

void
vulkan_fault_second_device (gboolean second)
{
  g_mutex_lock (&mutex);
  is_second = second;
  g_mutex_unlock (&mutex);
}

/* Mutex held. */
static void
number (gpointer handle, guint value)
{
  if (numbers == NULL)
    numbers = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (numbers, handle, GUINT_TO_POINTER (value + 1));
}

/* Mutex held. Of a device, or of its queue. */
static guint
find_number (gconstpointer handle)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (numbers, handle)) - 1;
}

/* Mutex held. */
static gboolean
is_met (VulkanFault fault, gconstpointer handle)
{
  const guint n = find_number (handle);
  const gboolean met = current == fault && n >= first && n < end;

  n_met += met;
  return met;
}

static gboolean
meets (VulkanFault fault, gconstpointer handle)
{
  gboolean met;

  g_mutex_lock (&mutex);
  met = is_met (fault, handle);
  g_mutex_unlock (&mutex);
  return met;
}

VKAPI_ATTR VkResult VKAPI_CALL
vkCreateDevice (VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
    const VkAllocationCallbacks *allocator, VkDevice *ret_device)
{
  VkResult result = VK_ERROR_INITIALIZATION_FAILED;

  g_mutex_lock (&mutex);
  if (current == VULKAN_FAULT_OPEN)
    n_met++;
  else
    result = REAL (vkCreateDevice) (physical, info, allocator, ret_device);
  if (result == VK_SUCCESS)
    number (*ret_device, n_devices++);
  g_mutex_unlock (&mutex);
  return result;
}

VKAPI_ATTR void VKAPI_CALL
vkGetDeviceQueue (
    VkDevice device, uint32_t family, uint32_t index, VkQueue *ret_queue)
{
  REAL (vkGetDeviceQueue) (device, family, index, ret_queue);
  g_mutex_lock (&mutex);
  number (*ret_queue, find_number (device));
  g_mutex_unlock (&mutex);
}

/* The fence will never be signalled. */
static gboolean
swallow (VkQueue queue, VkFence fence)
{
  gboolean swallowed;

  g_mutex_lock (&mutex);
  swallowed =
      is_met (VULKAN_FAULT_SLOW, queue) || is_met (VULKAN_FAULT_HANG, queue);
  if (swallowed && endless == NULL)
    endless = g_hash_table_new (NULL, NULL);
  if (swallowed)
    g_hash_table_add (endless, fence);
  g_mutex_unlock (&mutex);
  return swallowed;
}

VKAPI_ATTR VkResult VKAPI_CALL
vkQueueSubmit (
    VkQueue queue, uint32_t n, const VkSubmitInfo *submits, VkFence fence)
{
  if (meets (VULKAN_FAULT_SUBMIT_LOST, queue))
    return VK_ERROR_DEVICE_LOST;
  if (meets (VULKAN_FAULT_SUBMIT_MEMORY, queue))
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  if (swallow (queue, fence))
    return VK_SUCCESS;
  return REAL (vkQueueSubmit) (queue, n, submits, fence);
}

VKAPI_ATTR VkResult VKAPI_CALL
vkWaitForFences (VkDevice device, uint32_t n, const VkFence *fences,
    VkBool32 all, uint64_t timeout)
{
  const gint64 end_us = g_get_monotonic_time () + G_USEC_PER_SEC / 5;
  gboolean is_endless;

  if (meets (VULKAN_FAULT_WAIT_LOST, device))
    return VK_ERROR_DEVICE_LOST;
  g_mutex_lock (&mutex);
  is_endless = endless != NULL && g_hash_table_contains (endless, fences[0]);
  while (is_endless && current == VULKAN_FAULT_HANG)
    g_cond_wait (&changed, &mutex);
  while (is_endless && current == VULKAN_FAULT_SLOW)
    if (!g_cond_wait_until (&changed, &mutex, end_us))
      break;
  g_mutex_unlock (&mutex);
  if (is_endless)
    return VK_TIMEOUT;
  return REAL (vkWaitForFences) (device, n, fences, all, timeout);
}

VKAPI_ATTR VkResult VKAPI_CALL
vkAllocateMemory (VkDevice device, const VkMemoryAllocateInfo *info,
    const VkAllocationCallbacks *allocator, VkDeviceMemory *ret_memory)
{
  if (meets (VULKAN_FAULT_ALLOCATE, device))
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  return REAL (vkAllocateMemory) (device, info, allocator, ret_memory);
}

VKAPI_ATTR void VKAPI_CALL
vkGetPhysicalDeviceProperties2 (
    VkPhysicalDevice physical, VkPhysicalDeviceProperties2 *properties)
{
  gboolean second;

  REAL (vkGetPhysicalDeviceProperties2) (physical, properties);
  g_mutex_lock (&mutex);
  second = is_second;
  g_mutex_unlock (&mutex);
  for (VkBaseOutStructure *more = properties->pNext; second && more != NULL;
       more = more->pNext)
    if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES)
      ((VkPhysicalDeviceIDProperties *) more)->deviceUUID[0] ^= 0xff;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-device-open.h"

void
clv_device_read_limits (ClvDeviceLimits *ret_limits,
    const ClvCandidate *candidate, const VkPhysicalDeviceProperties *props)
{
  VkPhysicalDeviceSubgroupProperties subgroup = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
  };
  VkPhysicalDeviceProperties2 props2 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &subgroup,
  };
  const VkPhysicalDeviceLimits *from = &props->limits;
  ClvDeviceLimits *to = ret_limits;

  *to = (ClvDeviceLimits){ 0 };
  vkGetPhysicalDeviceProperties2 (candidate->physical, &props2);
  to->software = candidate->info.software;
  to->subgroup_size = subgroup.subgroupSize;
  to->subgroup_shuffle =
      (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
      (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT);
  to->max_texel_elements = from->maxTexelBufferElements;
  to->max_storage_bytes = from->maxStorageBufferRange;
  to->max_invocations = MIN (
      from->maxComputeWorkGroupInvocations, from->maxComputeWorkGroupSize[0]);
  for (guint i = 0; i < 3; i++)
    to->max_groups[i] = from->maxComputeWorkGroupCount[i];
  to->max_shared_bytes = from->maxComputeSharedMemorySize;
  to->timestamp_ns =
      from->timestampComputeAndGraphics ? from->timestampPeriod : 0.0f;
}

static void
add_dmabuf_extensions (ClvDeviceLimits *limits, VkPhysicalDevice physical,
    const gchar **extensions, VkDeviceCreateInfo *info)
{
  limits->dmabuf = clv_physical_has_extension (
                       physical, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) &&
                   clv_physical_has_extension (
                       physical, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME);
  limits->foreign_queue =
      limits->dmabuf && clv_physical_has_extension (physical,
                            VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME);
  if (limits->dmabuf) {
    extensions[info->enabledExtensionCount++] =
        VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME;
    extensions[info->enabledExtensionCount++] =
        VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME;
  }
  if (limits->foreign_queue)
    extensions[info->enabledExtensionCount++] =
        VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME;
}

/* Of the features that were reported, only what is used stays on. */
static void
keep_used (VkPhysicalDeviceFeatures2 *have,
    VkPhysicalDeviceVulkan11Features *have11,
    VkPhysicalDeviceVulkan12Features *have12, const ClvDeviceLimits *limits)
{
  have->features = (VkPhysicalDeviceFeatures){ 0 };
  *have11 = (VkPhysicalDeviceVulkan11Features){
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
    .pNext = have11->pNext,
    .storageBuffer16BitAccess = limits->storage_16bit,
  };
  *have12 = (VkPhysicalDeviceVulkan12Features){
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = have12->pNext,
    .shaderFloat16 = have12->shaderFloat16,
    .scalarBlockLayout = have12->scalarBlockLayout,
    .vulkanMemoryModel = limits->coop.m > 0,
  };
}

gboolean
clv_device_open (VkDevice *ret_vk, ClvDeviceLimits *limits, VkInstance instance,
    const ClvCandidate *candidate, const VkPhysicalDeviceProperties *props,
    GError **error)
{
  VkPhysicalDevice physical = candidate->physical;
  const gboolean is_13 = props->apiVersion >= VK_API_VERSION_1_3;
  const gboolean pin_extension =
      !is_13 && clv_physical_has_extension (
                    physical, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  const gchar *extensions[5];
  VkPhysicalDeviceSubgroupSizeControlFeatures pin = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
  };
  VkPhysicalDeviceVulkan12Features have12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = is_13 || pin_extension ? &pin : NULL,
  };
  VkPhysicalDeviceVulkan11Features have11 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
    .pNext = &have12,
  };
  VkPhysicalDeviceFeatures2 have = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &have11,
  };
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR coop = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
    .cooperativeMatrix = TRUE,
  };
  const gfloat priority = 0.5f;
  const VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = candidate->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &have,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .ppEnabledExtensionNames = extensions,
  };

  vkGetPhysicalDeviceFeatures2 (physical, &have);
  limits->storage_16bit = have11.storageBuffer16BitAccess;
  limits->subgroup_pin = pin.subgroupSizeControl && pin.computeFullSubgroups;
  clv_coop_find (&limits->coop, instance, physical, limits->subgroup_pin);
  if (pin_extension)
    extensions[info.enabledExtensionCount++] =
        VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
  add_dmabuf_extensions (limits, physical, extensions, &info);
  if (limits->coop.m > 0) {
    extensions[info.enabledExtensionCount++] =
        VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    coop.pNext = have12.pNext;
    have12.pNext = &coop;
  }
  keep_used (&have, &have11, &have12, limits);
  CLV_VK (vkCreateDevice, physical, &info, NULL, ret_vk);
  return TRUE;

fail:
  return FALSE;
}

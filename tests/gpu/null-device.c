/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "null-device.h"

#include <string.h>

#include "vulkan/clv-instance.h"
#include "vulkan/clv-kernel-private.h"

struct _NullDevice {
  VkInstance instance;
  VkPhysicalDevice physical;
  VkDevice vk;
  PFN_vkGetPipelineExecutablePropertiesKHR get_properties;
  PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR get_texts;
};

/* With everything that the driver has: what clv turns on is clv's business, here
 * kernels are only compiled. RDNA2 has no matrix units. */
static gboolean
open_device (NullDevice *self, GError **error)
{
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executable = {
    .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
  };
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR coop = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
    .pNext = &executable,
  };
  const gboolean has_coop = clv_physical_has_extension (
      self->physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
  const gchar *const extensions[] = {
    VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME,
    VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
  };
  VkPhysicalDeviceVulkan13Features have13 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
    .pNext = has_coop ? (gpointer) &coop : &executable,
  };
  VkPhysicalDeviceVulkan12Features have12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = &have13,
  };
  VkPhysicalDeviceFeatures2 have = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &have12,
  };
  const gfloat priority = 1.0f;
  const VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  const VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &have,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .enabledExtensionCount = has_coop ? 2 : 1,
    .ppEnabledExtensionNames = extensions,
  };

  vkGetPhysicalDeviceFeatures2 (self->physical, &have);
  /* clv turns on no bounds checks either. */
  have.features.robustBufferAccess = FALSE;
  have13.robustImageAccess = FALSE;
  coop.cooperativeMatrixRobustBufferAccess = FALSE;
  CLV_VK (vkCreateDevice, self->physical, &info, NULL, &self->vk);
  self->get_properties =
      (PFN_vkGetPipelineExecutablePropertiesKHR) vkGetDeviceProcAddr (
          self->vk, "vkGetPipelineExecutablePropertiesKHR");
  self->get_statistics =
      (PFN_vkGetPipelineExecutableStatisticsKHR) vkGetDeviceProcAddr (
          self->vk, "vkGetPipelineExecutableStatisticsKHR");
  self->get_texts = (PFN_vkGetPipelineExecutableInternalRepresentationsKHR)
      vkGetDeviceProcAddr (
          self->vk, "vkGetPipelineExecutableInternalRepresentationsKHR");
  return TRUE;

fail:
  return FALSE;
}

/* The device that RADV makes up, if it does. */
static gboolean
find_device (NullDevice *self, const gchar *chip, GError **error)
{
  VkPhysicalDevice all[16];
  guint32 n = G_N_ELEMENTS (all);

  if (vkEnumeratePhysicalDevices (self->instance, &n, all) < 0)
    n = 0;
  for (guint i = 0; i < n; i++) {
    VkPhysicalDeviceProperties properties;
    g_autofree gchar *name = NULL;

    vkGetPhysicalDeviceProperties (all[i], &properties);
    name = g_ascii_strdown (properties.deviceName, -1);
    if (strstr (name, chip) != NULL &&
        clv_physical_has_extension (
            all[i], VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME)) {
      self->physical = all[i];
      return TRUE;
    }
  }
  g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
      "no driver here compiles for %s; Mesa 25.0's RADV does", chip);
  return FALSE;
}

NullDevice *
null_device_new (const gchar *chip, GError **error)
{
  const VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .apiVersion = VK_API_VERSION_1_3,
  };
  const VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pApplicationInfo = &application,
  };
  NullDevice *self = g_new0 (NullDevice, 1);

  g_setenv ("RADV_FORCE_FAMILY", chip, TRUE);
  CLV_VK (vkCreateInstance, &info, NULL, &self->instance);
  if (find_device (self, chip, error) && open_device (self, error))
    return self;

fail:
  null_device_free (self);
  return NULL;
}

void
null_device_free (NullDevice *self)
{
  if (self->vk != VK_NULL_HANDLE)
    vkDestroyDevice (self->vk, NULL);
  if (self->instance != VK_NULL_HANDLE)
    vkDestroyInstance (self->instance, NULL);
  g_free (self);
}

static gboolean
make_pipeline (NullDevice *self, GBytes *spirv, const ClvKernelParams *params,
    VkPipelineLayout layout, VkPipeline *ret_pipeline, GError **error)
{
  ClvKernelStage stage;
  const VkShaderModuleCreateInfo module_info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = g_bytes_get_size (spirv),
    .pCode = g_bytes_get_data (spirv, NULL),
  };
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
             VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
    .layout = layout,
  };

  clv_kernel_stage_init (&stage, params, TRUE, &info.stage);
  CLV_VK (
      vkCreateShaderModule, self->vk, &module_info, NULL, &info.stage.module);
  CLV_VK (vkCreateComputePipelines, self->vk, VK_NULL_HANDLE, 1, &info, NULL,
      ret_pipeline);
  vkDestroyShaderModule (self->vk, info.stage.module, NULL);
  return TRUE;

fail:
  vkDestroyShaderModule (self->vk, info.stage.module, NULL);
  return FALSE;
}

/* All of RADV's statistics are whole numbers. */
static void
read_statistic (
    NullStatistics *to, const VkPipelineExecutableStatisticKHR *statistic)
{
  const guint value = statistic->value.u64;

  if (g_ascii_strcasecmp (statistic->name, "VGPRs") == 0)
    to->vgprs = value;
  else if (g_ascii_strcasecmp (statistic->name, "Subgroups per SIMD") == 0)
    to->waves = value;
  else if (g_ascii_strcasecmp (statistic->name, "LDS size") == 0)
    to->lds_bytes = value;
  else if (g_ascii_strcasecmp (statistic->name, "Spilled VGPRs") == 0 ||
           g_ascii_strcasecmp (statistic->name, "Spilled SGPRs") == 0 ||
           g_ascii_strcasecmp (statistic->name, "Scratch size") == 0)
    to->spills += value;
}

static void
read_statistics (NullDevice *self, VkPipeline pipeline, NullStatistics *to)
{
  const VkPipelineInfoKHR pipeline_info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR,
    .pipeline = pipeline,
  };
  const VkPipelineExecutableInfoKHR info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
    .pipeline = pipeline,
  };
  VkPipelineExecutablePropertiesKHR properties = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR,
  };
  VkPipelineExecutableStatisticKHR statistics[64];
  VkPipelineExecutableInternalRepresentationKHR texts[8];
  guint32 n_executables = 1, n = G_N_ELEMENTS (statistics),
          n_texts = G_N_ELEMENTS (texts);

  self->get_properties (self->vk, &pipeline_info, &n_executables, &properties);
  to->wave = properties.subgroupSize;
  for (guint i = 0; i < n; i++)
    statistics[i] = (VkPipelineExecutableStatisticKHR){
      .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR,
    };
  self->get_statistics (self->vk, &info, &n, statistics);
  for (guint i = 0; i < n; i++)
    read_statistic (to, &statistics[i]);

  for (guint i = 0; i < n_texts; i++)
    texts[i] = (VkPipelineExecutableInternalRepresentationKHR){
      .sType =
          VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR,
    };
  self->get_texts (self->vk, &info, &n_texts, texts);
  for (guint i = 0; i < n_texts; i++)
    texts[i].pData = g_malloc0 (texts[i].dataSize + 1);
  self->get_texts (self->vk, &info, &n_texts, texts);
  for (guint i = 0; i < n_texts; i++) {
    if (strstr (texts[i].name, "Assembly") != NULL && to->assembly == NULL)
      to->assembly = g_steal_pointer (&texts[i].pData);
    g_free (texts[i].pData);
  }
}

gboolean
null_device_compile (NullDevice *self, GBytes *spirv,
    const ClvKernelParams *params, NullStatistics *ret_statistics,
    GError **error)
{
  VkDescriptorSetLayout set = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;
  const gboolean ok =
      clv_kernel_make_layouts (self->vk, params, &set, &layout, error) &&
      make_pipeline (self, spirv, params, layout, &pipeline, error);

  if (ok) {
    *ret_statistics = (NullStatistics){ 0 };
    read_statistics (self, pipeline, ret_statistics);
  }
  vkDestroyPipeline (self->vk, pipeline, NULL);
  vkDestroyPipelineLayout (self->vk, layout, NULL);
  vkDestroyDescriptorSetLayout (self->vk, set, NULL);
  return ok;
}

void
null_statistics_clear (NullStatistics *self)
{
  g_clear_pointer (&self->assembly, g_free);
}

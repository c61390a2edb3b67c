/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-coop.h"

#include "clv-instance.h"

#include <gio/gio.h>

/* The step of gemm_coop.comp over K. */
#define BLOCK 32

/* Whether they can be turned on, and our shader compiler had the extension too. */
static gboolean
has_features (VkPhysicalDevice physical)
{
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR coop = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
  };
  VkPhysicalDeviceVulkan12Features have12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = &coop,
  };
  VkPhysicalDeviceFeatures2 have = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &have12,
  };

  if (!g_resources_get_info ("/clv/shaders/gemm_coop_f16.spv",
          G_RESOURCE_LOOKUP_FLAGS_NONE, NULL, NULL, NULL) ||
      !clv_physical_has_extension (
          physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
    return FALSE;
  vkGetPhysicalDeviceFeatures2 (physical, &have);
  return coop.cooperativeMatrix && have12.shaderFloat16 &&
         have12.vulkanMemoryModel;
}

typedef struct {
  guint usual, least, most;
} SubgroupSizes;

static SubgroupSizes
get_subgroup_sizes (VkPhysicalDevice physical, gboolean can_pin)
{
  VkPhysicalDeviceSubgroupSizeControlProperties control = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
  };
  VkPhysicalDeviceSubgroupProperties subgroup = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
    .pNext = can_pin ? &control : NULL,
  };
  VkPhysicalDeviceProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &subgroup,
  };
  SubgroupSizes sizes;

  vkGetPhysicalDeviceProperties2 (physical, &properties);
  sizes.usual = sizes.least = sizes.most = subgroup.subgroupSize;
  if (can_pin &&
      (control.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)) {
    sizes.least = control.minSubgroupSize;
    sizes.most = control.maxSubgroupSize;
  }
  return sizes;
}

/* Each invocation of each size of tiles must have whole loads to do: see
 * coop_tiles in clv/ops/gemm-tiles.c. */
static gboolean
suits (const VkCooperativeMatrixPropertiesKHR *p, guint subgroup_size)
{
  return 2 * p->MSize % subgroup_size == 0 && 4 * p->NSize % subgroup_size == 0;
}

/* RDNA3's matrix units want waves of 32, though 64 is usual there. 0: none. */
static guint
find_subgroup_size (
    const VkCooperativeMatrixPropertiesKHR *p, const SubgroupSizes *sizes)
{
  const guint wanted[] = { 32, sizes->usual, 16, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (wanted[i] >= sizes->least && wanted[i] <= sizes->most &&
        suits (p, wanted[i]))
      return wanted[i];
  return 0;
}

/* Matrices of at most 16 rows: a tile of w is where they are written out. */
static gboolean
is_half_to_float (const VkCooperativeMatrixPropertiesKHR *p)
{
  return p->scope == VK_SCOPE_SUBGROUP_KHR &&
         p->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
         p->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
         p->CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
         p->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR && p->MSize <= 16 &&
         p->NSize % 4 == 0 && p->KSize % 8 == 0 && BLOCK % p->KSize == 0;
}

void
clv_coop_find (ClvCoopLimits *ret_coop, VkInstance instance,
    VkPhysicalDevice physical, gboolean can_pin)
{
  const SubgroupSizes sizes = get_subgroup_sizes (physical, can_pin);
  const PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
      (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)
          vkGetInstanceProcAddr (
              instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  g_autofree VkCooperativeMatrixPropertiesKHR *all = NULL;
  guint32 n = 0;

  *ret_coop = (ClvCoopLimits){ 0 };
  if (!has_features (physical) || get == NULL ||
      get (physical, &n, NULL) != VK_SUCCESS)
    return;
  all = g_new0 (VkCooperativeMatrixPropertiesKHR, n + 1);
  for (guint i = 0; i < n; i++)
    all[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (get (physical, &n, all) != VK_SUCCESS)
    return;

  /* The largest: fewest loads for what is computed. */
  for (guint i = 0; i < n; i++) {
    const VkCooperativeMatrixPropertiesKHR *p = &all[i];
    const guint subgroup_size =
        is_half_to_float (p) ? find_subgroup_size (p, &sizes) : 0;

    if (subgroup_size > 0 && p->MSize * p->NSize * p->KSize >
                                 ret_coop->m * ret_coop->n * ret_coop->k)
      *ret_coop =
          (ClvCoopLimits){ p->MSize, p->NSize, p->KSize, subgroup_size };
  }
}

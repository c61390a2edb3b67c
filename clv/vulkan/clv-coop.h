/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Matrix units: VK_KHR_cooperative_matrix, half x half -> float in a subgroup. */

#pragma once

#include <glib.h>
#include <vulkan/vulkan.h>

G_BEGIN_DECLS

#ifndef VK_KHR_cooperative_matrix
/* Headers before 1.3.255: what we use of it, as in the registry. */
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR      \
  ((VkStructureType) 1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR                    \
  ((VkStructureType) 1000506001)
#define VK_COMPONENT_TYPE_FLOAT16_KHR 0
#define VK_COMPONENT_TYPE_FLOAT32_KHR 1
#define VK_SCOPE_SUBGROUP_KHR         3

typedef struct {
  VkStructureType sType;
  void *pNext;
  VkBool32 cooperativeMatrix;
  VkBool32 cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;

typedef struct {
  VkStructureType sType;
  void *pNext;
  uint32_t MSize, NSize, KSize;
  int AType, BType, CType, ResultType; /* VkComponentTypeKHR */
  VkBool32 saturatingAccumulation;
  int scope; /* VkScopeKHR */
} VkCooperativeMatrixPropertiesKHR;

typedef VkResult (
    VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR) (
    VkPhysicalDevice physical, uint32_t *n,
    VkCooperativeMatrixPropertiesKHR *properties);
#endif

/* The matrices that gemm_coop.comp computes with. */
typedef struct {
  guint m, n, k;       /* of one matrix product; 0: none */
  guint subgroup_size; /* to be pinned, if the device can pin */
} ClvCoopLimits;

/* Sets *ret_coop to what the device has, all 0 where the extension, a size that
 * divides our blocks, or a suitable subgroup is missing. */
void clv_coop_find (ClvCoopLimits *ret_coop, VkInstance instance,
    VkPhysicalDevice physical, gboolean can_pin);

G_END_DECLS

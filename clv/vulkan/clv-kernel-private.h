/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "clv-kernel.h"

G_BEGIN_DECLS

struct _ClvKernel {
  ClvDevice *device; /* not owned: the device owns its kernels */
  VkDevice vk;
  gchar *name;
  ClvKernelParams params;
  VkDescriptorSetLayout set_layout;
  VkPipelineLayout layout;
  VkPipeline pipeline;
  gboolean made; /* of the table's lock: somebody is at it until then */
};

/* Destroy both, on failure too: what could not be made is VK_NULL_HANDLE. */
gboolean clv_kernel_make_layouts (VkDevice vk, const ClvKernelParams *params,
    VkDescriptorSetLayout *ret_set, VkPipelineLayout *ret_layout,
    GError **error);

/* What a stage points to: must stay where it is until the pipeline is made. */
typedef struct {
  VkSpecializationMapEntry entries[CLV_KERNEL_MAX_SPEC + 1];
  guint32 values[CLV_KERNEL_MAX_SPEC + 1];
  VkSpecializationInfo spec;
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup;
} ClvKernelStage;

/* The shader stage of a kernel but for its module: constants, local size, and
 * the subgroup size where `can_pin`. */
void clv_kernel_stage_init (ClvKernelStage *self, const ClvKernelParams *params,
    gboolean can_pin, VkPipelineShaderStageCreateInfo *ret_stage);

G_END_DECLS

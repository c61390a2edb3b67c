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
};

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernels use of a device, and opening one with it. */

#pragma once

#include "clv-instance.h"

G_BEGIN_DECLS

/* What every device of this kind has. Features, which must be turned on, are all
 * off. */
void clv_device_read_limits (ClvDeviceLimits *ret_limits,
    const ClvCandidate *candidate, const VkPhysicalDeviceProperties *props);

/* Turns on what the kernels use and the device has; `limits` tells them. */
gboolean clv_device_open (VkDevice *ret_vk, ClvDeviceLimits *limits,
    VkInstance instance, const ClvCandidate *candidate,
    const VkPhysicalDeviceProperties *props, GError **error);

G_END_DECLS

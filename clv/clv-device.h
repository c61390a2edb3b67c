/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

#define CLV_TYPE_DEVICE (clv_device_get_type ())
G_DECLARE_FINAL_TYPE (ClvDevice, clv_device, CLV, DEVICE, GObject)

/**
 * ClvDeviceInfo:
 * @index: position in the list, usable as a selector
 * @name: the driver's name of the device
 * @driver: driver name and version
 * @uuid: 32 hexadecimal digits
 * @software: the device is the CPU
 * @type: VkPhysicalDeviceType
 *
 * One Vulkan device of this machine.
 */
typedef struct {
  guint index;
  gchar *name;
  gchar *driver;
  gchar *uuid;
  gboolean software;
  guint type;
} ClvDeviceInfo;

/**
 * clv_device_list:
 *
 * Discrete GPUs first, then integrated and virtual ones, software drivers last.
 *
 * Returns: (transfer full) (element-type ClvDeviceInfo) (nullable): the usable
 * devices, never empty; %NULL with %CLV_ERROR_NO_DEVICE
 */
GPtrArray *clv_device_list (GError **error);

/**
 * clv_device_new:
 * @selector: (nullable): "auto" or %NULL (the first of clv_device_list()), an
 *   index, a UUID, or a part of a name (case is ignored)
 *
 * Opens a device, its queue and its pipeline cache file.
 *
 * Returns: (transfer full) (nullable): the device; %NULL with
 * %CLV_ERROR_NO_DEVICE, whose message lists the devices there are
 */
ClvDevice *clv_device_new (const gchar *selector, GError **error);

/* Owned by the device; valid as long as it lives. Any thread. */
const ClvDeviceInfo *clv_device_get_info (ClvDevice *self);

/**
 * clv_device_describe_kernels:
 *
 * Returns: (transfer full): one line for each op: the variant in use, and which
 * variants were refused and why
 */
gchar *clv_device_describe_kernels (ClvDevice *self);

G_END_DECLS

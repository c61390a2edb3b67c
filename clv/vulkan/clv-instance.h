/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Vulkan instance of one device, and the list of physical devices. */

#pragma once

#include "clv-device-private.h"

G_BEGIN_DECLS

typedef struct {
  VkInstance instance;
  VkDebugUtilsMessengerEXT messenger;
  gboolean debug_utils; /* VK_EXT_debug_utils is enabled */
} ClvInstance;

/* Reads CLV_DEBUG once. */
ClvDebugFlags clv_debug_flags (void);

gboolean clv_instance_init (
    ClvInstance *self, ClvDebugFlags debug, GError **error);
void clv_instance_clear (ClvInstance *self);

gboolean clv_extensions_include (
    const VkExtensionProperties *extensions, guint n, const gchar *name);

gboolean clv_physical_has_extension (
    VkPhysicalDevice physical, const gchar *name);

/* One usable device: what the public list tells, and its handle. */
typedef struct {
  ClvDeviceInfo info;
  VkPhysicalDevice physical;
  guint queue_family;
} ClvCandidate;

/* NULL with CLV_ERROR_NO_DEVICE: no Vulkan 1.2, or the family has no compute. */
ClvCandidate *clv_candidate_new (
    VkPhysicalDevice physical, guint queue_family, GError **error);
void clv_candidate_free (ClvCandidate *candidate);

/* Sorted: discrete, integrated, virtual, other, software. Devices without
 * Vulkan 1.2 or a compute queue are left out. */
GPtrArray *clv_instance_list_devices (ClvInstance *self, GError **error);

G_END_DECLS

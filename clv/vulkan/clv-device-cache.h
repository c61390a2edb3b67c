/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one device, driver and build have learnt, in two files of the cache
 * directory: compiled pipelines (the driver's blob behind a checksum) and
 * verdicts on kernel variants. Not thread-safe: the device holds the lock. */

#pragma once

#include "clv-vk-result.h"

G_BEGIN_DECLS

typedef struct {
  gchar *key; /* of device, driver and build, in both file names */
  VkPipelineCache pipelines;
  GKeyFile *verdicts;
  gboolean dirty;
} ClvDeviceCache;

gboolean clv_device_cache_init (ClvDeviceCache *self, VkDevice device,
    const VkPhysicalDeviceProperties *props, const gchar *driver,
    GError **error);
void clv_device_cache_clear (ClvDeviceCache *self, VkDevice device);
void clv_device_cache_save (ClvDeviceCache *self, VkDevice device);

G_END_DECLS

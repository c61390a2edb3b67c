/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-vk-result.h"

#include <clv/clv-error.h>

/* Sorted by meaning. A result that is not listed is CLV_ERROR_FAILED. */
static const struct {
  VkResult result;
  ClvError code;
  const gchar *text;
} results[] = {
  { VK_ERROR_OUT_OF_HOST_MEMORY, CLV_ERROR_NO_MEMORY, "out of host memory" },
  { VK_ERROR_OUT_OF_DEVICE_MEMORY, CLV_ERROR_NO_MEMORY,
      "out of device memory" },
  { VK_ERROR_DEVICE_LOST, CLV_ERROR_DEVICE_LOST, "device lost" },
  { VK_ERROR_INCOMPATIBLE_DRIVER, CLV_ERROR_NO_DEVICE, "no usable driver" },
  { VK_ERROR_INITIALIZATION_FAILED, CLV_ERROR_NO_DEVICE,
      "initialization failed" },
  { VK_ERROR_EXTENSION_NOT_PRESENT, CLV_ERROR_UNSUPPORTED,
      "extension not present" },
  { VK_ERROR_FEATURE_NOT_PRESENT, CLV_ERROR_UNSUPPORTED,
      "feature not present" },
  { VK_TIMEOUT, CLV_ERROR_FAILED, "timed out" },
};

gboolean
clv_vk_check (VkResult result, const gchar *call, GError **error)
{
  if (G_LIKELY (result == VK_SUCCESS))
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (results); i++) {
    if (results[i].result == result) {
      g_set_error (error, CLV_ERROR, results[i].code, "%s: %s (VkResult %d)",
          call, results[i].text, result);
      return FALSE;
    }
  }

  g_set_error (
      error, CLV_ERROR, CLV_ERROR_FAILED, "%s: VkResult %d", call, result);
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device that the tests of kernels run on. */

#pragma once

#include "vulkan/clv-device-private.h"

G_BEGIN_DECLS

/* $CLV_TEST_DEVICE, or the best one. NULL where there is none, and then
 * *ret_status is for main() to return: a skip that is told, or a failure if
 * $CLV_REQUIRE_DEVICE is 1. */
static inline ClvDevice *
open_device (int *ret_status)
{
  g_autoptr (GError) error = NULL;
  ClvDevice *device = clv_device_new (g_getenv ("CLV_TEST_DEVICE"), &error);

  if (device == NULL) {
    *ret_status = g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") == 0;
    g_print (
        "%s %s\n", *ret_status ? "Bail out!" : "1..0 # SKIP", error->message);
  }
  return device;
}

G_END_DECLS

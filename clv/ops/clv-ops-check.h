/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The start-up self-test: drivers do get kernels wrong (numbers that differ with
 * the vector width, one vector for every picture). */

#pragma once

#include "vulkan/clv-device-private.h"

G_BEGIN_DECLS

/* Runs each variant that the device may use once against its plain C twin, on a
 * small odd input, unless its verdict is known, and times matrix units (see
 * clv-ops-race.h) against the kernel without. Costs some seconds of pipeline
 * compilation the first time, microseconds afterwards. Thread-safe.
 *
 * FALSE with CLV_ERROR_UNSUPPORTED if an op has no right variant; the message
 * names each and its worst error. */
gboolean clv_ops_check (ClvDevice *device, GError **error);

/* One line an op: the variant in use, which were refused and why. Runs the
 * check if it has not been done. */
gchar *clv_ops_describe (ClvDevice *device);

G_END_DECLS

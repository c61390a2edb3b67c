/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The start-up self-test: drivers do get kernels wrong (numbers that differ with
 * the vector width, one vector for every picture). */

#pragma once

#include "clv-ops.h"

G_BEGIN_DECLS

/* Runs the variants that an encoder with weights of that kind will use once against
 * their plain C twins, on a small odd input, unless their verdicts are known, and
 * times matrix units (see clv-ops-race.h) against the kernel without. Costs some
 * seconds of pipeline compilation the first time, microseconds afterwards.
 * Thread-safe.
 *
 * FALSE with CLV_ERROR_UNSUPPORTED if an op has no right variant; the message
 * names each and its worst error. */
gboolean clv_ops_check (ClvDevice *device, ClvStorage storage, GError **error);

/* One line an op: the variant in use, which were refused and why. Checks those that
 * have not been, the ones that are not in use too. */
gchar *clv_ops_describe (ClvDevice *device);

G_END_DECLS

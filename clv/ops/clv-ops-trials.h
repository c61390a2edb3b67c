/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One small odd input for each op, run by a variant and by its plain C twin. */

#pragma once

#include "clv-variants.h"

G_BEGIN_DECLS

/* Sums of some dozens of terms near 1 in float32 stay far below this; a wrong
 * lane, row or column is far above. */
#define CLV_TRIAL_MAX_ERROR 5e-5

/* Gives the largest |got - want| / (1 + |want|) over the rows, their padding
 * (which must be zero) and the rows behind them (which must be untouched). Not a
 * number counts as infinite. */
typedef gboolean (*ClvOpTrial) (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);

gboolean clv_trial_gemm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);
gboolean clv_trial_layernorm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);
gboolean clv_trial_attention (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);
gboolean clv_trial_gather_rows (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);
gboolean clv_trial_assemble_tokens (ClvDevice *device,
    const ClvVariant *variant, gdouble *ret_worst, GError **error);
gboolean clv_trial_l2norm (ClvDevice *device, const ClvVariant *variant,
    gdouble *ret_worst, GError **error);

G_END_DECLS

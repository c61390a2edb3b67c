/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include <clv/clv-types.h>

G_BEGIN_DECLS

/* ClvPrecision as a property. */
#define GST_TYPE_CLIP_PRECISION (gst_clip_precision_get_type ())
GType gst_clip_precision_get_type (void);

G_END_DECLS

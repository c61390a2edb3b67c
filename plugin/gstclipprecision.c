/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipprecision.h"

GType
gst_clip_precision_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { CLV_PRECISION_AUTO, "What the device is fastest with", "auto" },
    { CLV_PRECISION_FP32, "Weights stored as 32-bit floats", "fp32" },
    { CLV_PRECISION_FP16, "Weights stored as 16-bit floats", "fp16" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipPrecision", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

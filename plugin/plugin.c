/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptag.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (cliptag, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, clv,
    "Tags video in plain words, with CLIP on Vulkan compute", plugin_init,
    VERSION, "LGPL", PACKAGE, "Unknown package origin")

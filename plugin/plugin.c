/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_INDEX
#include "index/gstclipindex.h"
#endif
#ifdef HAVE_OVERLAY
#include "overlay/gstclipoverlay.h"
#endif
#ifdef HAVE_PUBLISH
#include "publish/gstclippublish.h"
#endif
#include "bin/gstcliptagbin.h"
#include "gstclipheatmap.h"
#include "gstclipregionmeta.h"
#include "tag/gstcliptag.h"
#include "json/gstcliptojson.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean good = GST_ELEMENT_REGISTER (cliptag, plugin);

  /* Who gets buffers from another process looks the metas up by their names. */
  (void) GST_CLIP_META_INFO;
  (void) GST_CLIP_REGION_META_INFO;
  (void) GST_CLIP_HEATMAP_META_INFO;

  good &= GST_ELEMENT_REGISTER (cliptagbin, plugin);
  good &= GST_ELEMENT_REGISTER (cliptojson, plugin);
#ifdef HAVE_INDEX
  good &= GST_ELEMENT_REGISTER (clipindex, plugin);
#endif
#ifdef HAVE_OVERLAY
  good &= GST_ELEMENT_REGISTER (clipoverlay, plugin);
#endif
#ifdef HAVE_PUBLISH
  good &= GST_ELEMENT_REGISTER (clippublish, plugin);
#endif
  return good;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, clv,
    "Tags video in plain words, with CLIP on Vulkan compute", plugin_init,
    VERSION, "LGPL", PACKAGE, "Unknown package origin")

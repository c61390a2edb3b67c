/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipthumbnail.h"

#include <clv/clv-error.h>
#include <gst/video/video.h>

#define SIDE 160

GBytes *
gst_clip_thumbnail_new (GstSample *picture, GError **error)
{
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstSample) sample = NULL;
  GstVideoInfo info;
  GstMapInfo map;
  GstBuffer *buffer;
  GBytes *bytes;
  gdouble width, height, scale;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (picture))) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "no thumbnail of a picture without a size");
    return NULL;
  }
  width = (gdouble) info.width * info.par_n / MAX (info.par_d, 1);
  height = info.height;
  scale = SIDE / MAX (width, height);
  caps = gst_caps_new_simple ("image/jpeg", "width", G_TYPE_INT,
      MAX ((gint) (width * scale + 0.5), 1), "height", G_TYPE_INT,
      MAX ((gint) (height * scale + 0.5), 1), "pixel-aspect-ratio",
      GST_TYPE_FRACTION, 1, 1, NULL);
  sample = gst_video_convert_sample (picture, caps, 10 * GST_SECOND, error);
  if (sample == NULL)
    return NULL;
  buffer = gst_sample_get_buffer (sample);
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "no thumbnail: the JPEG encoder's output cannot be read");
    return NULL;
  }
  bytes = g_bytes_new (map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  return bytes;
}

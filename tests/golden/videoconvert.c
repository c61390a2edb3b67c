/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Y'CbCr to RGB beside GStreamer's converter at its best settings: at most two
 * levels apart on pictures without hard edges, for every format, matrix, range
 * and siting that both know.
 *
 * GStreamer computes well where the samples have more than 8 bits, so it gets
 * every picture shifted up to 10. With 8 it multiplies in 8 bits
 * (video_orc_convert_AYUV_ARGB) and is up to 7 levels from the standards' matrix:
 * limited-range white becomes 253. Its vertically cosited chroma is not
 * implemented (it repeats rows), so that is not compared. */

#include <gst/video/video.h>
#include <math.h>

#include "ref/clv-ref.h"

static const struct {
  ClvPixelFormat format;
  GstVideoFormat gst;
  GstVideoFormat planar; /* the same samples */
  GstVideoFormat deep;   /* planar, of 10 bits */
} formats[] = {
  { CLV_PIXEL_FORMAT_NV12, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_I420,
      GST_VIDEO_FORMAT_I420_10LE },
  { CLV_PIXEL_FORMAT_NV21, GST_VIDEO_FORMAT_NV21, GST_VIDEO_FORMAT_I420,
      GST_VIDEO_FORMAT_I420_10LE },
  { CLV_PIXEL_FORMAT_I420, GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_I420,
      GST_VIDEO_FORMAT_I420_10LE },
  { CLV_PIXEL_FORMAT_YV12, GST_VIDEO_FORMAT_YV12, GST_VIDEO_FORMAT_I420,
      GST_VIDEO_FORMAT_I420_10LE },
  { CLV_PIXEL_FORMAT_YUY2, GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_Y42B,
      GST_VIDEO_FORMAT_I422_10LE },
  { CLV_PIXEL_FORMAT_UYVY, GST_VIDEO_FORMAT_UYVY, GST_VIDEO_FORMAT_Y42B,
      GST_VIDEO_FORMAT_I422_10LE },
  { CLV_PIXEL_FORMAT_Y42B, GST_VIDEO_FORMAT_Y42B, GST_VIDEO_FORMAT_Y42B,
      GST_VIDEO_FORMAT_I422_10LE },
  { CLV_PIXEL_FORMAT_Y444, GST_VIDEO_FORMAT_Y444, GST_VIDEO_FORMAT_Y444,
      GST_VIDEO_FORMAT_Y444_10LE },
  { CLV_PIXEL_FORMAT_P010_10LE, GST_VIDEO_FORMAT_P010_10LE,
      GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_I420_10LE },
  { CLV_PIXEL_FORMAT_I420_10LE, GST_VIDEO_FORMAT_I420_10LE,
      GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_I420_10LE },
};

static const struct {
  ClvMatrix matrix;
  GstVideoColorMatrix gst;
} matrices[] = {
  { CLV_MATRIX_BT601, GST_VIDEO_COLOR_MATRIX_BT601 },
  { CLV_MATRIX_BT709, GST_VIDEO_COLOR_MATRIX_BT709 },
  { CLV_MATRIX_BT2020, GST_VIDEO_COLOR_MATRIX_BT2020 },
};

static GstBuffer *
convert (GstBuffer *from, GstVideoInfo *from_info, GstVideoInfo *to_info)
{
  GstStructure *options = gst_structure_new ("options",
      GST_VIDEO_CONVERTER_OPT_DITHER_METHOD, GST_TYPE_VIDEO_DITHER_METHOD,
      GST_VIDEO_DITHER_NONE, GST_VIDEO_CONVERTER_OPT_CHROMA_MODE,
      GST_TYPE_VIDEO_CHROMA_MODE, GST_VIDEO_CHROMA_MODE_FULL,
      GST_VIDEO_CONVERTER_OPT_MATRIX_MODE, GST_TYPE_VIDEO_MATRIX_MODE,
      GST_VIDEO_MATRIX_MODE_FULL,
      GST_VIDEO_CONVERTER_OPT_CHROMA_RESAMPLER_METHOD,
      GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR, NULL);
  GstVideoConverter *converter =
      gst_video_converter_new (from_info, to_info, options);
  GstBuffer *to = gst_buffer_new_allocate (NULL, to_info->size, NULL);
  GstVideoFrame source, target;

  g_assert_nonnull (converter);
  g_assert_true (gst_video_frame_map (&source, from_info, from, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&target, to_info, to, GST_MAP_WRITE));
  gst_video_converter_frame (converter, &source, &target);
  gst_video_frame_unmap (&target);
  gst_video_frame_unmap (&source);
  gst_video_converter_free (converter);
  return to;
}

/* Slow waves, another one for each channel, inside the gamut. */
static GstBuffer *
smooth_picture (GstVideoInfo *info)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstVideoFrame frame;

  g_assert_true (gst_video_frame_map (&frame, info, buffer, GST_MAP_WRITE));
  for (gint y = 0; y < info->height; y++)
    for (gint x = 0; x < info->width; x++)
      for (gint c = 0; c < 3; c++) {
        guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0) +
                      y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

        row[3 * x + c] = lround (
            128 + 60 * sin (x * (0.045 + 0.01 * c)) + 50 * cos (y * 0.06 + c));
      }
  gst_video_frame_unmap (&frame);
  return buffer;
}

static ClvFrame
frame_of (const GstVideoFrame *video, ClvPixelFormat format, ClvMatrix matrix,
    gboolean full_range, ClvSiting siting_h)
{
  ClvFrame frame = {
    .format = format,
    .width = GST_VIDEO_FRAME_WIDTH (video),
    .height = GST_VIDEO_FRAME_HEIGHT (video),
    .matrix = matrix,
    .full_range = full_range,
    .siting_h = siting_h,
    .siting_v = CLV_SITING_CENTER,
  };

  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (video); i++) {
    frame.planes[i] = GST_VIDEO_FRAME_PLANE_DATA (video, i);
    frame.strides[i] = GST_VIDEO_FRAME_PLANE_STRIDE (video, i);
  }
  return frame;
}

static gint
largest_difference (const guint8 *found, GstBuffer *want, GstVideoInfo *info)
{
  GstVideoFrame frame;
  gint worst = 0;

  g_assert_true (gst_video_frame_map (&frame, info, want, GST_MAP_READ));
  for (gint y = 0; y < info->height; y++)
    for (gint i = 0; i < 3 * info->width; i++) {
      const guint8 *row =
          (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0) +
          y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

      worst = MAX (worst, abs (row[i] - found[y * 3 * info->width + i]));
    }
  gst_video_frame_unmap (&frame);
  return worst;
}

static GstVideoInfo
same_picture (const GstVideoInfo *info, GstVideoFormat format)
{
  GstVideoInfo other;

  gst_video_info_set_format (&other, format, info->width, info->height);
  other.colorimetry = info->colorimetry;
  other.chroma_site = info->chroma_site;
  return other;
}

/* Planar samples of 8 bits, times four. */
static GstBuffer *
deepen (GstBuffer *planar, GstVideoInfo *planar_info, GstVideoInfo *deep_info)
{
  GstBuffer *deep = gst_buffer_new_allocate (NULL, deep_info->size, NULL);
  GstVideoFrame from, to;

  g_assert_true (
      gst_video_frame_map (&from, planar_info, planar, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&to, deep_info, deep, GST_MAP_WRITE));
  for (guint c = 0; c < 3; c++)
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&from, c); y++)
      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&from, c); x++) {
        const guint8 *in = (const guint8 *) from.data[c] +
                           y * GST_VIDEO_FRAME_PLANE_STRIDE (&from, c) + x;
        guint8 *out = (guint8 *) to.data[c] +
                      y * GST_VIDEO_FRAME_PLANE_STRIDE (&to, c) + 2 * x;

        GST_WRITE_UINT16_LE (out, *in << 2);
      }
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  return deep;
}

/* To RGB by GStreamer, from 10 bits. */
static GstBuffer *
convert_deep (
    GstBuffer *yuv, GstVideoInfo *info, guint format, GstVideoInfo *rgb_info)
{
  GstVideoInfo planar_info = same_picture (info, formats[format].planar);
  GstVideoInfo deep_info = same_picture (info, formats[format].deep);
  GstBuffer *planar = convert (yuv, info, &planar_info);
  GstBuffer *rgb;

  if (formats[format].planar != formats[format].deep) {
    GstBuffer *deep = deepen (planar, &planar_info, &deep_info);

    gst_buffer_unref (planar);
    planar = deep;
  }
  rgb = convert (planar, &deep_info, rgb_info);
  gst_buffer_unref (planar);
  return rgb;
}

/* In, by GStreamer, and back, by both. */
static gint
round_trip (guint format, guint matrix, gboolean full_range, gboolean cosited,
    gint width, gint height)
{
  GstVideoInfo rgb_info, yuv_info;
  GstBuffer *rgb, *yuv, *back;
  GstVideoFrame video;
  ClvFrame frame;
  gint worst;
  g_autofree guint8 *found = g_malloc ((gsize) width * height * 3);

  gst_video_info_set_format (&rgb_info, GST_VIDEO_FORMAT_RGB, width, height);
  gst_video_info_set_format (&yuv_info, formats[format].gst, width, height);
  yuv_info.colorimetry = rgb_info.colorimetry;
  yuv_info.colorimetry.matrix = matrices[matrix].gst;
  yuv_info.colorimetry.range =
      full_range ? GST_VIDEO_COLOR_RANGE_0_255 : GST_VIDEO_COLOR_RANGE_16_235;
  yuv_info.chroma_site =
      cosited ? GST_VIDEO_CHROMA_SITE_MPEG2 : GST_VIDEO_CHROMA_SITE_JPEG;

  rgb = smooth_picture (&rgb_info);
  yuv = convert (rgb, &rgb_info, &yuv_info);
  back = convert_deep (yuv, &yuv_info, format, &rgb_info);
  g_assert_true (gst_video_frame_map (&video, &yuv_info, yuv, GST_MAP_READ));
  frame = frame_of (&video, formats[format].format, matrices[matrix].matrix,
      full_range, cosited ? CLV_SITING_COSITED : CLV_SITING_CENTER);
  clv_ref_to_rgb (found, &frame);
  gst_video_frame_unmap (&video);
  worst = largest_difference (found, back, &rgb_info);
  gst_buffer_unref (rgb);
  gst_buffer_unref (yuv);
  gst_buffer_unref (back);
  return worst;
}

static void
is_near_videoconvert (gconstpointer data)
{
  const guint format = GPOINTER_TO_UINT (data);
  static const gint sizes[][2] = { { 176, 144 }, { 101, 67 } };

  for (guint i = 0; i < 2 * 2 * 2 * G_N_ELEMENTS (matrices); i++) {
    const gint *size = sizes[i & 1];
    const gboolean full_range = i >> 1 & 1, cosited = i >> 2 & 1;
    const gint worst =
        round_trip (format, i >> 3, full_range, cosited, size[0], size[1]);

    g_test_message ("%dx%d, matrix %u, full range %d, cosited %d: %d levels",
        size[0], size[1], i >> 3, full_range, cosited, worst);
    g_assert_cmpint (worst, <=, 2);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree gchar *path =
        g_strdup_printf ("/videoconvert/%s is within two levels",
            gst_video_format_to_string (formats[i].gst));

    g_test_add_data_func (path, GUINT_TO_POINTER (i), is_near_videoconvert);
  }
  return g_test_run ();
}

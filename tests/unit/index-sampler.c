/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a difference of two pictures is, whatever their format. */

#include "tools/index-sampler.h"

#include <gst/video/video.h>
#include <string.h>

#define SIDE 64

/* All bytes equal: in each format a grey of that value, as far as they are not
 * chroma. */
static MediaPicture
make_picture (GstVideoFormat format, guint8 value, gdouble time)
{
  GstVideoInfo info;
  g_autoptr (GstBuffer) buffer = NULL;
  g_autoptr (GstCaps) caps = NULL;

  g_assert_true (gst_video_info_set_format (&info, format, SIDE, SIDE));
  buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_buffer_memset (buffer, 0, value, GST_VIDEO_INFO_SIZE (&info));
  caps = gst_video_info_to_caps (&info);
  return (MediaPicture){
    .sample = gst_sample_new (buffer, caps, NULL, NULL),
    .time = time,
  };
}

static gboolean
take (IndexSampler *sampler, GstVideoFormat format, guint8 value, gdouble time)
{
  MediaPicture picture = make_picture (format, value, time);
  const gboolean taken = index_sampler_take (sampler, &picture);

  gst_sample_unref (picture.sample);
  return taken;
}

/* 40 of 255 are more than 0.15 and less than 0.16, of one component and of
 * three. */
static void
test_threshold (void)
{
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_GRAY8,
    GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_I420 };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    IndexSampler low = { .pace = { .interval = 1 }, .scene_change = 0.15 };
    IndexSampler high = { .pace = { .interval = 1 }, .scene_change = 0.16 };

    g_test_message ("%s", gst_video_format_to_string (formats[i]));
    g_assert_true (take (&low, formats[i], 60, 0));
    g_assert_false (take (&low, formats[i], 60, 1));
    g_assert_true (take (&low, formats[i], 100, 2));
    g_assert_false (take (&low, formats[i], 100, 3));
    g_assert_true (take (&high, formats[i], 60, 0));
    g_assert_false (take (&high, formats[i], 100, 1));
    g_assert_true (take (&high, formats[i], 100, INDEX_SAMPLER_STILL));
  }
}

static void
test_other_format (void)
{
  IndexSampler sampler = { .pace = { .interval = 1 }, .scene_change = 0.5 };

  g_assert_true (take (&sampler, GST_VIDEO_FORMAT_RGB, 60, 0));
  g_assert_true (take (&sampler, GST_VIDEO_FORMAT_GRAY8, 60, 1));
  g_assert_false (take (&sampler, GST_VIDEO_FORMAT_GRAY8, 60, 2));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/index-sampler/one T in all formats", test_threshold);
  g_test_add_func (
      "/index-sampler/another format is a change", test_other_format);
  return g_test_run ();
}

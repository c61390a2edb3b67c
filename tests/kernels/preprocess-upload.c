/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of a frame in host memory each byte that the model sees is copied once, and no
 * other is looked at. */

#include <sys/mman.h>
#include <unistd.h>

#include "ops/clv-preprocess-private.h"

#include "open-device.h"

static ClvDevice *device;

static const ClvModelConfig config = {
  .image_size = 224,
  .patch_size = 32,
  .preprocess = {
    .resize = TRUE,
    .shortest_edge = TRUE,
    .resize_width = 224,
    .resize_height = 224,
    .filter = CLV_FILTER_BICUBIC,
    .center_crop = TRUE,
    .crop_width = 224,
    .crop_height = 224,
    .rescale = 1.0f / 255.0f,
    .mean = { 0.48f, 0.46f, 0.41f },
    .std = { 0.27f, 0.26f, 0.28f },
  },
};

/* By the plan that the copy follows. */
static gsize
count_copied (const ClvFrame *frame)
{
  const ClvFrame key = clv_preprocess_layout_key (frame);
  GError *error = NULL;
  ClvPreprocessLayout *layout =
      clv_preprocess_layout_new (device, &key, &config, &error);
  gsize n = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < layout->n_planes; i++)
    n += (gsize) layout->planes[i].unit * layout->planes[i].n_columns *
         layout->planes[i].n_rows;
  clv_preprocess_layout_free (layout);
  return n;
}

/* Of a wide picture the model sees the middle; of a cropped one what is left. */
static void
what_is_seen_is_copied_once (void)
{
  ClvFrame frame = {
    .format = CLV_PIXEL_FORMAT_NV12, .width = 1920, .height = 1080
  };

  /* A square of 1080, the filter's reach, and chroma's border of one sample. */
  g_assert_cmpuint (count_copied (&frame), >=, 1080 * 1080 * 3 / 2);
  g_assert_cmpuint (count_copied (&frame), <=, 1110 * 1080 * 3 / 2 + 4 * 1110);
  frame.crop_x = 100;
  frame.crop_y = 200;
  frame.crop_width = 480;
  frame.crop_height = 480;
  g_assert_cmpuint (count_copied (&frame), >=, 480 * 480 * 3 / 2);
  g_assert_cmpuint (count_copied (&frame), <=, 480 * 480 * 3 / 2 + 4 * 482);
}

/* Rows of a page each; those that are not seen cannot be read. */
static void
rows_that_are_not_seen_are_not_touched (void)
{
  const gsize page = sysconf (_SC_PAGESIZE);
  guint8 *rows = mmap (NULL, 64 * page, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const ClvFrame frame = {
    .format = CLV_PIXEL_FORMAT_GRAY8,
    .width = page,
    .height = 64,
    .crop_x = 9,
    .crop_y = 20,
    .crop_width = 40,
    .crop_height = 24,
    .planes = { rows },
    .strides = { page },
  };
  ClvPreprocessor *preprocessor;
  ClvBuffer patches = { 0 };
  GError *error = NULL;

  g_assert_true (rows != MAP_FAILED);
  g_assert_cmpint (mprotect (rows, 20 * page, PROT_NONE), ==, 0);
  g_assert_cmpint (mprotect (rows + 44 * page, 20 * page, PROT_NONE), ==, 0);
  clv_activation_init (
      &patches, device, "test patches", 7 * 7, 3 * 32 * 32, &error);
  g_assert_no_error (error);
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  clv_preprocessor_run (preprocessor, &frame, 0, &error);
  g_assert_no_error (error);
  clv_preprocessor_free (preprocessor);
  clv_buffer_clear (&patches);
  munmap (rows, 64 * page);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = open_device (&status);
  if (device == NULL)
    return status;
  g_test_add_func ("/preprocess-upload/what is seen is copied once",
      what_is_seen_is_copied_once);
  g_test_add_func ("/preprocess-upload/rows that are not seen are not touched",
      rows_that_are_not_seen_are_not_touched);
  status = g_test_run ();
  g_object_unref (device);
  return status;
}

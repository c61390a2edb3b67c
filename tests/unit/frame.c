/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cannot be a picture is refused before anybody reads it. */

#include <clv/clv-error.h>
#include <clv/clv-frame.h>

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  7
#define HEIGHT 5
#define STRIDE 8

static const guint8 pixels[STRIDE * HEIGHT * 2];

/* NV12: 5 rows of 7, and behind them 3 rows of 4 pairs. */
static const ClvFrame good = {
  .format = CLV_PIXEL_FORMAT_NV12,
  .width = WIDTH,
  .height = HEIGHT,
  .planes = { pixels, pixels + STRIDE *HEIGHT },
  .strides = { STRIDE, STRIDE },
};

static void
expect (const ClvFrame *frame, const gchar *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_frame_check (frame, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_host (void)
{
  ClvFrame frame = good;

  g_assert_true (clv_frame_check (&frame, NULL));
  frame.strides[1] = WIDTH;
  expect (&frame, "plane 1: wanted rows of at least 8 bytes, found a stride "
                  "of 7");
  frame = good;
  frame.planes[0] = NULL;
  expect (&frame, "plane 0: wanted rows of at least 7 bytes");
  frame = good;
  frame.width = 0;
  expect (&frame, "size: wanted 1 to 16384");
  frame.width = 16385;
  expect (&frame, "found 16385×5");
  frame = good;
  frame.format = CLV_N_PIXEL_FORMATS;
  expect (&frame, "no pixel format");
}

static void
test_crops (void)
{
  ClvFrame frame = good;

  frame.crop_x = WIDTH - 1;
  frame.crop_width = 1;
  g_assert_true (clv_frame_check (&frame, NULL));
  frame.crop_width = 2;
  expect (&frame, "crop: 2×0 at (6, 0) is outside the picture of 7×5");
  frame.crop_width = G_MAXUINT; /* their sum is 5 */
  expect (&frame, "crop");
  frame = good;
  frame.crop_y = HEIGHT;
  expect (&frame, "crop");
}

/* A plain file has a size as well. */
static void
test_dmabufs (void)
{
  g_autofree gchar *path = NULL;
  const gint fd = g_file_open_tmp ("clv-frame-XXXXXX", &path, NULL);
  const gsize size = STRIDE * (HEIGHT + 3);
  const ClvFrame there = {
    .format = CLV_PIXEL_FORMAT_NV12,
    .width = WIDTH,
    .height = HEIGHT,
    .memory = CLV_FRAME_DMABUF,
    .strides = { STRIDE, STRIDE },
    .fds = { fd, fd },
    .offsets = { 0, STRIDE * HEIGHT },
  };
  ClvFrame frame = there;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  g_assert_true (clv_frame_check (&frame, NULL));
  frame.offsets[1]++;
  expect (&frame, "plane 1: wanted a DMABuf of at least 65 bytes, found one "
                  "with 64");
  frame.offsets[1] = G_MAXSIZE - STRIDE * 3 + 1; /* ends at 0 */
  expect (&frame, "plane 1");
  frame = there;
  frame.strides[0] = G_MAXSIZE / 4 + 1; /* four of them are nothing */
  expect (&frame, "plane 0");
  frame = there;
  frame.strides[1] = WIDTH;
  expect (&frame, "plane 1: wanted rows of at least 8 bytes");
  frame = there;
  frame.fds[0] = -1;
  expect (&frame, "plane 0: wanted a DMABuf of at least 39 bytes, found no "
                  "file");
  close (fd);
  g_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/in host memory", test_host);
  g_test_add_func ("/frame/cropped", test_crops);
  g_test_add_func ("/frame/in DMABufs", test_dmabufs);
  return g_test_run ();
}

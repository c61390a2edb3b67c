/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The preprocessing kernels against their plain C twin: equal levels, always.
 * Pictures are noise, or extremes; `--seed` repeats a run, `--bench` times the
 * sizes and formats of real streams instead. */

#include <math.h>
#include <string.h>

#include "base/clv-frame-layout.h"
#include "ops/clv-brightness.h"
#include "ops/clv-preprocess-private.h"
#include "ref/clv-ref.h"

#include "open-device.h"

#define N_SLOTS 3

static ClvDevice *device;

/* Planes with slack in every row, so that a stride is never the width. */
typedef struct {
  ClvFrame frame;
  guint8 *planes[CLV_MAX_PLANES];
} Picture;

static Picture
make_picture (
    ClvPixelFormat format, guint width, guint height, gboolean extreme)
{
  Picture picture = {
    .frame = { .format = format, .width = width, .height = height },
  };

  for (guint i = 0; i < clv_frame_layout (format)->n_planes; i++) {
    gsize row_bytes;
    guint n_rows;

    clv_frame_plane_size (&picture.frame, i, &row_bytes, &n_rows);
    picture.frame.strides[i] = row_bytes + g_test_rand_int_range (1, 40);
    /* Not a byte more than a caller must give. */
    const gsize size = picture.frame.strides[i] * (n_rows - 1) + row_bytes;
    picture.planes[i] = g_malloc (size);
    for (gsize k = 0; k < size; k++) {
      const guint noise = g_test_rand_int ();

      picture.planes[i][k] =
          extreme ? (noise >> 16 & 1 ? 255 : 0) : noise >> 16;
    }
    picture.frame.planes[i] = picture.planes[i];
  }
  return picture;
}

static void
picture_clear (Picture *picture)
{
  for (guint i = 0; i < CLV_MAX_PLANES; i++)
    g_free (picture->planes[i]);
}

static ClvModelConfig
make_config (guint image_size, guint patch_size, ClvFilter filter)
{
  return (ClvModelConfig) {
    .image_size = image_size,
    .patch_size = patch_size,
    .preprocess = {
      .resize = TRUE,
      .shortest_edge = TRUE,
      .resize_width = image_size,
      .resize_height = image_size,
      .filter = filter,
      .center_crop = TRUE,
      .crop_width = image_size,
      .crop_height = image_size,
      .rescale = 1.0f / 255.0f,
      .mean = { 0.48145466f, 0.4578275f, 0.40821073f },
      .std = { 0.26862954f, 0.26130258f, 0.27577711f },
    },
  };
}

static void
make_patches (ClvBuffer *patches, const ClvModelConfig *config, guint n_slots)
{
  const guint grid = config->image_size / config->patch_size;
  GError *error = NULL;

  clv_activation_init (patches, device, "test patches", n_slots * grid * grid,
      3 * config->patch_size * config->patch_size, &error);
  g_assert_no_error (error);
}

static gint
level_of (gfloat value, const ClvPreprocessConfig *rules, guint channel)
{
  return lroundf (
      (value * rules->std[channel] + rules->mean[channel]) / rules->rescale);
}

static void
describe (const ClvFrame *frame, guint channel, guint y, guint x)
{
  g_test_message ("format %d, %ux%u, crop %ux%u+%u+%u, PAR %u/%u, matrix %d, "
                  "full range %d, siting %d %d: channel %u, row %u, column %u",
      frame->format, frame->width, frame->height, frame->crop_width,
      frame->crop_height, frame->crop_x, frame->crop_y, frame->par_n,
      frame->par_d, frame->matrix, frame->full_range, frame->siting_h,
      frame->siting_v, channel, y, x);
}

/* Both sides, one frame, one slot. */
static void
compare (ClvPreprocessor *preprocessor, const ClvModelConfig *config,
    ClvBuffer *patches, const ClvFrame *frame, guint slot)
{
  const gsize S = config->image_size;
  const guint edge = S / config->patch_size * config->patch_size;
  const ClvPreprocessConfig *rules = &config->preprocess;
  g_autofree gfloat *want = g_new (gfloat, 3 * S * S);
  g_autofree gfloat *found = g_malloc (patches->size_bytes);
  GError *error = NULL;

  clv_ref_preprocess (want, frame, rules, S, &error);
  g_assert_no_error (error);
  clv_preprocessor_run (preprocessor, frame, slot, &error);
  g_assert_no_error (error);
  clv_buffer_download (patches, 0, found, patches->size_bytes, &error);
  g_assert_no_error (error);
  for (guint c = 0; c < 3; c++)
    for (guint y = 0; y < edge; y++)
      for (guint x = 0; x < edge; x++) {
        const gfloat value = found[clv_patch_index (config, slot, c, y, x)];
        const gfloat right = want[(c * S + y) * S + x];

        if (level_of (value, rules, c) == level_of (right, rules, c) &&
            fabsf (value - right) <= 1e-5f)
          continue;
        describe (frame, c, y, x);
        g_assert_cmpfloat_with_epsilon (value, right, 1e-5f);
      }
}

static void
randomise (ClvFrame *frame)
{
  static const guint ratios[][2] = { { 1, 1 }, { 0, 0 }, { 12, 11 }, { 16, 11 },
    { 8, 9 }, { 1, 2 }, { 3, 1 } };
  const guint ratio = g_test_rand_int_range (0, G_N_ELEMENTS (ratios));

  frame->matrix = g_test_rand_int_range (0, 3);
  frame->full_range = g_test_rand_int_range (0, 2);
  frame->siting_h = g_test_rand_int_range (0, 2);
  frame->siting_v = g_test_rand_int_range (0, 2);
  frame->par_n = ratios[ratio][0];
  frame->par_d = ratios[ratio][1];
  if (g_test_rand_int_range (0, 2)) {
    frame->crop_x = g_test_rand_int_range (0, frame->width);
    frame->crop_y = g_test_rand_int_range (0, frame->height);
    frame->crop_width =
        g_test_rand_int_range (0, frame->width - frame->crop_x + 1);
    frame->crop_height =
        g_test_rand_int_range (0, frame->height - frame->crop_y + 1);
  }
}

/* Shortest edge and crop, a crop larger than the picture, squash, both filters,
 * patches that leave a rest, values not rescaled. */
static ClvModelConfig
config_of_case (guint i)
{
  ClvModelConfig config = make_config (32, 8, CLV_FILTER_BICUBIC);

  if (i == 1) {
    config = make_config (21, 7, CLV_FILTER_BICUBIC);
    config.preprocess.resize_width = config.preprocess.resize_height = 13;
  } else if (i == 2) {
    config = make_config (18, 5, CLV_FILTER_BILINEAR);
    config.preprocess.shortest_edge = config.preprocess.center_crop = FALSE;
    config.preprocess.rescale = 1.0f;
  } else if (i == 3) {
    config = make_config (17, 17, CLV_FILTER_BILINEAR);
    config.preprocess.resize_width = config.preprocess.resize_height = 24;
  } else if (i == 4) {
    config = make_config (20, 4, CLV_FILTER_BICUBIC);
    config.preprocess.resize = FALSE;
  }
  return config;
}

static void
every_format_equals_the_twin (gconstpointer data)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 3 }, { 37, 21 }, { 20, 61 },
    { 64, 48 }, { 131, 97 } };
  const ClvPixelFormat format = GPOINTER_TO_UINT (data);

  for (guint c = 0; c < 5; c++) {
    const ClvModelConfig config = config_of_case (c);
    GError *error = NULL;
    ClvBuffer patches = { 0 };
    ClvPreprocessor *preprocessor;

    make_patches (&patches, &config, N_SLOTS);
    preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < 3 * G_N_ELEMENTS (sizes); i++) {
      const guint *size = sizes[i % G_N_ELEMENTS (sizes)];
      Picture picture = make_picture (format, size[0], size[1], i % 3 == 2);

      randomise (&picture.frame);
      compare (preprocessor, &config, &patches, &picture.frame, i % N_SLOTS);
      picture_clear (&picture);
    }
    clv_preprocessor_free (preprocessor);
    clv_buffer_clear (&patches);
  }
}

/* One slot is written, the others keep their values, and so does the space
 * between the rows. */
static void
a_slot_leaves_the_others_alone (void)
{
  const ClvModelConfig config = make_config (20, 5, CLV_FILTER_BICUBIC);
  const guint stride = clv_row_stride (3 * 5 * 5), rows = 16;
  GError *error = NULL;
  ClvBuffer patches = { 0 };
  ClvPreprocessor *preprocessor;
  Picture picture = make_picture (CLV_PIXEL_FORMAT_I420, 33, 35, FALSE);

  make_patches (&patches, &config, N_SLOTS);
  g_autofree gfloat *found = g_malloc (patches.size_bytes);

  for (gsize i = 0; i < patches.size_bytes / sizeof *found; i++)
    found[i] = 777.0f;
  clv_buffer_upload (&patches, 0, found, patches.size_bytes, &error);
  g_assert_no_error (error);
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  clv_preprocessor_run (preprocessor, &picture.frame, 1, &error);
  g_assert_no_error (error);
  clv_buffer_download (&patches, 0, found, patches.size_bytes, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < patches.size_bytes / sizeof *found; i++) {
    const gsize row = i / stride, column = i % stride;
    const gboolean written = row / rows == 1 && column < 3 * 5 * 5;

    g_assert_true ((found[i] != 777.0f) == written);
  }
  clv_preprocessor_free (preprocessor);
  clv_buffer_clear (&patches);
  picture_clear (&picture);
}

/* Every slot of both sets, and sides that 16 does not divide. */
static void
brightness_is_that_of_the_twin (void)
{
  static const struct {
    guint image_size, patch_size;
  } shapes[] = { { 224, 32 }, { 224, 14 }, { 70, 7 }, { 33, 8 }, { 10, 5 } };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    const ClvModelConfig config = make_config (
        shapes[i].image_size, shapes[i].patch_size, CLV_FILTER_BICUBIC);
    const guint S = config.image_size;
    const guint edge = S / config.patch_size * config.patch_size;
    g_autofree gfloat *pixels = g_new (gfloat, (gsize) 3 * S * S);
    gfloat want[CLV_BRIGHTNESS_CELLS], found[CLV_BRIGHTNESS_CELLS];
    ClvBuffer patches[CLV_PREPROCESS_SETS] = { { 0 } };
    ClvPreprocessor *preprocessor;
    ClvBrightness brightness;
    GError *error = NULL;

    make_patches (&patches[0], &config, N_SLOTS);
    make_patches (&patches[1], &config, N_SLOTS);
    preprocessor = clv_preprocessor_new (device, &config, &patches[0], &error);
    g_assert_no_error (error);
    clv_preprocessor_add_patches (preprocessor, &patches[1]);
    clv_brightness_init (&brightness, device, &config);
    for (guint n = 0; n < 2 * N_SLOTS; n++) {
      Picture picture = make_picture (CLV_PIXEL_FORMAT_RGB, 61, 43, n == 1);

      clv_ref_preprocess (
          pixels, &picture.frame, &config.preprocess, S, &error);
      g_assert_no_error (error);
      clv_ref_brightness (want, pixels, &config.preprocess, S, edge);
      clv_preprocessor_submit (
          preprocessor, &picture.frame, n % 2, n / 2, &error);
      g_assert_no_error (error);
      clv_brightness_measure (
          &brightness, &patches[n % 2], n % 2, n / 2, found, &error);
      g_assert_no_error (error);
      for (guint k = 0; k < CLV_BRIGHTNESS_CELLS; k++) {
        g_assert_cmpfloat_with_epsilon (found[k], want[k], 1e-5f);
        g_assert_true (found[k] > -1e-5f && found[k] < 1.00001f);
      }
      picture_clear (&picture);
    }
    clv_brightness_clear (&brightness);
    clv_preprocessor_free (preprocessor);
    clv_buffer_clear (&patches[0]);
    clv_buffer_clear (&patches[1]);
  }
}

/* Wide enough that the RGB picture does not fit in one band. */
static void
large_pictures_are_done_in_bands (void)
{
  const ClvModelConfig config = make_config (16, 16, CLV_FILTER_BICUBIC);
  GError *error = NULL;
  ClvBuffer patches = { 0 };
  ClvPreprocessor *preprocessor;
  Picture picture = make_picture (CLV_PIXEL_FORMAT_NV12, 2301, 2203, FALSE);

  make_patches (&patches, &config, 1);
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  compare (preprocessor, &config, &patches, &picture.frame, 0);
  clv_preprocessor_free (preprocessor);
  clv_buffer_clear (&patches);
  picture_clear (&picture);
}

static void
known_layouts_are_not_set_up_again (void)
{
  const ClvModelConfig config = make_config (16, 8, CLV_FILTER_BICUBIC);
  const guint n = CLV_PREPROCESS_LAYOUTS;
  GError *error = NULL;
  ClvBuffer patches = { 0 };
  ClvPreprocessor *preprocessor;
  Picture pictures[CLV_PREPROCESS_LAYOUTS + 1];

  make_patches (&patches, &config, 1);
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  for (guint i = 0; i <= n; i++)
    pictures[i] = make_picture (CLV_PIXEL_FORMAT_RGB, 20 + i, 30, FALSE);
  for (guint i = 0; i < n; i++)
    compare (preprocessor, &config, &patches, &pictures[i].frame, 0);
  g_assert_cmpuint (clv_preprocessor_n_setups (preprocessor), ==, n);
  for (guint i = 0; i < n; i++)
    compare (preprocessor, &config, &patches, &pictures[i].frame, 0);
  g_assert_cmpuint (clv_preprocessor_n_setups (preprocessor), ==, n);

  /* One more takes the place of the oldest, 0, and of nothing else. */
  compare (preprocessor, &config, &patches, &pictures[n].frame, 0);
  for (guint i = 1; i < n; i++)
    compare (preprocessor, &config, &patches, &pictures[i].frame, 0);
  g_assert_cmpuint (clv_preprocessor_n_setups (preprocessor), ==, n + 1);
  compare (preprocessor, &config, &patches, &pictures[0].frame, 0);
  g_assert_cmpuint (clv_preprocessor_n_setups (preprocessor), ==, n + 2);

  for (guint i = 0; i <= n; i++)
    picture_clear (&pictures[i]);
  clv_preprocessor_free (preprocessor);
  clv_buffer_clear (&patches);
}

static void
bad_frames_are_refused (void)
{
  ClvModelConfig config = make_config (16, 8, CLV_FILTER_BICUBIC);
  GError *error = NULL;
  ClvBuffer patches = { 0 };
  ClvPreprocessor *preprocessor;
  Picture picture = make_picture (CLV_PIXEL_FORMAT_NV12, 40, 30, FALSE);
  ClvFrame frame = picture.frame;

  make_patches (&patches, &config, 1);
  config.preprocess.center_crop = FALSE;
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  g_assert_false (clv_preprocessor_run (preprocessor, &frame, 0, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "21×16"));
  g_clear_error (&error);
  clv_preprocessor_free (preprocessor);

  config.preprocess.center_crop = TRUE;
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  frame.planes[1] = NULL;
  g_assert_false (clv_preprocessor_run (preprocessor, &frame, 0, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  frame = picture.frame;
  frame.par_n = G_MAXINT;
  frame.par_d = 1;
  g_assert_false (clv_preprocessor_run (preprocessor, &frame, 0, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "aspect ratio"));
  g_clear_error (&error);
  clv_preprocessor_free (preprocessor);

  config.patch_size = 0;
  g_assert_null (clv_preprocessor_new (device, &config, &patches, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_clear_error (&error);
  clv_buffer_clear (&patches);
  picture_clear (&picture);
}

/* Something that takes the device a while. */
static ClvCommands *
make_long_commands (ClvBuffer *buffer)
{
  GError *error = NULL;
  ClvCommands *cmds = clv_commands_new (device, "long", &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 8; i++)
    clv_commands_zero (cmds, buffer);
  clv_commands_end (cmds, &error);
  g_assert_no_error (error);
  return cmds;
}

static VkBuffer
use_place (ClvPreprocessLayout *layout, ClvBuffer *buffer)
{
  GError *error = NULL;
  ClvPreprocessPlace *place =
      clv_preprocess_layout_get_place (layout, device, &error);

  g_assert_no_error (error);
  if (place->to_columns == NULL)
    place->to_columns = make_long_commands (buffer);
  g_assert_false (clv_commands_are_running (place->to_columns));
  clv_commands_submit (place->to_columns, NULL, &error);
  g_assert_no_error (error);
  return place->upload.buffer;
}

/* The device works in order: a newer one is never free earlier. */
static void
places_are_used_in_turn (void)
{
  const ClvModelConfig config = make_config (32, 8, CLV_FILTER_BICUBIC);
  Picture picture = make_picture (CLV_PIXEL_FORMAT_RGB, 48, 32, FALSE);
  const ClvFrame key = clv_preprocess_layout_key (&picture.frame);
  VkBuffer last = VK_NULL_HANDLE, turn[3];
  ClvPreprocessLayout *layout;
  ClvBuffer buffer = { 0 };
  GError *error = NULL;

  layout = clv_preprocess_layout_new (device, &key, &config, &error);
  g_assert_no_error (error);
  clv_buffer_init (&buffer, device, "long", CLV_MEMORY_UPLOAD, 64 << 20,
      VK_FORMAT_UNDEFINED, &error);
  g_assert_no_error (error);
  layout->max_places = 3;
  while (layout->n_places < 3)
    last = use_place (layout, &buffer);
  for (guint i = 0; i < 3; i++)
    turn[i] = use_place (layout, &buffer);
  g_assert_true (turn[2] == last);
  /* Where all are free, too. */
  for (guint i = 0; i < 8; i++) {
    for (guint k = 0; i % 4 < 2 && k < 3; k++)
      clv_commands_wait (layout->places[k].to_columns, NULL);
    g_assert_true (use_place (layout, &buffer) == turn[i % 3]);
  }
  clv_preprocess_layout_free (layout);
  clv_buffer_clear (&buffer);
  picture_clear (&picture);
}

static void
the_check_accepts_this_device (void)
{
  GError *error = NULL;

  g_assert_true (clv_preprocess_check_now (device, &error));
  g_assert_no_error (error);
  g_assert_true (clv_preprocess_check (device, &error));
  g_assert_no_error (error);
}

static void
bench (ClvPixelFormat format, const gchar *name, guint width, guint height)
{
  const ClvModelConfig config = make_config (224, 32, CLV_FILTER_BICUBIC);
  enum { N = 21 };
  gdouble times[N];
  GError *error = NULL;
  ClvBuffer patches = { 0 };
  ClvPreprocessor *preprocessor;
  Picture picture = make_picture (format, width, height, FALSE);

  make_patches (&patches, &config, 1);
  preprocessor = clv_preprocessor_new (device, &config, &patches, &error);
  g_assert_no_error (error);
  for (gint i = -2; i < N; i++) {
    const gint64 start = g_get_monotonic_time ();

    clv_preprocessor_run (preprocessor, &picture.frame, 0, &error);
    g_assert_no_error (error);
    if (i < 0)
      continue;
    times[i] = (g_get_monotonic_time () - start) / 1000.0;
    for (gint k = i; k > 0 && times[k] < times[k - 1]; k--) {
      const gdouble later = times[k - 1];

      times[k - 1] = times[k];
      times[k] = later;
    }
  }
  g_print ("# %-10s %4ux%-4u to 224: median %6.2f ms, best %6.2f ms\n", name,
      width, height, times[N / 2], times[0]);
  clv_preprocessor_free (preprocessor);
  clv_buffer_clear (&patches);
  picture_clear (&picture);
}

static int
run_bench (void)
{
  bench (CLV_PIXEL_FORMAT_NV12, "NV12", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_I420, "I420", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_YUY2, "YUY2", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_P010_10LE, "P010_10LE", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_RGB, "RGB", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_BGRX, "BGRx", 1920, 1080);
  bench (CLV_PIXEL_FORMAT_I420, "I420", 640, 360);
  bench (CLV_PIXEL_FORMAT_NV12, "NV12", 3840, 2160);
  return 0;
}

static const gchar *const names[CLV_N_PIXEL_FORMATS] = { "RGB", "BGR", "RGBx",
  "BGRx", "xRGB", "xBGR", "GRAY8", "NV12", "NV21", "I420", "YV12", "YUY2",
  "UYVY", "Y42B", "Y444", "P010_10LE", "I420_10LE" };

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = open_device (&status);
  if (device == NULL)
    return status;
  if (argc > 1 && g_str_equal (argv[1], "--bench")) {
    status = run_bench ();
    g_object_unref (device);
    return status;
  }

  for (guint i = 0; i < CLV_N_PIXEL_FORMATS; i++) {
    g_autofree gchar *path =
        g_strdup_printf ("/preprocess/%s equals the twin", names[i]);

    g_test_add_data_func (
        path, GUINT_TO_POINTER (i), every_format_equals_the_twin);
  }
  g_test_add_func ("/preprocess/a slot leaves the others alone",
      a_slot_leaves_the_others_alone);
  g_test_add_func ("/preprocess/brightness is that of the twin",
      brightness_is_that_of_the_twin);
  g_test_add_func ("/preprocess/large pictures are done in bands",
      large_pictures_are_done_in_bands);
  g_test_add_func ("/preprocess/known layouts are not set up again",
      known_layouts_are_not_set_up_again);
  g_test_add_func (
      "/preprocess/bad frames are refused", bad_frames_are_refused);
  g_test_add_func (
      "/preprocess/places are used in turn", places_are_used_in_turn);
  g_test_add_func ("/preprocess/the check accepts this device",
      the_check_accepts_this_device);
  status = g_test_run ();
  g_object_unref (device);
  return status;
}

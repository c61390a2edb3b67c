/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Preprocessed pixels against Transformers and PIL: the twin and the kernels,
 * with every picture and cut of the golden values. */

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "ops/clv-preprocess-private.h"
#include "ref/clv-ref.h"

#define S      224
#define PIXELS "pixels-224.safetensors"
#define LEVELS 255.0f

/* openai/clip-vit-base-patch32, preprocessor_config.json. */
static const ClvModelConfig clip = {
  .image_size = S,
  .patch_size = 32,
  .preprocess = {
    .resize = TRUE,
    .shortest_edge = TRUE,
    .resize_width = S,
    .resize_height = S,
    .filter = CLV_FILTER_BICUBIC,
    .center_crop = TRUE,
    .crop_width = S,
    .crop_height = S,
    .rescale = 1.0f / LEVELS,
    .mean = { 0.48145466f, 0.4578275f, 0.40821073f },
    .std = { 0.26862954f, 0.26130258f, 0.27577711f },
  },
};

typedef struct {
  const gchar *name; /* of the tensor */
  const gchar *image;
  guint crop[4]; /* x, y, width, height; 0: to the edge */
} Case;

/* load_images() of the golden values' reference.py. */
static const Case cases[] = {
  { "astronaut.png", "astronaut.png", { 0 } },
  { "camera.png", "camera.png", { 0 } },
  { "chelsea.png", "chelsea.png", { 0 } },
  { "coffee.png", "coffee.png", { 0 } },
  { "hubble_deep_field.png", "hubble_deep_field.png", { 0 } },
  { "rocket.png", "rocket.png", { 0 } },
  { "cut-37x300", "camera.png", { 10, 0, 37, 300 } },
  { "cut-301x64", "camera.png", { 0, 20, 301, 64 } },
  { "cut-16x16", "astronaut.png", { 100, 100, 16, 16 } },
  { "cut-224x224", "astronaut.png", { 5, 7, 224, 224 } },
  { "cut-225x223", "astronaut.png", { 5, 7, 225, 223 } },
};

static gchar *goldens;

/* The values of one tensor: 8 bytes of header length, JSON, data. */
static const guint8 *
golden_tensor (const gchar *file, gsize size, const gchar *name)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  GError *error = NULL;
  guint64 header;
  JsonObject *tensor;
  JsonArray *offsets;

  g_assert_cmpuint (size, >, 8);
  memcpy (&header, file, 8);
  header = GUINT64_FROM_LE (header);
  json_parser_load_from_data (parser, file + 8, header, &error);
  g_assert_no_error (error);
  tensor = json_object_get_object_member (
      json_node_get_object (json_parser_get_root (parser)), name);
  g_assert_nonnull (tensor);
  offsets = json_object_get_array_member (tensor, "data_offsets");
  g_assert_cmpint (json_array_get_int_element (offsets, 1) -
                       json_array_get_int_element (offsets, 0),
      ==, 3 * S * S * sizeof (gfloat));
  return (const guint8 *) file + 8 + header +
         json_array_get_int_element (offsets, 0);
}

static GstSample *
decode (const gchar *image)
{
  g_autofree gchar *path = g_build_filename (goldens, "images", image, NULL);
  g_autofree gchar *line = g_strdup_printf (
      "filesrc location=\"%s\" ! pngdec ! "
      "video/x-raw,format={RGB,GRAY8,RGBA} ! appsink name=sink sync=false",
      path);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  GstElement *sink;
  GstSample *sample = NULL;

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (sink, "pull-sample", &sample);
  g_assert_nonnull (sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return sample;
}

static ClvFrame
frame_of (const GstVideoFrame *video, const Case *test)
{
  ClvFrame frame = {
    .width = GST_VIDEO_FRAME_WIDTH (video),
    .height = GST_VIDEO_FRAME_HEIGHT (video),
    .crop_x = test->crop[0],
    .crop_y = test->crop[1],
    .crop_width = test->crop[2],
    .crop_height = test->crop[3],
    .full_range = TRUE,
    .planes = { GST_VIDEO_FRAME_PLANE_DATA (video, 0) },
    .strides = { GST_VIDEO_FRAME_PLANE_STRIDE (video, 0) },
  };

  switch (GST_VIDEO_FRAME_FORMAT (video)) {
    case GST_VIDEO_FORMAT_GRAY8:
      frame.format = CLV_PIXEL_FORMAT_GRAY8;
      break;
    case GST_VIDEO_FORMAT_RGBA:
      frame.format = CLV_PIXEL_FORMAT_RGBX;
      break;
    default:
      frame.format = CLV_PIXEL_FORMAT_RGB;
      break;
  }
  return frame;
}

static void
assert_near (const Case *test, const gfloat *found, const guint8 *golden)
{
  gfloat worst = 0.0f;

  for (gsize i = 0; i < 3 * S * S; i++) {
    const guint c = i / (S * S);
    const gfloat mean = clip.preprocess.mean[c], std = clip.preprocess.std[c];
    gfloat want;

    memcpy (&want, golden + i * sizeof want, sizeof want);
    if (fabsf (found[i] - want) > 1e-5f ||
        lroundf ((found[i] * std + mean) * LEVELS) !=
            lroundf ((want * std + mean) * LEVELS)) {
      g_test_message ("%s: channel %u, row %u, column %u", test->name, c,
          (guint) (i / S % S), (guint) (i % S));
      g_assert_cmpfloat_with_epsilon (found[i], want, 1e-5f);
    }
    worst = MAX (worst, fabsf (found[i] - want));
  }
  g_test_message ("%s: largest difference %g", test->name, worst);
}

typedef void (*Compute) (
    gpointer user_data, const ClvFrame *frame, gfloat *ret_pixels);

static void
for_each_case (Compute compute, gpointer user_data)
{
  g_autofree gchar *path = g_build_filename (goldens, PIXELS, NULL);
  g_autofree gchar *file = NULL;
  g_autofree gfloat *pixels = g_new (gfloat, 3 * S * S);
  GError *error = NULL;
  gsize size;

  g_file_get_contents (path, &file, &size, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstSample *sample = decode (cases[i].image);
    GstVideoInfo info;
    GstVideoFrame video;
    ClvFrame frame;

    g_assert_true (
        gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
    g_assert_true (gst_video_frame_map (
        &video, &info, gst_sample_get_buffer (sample), GST_MAP_READ));
    frame = frame_of (&video, &cases[i]);
    compute (user_data, &frame, pixels);
    assert_near (&cases[i], pixels, golden_tensor (file, size, cases[i].name));
    gst_video_frame_unmap (&video);
    gst_sample_unref (sample);
  }
}

static gboolean
have_goldens (void)
{
  if (g_file_test (goldens, G_FILE_TEST_IS_DIR))
    return TRUE;
  g_test_skip ("CLV_TEST_SHARED names no directory with goldens/");
  return FALSE;
}

static void
by_twin (gpointer user_data, const ClvFrame *frame, gfloat *ret_pixels)
{
  GError *error = NULL;

  clv_ref_preprocess (ret_pixels, frame, &clip.preprocess, S, &error);
  g_assert_no_error (error);
}

static void
the_twin_equals_transformers (void)
{
  if (have_goldens ())
    for_each_case (by_twin, NULL);
}

typedef struct {
  ClvPreprocessor *preprocessor;
  ClvBuffer patches;
} Kernels;

static void
by_kernels (gpointer user_data, const ClvFrame *frame, gfloat *ret_pixels)
{
  Kernels *kernels = user_data;
  g_autofree gfloat *patches = g_malloc (kernels->patches.size_bytes);
  const guint slot = 1;
  GError *error = NULL;

  clv_preprocessor_run (kernels->preprocessor, frame, slot, &error);
  g_assert_no_error (error);
  clv_buffer_download (
      &kernels->patches, 0, patches, kernels->patches.size_bytes, &error);
  g_assert_no_error (error);
  for (guint c = 0; c < 3; c++)
    for (guint y = 0; y < S; y++)
      for (guint x = 0; x < S; x++)
        ret_pixels[(c * S + y) * S + x] =
            patches[clv_patch_index (&clip, slot, c, y, x)];
}

static void
the_kernels_equal_transformers (void)
{
  const guint n_patches = (S / 32) * (S / 32);
  GError *error = NULL;
  ClvDevice *device;
  Kernels kernels = { 0 };

  if (!have_goldens ())
    return;
  device = clv_device_new (g_getenv ("CLV_TEST_DEVICE"), &error);
  if (device == NULL && g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") != 0) {
    g_test_skip (error->message);
    g_error_free (error);
    return;
  }
  g_assert_no_error (error);
  clv_activation_init (&kernels.patches, device, "test patches", 2 * n_patches,
      3 * 32 * 32, &error);
  g_assert_no_error (error);
  kernels.preprocessor =
      clv_preprocessor_new (device, &clip, &kernels.patches, &error);
  g_assert_no_error (error);
  for_each_case (by_kernels, &kernels);
  clv_preprocessor_free (kernels.preprocessor);
  clv_buffer_clear (&kernels.patches);
  g_object_unref (device);
}

int
main (int argc, char **argv)
{
  const gchar *shared = g_getenv ("CLV_TEST_SHARED");
  int result;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  goldens = g_build_filename (shared ? shared : "", "goldens", NULL);
  g_test_add_func (
      "/pixels/the twin equals Transformers", the_twin_equals_transformers);
  g_test_add_func (
      "/pixels/the kernels equal Transformers", the_kernels_equal_transformers);
  result = g_test_run ();
  g_free (goldens);
  return result;
}

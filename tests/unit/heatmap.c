/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where patches lie in a frame, and what is drawn of them. No device. */

#include <clv/clv-heatmap.h>
#include <clv/clv-scorer.h>
#include <string.h>

#include "test-model.h"

static const guint8 no_pixels[1];

static ClvFrame
frame_of (guint width, guint height, guint par_n, guint par_d)
{
  return (ClvFrame){
    .format = CLV_PIXEL_FORMAT_GRAY8,
    .width = width,
    .height = height,
    .par_n = par_n,
    .par_d = par_d,
    .planes = { no_pixels },
    .strides = { width },
  };
}

static ClvModel *
load (TestModel *files, const gchar *preprocessor)
{
  g_autoptr (GError) error = NULL;
  ClvModel *model;

  test_model_write (files);
  test_model_write_file (files, "preprocessor_config.json", preprocessor, -1);
  model = clv_model_load (files->directory, &error);
  g_assert_no_error (error);
  return model;
}

static void
assert_grid (ClvModel *model, const ClvFrame *frame, gdouble x, gdouble y,
    gdouble width, gdouble height)
{
  g_autoptr (GError) error = NULL;
  ClvPatchGrid grid;

  g_assert_true (clv_patch_grid_init (&grid, model, frame, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (grid.columns, ==, 4);
  g_assert_cmpuint (grid.rows, ==, 4);
  g_assert_cmpuint (clv_model_get_n_patches (model), ==, 16);
  g_assert_cmpfloat_with_epsilon (grid.x, x, 0.51);
  g_assert_cmpfloat_with_epsilon (grid.y, y, 0.51);
  g_assert_cmpfloat_with_epsilon (grid.width, width, 1e-6);
  g_assert_cmpfloat_with_epsilon (grid.height, height, 1e-6);
}

/* The model's input is 32 × 32. */
static void
test_a_crop_leaves_the_middle (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = load (files,
      "{\"size\": {\"shortest_edge\": 32}, \"do_center_crop\": true, "
      "\"crop_size\": {\"height\": 32, \"width\": 32}}");
  ClvFrame wide = frame_of (640, 320, 1, 1), high = frame_of (64, 96, 1, 1);
  ClvFrame stretched = frame_of (160, 320, 4, 1);
  ClvFrame visible = frame_of (640, 320, 1, 1);

  assert_grid (model, &wide, 160, 0, 320, 320);
  assert_grid (model, &high, 0, 16, 64, 64);

  /* Shown as 640 × 320; in its own columns the square is a quarter as wide. */
  assert_grid (model, &stretched, 40, 0, 80, 320);

  /* Counted from the first column that is shown. */
  visible.crop_x = 100;
  visible.crop_y = 20;
  visible.crop_width = 400;
  visible.crop_height = 200;
  assert_grid (model, &visible, 100, 0, 200, 200);
}

static void
test_without_a_crop_all_is_covered (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = load (files,
      "{\"size\": {\"height\": 32, \"width\": 32}, \"do_center_crop\": false}");
  ClvFrame frame = frame_of (640, 360, 1, 1);

  assert_grid (model, &frame, 0, 0, 640, 360);
}

/* Of 35 pixels four patches of 8 use 32. */
static void
test_what_patches_do_not_fill_is_not_covered (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = NULL;
  ClvFrame frame = frame_of (350, 350, 1, 1);

  test_model_set (files, "config.json", "vision_config.image_size", "35");
  model = load (files,
      "{\"size\": {\"height\": 35, \"width\": 35}, \"do_center_crop\": false}");
  assert_grid (model, &frame, 0, 0, 320, 320);
}

/* The crop reaches beyond a picture that is not resized. */
static void
test_a_crop_may_be_larger_than_the_picture (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model =
      load (files, "{\"do_resize\": false, \"do_center_crop\": true, "
                   "\"crop_size\": {\"height\": 32, \"width\": 32}}");
  ClvFrame frame = frame_of (20, 64, 1, 1);

  assert_grid (model, &frame, -6, 16, 32, 32);
}

static void
test_a_frame_that_cannot_be_taken_is_an_error (void)
{
  g_autoptr (TestModel) files = test_model_new ();
  g_autoptr (ClvModel) model = load (files,
      "{\"size\": {\"shortest_edge\": 32}, \"do_center_crop\": true, "
      "\"crop_size\": {\"height\": 32, \"width\": 32}}");
  ClvFrame frame = frame_of (1, 1, 16384, 1);
  g_autoptr (GError) error = NULL;
  ClvPatchGrid grid = { .columns = 7 };

  frame.par_n = 1 << 30;
  g_assert_false (clv_patch_grid_init (&grid, model, &frame, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_cmpuint (grid.columns, ==, 7);
}

#define WIDTH 3

/* The first axis for "x", the second for the rest. */
static gboolean
encode_axes (const gchar *const *texts, guint n_texts, gfloat *ret_embeddings,
    gpointer user_data, GError **error)
{
  memset (ret_embeddings, 0, sizeof (gfloat) * WIDTH * n_texts);
  for (guint i = 0; i < n_texts; i++)
    ret_embeddings[i * WIDTH + (texts[i][0] == 'x' ? 0 : 1)] = 1;
  return TRUE;
}

static void
test_levels_span_the_cosines (void)
{
  static const gfloat patches[4 * WIDTH] = { 0.6f, 0.8f, 0, 0, 1, 0, 0.8f,
    -0.6f, 0, -0.6f, 0, 0.8f };
  g_autoptr (ClvPrompts) prompts = clv_prompts_new_from_string ("y; x",
      &(ClvPromptsDefaults){ .threshold = -1, .background = TRUE }, NULL);
  g_autoptr (GError) error = NULL;
  guint8 levels[4];
  gfloat low, high;

  g_assert_true (clv_prompts_encode (
      prompts, NULL, WIDTH, encode_axes, NULL, NULL, &error));
  g_assert_no_error (error);

  clv_heatmap_draw (prompts, 1, patches, 4, levels, &low, &high);
  g_assert_cmpfloat_with_epsilon (low, -0.6, 1e-6);
  g_assert_cmpfloat_with_epsilon (high, 0.8, 1e-6);
  g_assert_cmpuint (levels[2], ==, 255);
  g_assert_cmpuint (levels[3], ==, 0);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon (low + levels[i] / 255.0 * (high - low),
        patches[i * WIDTH], (high - low) / 255 * 0.51);

  clv_heatmap_draw (prompts, 0, patches, 4, levels, &low, &high);
  g_assert_cmpfloat_with_epsilon (low, -0.6, 1e-6);
  g_assert_cmpfloat_with_epsilon (high, 1, 1e-6);
  g_assert_cmpuint (levels[1], ==, 255);
  g_assert_cmpuint (levels[2], ==, 0);
}

static void
test_an_even_picture_is_dark (void)
{
  static const gfloat patches[2 * WIDTH] = { 0.6f, 0.8f, 0, 0.6f, 0, 0.8f };
  g_autoptr (ClvPrompts) prompts =
      clv_prompts_new_from_string ("x", NULL, NULL);
  guint8 levels[2] = { 9, 9 };
  gfloat low, high;

  g_assert_true (
      clv_prompts_encode (prompts, NULL, WIDTH, encode_axes, NULL, NULL, NULL));
  clv_heatmap_draw (prompts, 0, patches, 2, levels, &low, &high);
  g_assert_cmpfloat (low, ==, high);
  g_assert_cmpuint (levels[0], ==, 0);
  g_assert_cmpuint (levels[1], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/heatmap/a crop leaves the middle", test_a_crop_leaves_the_middle);
  g_test_add_func ("/heatmap/without a crop all is covered",
      test_without_a_crop_all_is_covered);
  g_test_add_func ("/heatmap/what patches do not fill is not covered",
      test_what_patches_do_not_fill_is_not_covered);
  g_test_add_func ("/heatmap/a crop may be larger than the picture",
      test_a_crop_may_be_larger_than_the_picture);
  g_test_add_func ("/heatmap/a frame that cannot be taken is an error",
      test_a_frame_that_cannot_be_taken_is_an_error);
  g_test_add_func (
      "/heatmap/levels span the cosines", test_levels_span_the_cosines);
  g_test_add_func (
      "/heatmap/an even picture is dark", test_an_even_picture_is_dark);
  return g_test_run ();
}

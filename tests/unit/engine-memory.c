/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Batches that there is no memory for. The linker puts __wrap_clv_buffer_init() in
 * the place of clv_buffer_init(). */

#include <clv/clv.h>

#include "model/clv-model-private.h"
#include "ops/clv-ops.h"
#include "vulkan/clv-buffer.h"

#define SIDE     8
#define N_FRAMES CLV_MAX_BATCH

static gint max_pictures; /* for whose activations there is memory; atomic */
static gint n_refused;    /* atomic */
static gsize picture_rows, row_bytes;

gboolean __real_clv_buffer_init (ClvBuffer *self, ClvDevice *device,
    const gchar *name, ClvMemory memory, gsize size_bytes, VkFormat texel,
    GError **error);
gboolean __wrap_clv_buffer_init (ClvBuffer *self, ClvDevice *device,
    const gchar *name, ClvMemory memory, gsize size_bytes, VkFormat texel,
    GError **error);

gboolean
__wrap_clv_buffer_init (ClvBuffer *self, ClvDevice *device, const gchar *name,
    ClvMemory memory, gsize size_bytes, VkFormat texel, GError **error)
{
  const gsize room = (gsize) g_atomic_int_get (&max_pictures) * picture_rows;

  if (g_str_equal (name, "embedded") &&
      size_bytes / row_bytes > room + CLV_ROWS_SLACK) {
    g_atomic_int_inc (&n_refused);
    *self = (ClvBuffer){ .device = device };
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "%s: refused", name);
    return FALSE;
  }
  return __real_clv_buffer_init (
      self, device, name, memory, size_bytes, texel, error);
}

static ClvEngine *
get_engine (void)
{
  g_autoptr (GError) error = NULL;
  ClvEngine *engine = clv_engine_get (
      "demo", g_getenv ("CLV_TEST_DEVICE"), CLV_PRECISION_FP32, &error);

  if (engine == NULL && g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") != 0 &&
      g_error_matches (error, CLV_ERROR, CLV_ERROR_NO_DEVICE)) {
    g_test_skip (error->message);
    return NULL;
  }
  g_assert_no_error (error);
  return engine;
}

/* Frames first … first+n-1, each of another colour. NULL with an error. */
static gfloat *
encode (ClvEngine *engine, guint first, guint n, GError **error)
{
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autofree gfloat *rows = g_new (gfloat, (gsize) n * width);
  static guint8 pixels[N_FRAMES][SIDE * SIDE * 3];
  ClvFrame frames[N_FRAMES] = { 0 };

  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < sizeof pixels[i]; k++)
      pixels[i][k] = ((first + i) * (11 + 13 * (k % 3)) + k) % 256;
    frames[i] = (ClvFrame){
      .format = CLV_PIXEL_FORMAT_RGB,
      .width = SIDE,
      .height = SIDE,
      .planes = { pixels[i] },
      .strides = { SIDE * 3 },
    };
  }
  return clv_engine_encode_frames (engine, frames, n, rows, error)
             ? g_steal_pointer (&rows)
             : NULL;
}

static void
expect (ClvEngine *engine, guint first, guint n, const gfloat *all)
{
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autoptr (GError) error = NULL;
  g_autofree gfloat *rows = encode (engine, first, n, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < n * width; i++)
    g_assert_cmpfloat_with_epsilon (rows[i], all[first * width + i], 1e-5);
}

static void
set_memory (guint n_pictures)
{
  g_atomic_int_set (&max_pictures, n_pictures);
  g_atomic_int_set (&n_refused, 0);
}

static void
test_memory (void)
{
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gfloat *all = NULL;
  const ClvModelConfig *config;
  guint grid;

  row_bytes = G_MAXSIZE;
  set_memory (G_MAXINT);
  engine = get_engine ();
  if (engine == NULL)
    return;
  config = clv_model_get_config (clv_engine_get_model (engine));
  grid = config->image_size / config->patch_size;
  all = encode (engine, 0, N_FRAMES, &error);
  g_assert_no_error (error);
  picture_rows = grid * grid;
  row_bytes = clv_row_stride (config->vision.width) * sizeof (gfloat);
  g_clear_object (&engine);

  /* One pass of two pictures worked; then there is memory for five. */
  engine = get_engine ();
  set_memory (5);
  expect (engine, 0, 2, all);
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*no memory to encode 16 pictures at a time: it is 4 from now on");
  expect (engine, 0, N_FRAMES, all);
  g_test_assert_expected_messages ();
  g_assert_cmpint (g_atomic_int_get (&n_refused), ==, 2); /* of 16 and of 8 */
  expect (engine, 3, 7, all);
  expect (engine, 9, 1, all);
  g_assert_cmpint (g_atomic_int_get (&n_refused), ==, 2);
  g_clear_object (&engine);

  /* What worked before is taken up again, half or not. */
  engine = get_engine ();
  set_memory (9);
  expect (engine, 0, 9, all);
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*no memory to encode 16 pictures at a time: it is 9 from now on");
  expect (engine, 4, 16, all);
  g_test_assert_expected_messages ();
  g_clear_object (&engine);

  /* Not even for one; later there is. */
  engine = get_engine ();
  set_memory (0);
  g_assert_null (encode (engine, 0, 3, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  set_memory (G_MAXINT);
  expect (engine, 0, 3, all);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine-memory/a batch that does not fit is several", test_memory);
  return g_test_run ();
}

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
static gint no_patches; /* there is no memory for the patches' result; atomic */
static gsize patches_bytes;

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

  if (g_atomic_int_get (&no_patches) && g_str_equal (name, "result") &&
      size_bytes >= patches_bytes) {
    *self = (ClvBuffer){ .device = device };
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "%s: refused", name);
    return FALSE;
  }
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
static ClvFuture *
submit (
    ClvEngine *engine, guint first, guint n, gboolean patches, GError **error)
{
  const ClvRequest how = { .patches = patches };
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
  return clv_engine_submit (engine, frames, n, &how, error);
}

static gfloat *
encode (ClvEngine *engine, guint first, guint n, GError **error)
{
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autoptr (ClvFuture) future = submit (engine, first, n, FALSE, error);
  const gfloat *rows = clv_future_get (future, error);

  return g_memdup2 (rows, rows == NULL ? 0 : n * width * sizeof *rows);
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

/* Those of frame 17 are the same, however many passes there were. */
static void
test_patches (void)
{
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvFuture) all = NULL;
  g_autoptr (ClvFuture) some = NULL;
  gsize n;

  set_memory (G_MAXINT);
  engine = get_engine ();
  if (engine == NULL)
    return;
  n = clv_model_get_n_patches (clv_engine_get_model (engine)) *
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  all = submit (engine, 0, N_FRAMES, TRUE, &error);
  g_assert_nonnull (clv_future_get_patches (all));
  g_clear_object (&engine);

  engine = get_engine ();
  set_memory (3);
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*no memory to encode 16 pictures at a time: it is 2 from now on");
  some = submit (engine, 10, 16, TRUE, &error);
  g_assert_nonnull (clv_future_get (some, &error));
  g_test_assert_expected_messages ();
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (clv_future_get_patches (some)[7 * n + i],
        clv_future_get_patches (all)[17 * n + i], 1e-5);
  set_memory (G_MAXINT);
}

/* An error of who asks for them, and not of others in the same batch. */
static void
test_no_patches (void)
{
  g_autoptr (ClvEngine) engine = get_engine ();
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvFuture) plain = NULL;
  g_autoptr (ClvFuture) greedy = NULL;
  g_autoptr (ClvFuture) later = NULL;

  if (engine == NULL)
    return;
  patches_bytes = sizeof (gfloat) *
                  clv_model_get_n_patches (clv_engine_get_model (engine)) *
                  clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_atomic_int_set (&no_patches, TRUE);
  plain = submit (engine, 0, 3, FALSE, &error);
  greedy = submit (engine, 0, 3, TRUE, &error);
  g_assert_nonnull (clv_future_get (plain, &error));
  g_assert_null (clv_future_get (greedy, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  g_assert_null (clv_future_get_patches (greedy));
  g_atomic_int_set (&no_patches, FALSE);
  later = submit (engine, 0, 3, TRUE, NULL);
  g_assert_nonnull (clv_future_get_patches (later));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine-memory/a batch that does not fit is several", test_memory);
  g_test_add_func (
      "/engine-memory/patches of several passes are the same", test_patches);
  g_test_add_func (
      "/engine-memory/no memory for patches is an error of who asks",
      test_no_patches);
  return g_test_run ();
}

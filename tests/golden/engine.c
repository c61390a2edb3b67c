/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine with the demo model: many streams, one encoder. */

#include <clv/clv-engine.h>
#include <clv/clv-image-encoder.h>
#include <math.h>
#include <string.h>

#define N_THREADS 8
#define SIDE      48

static ClvEngine *
get_engine (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *directory = clv_model_find ("demo", NULL);
  g_autofree gchar *weights =
      directory ? g_build_filename (directory, "model.safetensors", NULL)
                : NULL;
  ClvEngine *engine;

  if (weights == NULL || !g_file_test (weights, G_FILE_TEST_EXISTS)) {
    g_test_skip ("no demo model");
    return NULL;
  }
  engine = clv_engine_get ("demo", NULL, CLV_PRECISION_AUTO, &error);
  if (g_error_matches (error, CLV_ERROR, CLV_ERROR_NO_DEVICE) &&
      g_getenv ("CLV_REQUIRE_DEVICE") == NULL) {
    g_test_skip (error->message);
    return NULL;
  }
  g_assert_no_error (error);
  return engine;
}

/* A picture of its own for each seed. */
static void
draw (guint seed, guint8 *ret_pixels, ClvFrame *ret_frame)
{
  for (guint y = 0; y < SIDE; y++) {
    for (guint x = 0; x < SIDE; x++) {
      guint8 *pixel = &ret_pixels[3 * (y * SIDE + x)];
      gboolean inside = (x / 8 + y / 8 + seed) % 3 == 0;

      pixel[0] = (guint8) (inside ? 255 : 37 * seed);
      pixel[1] = (guint8) (inside ? 29 * seed : 4 * x);
      pixel[2] = (guint8) (inside ? 0 : 101 * seed + 3 * y);
    }
  }
  *ret_frame = (ClvFrame){
    .format = CLV_PIXEL_FORMAT_RGB,
    .width = SIDE,
    .height = SIDE,
    .planes = { ret_pixels },
    .strides = { 3 * SIDE },
  };
}

typedef struct {
  ClvEngine *engine;
  guint seed;
  const gfloat *alone; /* the answer when nobody else asks; NULL: a bad frame */
  guint width;
} Stream;

static gpointer
run_stream (gpointer data)
{
  Stream *self = data;
  guint8 pixels[3 * SIDE * SIDE];
  g_autofree gfloat *embedding = g_new0 (gfloat, self->width);
  ClvFrame frame;

  draw (self->seed, pixels, &frame);
  if (self->alone == NULL)
    frame.strides[0] = 1;
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GError) error = NULL;
    gboolean ok =
        clv_engine_encode_frames (self->engine, &frame, 1, embedding, &error);

    if (self->alone == NULL) {
      g_assert_false (ok);
      g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
      continue;
    }
    g_assert_no_error (error);
    /* Sums may be in another order in a larger batch. */
    for (guint d = 0; d < self->width; d++)
      g_assert_cmpfloat_with_epsilon (embedding[d], self->alone[d], 1e-4);
  }
  return NULL;
}

static void
test_streams (void)
{
  g_autoptr (ClvEngine) engine = get_engine ();
  g_autofree gfloat *alone = NULL;
  Stream streams[N_THREADS];
  GThread *threads[N_THREADS];
  guint width;

  if (engine == NULL)
    return;
  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  alone = g_new (gfloat, N_THREADS * width);
  for (guint i = 0; i < N_THREADS; i++) {
    guint8 pixels[3 * SIDE * SIDE];
    g_autoptr (GError) error = NULL;
    ClvFrame frame;

    draw (i, pixels, &frame);
    g_assert_true (clv_engine_encode_frames (
        engine, &frame, 1, &alone[i * width], &error));
    g_assert_no_error (error);
    g_assert_true (i == 0 || memcmp (&alone[i * width], alone,
                                 width * sizeof *alone) != 0);
  }
  for (guint i = 0; i < N_THREADS; i++) {
    streams[i] =
        (Stream){ engine, i, i == 3 ? NULL : &alone[i * width], width };
    threads[i] = g_thread_new ("stream", run_stream, &streams[i]);
  }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_one_engine (void)
{
  g_autoptr (ClvEngine) first = get_engine ();
  g_autoptr (ClvEngine) second = NULL;
  g_autoptr (ClvEngine) same = NULL;
  g_autoptr (ClvEngine) other = NULL;

  if (first == NULL)
    return;
  second = clv_engine_get ("demo", "auto", CLV_PRECISION_AUTO, NULL);
  g_assert_true (second == first);
  same = clv_engine_get ("demo", "0", clv_engine_get_precision (first), NULL);
  g_assert_true (same == first);
  other = clv_engine_get ("demo", NULL,
      clv_engine_get_precision (first) == CLV_PRECISION_FP32
          ? CLV_PRECISION_FP16
          : CLV_PRECISION_FP32,
      NULL);
  g_assert_nonnull (other);
  g_assert_true (other != first);
  g_assert_true (
      clv_engine_get_device (other) == clv_engine_get_device (first));
}

/* Frames `first` to first+n-1, with their patches or without. */
static ClvFuture *
submit (ClvEngine *engine, guint8 (*pixels)[3 * SIDE * SIDE], guint first,
    guint n, gboolean patches)
{
  const ClvRequest how = { .patches = patches };
  g_autoptr (GError) error = NULL;
  ClvFrame frames[CLV_MAX_BATCH];
  ClvFuture *future;

  for (guint i = 0; i < n; i++)
    draw (first + i, pixels[first + i], &frames[i]);
  future = clv_engine_submit (engine, frames, n, &how, &error);
  g_assert_no_error (error);
  return future;
}

static void
assert_near (const gfloat *a, const gfloat *b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 1e-4);
}

/* Whoever else is in the batch; more than fit in one. */
static void
test_patches (void)
{
  g_autoptr (ClvEngine) engine = get_engine ();
  static guint8 pixels[20][3 * SIDE * SIDE];
  g_autoptr (ClvFuture) one = NULL;
  g_autoptr (ClvFuture) plain = NULL;
  g_autoptr (ClvFuture) many = NULL;
  const gfloat *patches;
  ClvModel *model;
  gsize width, n;

  if (engine == NULL)
    return;
  model = clv_engine_get_model (engine);
  width = clv_model_get_embedding_width (model);
  n = clv_model_get_n_patches (model) * width;
  one = submit (engine, pixels, 3, 1, TRUE);
  patches = clv_future_get_patches (one);
  g_assert_nonnull (patches);
  for (gsize p = 0; p < n; p += width) {
    gdouble length = 0;

    for (gsize d = 0; d < width; d++)
      length += (gdouble) patches[p + d] * patches[p + d];
    g_assert_cmpfloat_with_epsilon (length, 1, 1e-5);
  }

  plain = submit (engine, pixels, 0, 5, FALSE);
  many = submit (engine, pixels, 0, 20, TRUE);
  assert_near (
      clv_future_get (plain, NULL), clv_future_get (many, NULL), 5 * width);
  g_assert_null (clv_future_get_patches (plain));
  assert_near (clv_future_get_patches (many) + 3 * n, patches, n);
  g_assert_cmpfloat (
      ABS (clv_future_get_patches (many)[19 * n] - patches[0]), >, 1e-3);
}

static void
test_prompts (void)
{
  g_autoptr (ClvEngine) engine = get_engine ();
  g_autoptr (ClvPrompts) prompts = clv_prompts_new_from_string (
      "a red circle; colour bars; a blue square", NULL, NULL);
  const gchar *const texts[] = { "colour bars" };
  g_autofree gfloat *embedding = NULL;
  g_autoptr (GError) error = NULL;
  gdouble length = 0;
  guint width;

  if (engine == NULL)
    return;
  g_assert_true (clv_engine_encode_prompts (engine, prompts, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (clv_engine_encode_prompts (engine, prompts, NULL, &error));
  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  embedding = g_new (gfloat, width);
  g_assert_true (clv_engine_encode_texts (engine, texts, 1, embedding, &error));
  for (guint d = 0; d < width; d++)
    length += (gdouble) embedding[d] * embedding[d];
  g_assert_cmpfloat_with_epsilon (length, 1, 1e-5);
}

static void
test_errors (void)
{
  g_autoptr (ClvEngine) engine = get_engine ();
  g_autoptr (GError) no_model = NULL;
  g_autoptr (GError) no_device = NULL;

  if (engine == NULL)
    return;
  g_assert_null (
      clv_engine_get ("/nowhere/model", NULL, CLV_PRECISION_AUTO, &no_model));
  g_assert_error (no_model, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_null (clv_engine_get (
      "demo", "no such device", CLV_PRECISION_AUTO, &no_device));
  g_assert_error (no_device, CLV_ERROR, CLV_ERROR_NO_DEVICE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine/streams in eight threads get the answers they get alone",
      test_streams);
  g_test_add_func ("/engine/equal requests get one engine", test_one_engine);
  g_test_add_func ("/engine/patches come to those who ask", test_patches);
  g_test_add_func ("/engine/prompts are encoded once", test_prompts);
  g_test_add_func (
      "/engine/an unknown model or device is an error", test_errors);
  return g_test_run ();
}

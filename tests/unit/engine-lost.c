/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A lost device is nobody's next one, whoever notices. */

#include <clv/clv.h>

#include "vulkan/clv-device-private.h"

static ClvEngine *
get_engine (ClvPrecision precision)
{
  g_autoptr (GError) error = NULL;
  ClvEngine *engine =
      clv_engine_get ("demo", g_getenv ("CLV_TEST_DEVICE"), precision, &error);

  if (engine == NULL && g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") != 0 &&
      g_error_matches (error, CLV_ERROR, CLV_ERROR_NO_DEVICE)) {
    g_test_skip (error->message);
    return NULL;
  }
  g_assert_no_error (error);
  return engine;
}

static gboolean
encode (ClvEngine *engine, GError **error)
{
  guint8 pixels[16 * 16 * 4] = { 0 };
  const ClvFrame frame = {
    .format = CLV_PIXEL_FORMAT_RGBX,
    .width = 16,
    .height = 16,
    .planes = { pixels },
    .strides = { 16 * 4 },
  };
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autofree gfloat *embedding = g_new (gfloat, width);

  return clv_engine_encode_frames (engine, &frame, 1, embedding, error);
}

/* The engine of one model has nothing to do when that of another finds out. */
static void
test_lost (void)
{
  g_autoptr (ClvEngine) busy = get_engine (CLV_PRECISION_FP32);
  g_autoptr (ClvEngine) idle = NULL;
  g_autoptr (ClvEngine) next = NULL;
  g_autoptr (GError) error = NULL;

  if (busy == NULL)
    return;
  idle = get_engine (CLV_PRECISION_FP16);
  g_assert_true (clv_engine_get_device (idle) == clv_engine_get_device (busy));
  g_assert_true (encode (busy, &error));
  clv_device_set_lost (clv_engine_get_device (busy));
  g_assert_false (encode (busy, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_clear_error (&error);

  next = get_engine (CLV_PRECISION_FP16);
  g_assert_true (next != idle);
  encode (next, &error);
  g_assert_no_error (error);
}

/* Nobody has found out yet. */
static void
test_lost_unseen (void)
{
  g_autoptr (ClvEngine) idle = get_engine (CLV_PRECISION_FP32);
  g_autoptr (ClvEngine) next = NULL;
  g_autoptr (GError) error = NULL;

  if (idle == NULL)
    return;
  clv_device_set_lost (clv_engine_get_device (idle));
  next = get_engine (CLV_PRECISION_FP32);
  g_assert_true (next != idle);
  encode (next, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* What a lost device still uses is not freed, with a warning. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/engine-lost/another engine found out", test_lost);
  g_test_add_func ("/engine-lost/nobody has found out", test_lost_unseen);
  return g_test_run ();
}

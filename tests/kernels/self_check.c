/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happens where a driver computes nonsense: CLV_TEST_BREAK_KERNEL spoils the
 * output of the kernels it names while they are checked. */

#include "check.h"

#include "ops/clv-ops-check.h"

#include <glib/gstdio.h>
#include <string.h>

/* A device with a cache of its own: a verdict that is known is not found again. */
typedef struct {
  ClvDevice *device;
  gchar *cache;
  gchar *real_cache;
} Broken;

static void
broken_init (Broken *self, const gchar *kernels)
{
  g_autoptr (GError) error = NULL;

  self->real_cache = g_strdup (g_getenv ("CLV_CACHE_DIR"));
  self->cache = g_dir_make_tmp ("clv-self-check-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("CLV_CACHE_DIR", self->cache, TRUE);
  self->device = clv_device_new (g_getenv ("CLV_TEST_DEVICE"), &error);
  g_assert_no_error (error);
  g_setenv ("CLV_TEST_BREAK_KERNEL", kernels, TRUE);
}

static void
broken_clear (Broken *self)
{
  g_autoptr (GDir) dir = NULL;
  const gchar *name;

  g_unsetenv ("CLV_TEST_BREAK_KERNEL");
  g_clear_object (&self->device);
  if (self->real_cache != NULL)
    g_setenv ("CLV_CACHE_DIR", self->real_cache, TRUE);
  else
    g_unsetenv ("CLV_CACHE_DIR");

  dir = g_dir_open (self->cache, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (self->cache, name, NULL);

    g_remove (path);
  }
  g_rmdir (self->cache);
  g_free (self->cache);
  g_free (self->real_cache);
}

void
check_a_wrong_variant_is_refused (void)
{
  Broken broken;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;
  const ClvVariant *variant;

  broken_init (&broken, "layernorm_lanes_f32");
  if (!clv_device_has_family (broken.device, CLV_FAMILY_LANES)) {
    g_test_skip ("this device has one family of kernels");
    broken_clear (&broken);
    return;
  }
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*kernel layernorm_lanes_f32 is refused: wrong: max error*");
  variant = clv_variant_pick (broken.device, CLV_OP_LAYERNORM, TRUE, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==, "layernorm_tile_f32");

  text = clv_ops_describe (broken.device);
  g_assert_nonnull (strstr (text,
      "layernorm: layernorm_tile_f32; refused layernorm_lanes_f32: wrong: max "
      "error"));

  /* Healthy again without the variable: the verdict was not taken for real. */
  g_unsetenv ("CLV_TEST_BREAK_KERNEL");
  variant = clv_variant_pick (broken.device, CLV_OP_LAYERNORM, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==, "layernorm_lanes_f32");
  broken_clear (&broken);
}

void
check_no_right_variant_is_an_error (void)
{
  Broken broken;
  g_autoptr (GError) error = NULL;
  ClvCommands *cmds;
  ClvBuffer x = { 0 };

  broken_init (&broken, "l2norm_f32");
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*kernel l2norm_f32 is refused: wrong: max error*");
  g_assert_false (clv_ops_check (broken.device, CLV_STORAGE_F32, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "no kernel of l2norm gives right"));
  g_assert_nonnull (strstr (error->message, "l2norm_f32 is wrong: max error"));
  g_clear_error (&error);

  /* A recording that needs it says the same. */
  clv_activation_init (&x, broken.device, "x", 1, 8, &error);
  g_assert_no_error (error);
  cmds = clv_commands_new (broken.device, "l2norm", &error);
  g_assert_no_error (error);
  clv_op_l2norm (cmds, &x, &x, 1, 8);
  g_assert_false (clv_commands_end (cmds, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  clv_commands_free (cmds);
  clv_buffer_clear (&x);
  broken_clear (&broken);
}

/* Matrix units are raced against tile, which is no measure where it is wrong. Where
 * there are none a race would fail: it must not take place. */
void
check_a_wrong_variant_is_no_rival (void)
{
  Broken broken;
  g_autoptr (GError) error = NULL;
  const ClvVariant *variant;
  ClvDeviceLimits *limits;

  if (g_getenv ("CLV_KERNELS") != NULL) {
    g_test_skip ("CLV_KERNELS keeps to one family of kernels");
    return;
  }
  broken_init (&broken, "gemm_tile_f16");
  /* A GPU with matrix units, whose kernel was right. */
  limits = (ClvDeviceLimits *) clv_device_get_limits (broken.device);
  limits->software = FALSE;
  limits->coop = (ClvCoopLimits){ 16, 16, 16, 32 };
  clv_device_set_verdict (broken.device, "gemm_coop_f16", "ok");
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING,
      "*kernel gemm_tile_f16 is refused: wrong: max error*");
  variant = clv_variant_pick (broken.device, CLV_OP_GEMM_F16, FALSE, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==, "gemm_coop_f16");
  broken_clear (&broken);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What ops do with what they cannot do, and with CLV_KERNELS. */

#include "check.h"

#include <string.h>

void
check_small_buffers_fail_the_recording (gconstpointer data)
{
  ClvDevice *device = *(ClvDevice *const *) data;
  g_autoptr (GError) error = NULL;
  g_autofree gfloat *w = g_new0 (gfloat, 40 * 24);
  ClvLinear linear;
  ClvBuffer x, y;
  ClvCommands *cmds;

  clv_linear_init (
      &linear, device, "w", w, NULL, 40, 24, CLV_STORAGE_F32, &error);
  g_assert_no_error (error);
  clv_activation_init (&x, device, "x", 8, 24, &error);
  g_assert_no_error (error);
  clv_activation_init (&y, device, "y", 8, 40, &error);
  g_assert_no_error (error);

  cmds = clv_commands_new (device, "too many rows", &error);
  g_assert_no_error (error);
  clv_op_gemm (cmds, &linear, &x, NULL, &y, 9, CLV_ACTIVATION_NONE);
  g_assert_false (clv_commands_end (cmds, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "gemm: x is (9, 24): wanted"));
  clv_commands_free (cmds);

  clv_buffer_clear (&x);
  clv_buffer_clear (&y);
  clv_linear_clear (&linear);
}

void
check_weights_beyond_float16_are_named (gconstpointer data)
{
  ClvDevice *device = *(ClvDevice *const *) data;
  g_autoptr (GError) error = NULL;
  g_autofree gfloat *w = g_new0 (gfloat, 40 * 24);
  ClvLinear linear;

  w[3 * 24 + 5] = -70000.0f;
  g_assert_false (clv_linear_init (&linear, device, "layers.0.mlp.fc1.weight",
      w, NULL, 40, 24, CLV_STORAGE_F16, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (
      strstr (error->message, "layers.0.mlp.fc1.weight [3, 5]: wanted"));
  g_assert_nonnull (strstr (error->message, "found -70000"));
  g_clear_error (&error);

  g_assert_true (clv_linear_init (
      &linear, device, "w", w, NULL, 40, 24, CLV_STORAGE_F32, &error));
  g_assert_no_error (error);
  clv_linear_clear (&linear);
}

void
check_the_family_can_be_forced (gconstpointer data)
{
  ClvDevice *device = *(ClvDevice *const *) data;
  g_autofree gchar *before = g_strdup (g_getenv ("CLV_KERNELS"));
  g_autoptr (GError) error = NULL;
  const ClvVariant *variant;

  g_setenv ("CLV_KERNELS", "tile", TRUE);
  variant = clv_variant_pick (device, CLV_OP_GEMM_F32, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==, "gemm_tile_f32");

  g_setenv ("CLV_KERNELS", "lanes", TRUE);
  if (clv_device_has_family (device, CLV_FAMILY_LANES)) {
    variant = clv_variant_pick (device, CLV_OP_GEMM_F32, TRUE, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (variant->name, ==, "gemm_lanes_f32");
  }
  if (before != NULL)
    g_setenv ("CLV_KERNELS", before, TRUE);
  else
    g_unsetenv ("CLV_KERNELS");
}

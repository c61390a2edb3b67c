/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What ops do with what they cannot do, and with CLV_KERNELS. */

#include "check.h"

#include "ops/clv-ops-race.h"

#include <math.h>
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

  /* Matrix units have halves only; what cannot be had is tile. */
  g_setenv ("CLV_KERNELS", "coop", TRUE);
  variant = clv_variant_pick (device, CLV_OP_GEMM_F32, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==, "gemm_tile_f32");
  variant = clv_variant_pick (device, CLV_OP_GEMM_F16, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (variant->name, ==,
      clv_device_has_family (device, CLV_FAMILY_COOP) ? "gemm_coop_f16"
                                                      : "gemm_tile_f16");
  if (before != NULL)
    g_setenv ("CLV_KERNELS", before, TRUE);
  else
    g_unsetenv ("CLV_KERNELS");
}

void
check_two_kernels_can_race (gconstpointer data)
{
  ClvDevice *device = *(ClvDevice *const *) data;
  const ClvVariant *variants[2] = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  gdouble ms[2] = { 0.0, 0.0 };

  for (guint i = 0; i < CLV_N_VARIANTS; i++)
    if (clv_variants[i].op == CLV_OP_GEMM_F16 &&
        clv_device_has_family (device, clv_variants[i].family)) {
      variants[1] = &clv_variants[i];
      if (variants[0] == NULL)
        variants[0] = variants[1];
    }
  clv_ops_race (device, variants, 40, 64, 96, ms, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (ms[0], >, 0.0);
  g_assert_cmpfloat (ms[1], >, 0.0);
  g_assert_true (isfinite (ms[0]) && isfinite (ms[1]));
}

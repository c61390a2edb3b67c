/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

/* Widths of the real models, of small ones, one value, and primes. */
static const struct {
  guint T, C;
} shapes[] = { { 50, 768 }, { 197, 768 }, { 257, 1024 }, { 77, 512 },
  { 7, 120 }, { 1, 488 }, { 1, 1 }, { 3, 77 }, { 2, 31 } };

static void
check_shape (Check *check, guint T, guint C, CheckFill fill)
{
  g_autofree gchar *shape = g_strdup_printf ("T=%u C=%u", T, C);
  g_autofree gfloat *x = NULL, *gain = NULL, *bias = NULL;
  g_autofree gfloat *want = g_new (gfloat, (gsize) T * C);
  g_autoptr (GError) error = NULL;
  ClvBuffer x_buffer, y_buffer, gain_buffer, bias_buffer;
  ClvCommands *cmds;

  check_start (check, shape, fill);
  x = check_values (check, (gsize) T * C);
  gain = check_values (check, C);
  bias = check_values (check, C);
  clv_ref_layernorm (want, x, gain, bias, T, C, 1e-5f);
  check_rows_init (check, &x_buffer, x, T, C);
  check_rows_init (check, &y_buffer, NULL, T, C);
  check_vector_init (check, &gain_buffer, gain, C * sizeof *gain);
  check_vector_init (check, &bias_buffer, bias, C * sizeof *bias);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_layernorm_record (cmds, check->variant, &x_buffer, &gain_buffer,
      &bias_buffer, &y_buffer, T, C, 1e-5f);
  check_run (check, cmds, shape, 8.0 * T * C, 8.0 * T * C);
  check_all (check, &y_buffer, want, T, C, 2e-6, shape);

  /* In place. */
  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_layernorm_record (cmds, check->variant, &x_buffer, &gain_buffer,
      &bias_buffer, &x_buffer, T, C, 1e-5f);
  clv_commands_end (cmds, &error);
  g_assert_no_error (error);
  clv_commands_run (cmds, &error);
  g_assert_no_error (error);
  clv_commands_free (cmds);
  check_all (check, &x_buffer, want, T, C, 2e-6, shape);

  clv_buffer_clear (&x_buffer);
  clv_buffer_clear (&y_buffer);
  clv_buffer_clear (&gain_buffer);
  clv_buffer_clear (&bias_buffer);
}

void
check_layernorm (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint fill = 0; fill < CHECK_N_FILLS && !g_test_failed (); fill++)
      check_shape (check, shapes[i].T, shapes[i].C, fill);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

static const struct {
  guint M, C;
} shapes[] = { { 1, 512 }, { 32, 512 }, { 4, 768 }, { 7, 72 }, { 3, 101 },
  { 1, 1 } };

static void
check_shape (Check *check, guint M, guint C, CheckFill fill)
{
  g_autofree gchar *shape = g_strdup_printf ("M=%u C=%u", M, C);
  g_autofree gfloat *x = NULL;
  g_autofree gfloat *want = g_new (gfloat, (gsize) M * C);
  g_autoptr (GError) error = NULL;
  ClvBuffer x_buffer, y_buffer;
  ClvCommands *cmds;

  check_start (check, shape, fill);
  x = check_values (check, (gsize) M * C);
  for (guint c = 0; M > 1 && c < C; c++)
    x[c] = 0.0f; /* a row without a direction stays zero */
  clv_ref_l2norm (want, x, M, C);
  check_rows_init (check, &x_buffer, x, M, C);
  check_rows_init (check, &y_buffer, NULL, M, C);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_l2norm_record (cmds, check->variant, &x_buffer, &y_buffer, M, C);
  check_run (check, cmds, shape, 3.0 * M * C, 8.0 * M * C);
  check_all (check, &y_buffer, want, M, C, 1e-6, shape);

  clv_buffer_clear (&x_buffer);
  clv_buffer_clear (&y_buffer);
}

void
check_l2norm (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint fill = 0; fill < CHECK_N_FILLS && !g_test_failed (); fill++)
      check_shape (check, shapes[i].M, shapes[i].C, fill);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

/* The class tokens of a batch; the end tokens of prompts; odd ones. */
static const struct {
  guint M, n_rows, C;
} shapes[] = { { 100, 2, 768 }, { 1600, 32, 768 }, { 231, 3, 512 },
  { 7, 11, 37 }, { 1, 1, 1 } };

static void
check_shape (Check *check, guint M, guint n_rows, guint C)
{
  g_autofree gchar *shape =
      g_strdup_printf ("M=%u n_rows=%u C=%u", M, n_rows, C);
  g_autofree gfloat *x = NULL;
  g_autofree gfloat *want = g_new (gfloat, (gsize) n_rows * C);
  g_autofree guint32 *rows = g_new (guint32, n_rows);
  g_autoptr (GError) error = NULL;
  ClvBuffer x_buffer, y_buffer, rows_buffer;
  ClvCommands *cmds;

  check_start (check, shape, CHECK_RANDOM);
  x = check_values (check, (gsize) M * C);
  for (guint i = 0; i < n_rows; i++)
    rows[i] = i == 0 ? M - 1 : (guint) g_rand_int_range (check->rand, 0, M);
  clv_ref_gather_rows (want, x, rows, n_rows, C);
  check_rows_init (check, &x_buffer, x, M, C);
  check_rows_init (check, &y_buffer, NULL, n_rows, C);
  check_vector_init (check, &rows_buffer, rows, n_rows * sizeof *rows);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_gather_rows_record (
      cmds, check->variant, &x_buffer, &rows_buffer, &y_buffer, n_rows, C);
  check_run (check, cmds, shape, 0.0, 8.0 * n_rows * C);
  check_all (check, &y_buffer, want, n_rows, C, 0.0, shape);

  clv_buffer_clear (&x_buffer);
  clv_buffer_clear (&y_buffer);
  clv_buffer_clear (&rows_buffer);
}

void
check_gather_rows (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes) && !g_test_failed (); i++)
    check_shape (check, shapes[i].M, shapes[i].n_rows, shapes[i].C);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

static const struct {
  guint B, T, C;
} shapes[] = { { 1, 50, 768 }, { 4, 50, 768 }, { 1, 257, 1024 }, { 3, 17, 120 },
  { 2, 2, 1 }, { 3, 5, 67 } };

static void
check_shape (Check *check, guint B, guint T, guint C)
{
  g_autofree gchar *shape = g_strdup_printf ("B=%u T=%u C=%u", B, T, C);
  g_autofree gfloat *patches = NULL, *table = NULL;
  g_autofree gfloat *want = g_new (gfloat, (gsize) B * T * C);
  g_autoptr (GError) error = NULL;
  ClvBuffer patches_buffer, table_buffer, y_buffer;
  ClvCommands *cmds;

  check_start (check, shape, CHECK_RANDOM);
  patches = check_values (check, (gsize) B * (T - 1) * C);
  table = check_values (check, (gsize) T * C);
  clv_ref_assemble_tokens (want, patches, table, B, T, C);
  check_rows_init (check, &patches_buffer, patches, B * (T - 1), C);
  check_rows_init (check, &table_buffer, table, T, C);
  check_rows_init (check, &y_buffer, NULL, B * T, C);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_assemble_tokens_record (
      cmds, check->variant, &patches_buffer, &table_buffer, &y_buffer, B, T, C);
  check_run (check, cmds, shape, 1.0 * B * T * C, 12.0 * B * T * C);
  check_all (check, &y_buffer, want, B * T, C, 1e-7, shape);

  clv_buffer_clear (&patches_buffer);
  clv_buffer_clear (&table_buffer);
  clv_buffer_clear (&y_buffer);
}

void
check_assemble_tokens (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes) && !g_test_failed (); i++)
    check_shape (check, shapes[i].B, shapes[i].T, shapes[i].C);
}

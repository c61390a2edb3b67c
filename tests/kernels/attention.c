/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "ref/clv-ref.h"

static const struct {
  guint B, T, H, D;
  gboolean causal;
} shapes[] = {
  /* ViT-B/32, B/16, L/14; text of 77 and of 7 tokens */
  { 1, 50, 12, 64, FALSE },
  { 1, 197, 12, 64, FALSE },
  { 1, 257, 2, 64, FALSE },
  { 1, 77, 8, 64, TRUE },
  { 3, 7, 8, 64, TRUE },
  /* head widths of other checkpoints, and sizes that nothing divides */
  { 2, 17, 3, 24, FALSE },
  { 2, 31, 2, 32, TRUE },
  { 1, 11, 2, 80, FALSE },
  { 1, 13, 2, 104, TRUE },
  { 2, 9, 3, 22, FALSE }, /* not a multiple of 4: tile only */
  { 1, 1, 1, 4, TRUE },
  { 1, 131, 1, 200, TRUE },
};

static void
check_shape (Check *check, guint i, CheckFill fill)
{
  const guint B = shapes[i].B, T = shapes[i].T;
  const guint H = shapes[i].H, D = shapes[i].D;
  const gboolean causal = shapes[i].causal;
  const gdouble flop = 4.0 * B * T * T * H * D / (causal ? 2 : 1);
  g_autofree gchar *shape = g_strdup_printf (
      "B=%u T=%u H=%u D=%u%s", B, T, H, D, causal ? " causal" : "");
  g_autofree gfloat *qkv = NULL, *want = NULL;
  g_autoptr (GError) error = NULL;
  ClvBuffer qkv_buffer, y_buffer;
  ClvCommands *cmds;

  if (check->variant->family == CLV_FAMILY_LANES && D % 4 != 0)
    return;
  if (!check_affords (check, flop * 20))
    return;
  check_start (check, shape, fill);
  qkv = check_values (check, (gsize) B * T * 3 * H * D);
  want = g_new (gfloat, (gsize) B * T * H * D);
  clv_ref_attention (want, qkv, B, T, H, D, causal);
  check_rows_init (check, &qkv_buffer, qkv, B * T, 3 * H * D);
  check_rows_init (check, &y_buffer, NULL, B * T, H * D);

  cmds = clv_commands_new (check->device, shape, &error);
  g_assert_no_error (error);
  clv_attention_record (
      cmds, check->variant, &qkv_buffer, &y_buffer, B, T, H, D, causal);
  check_run (check, cmds, shape, flop, 16.0 * B * T * H * D);
  /* Scores of the outlier fill reach 1e5, where float32 is good to 0.004: one
   * such score is all of its row, so that the values are still right. */
  check_all (check, &y_buffer, want, B * T, H * D,
      fill == CHECK_OUTLIER ? 2e-3 : 5e-6, shape);

  clv_buffer_clear (&qkv_buffer);
  clv_buffer_clear (&y_buffer);
}

void
check_attention (Check *check)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint fill = 0; fill < CHECK_N_FILLS && !g_test_failed (); fill++)
      check_shape (check, i, fill);
}

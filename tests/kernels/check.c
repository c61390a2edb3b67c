/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include "open-device.h"
#include "ops/clv-ops-check.h"

#include <math.h>
#include <time.h>

#define BENCH_US (500 * 1000)

static const gchar *program;
static guint32 base_seed = 1;
static gboolean bench;
static ClvDevice *device;

static void (*const checks[CLV_N_OPS]) (Check *check) = {
  [CLV_OP_GEMM_F32] = check_gemm,
  [CLV_OP_GEMM_F16] = check_gemm,
  [CLV_OP_LAYERNORM] = check_layernorm,
  [CLV_OP_ATTENTION] = check_attention,
  [CLV_OP_GATHER_ROWS] = check_gather_rows,
  [CLV_OP_ASSEMBLE_TOKENS] = check_assemble_tokens,
  [CLV_OP_L2NORM] = check_l2norm,
};

static const gchar *const op_paths[CLV_N_OPS] = {
  [CLV_OP_GEMM_F32] = "/gemm",
  [CLV_OP_GEMM_F16] = "/gemm",
  [CLV_OP_LAYERNORM] = "/layernorm",
  [CLV_OP_ATTENTION] = "/attention",
  [CLV_OP_GATHER_ROWS] = "/gather_rows",
  [CLV_OP_ASSEMBLE_TOKENS] = "/assemble_tokens",
  [CLV_OP_L2NORM] = "/l2norm",
};

void
check_start (Check *check, const gchar *shape, CheckFill fill)
{
  check->fill = fill;
  g_rand_set_seed (check->rand, check->seed ^ g_str_hash (shape) ^ fill);
}

gboolean
check_affords (Check *check, gdouble flop)
{
  const ClvFamily family = check->variant->family;

  return check->bench ||
         (family != CLV_FAMILY_TILE && family != CLV_FAMILY_COOP) ||
         !clv_device_get_limits (check->device)->software || flop < 5e7;
}

gfloat *
check_values (Check *check, gsize n)
{
  gfloat *values = g_new (gfloat, n);

  for (gsize i = 0; i < n; i++) {
    const guint32 bits = g_rand_int (check->rand);

    values[i] = (gint32) bits / 2147483648.0f;
    if (check->fill == CHECK_SMALL)
      values[i] *= 1e-6f;
    else if (check->fill == CHECK_OUTLIER && bits % 500 == 0)
      values[i] *= 300.0f;
  }
  return values;
}

void
check_rows_init (Check *check, ClvBuffer *buffer, const gfloat *dense,
    guint rows, guint columns)
{
  g_autoptr (GError) error = NULL;

  clv_activation_init (buffer, check->device, "x", rows, columns, &error);
  g_assert_no_error (error);
  if (dense != NULL)
    clv_rows_upload (buffer, dense, rows, columns, &error);
  g_assert_no_error (error);
}

void
check_vector_init (
    Check *check, ClvBuffer *buffer, gconstpointer values, gsize size_bytes)
{
  g_autoptr (GError) error = NULL;

  clv_buffer_init (buffer, check->device, "vector", CLV_MEMORY_DEVICE,
      size_bytes, VK_FORMAT_UNDEFINED, &error);
  g_assert_no_error (error);
  clv_buffer_upload (buffer, 0, values, size_bytes, &error);
  g_assert_no_error (error);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static void
time_runs (Check *check, ClvCommands *cmds, const gchar *shape, gdouble flop,
    gdouble bytes, gint64 first_us)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  const gint64 start = g_get_monotonic_time ();
  const clock_t cpu_start = clock ();
  gdouble best, median, cpu;

  while (times->len < 5 || g_get_monotonic_time () - start < BENCH_US) {
    g_autoptr (GError) error = NULL;
    gint64 time = g_get_monotonic_time ();

    clv_commands_run (cmds, &error);
    g_assert_no_error (error);
    time = g_get_monotonic_time () - time;
    g_array_append_val (times, time);
  }
  cpu = (gdouble) (clock () - cpu_start) / CLOCKS_PER_SEC / times->len;
  g_array_sort (times, compare_times);
  best = MAX (g_array_index (times, gint64, 0), 1);
  median = MAX (g_array_index (times, gint64, times->len / 2), 1);
  /* CPU time says what a software driver does where the machine is shared. */
  g_printerr ("%-20s %-36s best %8.3f ms, median %8.3f ms: %6.2f GFLOP/s, "
              "%6.2f GB/s; %7.3f CPU ms: %6.2f GFLOP/s a core; first %.0f ms\n",
      check->variant->name, shape, best / 1e3, median / 1e3,
      flop / median / 1e3, bytes / median / 1e3, cpu * 1e3, flop / cpu / 1e9,
      first_us / 1e3);
}

void
check_run (Check *check, ClvCommands *cmds, const gchar *shape, gdouble flop,
    gdouble bytes)
{
  g_autoptr (GError) error = NULL;
  gint64 first;

  clv_commands_end (cmds, &error);
  g_assert_no_error (error);
  first = g_get_monotonic_time (); /* software drivers compile here */
  clv_commands_run (cmds, &error);
  g_assert_no_error (error);
  first = g_get_monotonic_time () - first;
  if (check->bench && check->fill == CHECK_RANDOM)
    time_runs (check, cmds, shape, flop, bytes, first);
  clv_commands_free (cmds);
}

static void
fail (Check *check, const gchar *shape, const gchar *what)
{
  static const gchar *const fills[CHECK_N_FILLS] = { "random", "small",
    "outlier" };

  g_test_message ("%s %s, %s fill: %s; repeat: %s --seed %u -p %s/%s",
      check->variant->name, shape, fills[check->fill], what, program,
      check->seed, op_paths[check->variant->op], check->variant->name);
  g_test_fail ();
}

void
check_row (Check *check, ClvBuffer *y, guint row, const gfloat *want,
    guint columns, gdouble scale, gdouble tolerance, const gchar *shape)
{
  const gsize stride = clv_row_stride (columns);
  g_autofree gfloat *got = g_new (gfloat, stride);
  g_autoptr (GError) error = NULL;
  gdouble worst = -1.0;
  guint at = 0;

  clv_buffer_download (
      y, row * stride * sizeof *got, got, stride * sizeof *got, &error);
  g_assert_no_error (error);
  if (scale == 0.0)
    for (guint i = 0; i < columns; i++)
      scale = MAX (scale, fabs (want[i]));
  for (guint i = 0; i < columns; i++) {
    gdouble distance = fabs ((gdouble) got[i] - want[i]);

    if (isnan (distance))
      distance = INFINITY;
    if (distance > worst) {
      worst = distance;
      at = i;
    }
  }
  if (!(worst <= tolerance * scale)) {
    g_autofree gchar *what =
        g_strdup_printf ("[%u, %u] is %.9g, wanted %.9g within %.3g", row, at,
            got[at], want[at], tolerance * scale);

    fail (check, shape, what);
  }
}

void
check_rest_is_zero (
    Check *check, ClvBuffer *y, guint rows, guint columns, const gchar *shape)
{
  const gsize stride = clv_row_stride (columns);
  const gsize n = y->size_bytes / sizeof (gfloat);
  g_autofree gfloat *got = g_new (gfloat, n);
  g_autoptr (GError) error = NULL;

  clv_buffer_download (y, 0, got, n * sizeof *got, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    if (got[i] != 0.0f && (i / stride >= rows || i % stride >= columns)) {
      g_autofree gchar *what = g_strdup_printf (
          "[%" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT "] outside is %.9g, not 0",
          i / stride, i % stride, got[i]);

      fail (check, shape, what);
      return;
    }
}

void
check_all (Check *check, ClvBuffer *y, const gfloat *want, guint rows,
    guint columns, gdouble tolerance, const gchar *shape)
{
  for (guint row = 0; row < rows && !g_test_failed (); row++)
    check_row (check, y, row, want + (gsize) row * columns, columns, 0.0,
        tolerance, shape);
  check_rest_is_zero (check, y, rows, columns, shape);
}

static void
check_variant (gconstpointer data)
{
  const ClvVariant *variant = data;
  g_autoptr (GRand) rand = g_rand_new ();
  Check check = {
    .device = device,
    .variant = variant,
    .seed = base_seed,
    .rand = rand,
    .bench = bench,
  };

  checks[variant->op](&check);
}

/* Removes our own options from the command line. FALSE on a wrong one. */
static gboolean
parse_options (int *argc, char ***argv)
{
  gint seed = base_seed;
  const GOptionEntry entries[] = {
    { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "of the random values", "N" },
    { "bench", 0, 0, G_OPTION_ARG_NONE, &bench, "time each shape", NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_ignore_unknown_options (context, TRUE);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error)) {
    g_printerr ("%s\n", error->message);
    return FALSE;
  }
  base_seed = seed;
  return TRUE;
}

int
main (int argc, char **argv)
{
  int status;

  program = argv[0];
  if (!parse_options (&argc, &argv))
    return 1;
  g_test_init (&argc, &argv, NULL);

  device = open_device (&status);
  if (device == NULL)
    return status;
  if (g_strcmp0 (g_getenv ("CLV_REQUIRE_COOP"), "1") == 0 &&
      clv_device_get_limits (device)->coop.m == 0) {
    g_print ("Bail out! %s: wanted cooperative matrices, found none\n",
        clv_device_get_info (device)->name);
    return 1;
  }
  for (guint i = 0; i < CLV_N_VARIANTS; i++) {
    g_autofree gchar *path = g_strconcat (
        op_paths[clv_variants[i].op], "/", clv_variants[i].name, NULL);

    if (clv_device_has_family (device, clv_variants[i].family))
      g_test_add_data_func (path, &clv_variants[i], check_variant);
  }
  g_test_add_data_func ("/refusals/small buffers fail the recording", &device,
      check_small_buffers_fail_the_recording);
  g_test_add_data_func ("/refusals/weights beyond float16 are named", &device,
      check_weights_beyond_float16_are_named);
  g_test_add_data_func ("/refusals/the family can be forced", &device,
      check_the_family_can_be_forced);
  g_test_add_data_func (
      "/refusals/two kernels can race", &device, check_two_kernels_can_race);
  g_test_add_func ("/self-check/a wrong variant is refused",
      check_a_wrong_variant_is_refused);
  g_test_add_func ("/self-check/no right variant is an error",
      check_no_right_variant_is_an_error);
  g_test_add_func ("/self-check/a wrong variant is no rival",
      check_a_wrong_variant_is_no_rival);
  status = g_test_run ();
  g_object_unref (device);
  return status;
}

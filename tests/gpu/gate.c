/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The static gate: compiles each kernel for GPUs as the library would, for chips
 * that are not here, and fails where one is worse than its limits. Every kernel
 * must do without spilled registers. docs/gpu-kernels.md tells how to read it.
 *
 *   gpu-gate                          all of it
 *   gpu-gate CHIP                     navi21, navi31 or gfx1201
 *   gpu-gate CHIP FILE.spv BUFFERS TEXELS LANES[:SIZE] [VALUE]…
 *                                     one module from elsewhere, with values of
 *                                     constants 0, 1, …; LANES 0: the driver's;
 *                                     SIZE: of a workgroup, constant 253
 *
 * Exit status: 0 all hold, 1 one does not, 77 no driver here can tell, which is 1
 * with CLV_REQUIRE_GATE=1. */

#include "isa.h"
#include "null-device.h"
#include "ops/clv-preprocess.h"
#include "ops/linear.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77

/* Of RDNA and Mesa; what clv_device_get_limits() would say there. */
static const ClvDeviceLimits limits = {
  .subgroup_size = 64,
  .max_shared_bytes = 65536,
  .max_invocations = 1024,
  .coop = { 16, 16, 16, 32 },
};

/* At least; 0 where the figure is only listed. */
typedef struct {
  guint waves;
  guint bound;
  guint cover;
} Limits;

static const struct {
  const gchar *variant;
  ClvGemmSize size;
  const gchar *chip;
  Limits at_least;
} gemms[] = {
  { "gemm_coop_f16", CLV_GEMM_LARGE, "navi31", { 8, 90, 200 } },
  { "gemm_coop_f16", CLV_GEMM_SMALL, "navi31", { 8, 90, 200 } },
  { "gemm_coop_f16", CLV_GEMM_LARGE, "gfx1201", { 6, 90, 200 } },
  /* As good as it gets with this driver, see the document. */
  { "gemm_coop_f16", CLV_GEMM_SMALL, "gfx1201", { 6, 75, 200 } },
  { "gemm_tile_f16", CLV_GEMM_LARGE, "navi21", { 8, 90, 200 } },
  { "gemm_tile_f16", CLV_GEMM_SMALL, "navi21", { 8, 90, 200 } },
  { "gemm_tile_f32", CLV_GEMM_LARGE, "navi21", { 8, 90, 200 } },
  { "gemm_tile_f32", CLV_GEMM_SMALL, "navi21", { 8, 90, 200 } },
  { "gemm_tile_f16", CLV_GEMM_LARGE, "navi31", { 8, 90, 200 } },
  { "gemm_tile_f16", CLV_GEMM_SMALL, "navi31", { 8, 0, 200 } },
};

/* Most of the others have no limits but the spills. The constants are those of a
 * ViT-B and an NV12 picture; the ops set them. */
static const struct {
  const gchar *module;
  guint n_buffers, n_texels;
  guint32 spec[10];
  guint n_spec;
  Limits at_least;
} others[] = {
  { "attention_tile_f32", 4, 0, { 64, CLV_SPAN_QUERIES }, 2, { 8, 70, 150 } },
  { "layernorm_tile_f32", 4, 0, { 768 }, 1, { 0 } },
  { "l2norm_f32", 2, 0, { 0 }, 0, { 0 } },
  { "gather_rows_f32", 3, 0, { 0 }, 0, { 0 } },
  { "assemble_tokens_f32", 3, 0, { 0 }, 0, { 0 } },
  { "preprocess_brightness_f32", 2, 0, { 32, 7 }, 2, { 0 } },
  { "preprocess_rgb_u8", 1, 1, { 0, 1, 2, 4 }, 4, { 0 } },
  { "preprocess_yuv_u8", 1, 1, { 1, 1, 1, 0, 0, 0, 0, 1, 0, 0 }, 10, { 0 } },
  { "preprocess_horizontal_u8", 1, 2, { 0 }, 0, { 0 } },
  { "preprocess_vertical_f32", 1, 2, { 32, 7 }, 2, { 0 } },
};
static const gchar *const chips[] = { "navi21", "navi31", "gfx1201" };

/* A larger batch than there are slots is encoded in parts. */
static const struct {
  const gchar *model;
  guint tokens, width, mlp;
  guint batches[3];
} models[] = {
  { "ViT-B/32", 50, 768, 3072, { 1, 8, CLV_PREPROCESS_SLOTS } },
  { "ViT-L/14", 257, 1024, 4096, { 1, 8 } },
};

static const ClvVariant *
find_variant (const gchar *name)
{
  for (guint i = 0; i < CLV_N_VARIANTS; i++)
    if (g_str_equal (clv_variants[i].name, name))
      return &clv_variants[i];
  g_error ("no variant %s", name);
}

/* NULL where this build's shader compiler could not make it. */
static GBytes *
find_module (const gchar *name)
{
  g_autofree gchar *path = g_strdup_printf ("/clv/shaders/%s.spv", name);

  return g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static guint
generation_of (const gchar *chip)
{
  if (g_str_has_prefix (chip, "gfx12"))
    return 12;
  return g_str_has_prefix (chip, "navi3") || g_str_has_prefix (chip, "gfx11")
             ? 11
             : 10;
}

static gboolean
hold (const gchar *what, guint found, guint at_least)
{
  if (found < at_least)
    g_print (
        "FAILED: %s is %u, at least %u is wanted\n", what, found, at_least);
  return found >= at_least;
}

/* Prints a line of the table and what does not hold. */
static gboolean
judge (NullDevice *device, const gchar *chip, GBytes *spirv,
    const ClvKernelParams *params, const gchar *tile, const Limits *at_least,
    GError **error)
{
  NullStatistics statistics;
  IsaReport report;
  const gchar *unit;
  gdouble busiest;
  guint bound, cover;
  gboolean ok;

  if (!null_device_compile (device, spirv, params, &statistics, error))
    return FALSE;
  isa_read (statistics.assembly != NULL ? statistics.assembly : "",
      generation_of (chip), statistics.wave, &report);
  busiest = isa_busiest (&report.hottest, &unit);
  bound = busiest > 0 ? 100 * report.hottest.math / busiest + 0.5 : 0;
  cover = report.alone > 0
              ? 100 * statistics.waves * busiest / report.alone + 0.5
              : 0;
  g_print ("%-26s %-8s %-8s %4u %5u %5u %7u %7u %6u %% %6u %%  %s\n",
      params->name, tile, chip, statistics.wave, statistics.vgprs,
      statistics.waves, statistics.lds_bytes, statistics.spills, bound, cover,
      unit);
  ok = hold ("waves", statistics.waves, at_least->waves);
  ok = hold ("bound", bound, at_least->bound) && ok;
  ok = hold ("cover", cover, at_least->cover) && ok;
  if (statistics.spills > 0) {
    g_print ("FAILED: %u registers or bytes are spilled\n", statistics.spills);
    ok = FALSE;
  }
  null_statistics_clear (&statistics);
  return ok;
}

/* judge() for one kernel of a table; an error of the driver is a failure. */
static gboolean
judge_module (const gchar *chip, GBytes *spirv, const ClvKernelParams *params,
    const gchar *tile, const Limits *at_least)
{
  g_autoptr (GError) error = NULL;
  NullDevice *device = null_device_new (chip, &error);
  gboolean ok = device != NULL &&
                judge (device, chip, spirv, params, tile, at_least, &error);

  if (error != NULL)
    g_print ("FAILED: %s on %s: %s\n", params->name, chip, error->message);
  g_clear_pointer (&device, null_device_free);
  return ok;
}

static void
print_head (void)
{
  g_print ("%-26s %-8s %-8s %4s %5s %5s %7s %7s %8s %8s  %s\n", "kernel",
      "tile", "chip", "wave", "VGPRs", "waves", "shared", "spilled", "bound",
      "cover", "busiest");
}

static gboolean
judge_gemms (const gchar *chip)
{
  gboolean ok = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (gemms); i++) {
    const ClvVariant *variant = find_variant (gemms[i].variant);
    const ClvGemmTile tile =
        clv_gemm_get_tile (&limits, variant, gemms[i].size);
    g_autoptr (GBytes) spirv = find_module (variant->name);
    g_autofree gchar *text = g_strdup_printf ("%ux%u", tile.m, tile.n);
    ClvKernelParams params = {
      .name = variant->name,
      .n_buffers = 5,
      .push_bytes = 128,
      .spec = { CLV_ACTIVATION_QUICK_GELU, TRUE },
      .n_spec = 2,
    };

    if (!g_str_equal (gemms[i].chip, chip))
      continue;
    if (spirv == NULL) {
      g_print ("FAILED: this build has no %s\n", variant->name);
      ok = FALSE;
      continue;
    }
    clv_gemm_set_params (&params, &limits, variant, gemms[i].size);
    ok = judge_module (
             gemms[i].chip, spirv, &params, text, &gemms[i].at_least) &&
         ok;
  }
  return ok;
}

static gboolean
judge_others (const gchar *chip)
{
  gboolean ok = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (GBytes) spirv = find_module (others[i].module);
    ClvKernelParams params = {
      .name = others[i].module,
      .n_buffers = others[i].n_buffers,
      .n_texels = others[i].n_texels,
      .push_bytes = 128,
      .n_spec = others[i].n_spec,
    };

    memcpy (params.spec, others[i].spec, sizeof others[i].spec);
    ok = judge_module (chip, spirv, &params, "", &others[i].at_least) && ok;
  }
  return ok;
}

/* How much of the tiles' rows and columns somebody asked for. */
static void
print_shape (const gchar *model, guint batch, const gchar *layer, guint m,
    guint n, guint k)
{
  static const gchar *const variants[] = { "gemm_coop_f16", "gemm_tile_f16" };

  g_print ("%-9s %5u %-7s %5u %5u %5u", model, batch, layer, m, n, k);
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++) {
    const ClvVariant *variant = find_variant (variants[i]);
    const ClvGemmTile tile = clv_gemm_get_tile (
        &limits, variant, clv_gemm_pick_size (&limits, variant, m, n));
    const guint rows = (m + tile.m - 1) / tile.m;
    const guint columns = (n + tile.n - 1) / tile.n;
    g_autofree gchar *text = g_strdup_printf ("%ux%u", tile.m, tile.n);

    g_print ("   %-8s %6u %6.0f %%", text, rows * columns,
        100.0 * m * n / rows / tile.m / columns / tile.n);
  }
  g_print ("\n");
}

static void
print_shapes (void)
{
  g_print ("\n%-9s %5s %-7s %5s %5s %5s   %-8s %6s %8s   %-8s %6s %8s\n",
      "model", "batch", "layer", "M", "N", "K", "matrix", "groups", "useful",
      "scalar", "groups", "useful");
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    for (guint j = 0;
         j < G_N_ELEMENTS (models[i].batches) && models[i].batches[j] > 0;
         j++) {
      const guint batch = models[i].batches[j];
      const guint m = batch * models[i].tokens;
      const guint c = models[i].width, mlp = models[i].mlp;

      print_shape (models[i].model, batch, "qkv", m, 3 * c, c);
      print_shape (models[i].model, batch, "project", m, c, c);
      print_shape (models[i].model, batch, "mlp 1", m, mlp, c);
      print_shape (models[i].model, batch, "mlp 2", m, c, mlp);
    }
}

/* A shader that is not ours, to compare. Constants have ids as they come. */
static int
judge_file (int argc, char **argv)
{
  const Limits none = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *base = g_path_get_basename (argv[2]);
  gchar *code;
  gsize size;
  g_autoptr (GBytes) spirv = NULL;
  const gchar *local_size = strchr (argv[5], ':');
  ClvKernelParams params = {
    .name = base,
    .n_buffers = atoi (argv[3]),
    .n_texels = atoi (argv[4]),
    .subgroup_size = atoi (argv[5]),
    .local_size = local_size != NULL ? atoi (local_size + 1) : 0,
    .push_bytes = 128,
  };

  if (!g_file_get_contents (argv[2], &code, &size, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  spirv = g_bytes_new_take (code, size);
  for (int i = 6; i < argc && params.n_spec < CLV_KERNEL_MAX_SPEC; i++)
    params.spec[params.n_spec++] = strtoul (argv[i], NULL, 0);
  print_head ();
  return judge_module (argv[1], spirv, &params, "", &none) ? 0 : 1;
}

/* RADV reads the name of the chip once in a process. */
static gboolean
judge_in_a_process (const gchar *program, const gchar *chip)
{
  const gchar *const command[] = { program, chip, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *output = NULL;
  gint status;

  if (!g_spawn_sync (NULL, (gchar **) command, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
          NULL, NULL, &output, NULL, &status, &error)) {
    g_print ("FAILED: %s: %s\n", program, error->message);
    return FALSE;
  }
  g_print ("%s", output);
  return g_spawn_check_wait_status (status, NULL);
}

static int
judge_all (const gchar *program)
{
  gboolean ok = TRUE;

  print_head ();
  for (guint i = 0; i < G_N_ELEMENTS (chips); i++)
    ok = judge_in_a_process (program, chips[i]) && ok;
  print_shapes ();
  return ok ? 0 : 1;
}

static int
skip (const gchar *why)
{
  const gboolean required = g_strcmp0 (g_getenv ("CLV_REQUIRE_GATE"), "1") == 0;

  g_print ("%s: %s\n", required ? "FAILED" : "SKIPPED", why);
  return required ? 1 : SKIPPED;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) spirv = NULL;
  NullDevice *device;

  if (argc > 2 && argc < 6) {
    g_printerr ("usage: gpu-gate [CHIP [FILE.spv BUFFERS TEXELS LANES[:SIZE] "
                "[VALUE of constant 0, 1, …]]]\n");
    return 1;
  }
  spirv = find_module ("gemm_coop_f16");
  if (spirv == NULL)
    return skip (
        "the shader compiler of this build has no cooperative matrices");
  device = null_device_new (argc > 1 ? argv[1] : chips[0], &error);
  if (device == NULL)
    return skip (error->message);
  null_device_free (device);
  if (argc > 2)
    return judge_file (argc, argv);
  if (argc > 1)
    return judge_gemms (argv[1]) & judge_others (argv[1]) ? 0 : 1;
  return judge_all (argv[0]);
}

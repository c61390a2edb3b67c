/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv info: which devices there are, which kernels they use, how large a model is
 * and how fast. */

#include "clv-tool.h"

#include <stdio.h>

#include "model/clv-model-private.h"
#include "vulkan/clv-device-private.h"

#define MB 1e6

static void
print_indented (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      printf ("      %s\n", lines[i]);
}

static void
print_features (ClvDevice *device)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);

  printf ("    subgroups of %u%s; 16-bit storage: %s; timestamps: %s\n",
      limits->subgroup_size,
      limits->subgroup_shuffle ? " with shuffle" : ", no shuffle",
      limits->storage_16bit ? "yes" : "no",
      limits->timestamp_ns > 0.0f ? "yes" : "no");
  printf ("    largest storage buffer %.0f MB; texels of a view %.0f M; shared "
          "memory %.0f KB\n",
      limits->max_storage_bytes / MB, limits->max_texel_elements / MB,
      limits->max_shared_bytes / 1e3);
}

static gboolean
print_device (const ClvDeviceInfo *info, GError **error)
{
  g_autofree gchar *selector = g_strdup_printf ("%u", info->index);
  g_autoptr (ClvDevice) device = NULL;
  g_autofree gchar *kernels = NULL;

  printf ("  %u: %s%s\n    driver %s; UUID %s\n", info->index, info->name,
      info->software ? " (software)" : "", info->driver, info->uuid);
  device = clv_device_new (selector, error);
  if (device == NULL)
    return FALSE;
  print_features (device);
  kernels = clv_device_describe_kernels (device);
  printf ("    kernels:\n");
  print_indented (kernels);
  return TRUE;
}

/* All devices, or the one that the selector picks. */
static gboolean
print_devices (const gchar *selector, GError **error)
{
  g_autoptr (GPtrArray) infos = NULL;

  printf ("Devices:\n");
  if (selector != NULL) {
    g_autoptr (ClvDevice) device = clv_device_new (selector, error);

    return device != NULL && print_device (clv_device_get_info (device), error);
  }
  infos = clv_device_list (error);
  if (infos == NULL)
    return FALSE;
  for (guint i = 0; i < infos->len; i++)
    if (!print_device (g_ptr_array_index (infos, i), error))
      return FALSE;
  return TRUE;
}

static const gchar *
activation_name (ClvActivation activation)
{
  static const gchar *const names[] = {
    [CLV_ACTIVATION_NONE] = "none",
    [CLV_ACTIVATION_QUICK_GELU] = "quick_gelu",
    [CLV_ACTIVATION_GELU] = "gelu",
    [CLV_ACTIVATION_GELU_TANH] = "gelu_pytorch_tanh",
  };

  return names[activation];
}

static void
print_tower (const gchar *name, const ClvTowerConfig *tower)
{
  printf ("  %-7s width %u, %u layers, %u heads of %u, MLP %u, %s\n", name,
      tower->width, tower->n_layers, tower->n_heads,
      tower->width / tower->n_heads, tower->mlp_width,
      activation_name (tower->activation));
}

/* Parameters that lie on the device: a block is q, k, v, out (C² + C each), the
 * MLP, and two layer norms; see the figure in docs/architecture.md. */
static guint64
count_tower (const ClvTowerConfig *tower)
{
  const guint64 c = tower->width, m = tower->mlp_width;
  const guint64 block = 4 * (c * c + c) + 2 * c * m + m + c + 4 * c;

  return block * tower->n_layers + 2 * c;
}

static void
print_memory (const ClvModelConfig *config, guint embedding_width)
{
  const guint64 side = config->image_size / config->patch_size;
  const guint64 tokens = side * side + 1;
  const guint64 patch = 3 * (guint64) config->patch_size * config->patch_size;
  const guint64 vision =
      count_tower (&config->vision) +
      (patch + tokens + embedding_width + 3) * config->vision.width;
  const guint64 text =
      count_tower (&config->text) +
      ((guint64) config->n_positions + embedding_width) * config->text.width;

  printf (
      "  weights on a device: vision %.1f MB in fp32, %.1f MB in fp16; text "
      "%.1f and %.1f MB\n",
      vision * 4 / MB, vision * 2 / MB, text * 4 / MB, text * 2 / MB);
}

static gboolean
print_model (const gchar *name, GError **error)
{
  g_autofree gchar *directory = clv_model_find (name, error);
  g_autoptr (ClvModel) model =
      directory != NULL ? clv_model_load (directory, error) : NULL;
  const ClvModelConfig *config;

  if (model == NULL)
    return FALSE;
  config = clv_model_get_config (model);
  printf ("Model %s:\n  %s\n  id %s\n", clv_model_get_name (model),
      clv_model_get_directory (model), clv_model_get_id (model));
  printf ("  %.2f million parameters; embeddings of %u; logit scale %.2f\n",
      clv_model_get_n_parameters (model) / 1e6,
      clv_model_get_embedding_width (model), clv_model_get_logit_scale (model));
  printf ("  image   %u × %u in patches of %u: %u tokens\n", config->image_size,
      config->image_size, config->patch_size,
      (config->image_size / config->patch_size) *
              (config->image_size / config->patch_size) +
          1);
  print_tower ("vision", &config->vision);
  print_tower ("text", &config->text);
  printf ("  vocabulary of %u, %u positions\n", config->vocab_size,
      config->n_positions);
  print_memory (config, clv_model_get_embedding_width (model));
  return TRUE;
}

/* An engine remembers what it measured; the first batch is no measure. */
#define N_MEASURED 4

static gboolean
measure (ClvEngine *engine, GError **error)
{
  const ClvModelConfig *config =
      clv_model_get_config (clv_engine_get_model (engine));
  const guint side = config->image_size;
  const guint width =
      clv_model_get_embedding_width (clv_engine_get_model (engine));
  g_autofree guint8 *pixels = g_malloc0 ((gsize) side * side * 4);
  g_autofree gfloat *embedding = g_new (gfloat, width);
  const ClvFrame frame = {
    .format = CLV_PIXEL_FORMAT_RGBX,
    .width = side,
    .height = side,
    .planes = { pixels },
    .strides = { side * 4 },
  };

  for (guint i = 0; i < N_MEASURED; i++)
    if (!clv_engine_encode_frames (engine, &frame, 1, embedding, error))
      return FALSE;
  return TRUE;
}

/* What to expect of the device that would be used for the model. */
static gboolean
print_speed (const gchar *model, const gchar *selector, GError **error)
{
  g_autoptr (ClvEngine) engine =
      clv_engine_get (model, selector, CLV_PRECISION_AUTO, error);
  const ClvDeviceInfo *info;

  if (engine == NULL ||
      (clv_engine_get_rate (engine) == 0 && !measure (engine, error)))
    return FALSE;
  info = clv_device_get_info (clv_engine_get_device (engine));
  printf ("  about %.3g frames a second on %s%s, as measured\n",
      clv_engine_get_rate (engine), info->name,
      info->software ? " (software)" : "");
  return TRUE;
}

int
tool_info_main (int argc, gchar **argv)
{
  g_autofree gchar *model = NULL, *device = NULL;
  g_auto (GStrv) rest = NULL;
  g_autoptr (GError) error = NULL, model_error = NULL;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model,
        "a directory, or a name in the model path (default: demo)", "MODEL" },
    { "device", 'd', 0, G_OPTION_ARG_FILENAME, &device,
        "only this: auto, an index, a UUID or part of a name", "DEVICE" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolUsage usage = { "info", NULL,
    "Shows the Vulkan devices with their features and the kernels chosen, and\n"
    "a model's sizes, parameters, memory and speed.",
    "Kernels are checked against plain C at the first use of a device, and "
    "the\n"
    "speed of a model is measured if no earlier run did, so the first call "
    "takes\n"
    "longer.\n" };
  int code = TOOL_OK;

  if (!tool_parse (&usage, entries, argc, argv, &rest))
    return TOOL_USAGE;
  if (rest[0] != NULL)
    return tool_usage_error (usage.name, "unexpected argument '%s'", rest[0]);

  /* A missing device must not hide the model, nor the other way round. */
  if (!print_devices (device, &error)) {
    fflush (stdout);
    code = tool_fail ("%s", error->message);
  }
  if (!print_model (model != NULL ? model : "demo", &model_error) ||
      (code == TOOL_OK && !print_speed (model != NULL ? model : "demo", device,
                              &model_error))) {
    fflush (stdout);
    code = tool_fail ("%s", model_error->message);
  }
  return code;
}

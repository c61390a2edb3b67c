/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-model-config.h"

#include <string.h>

#include <clv/clv-error.h>

#include "clv-preprocess-config.h"
#include "text/clv-json.h"

/* Far above any real model, and low enough that no product of two overflows. */
#define MAX_WIDTH      16384
#define MAX_MLP        65536
#define MAX_LAYERS     512
#define MAX_IMAGE      4096
#define MAX_TOKENS     65536
#define MAX_POSITIONS  8192
#define MAX_VOCABULARY (1 << 24)
#define MAX_TOKEN_ID   (1 << 30)

/* CLIPTextConfig and CLIPVisionConfig of Transformers'
 * configuration_clip.py. */
static const ClvModelConfig defaults = {
  .vision = { 768, 12, 12, 3072, CLV_ACTIVATION_QUICK_GELU, 1e-5f },
  .text = { 512, 12, 8, 2048, CLV_ACTIVATION_QUICK_GELU, 1e-5f },
  .image_size = 224,
  .patch_size = 32,
  .vocab_size = 49408,
  .n_positions = 77,
  .bos_token_id = 49406,
  .eos_token_id = 49407,
};

static const struct {
  const gchar *name;
  ClvActivation activation;
} activations[] = {
  { "quick_gelu", CLV_ACTIVATION_QUICK_GELU },
  { "gelu", CLV_ACTIVATION_GELU },
  { "gelu_python", CLV_ACTIVATION_GELU },
  { "gelu_new", CLV_ACTIVATION_GELU_TANH },
  { "gelu_fast", CLV_ACTIVATION_GELU_TANH },
  { "gelu_pytorch_tanh", CLV_ACTIVATION_GELU_TANH },
};

static gboolean
read_activation (
    const ClvJsonPlace *place, ClvActivation *activation, GError **error)
{
  const gchar *name = NULL;

  if (!clv_json_get_string (place, "hidden_act", &name, error))
    return FALSE;
  if (name == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (activations); i++) {
    if (g_str_equal (name, activations[i].name)) {
      *activation = activations[i].activation;
      return TRUE;
    }
  }
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: %s.hidden_act: wanted quick_gelu, gelu, gelu_new or "
      "gelu_pytorch_tanh, found %s",
      place->file_name, place->json_path, name);
  return FALSE;
}

static gboolean
read_tower (const ClvJsonPlace *place, ClvTowerConfig *tower, GError **error)
{
  gdouble eps = tower->eps;

  if (!clv_json_get_uint (
          place, "hidden_size", 1, MAX_WIDTH, &tower->width, error) ||
      !clv_json_get_uint (
          place, "num_hidden_layers", 1, MAX_LAYERS, &tower->n_layers, error) ||
      !clv_json_get_uint (
          place, "num_attention_heads", 1, MAX_WIDTH, &tower->n_heads, error) ||
      !clv_json_get_uint (
          place, "intermediate_size", 1, MAX_MLP, &tower->mlp_width, error) ||
      !clv_json_get_number (place, "layer_norm_eps", 0, 1, &eps, error) ||
      !read_activation (place, &tower->activation, error))
    return FALSE;
  tower->eps = eps;
  if (tower->width % tower->n_heads != 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.hidden_size: wanted a multiple of num_attention_heads %u, "
        "found %u",
        place->file_name, place->json_path, tower->n_heads, tower->width);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_text (const ClvJsonPlace *place, ClvModelConfig *config, GError **error)
{
  return read_tower (place, &config->text, error) &&
         clv_json_get_uint (place, "vocab_size", 1, MAX_VOCABULARY,
             &config->vocab_size, error) &&
         clv_json_get_uint (place, "max_position_embeddings", 2, MAX_POSITIONS,
             &config->n_positions, error) &&
         clv_json_get_uint (place, "bos_token_id", 0, MAX_TOKEN_ID,
             &config->bos_token_id, error) &&
         clv_json_get_uint (place, "eos_token_id", 0, MAX_TOKEN_ID,
             &config->eos_token_id, error);
}

static gboolean
read_vision (const ClvJsonPlace *place, ClvModelConfig *config, GError **error)
{
  guint n_channels = 3, grid;

  if (!read_tower (place, &config->vision, error) ||
      !clv_json_get_uint (
          place, "image_size", 1, MAX_IMAGE, &config->image_size, error) ||
      !clv_json_get_uint (
          place, "patch_size", 1, MAX_IMAGE, &config->patch_size, error) ||
      !clv_json_get_uint (
          place, "num_channels", 1, MAX_WIDTH, &n_channels, error))
    return FALSE;
  if (n_channels != 3) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: %s.num_channels: wanted 3, found %u", place->file_name,
        place->json_path, n_channels);
    return FALSE;
  }
  if (config->image_size < config->patch_size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.image_size: wanted at least patch_size %u, found %u",
        place->file_name, place->json_path, config->patch_size,
        config->image_size);
    return FALSE;
  }
  /* What is left beside the last whole patch is not seen (Transformers,
   * CLIPVisionEmbeddings: a convolution with the patch as its stride). */
  grid = config->image_size / config->patch_size;
  if (grid * grid + 1 > MAX_TOKENS) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.patch_size: wanted at most %u tokens, found %u × %u patches",
        place->file_name, place->json_path, MAX_TOKENS, grid, grid);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_model_type (const ClvJsonPlace *top, GError **error)
{
  const gchar *type = "clip";

  if (!clv_json_get_string (top, "model_type", &type, error))
    return FALSE;
  if (g_str_equal (type, "clip"))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: $.model_type: wanted clip, found %s", top->file_name, type);
  return FALSE;
}

/* Where text_config_dict or vision_config_dict is there, Transformers makes the
 * whole tower from it, with defaults for what it leaves out, and lets that
 * override the plain one (CLIPConfig.__post_init__). */
static gboolean
get_tower (const ClvJsonPlace *top, const gchar *plain_path,
    const gchar *dict_path, ClvJsonPlace *ret_place, GError **error)
{
  const gchar *path =
      clv_json_get_member (top, dict_path + strlen ("$.")) != NULL ? dict_path
                                                                   : plain_path;

  ret_place->file_name = top->file_name;
  ret_place->json_path = path;
  ret_place->object = NULL;
  return clv_json_get_object (
      top, path + strlen ("$."), &ret_place->object, error);
}

gboolean
clv_model_config_read (
    const gchar *directory, ClvModelConfig *ret_config, GError **error)
{
  g_autofree gchar *path = g_build_filename (directory, "config.json", NULL);
  g_autoptr (JsonObject) root = clv_json_read (path, error);
  ClvModelConfig config = defaults;
  ClvJsonPlace top = { path, "$", root };
  ClvJsonPlace place;

  if (root == NULL || !check_model_type (&top, error) ||
      !clv_json_get_uint (&top, "projection_dim", 1, MAX_WIDTH,
          &config.projection_dim, error) ||
      !get_tower (&top, "$.text_config", "$.text_config_dict", &place, error) ||
      !read_text (&place, &config, error) ||
      !get_tower (
          &top, "$.vision_config", "$.vision_config_dict", &place, error) ||
      !read_vision (&place, &config, error) ||
      !clv_preprocess_config_read (
          directory, config.image_size, &config.preprocess, error))
    return FALSE;
  *ret_config = config;
  return TRUE;
}

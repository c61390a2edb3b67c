/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-model-tensors.h"

#include <math.h>

#include <clv/clv-error.h>

typedef struct {
  ClvTensorFile *file;
  const gchar *directory;
  gboolean finite; /* all that there is: no tensor needs a look of its own */
  guint64 n_parameters;
  GError **error;
} Check;

/* What every tensor must be, whatever its shape. */
static const ClvTensor *
check_exists (Check *check, const gchar *name)
{
  const ClvTensor *tensor = clv_tensor_file_lookup (check->file, name);
  guint64 index;

  if (tensor == NULL) {
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the weights lack the tensor \"%s\"", check->directory, name);
    return NULL;
  }
  if (tensor->dtype == CLV_DTYPE_OTHER) {
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: tensor \"%s\": wanted the type F32, F16 or BF16, found %s",
        clv_tensor_file_get_path (check->file, tensor), name,
        tensor->dtype_name);
    return NULL;
  }
  if (!check->finite && clv_tensor_find_not_finite (tensor, &index)) {
    gfloat value;

    clv_tensor_to_float (tensor, index, 1, &value);
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: tensor \"%s\": wanted finite values, found %g at element "
        "%" G_GUINT64_FORMAT,
        clv_tensor_file_get_path (check->file, tensor), name, value, index);
    return NULL;
  }
  if (!check->finite)
    clv_tensor_pages_done (tensor->data, tensor->size_bytes);
  check->n_parameters += tensor->n_elements;
  return tensor;
}

/* keys: the keys of config.json that make the shape; NULL where it follows from
 * the architecture alone. */
static gboolean
check_shape (Check *check, const ClvTensor *tensor, const gchar *keys,
    guint n_dims, const guint64 *shape)
{
  g_autofree gchar *wanted = NULL;
  g_autofree gchar *found = NULL;
  gboolean equal = tensor->n_dims == n_dims;

  for (guint i = 0; equal && i < n_dims; i++)
    equal = tensor->shape[i] == shape[i];
  if (equal)
    return TRUE;
  wanted = clv_tensor_shape_string (n_dims, shape);
  found = clv_tensor_shape_string (tensor->n_dims, tensor->shape);
  g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: tensor \"%s\": wanted the shape %s by %s/config.json (%s), "
      "found %s",
      clv_tensor_file_get_path (check->file, tensor), tensor->name, wanted,
      check->directory, keys, found);
  return FALSE;
}

static gboolean
check_tensor (Check *check, const gchar *name, const gchar *keys, guint n_dims,
    guint64 d0, guint64 d1, guint64 d2, guint64 d3)
{
  const guint64 shape[] = { d0, d1, d2, d3 };
  const ClvTensor *tensor = check_exists (check, name);

  return tensor != NULL && check_shape (check, tensor, keys, n_dims, shape);
}

static gboolean
check_vector (Check *check, const gchar *name, const gchar *keys, guint64 n)
{
  return check_tensor (check, name, keys, 1, n, 0, 0, 0);
}

static gboolean
check_matrix (Check *check, const gchar *name, const gchar *keys, guint64 rows,
    guint64 columns)
{
  return check_tensor (check, name, keys, 2, rows, columns, 0, 0);
}

/* PREFIX.weight (columns → rows) and PREFIX.bias */
static gboolean
check_linear (Check *check, const gchar *prefix, const gchar *part,
    const gchar *keys, guint64 rows, guint64 columns)
{
  g_autofree gchar *weight = g_strconcat (prefix, part, ".weight", NULL);
  g_autofree gchar *bias = g_strconcat (prefix, part, ".bias", NULL);

  return check_matrix (check, weight, keys, rows, columns) &&
         check_vector (check, bias, keys, rows);
}

static gboolean
check_norm (Check *check, const gchar *prefix, const gchar *part,
    const gchar *keys, guint64 width)
{
  g_autofree gchar *weight = g_strconcat (prefix, part, ".weight", NULL);
  g_autofree gchar *bias = g_strconcat (prefix, part, ".bias", NULL);

  return check_vector (check, weight, keys, width) &&
         check_vector (check, bias, keys, width);
}

static gboolean
check_layers (Check *check, const gchar *model, const gchar *section,
    const ClvTowerConfig *tower)
{
  static const gchar *const projections[] = { "self_attn.q_proj",
    "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj" };
  g_autofree gchar *width_key = g_strconcat (section, ".hidden_size", NULL);
  g_autofree gchar *mlp_keys =
      g_strconcat (section, ".hidden_size and intermediate_size", NULL);
  g_autofree gchar *beyond = g_strdup_printf (
      "%s.encoder.layers.%u.layer_norm1.weight", model, tower->n_layers);
  const ClvTensor *extra = clv_tensor_file_lookup (check->file, beyond);

  for (guint i = 0; i < tower->n_layers; i++) {
    g_autofree gchar *prefix =
        g_strdup_printf ("%s.encoder.layers.%u.", model, i);

    for (guint j = 0; j < G_N_ELEMENTS (projections); j++)
      if (!check_linear (check, prefix, projections[j], width_key, tower->width,
              tower->width))
        return FALSE;
    if (!check_norm (check, prefix, "layer_norm1", width_key, tower->width) ||
        !check_norm (check, prefix, "layer_norm2", width_key, tower->width) ||
        !check_linear (check, prefix, "mlp.fc1", mlp_keys, tower->mlp_width,
            tower->width) ||
        !check_linear (
            check, prefix, "mlp.fc2", mlp_keys, tower->width, tower->mlp_width))
      return FALSE;
  }
  if (extra != NULL) {
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s/config.json: %s.num_hidden_layers is %u, but %s has the tensor "
        "\"%s\"",
        check->directory, section, tower->n_layers,
        clv_tensor_file_get_path (check->file, extra), beyond);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_vision (Check *check, const ClvModelConfig *config)
{
  const gchar *keys = "vision_config.hidden_size";
  guint64 width = config->vision.width, patch = config->patch_size;
  guint64 grid = config->image_size / config->patch_size;

  return check_vector (
             check, "vision_model.embeddings.class_embedding", keys, width) &&
         check_tensor (check, "vision_model.embeddings.patch_embedding.weight",
             "vision_config.hidden_size and patch_size", 4, width, 3, patch,
             patch) &&
         check_matrix (check,
             "vision_model.embeddings.position_embedding.weight",
             "vision_config.image_size, patch_size and hidden_size",
             grid * grid + 1, width) &&
         check_norm (check, "vision_model.", "pre_layrnorm", keys, width) &&
         check_layers (
             check, "vision_model", "vision_config", &config->vision) &&
         check_norm (check, "vision_model.", "post_layernorm", keys, width);
}

static gboolean
check_text (Check *check, const ClvModelConfig *config)
{
  guint64 width = config->text.width;

  return check_matrix (check, "text_model.embeddings.token_embedding.weight",
             "text_config.vocab_size and hidden_size", config->vocab_size,
             width) &&
         check_matrix (check, "text_model.embeddings.position_embedding.weight",
             "text_config.max_position_embeddings and hidden_size",
             config->n_positions, width) &&
         check_layers (check, "text_model", "text_config", &config->text) &&
         check_norm (check, "text_model.", "final_layer_norm",
             "text_config.hidden_size", width);
}

/* Of shape () or (1); its exponent must be a number too. */
static gboolean
check_logit_scale (Check *check)
{
  const ClvTensor *tensor = check_exists (check, "logit_scale");
  g_autofree gchar *found = NULL;
  gfloat value;

  if (tensor == NULL)
    return FALSE;
  if (tensor->n_elements != 1) {
    found = clv_tensor_shape_string (tensor->n_dims, tensor->shape);
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: tensor \"logit_scale\": wanted the shape () or (1), found %s",
        clv_tensor_file_get_path (check->file, tensor), found);
    return FALSE;
  }
  clv_tensor_to_float (tensor, 0, 1, &value);
  if (!isfinite (expf (value))) {
    g_set_error (check->error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: tensor \"logit_scale\": wanted a value with a finite exponent, "
        "found %g",
        clv_tensor_file_get_path (check->file, tensor), value);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_projections (Check *check, ClvModelConfig *config)
{
  const ClvTensor *tensor;

  if (config->projection_dim == 0) {
    tensor = clv_tensor_file_lookup (check->file, "visual_projection.weight");
    if (tensor != NULL && tensor->n_dims == 2 && tensor->shape[0] > 0 &&
        tensor->shape[0] <= 65536)
      config->projection_dim = tensor->shape[0];
  }
  return check_matrix (check, "visual_projection.weight",
             "projection_dim and vision_config.hidden_size",
             config->projection_dim, config->vision.width) &&
         check_matrix (check, "text_projection.weight",
             "projection_dim and text_config.hidden_size",
             config->projection_dim, config->text.width);
}

gboolean
clv_model_check_tensors (ClvTensorFile *file, const gchar *directory,
    ClvModelConfig *config, guint64 *ret_n_parameters, GError **error)
{
  Check check = { file, directory, clv_tensor_file_is_finite (file), 0, error };

  if (!check_vision (&check, config) || !check_text (&check, config) ||
      !check_projections (&check, config) || !check_logit_scale (&check))
    return FALSE;
  *ret_n_parameters = check.n_parameters;
  return TRUE;
}

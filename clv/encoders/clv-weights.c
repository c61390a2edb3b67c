/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-weights.h"

gfloat *
clv_weights_read (const ClvWeights *self, const gchar *prefix,
    const gchar *suffix, GError **error)
{
  g_autofree gchar *name = g_strconcat (prefix, suffix, NULL);
  const ClvTensor *tensor = clv_model_get_tensor (self->model, name);
  gfloat *values;

  if (tensor == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: tensor \"%s\" is missing", clv_model_get_directory (self->model),
        name);
    return NULL;
  }
  values = g_try_new (gfloat, tensor->n_elements);
  if (values == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "tensor \"%s\": wanted %" G_GUINT64_FORMAT
        " floats of host memory, found none",
        name, tensor->n_elements);
    return NULL;
  }
  clv_tensor_to_float (tensor, 0, tensor->n_elements, values);
  clv_tensor_pages_done (tensor->data, tensor->size_bytes);
  return values;
}

gboolean
clv_weights_load_linear (const ClvWeights *self, const gchar *prefix, guint n,
    guint k, gboolean has_bias, ClvLinear *ret_linear, GError **error)
{
  g_autofree gfloat *weights =
      clv_weights_read (self, prefix, ".weight", error);
  g_autofree gfloat *bias = NULL;

  if (weights == NULL)
    return FALSE;
  if (has_bias) {
    bias = clv_weights_read (self, prefix, ".bias", error);
    if (bias == NULL)
      return FALSE;
  }
  return clv_linear_init (ret_linear, self->device, prefix, weights, bias, n, k,
      self->storage, error);
}

gboolean
clv_weights_load_floats (const ClvWeights *self, const gchar *name,
    const gfloat *values, gsize n, ClvBuffer *ret_buffer, GError **error)
{
  return clv_buffer_init (ret_buffer, self->device, name, CLV_MEMORY_DEVICE,
             n * sizeof (gfloat), VK_FORMAT_R32G32B32A32_SFLOAT, error) &&
         clv_buffer_upload (ret_buffer, 0, values, n * sizeof (gfloat), error);
}

gboolean
clv_weights_load_norm (const ClvWeights *self, const gchar *prefix, guint c,
    ClvNorm *ret_norm, GError **error)
{
  g_autofree gfloat *gain = clv_weights_read (self, prefix, ".weight", error);
  g_autofree gfloat *bias = NULL;

  if (gain == NULL)
    return FALSE;
  bias = clv_weights_read (self, prefix, ".bias", error);
  if (bias == NULL)
    return FALSE;
  return clv_weights_load_floats (
             self, prefix, gain, c, &ret_norm->gain, error) &&
         clv_weights_load_floats (
             self, prefix, bias, c, &ret_norm->bias, error);
}

void
clv_norm_clear (ClvNorm *norm)
{
  clv_buffer_clear (&norm->gain);
  clv_buffer_clear (&norm->bias);
}

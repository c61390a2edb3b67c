/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-weights.h"

/* Of loading: memory is the limit beyond some. */
#define MAX_THREADS 4

/* A layer that is not filled yet. */
typedef struct {
  ClvLinear *linear;
  gchar *name;
  guint n; /* outputs of a part */
  struct {
    const ClvTensor *weight;
    const ClvTensor *bias; /* or NULL */
    gfloat scale;
  } parts[CLV_WEIGHTS_MAX_PARTS];
  guint n_parts;
  GError *error;
} Layer;

static void
layer_clear (gpointer data)
{
  Layer *layer = data;

  g_free (layer->name);
  g_clear_error (&layer->error);
}

void
clv_weights_init (
    ClvWeights *self, ClvDevice *device, ClvModel *model, ClvStorage storage)
{
  *self = (ClvWeights){ device, model, storage,
    g_array_new (FALSE, FALSE, sizeof (Layer)) };
  g_array_set_clear_func (self->layers, layer_clear);
}

void
clv_weights_clear (ClvWeights *self)
{
  g_clear_pointer (&self->layers, g_array_unref);
}

static const ClvTensor *
find_tensor (const ClvWeights *self, const gchar *prefix, const gchar *suffix,
    GError **error)
{
  g_autofree gchar *name = g_strconcat (prefix, suffix, NULL);
  const ClvTensor *tensor = clv_model_get_tensor (self->model, name);

  if (tensor == NULL)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: tensor \"%s\" is missing", clv_model_get_directory (self->model),
        name);
  return tensor;
}

gfloat *
clv_weights_read (const ClvWeights *self, const gchar *prefix,
    const gchar *suffix, GError **error)
{
  const ClvTensor *tensor = find_tensor (self, prefix, suffix, error);
  gfloat *values;

  if (tensor == NULL)
    return NULL;
  values = g_try_new (gfloat, tensor->n_elements);
  if (values == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "tensor \"%s\": wanted %" G_GUINT64_FORMAT
        " floats of host memory, found none",
        tensor->name, tensor->n_elements);
    return NULL;
  }
  clv_tensor_to_float (tensor, 0, tensor->n_elements, values);
  clv_tensor_pages_done (tensor->data, tensor->size_bytes);
  return values;
}

static gboolean
add_layer (ClvWeights *self, Layer *layer, guint k, GError **error)
{
  if (!clv_linear_make (layer->linear, self->device, layer->name,
          layer->n * layer->n_parts, k, self->storage, error)) {
    layer_clear (layer);
    return FALSE;
  }
  g_array_append_val (self->layers, *layer);
  return TRUE;
}

gboolean
clv_weights_add_parts (ClvWeights *self, const gchar *name,
    const ClvWeightsPart *parts, guint n_parts, guint n, guint k,
    ClvLinear *ret_linear, GError **error)
{
  Layer layer = { .linear = ret_linear, .n = n, .n_parts = n_parts };

  g_assert (n_parts <= CLV_WEIGHTS_MAX_PARTS);
  for (guint i = 0; i < n_parts; i++) {
    layer.parts[i].scale = parts[i].scale;
    layer.parts[i].weight =
        find_tensor (self, parts[i].prefix, ".weight", error);
    if (layer.parts[i].weight == NULL)
      return FALSE;
    layer.parts[i].bias = find_tensor (self, parts[i].prefix, ".bias", error);
    if (layer.parts[i].bias == NULL)
      return FALSE;
  }
  layer.name = g_strdup (name);
  return add_layer (self, &layer, k, error);
}

gboolean
clv_weights_add_linear (ClvWeights *self, const gchar *prefix, guint n, guint k,
    gboolean has_bias, ClvLinear *ret_linear, GError **error)
{
  Layer layer = { .linear = ret_linear, .n = n, .n_parts = 1 };

  layer.parts[0].scale = 1;
  layer.parts[0].weight = find_tensor (self, prefix, ".weight", error);
  if (layer.parts[0].weight == NULL)
    return FALSE;
  if (has_bias) {
    layer.parts[0].bias = find_tensor (self, prefix, ".bias", error);
    if (layer.parts[0].bias == NULL)
      return FALSE;
  }
  layer.name = g_strdup (prefix);
  return add_layer (self, &layer, k, error);
}

static void
scale_values (gfloat *values, gsize n, gfloat scale)
{
  for (gsize i = 0; scale != 1 && i < n; i++)
    values[i] *= scale;
}

/* A ClvReadRowsFunc. */
static void
read_rows (gpointer data, guint first, guint n, gfloat *ret_rows)
{
  const Layer *layer = data;
  const gsize k = layer->linear->k;

  for (guint i = first; i < first + n; i++, ret_rows += k) {
    const guint part = i / layer->n;

    clv_tensor_to_float (
        layer->parts[part].weight, i % layer->n * k, k, ret_rows);
    scale_values (ret_rows, k, layer->parts[part].scale);
  }
}

static gfloat *
read_bias (const Layer *layer)
{
  gfloat *bias = NULL;

  for (guint i = 0; i < layer->n_parts; i++) {
    if (layer->parts[i].bias == NULL)
      continue;
    if (bias == NULL)
      bias = g_new0 (gfloat, (gsize) layer->n * layer->n_parts);
    clv_tensor_to_float (
        layer->parts[i].bias, 0, layer->n, bias + (gsize) i * layer->n);
    scale_values (bias + (gsize) i * layer->n, layer->n, layer->parts[i].scale);
  }
  return bias;
}

static gboolean
fill_layer (Layer *layer)
{
  g_autofree gfloat *bias = read_bias (layer);
  const gboolean filled = clv_linear_fill (
      layer->linear, layer->name, read_rows, layer, bias, &layer->error);

  for (guint i = 0; i < layer->n_parts; i++)
    clv_tensor_pages_done (
        layer->parts[i].weight->data, layer->parts[i].weight->size_bytes);
  return filled;
}

typedef struct {
  GArray *layers;
  gint next;   /* atomic */
  gint failed; /* atomic */
} Work;

/* Layers are taken in their order: those before one that fails are all filled, or fail
 * themselves. */
static gpointer
fill_layers (gpointer data)
{
  Work *work = data;

  while (!g_atomic_int_get (&work->failed)) {
    const guint i = (guint) g_atomic_int_add (&work->next, 1);

    if (i >= work->layers->len)
      break;
    if (!fill_layer (&g_array_index (work->layers, Layer, i)))
      g_atomic_int_set (&work->failed, TRUE);
  }
  return NULL;
}

static gboolean
take_error (GArray *layers, GError **error)
{
  for (guint i = 0; i < layers->len; i++) {
    Layer *layer = &g_array_index (layers, Layer, i);

    if (layer->error == NULL)
      continue;
    g_propagate_error (error, g_steal_pointer (&layer->error));
    return TRUE;
  }
  return FALSE;
}

gboolean
clv_weights_fill (ClvWeights *self, GError **error)
{
  Work work = { .layers = self->layers };
  const guint n_threads = MIN (g_get_num_processors (), MAX_THREADS);
  GThread *threads[MAX_THREADS] = { NULL };
  gboolean failed;

  /* This thread is the first. One that cannot be had is not missed. */
  for (guint i = 1; i < MIN (n_threads, self->layers->len); i++)
    threads[i] = g_thread_try_new ("clv-weights", fill_layers, &work, NULL);
  fill_layers (&work);
  for (guint i = 1; i < MAX_THREADS; i++)
    if (threads[i] != NULL)
      g_thread_join (threads[i]);
  failed = take_error (self->layers, error);
  g_array_set_size (self->layers, 0);
  return !failed;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Packs weights into the order in which a gemm variant reads them. */

#include "linear.h"
#include "half.h"

ClvLinearLayout
clv_linear_layout (
    ClvDevice *device, const ClvVariant *variant, guint n, guint k)
{
  const guint lanes = clv_device_get_limits (device)->subgroup_size;
  ClvLinearLayout layout = { 0 };

  if (variant->family == CLV_FAMILY_LANES) {
    const guint step_n = MAX (CLV_GEMM_LANES_COLUMNS, lanes * 4);
    const guint step_k = CLV_GEMM_LANES_STEP;

    layout.width = lanes;
    layout.n = (n + step_n - 1) / step_n * step_n;
    layout.k = (k + step_k - 1) / step_k * step_k;
  } else {
    const guint step_n =
        variant->family == CLV_FAMILY_COOP
            ? CLV_GEMM_COOP_MATRICES * clv_device_get_limits (device)->coop.n
            : CLV_GEMM_TILE_COLUMNS;

    layout.width = 1;
    layout.n = (n + step_n - 1) / step_n * step_n;
    layout.k = clv_row_stride (k);
  }
  /* Consecutive inputs of one column: a texel of floats or of halves. A width of
   * 1 makes this plain row-major. */
  layout.run = variant->op == CLV_OP_GEMM_F16 ? 8 : 4;
  return layout;
}

/* The index of a run, in elements. */
static inline gsize
run_at (const ClvLinearLayout *layout, guint n, guint k)
{
  const guint wide = layout->width > 1 ? 4 : 1;
  const guint within = n % (wide * layout->width);
  const gsize panel = n / (wide * layout->width) * wide + within % wide;
  const gsize block = panel * (layout->k / layout->run) + k / layout->run;

  return (block * layout->width + within / wide) * layout->run;
}

static void
pack_f32 (const ClvLinearLayout *layout, gfloat *packed, const gfloat *rows,
    guint first, guint n, guint k)
{
  const gsize step = (gsize) layout->width * layout->run;

  for (guint i = 0; i < n; i++) {
    gfloat *to = packed + run_at (layout, first + i, 0);

    for (guint j = 0; j < k; j += layout->run, to += step)
      memcpy (to, rows + (gsize) i * k + j,
          MIN (layout->run, k - j) * sizeof *packed);
  }
}

/* FALSE at the first weight that a half cannot hold. */
static gboolean
pack_f16 (const ClvLinearLayout *layout, guint16 *packed, const gchar *name,
    const gfloat *rows, guint first, guint n, guint k, GError **error)
{
  const gsize step = (gsize) layout->width * layout->run;

  for (guint i = 0; i < n; i++) {
    guint16 *to = packed + run_at (layout, first + i, 0);

    for (guint j = 0; j < k; j++) {
      const gfloat weight = rows[(gsize) i * k + j];
      const guint16 half = clv_half_from_float (weight);

      if ((half & 0x7c00) == 0x7c00) {
        g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
            "%s [%u, %u]: wanted a value that float16 can hold (at most "
            "65504), "
            "found %g; precision fp32 can",
            name, first + i, j, weight);
        return FALSE;
      }
      to[j / layout->run * step + j % layout->run] = half;
    }
  }
  return TRUE;
}

/* By as many rows as lie side by side in the packed order. */
static gboolean
pack (const ClvLinear *self, const ClvLinearLayout *layout, const gchar *name,
    gpointer packed, ClvReadRowsFunc read, gpointer data, GError **error)
{
  const guint step = MAX (4 * layout->width, 16);
  g_autofree gfloat *rows = g_try_new (gfloat, (gsize) step * self->k);

  if (rows == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "%s: no host memory for %" G_GSIZE_FORMAT " floats", name,
        (gsize) step * self->k);
    return FALSE;
  }
  for (guint first = 0; first < self->n; first += step) {
    const guint n = MIN (step, self->n - first);

    read (data, first, n, rows);
    if (self->storage == CLV_STORAGE_F32)
      pack_f32 (layout, packed, rows, first, n, self->k);
    else if (!pack_f16 (layout, packed, name, rows, first, n, self->k, error))
      return FALSE;
  }
  return TRUE;
}

static gsize
packed_bytes (const ClvLinear *self, const ClvLinearLayout *layout)
{
  return (gsize) layout->n * layout->k *
         (self->storage == CLV_STORAGE_F16 ? sizeof (guint16)
                                           : sizeof (gfloat));
}

static gboolean
make_weights (ClvLinear *self, ClvDevice *device, const gchar *name,
    const ClvLinearLayout *layout, GError **error)
{
  VkFormat texel = VK_FORMAT_UNDEFINED;

  if (layout->width > 1)
    texel = self->storage == CLV_STORAGE_F16 ? VK_FORMAT_R32G32B32A32_UINT
                                             : VK_FORMAT_R32G32B32A32_SFLOAT;
  return clv_buffer_init (&self->weights, device, name, CLV_MEMORY_WEIGHTS,
      packed_bytes (self, layout), texel, error);
}

static gboolean
fill_weights (ClvLinear *self, const gchar *name, const ClvLinearLayout *layout,
    ClvReadRowsFunc read, gpointer data, GError **error)
{
  const gsize size = packed_bytes (self, layout);
  g_autofree gpointer staging = NULL;
  /* Straight into memory that the host sees: weights are large. */
  gpointer packed = self->weights.map;

  if (packed == NULL) {
    packed = staging = g_try_malloc (size);
    if (staging == NULL) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
          "%s: %" G_GSIZE_FORMAT " bytes for packing", name, size);
      return FALSE;
    }
  }
  /* Zero where there is no weight. */
  if (layout->n != self->n || layout->k != self->k)
    memset (packed, 0, size);
  return pack (self, layout, name, packed, read, data, error) &&
         (staging == NULL ||
             clv_buffer_upload (&self->weights, 0, staging, size, error));
}

/* The bias, padded, and behind it K as an integer, see gemm_lanes.comp. */
static gsize
bias_bytes (const ClvLinearLayout *layout)
{
  return ((gsize) layout->n + 4) * sizeof (gfloat);
}

static gboolean
make_bias (ClvLinear *self, ClvDevice *device, const gchar *name,
    const ClvLinearLayout *layout, GError **error)
{
  g_autofree gchar *bias_name = g_strconcat (name, " (bias)", NULL);

  return clv_buffer_init (&self->bias, device, bias_name, CLV_MEMORY_DEVICE,
      bias_bytes (layout), VK_FORMAT_UNDEFINED, error);
}

static gboolean
fill_bias (ClvLinear *self, const gfloat *bias, const ClvLinearLayout *layout,
    GError **error)
{
  g_autofree gfloat *padded = g_malloc0 (bias_bytes (layout));
  const guint32 k = layout->k;

  if (bias != NULL)
    memcpy (padded, bias, self->n * sizeof *bias);
  memcpy (padded + layout->n, &k, sizeof k);
  return clv_buffer_upload (&self->bias, 0, padded, bias_bytes (layout), error);
}

static gboolean
make_variant (ClvLinear *self, ClvDevice *device, const gchar *name, guint n,
    guint k, const ClvVariant *variant, GError **error)
{
  const ClvLinearLayout layout = clv_linear_layout (device, variant, n, k);

  *self = (ClvLinear){
    .n = n,
    .k = k,
    .storage =
        variant->op == CLV_OP_GEMM_F16 ? CLV_STORAGE_F16 : CLV_STORAGE_F32,
    .variant = variant - clv_variants,
  };
  if (make_weights (self, device, name, &layout, error) &&
      make_bias (self, device, name, &layout, error))
    return TRUE;
  clv_linear_clear (self);
  return FALSE;
}

gboolean
clv_linear_make (ClvLinear *self, ClvDevice *device, const gchar *name, guint n,
    guint k, ClvStorage storage, GError **error)
{
  const ClvOp op =
      storage == CLV_STORAGE_F16 ? CLV_OP_GEMM_F16 : CLV_OP_GEMM_F32;
  const guint64 max_texels = clv_device_get_limits (device)->max_texel_elements;
  const ClvVariant *variant;

  *self = (ClvLinear){ 0 };
  if (n == 0 || k == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "%s: wanted at least one row and column, found (%u, %u)", name, n, k);
    return FALSE;
  }
  variant = clv_variant_pick (device, op, TRUE, error);
  if (variant != NULL && variant->family == CLV_FAMILY_LANES) {
    const ClvLinearLayout layout = clv_linear_layout (device, variant, n, k);

    if ((guint64) layout.n * layout.k / layout.run > max_texels)
      variant = clv_variant_pick (device, op, FALSE, error);
  }
  return variant != NULL &&
         make_variant (self, device, name, n, k, variant, error);
}

gboolean
clv_linear_fill (ClvLinear *self, const gchar *name, ClvReadRowsFunc read,
    gpointer data, const gfloat *bias, GError **error)
{
  const ClvLinearLayout layout = clv_linear_layout (
      self->weights.device, &clv_variants[self->variant], self->n, self->k);

  return fill_weights (self, name, &layout, read, data, error) &&
         fill_bias (self, bias, &layout, error);
}

typedef struct {
  const gfloat *weights;
  guint k;
} Array;

static void
read_array (gpointer data, guint first, guint n, gfloat *ret_rows)
{
  const Array *array = data;

  memcpy (ret_rows, array->weights + (gsize) first * array->k,
      (gsize) n * array->k * sizeof *ret_rows);
}

static gboolean
fill_from_array (ClvLinear *self, const gchar *name, const gfloat *weights,
    const gfloat *bias, GError **error)
{
  Array array = { weights, self->k };

  if (clv_linear_fill (self, name, read_array, &array, bias, error))
    return TRUE;
  clv_linear_clear (self);
  return FALSE;
}

gboolean
clv_linear_init_variant (ClvLinear *self, ClvDevice *device, const gchar *name,
    const gfloat *weights, const gfloat *bias, guint n, guint k,
    const ClvVariant *variant, GError **error)
{
  return make_variant (self, device, name, n, k, variant, error) &&
         fill_from_array (self, name, weights, bias, error);
}

gboolean
clv_linear_init (ClvLinear *self, ClvDevice *device, const gchar *name,
    const gfloat *weights, const gfloat *bias, guint n, guint k,
    ClvStorage storage, GError **error)
{
  return clv_linear_make (self, device, name, n, k, storage, error) &&
         fill_from_array (self, name, weights, bias, error);
}

void
clv_linear_clear (ClvLinear *self)
{
  clv_buffer_clear (&self->weights);
  clv_buffer_clear (&self->bias);
  *self = (ClvLinear){ 0 };
}

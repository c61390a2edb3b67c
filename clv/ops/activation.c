/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-ops-private.h"

static gboolean
init (ClvBuffer *ret_buffer, ClvDevice *device, const gchar *name,
    ClvMemory memory, guint rows, guint columns, GError **error)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);
  /* Only the lanes family reads through the view, and GPUs may have a limit of
   * 65536 texels. */
  const gboolean texels = clv_device_has_family (device, CLV_FAMILY_LANES);
  const guint64 n_floats =
      ((guint64) rows + CLV_ROWS_SLACK) * clv_row_stride (columns);

  if (texels && n_floats / 4 > limits->max_texel_elements) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "buffer \"%s\": wanted %u rows of %u floats, a kernel of this device "
        "fetches at most %" G_GUINT64_FORMAT " floats; CLV_KERNELS=tile can do "
        "without",
        name, rows, columns, limits->max_texel_elements * 4);
    return FALSE;
  }
  return clv_buffer_init (ret_buffer, device, name, memory,
      n_floats * sizeof (gfloat),
      texels ? VK_FORMAT_R32G32B32A32_SFLOAT : VK_FORMAT_UNDEFINED, error);
}

gboolean
clv_activation_init (ClvBuffer *ret_buffer, ClvDevice *device,
    const gchar *name, guint rows, guint columns, GError **error)
{
  return init (
      ret_buffer, device, name, CLV_MEMORY_DEVICE, rows, columns, error);
}

gboolean
clv_activation_init_unfilled (ClvBuffer *ret_buffer, ClvDevice *device,
    const gchar *name, guint rows, guint columns, GError **error)
{
  return init (ret_buffer, device, name,
      columns == clv_row_stride (columns) ? CLV_MEMORY_WEIGHTS
                                          : CLV_MEMORY_DEVICE,
      rows, columns, error);
}

gboolean
clv_rows_upload (ClvBuffer *self, const gfloat *dense, guint rows,
    guint columns, GError **error)
{
  const guint stride = clv_row_stride (columns);
  g_autofree gfloat *padded = g_new0 (gfloat, (gsize) rows * stride);

  for (guint row = 0; row < rows; row++)
    memcpy (padded + (gsize) row * stride, dense + (gsize) row * columns,
        columns * sizeof *dense);
  return clv_buffer_upload (
      self, 0, padded, (gsize) rows * stride * sizeof *padded, error);
}

gboolean
clv_op_wants_rows (ClvCommands *cmds, const gchar *op, const gchar *what,
    const ClvBuffer *buffer, guint rows, guint columns, gboolean slack)
{
  const guint64 want = ((guint64) rows + (slack ? CLV_ROWS_SLACK : 0)) *
                       clv_row_stride (columns) * sizeof (gfloat);

  if (rows > 0 && columns > 0 && buffer->size_bytes >= want)
    return TRUE;
  clv_commands_fail (
      cmds, g_error_new (CLV_ERROR, CLV_ERROR_FAILED,
                "%s: %s is (%u, %u): wanted at least one element and "
                "%" G_GUINT64_FORMAT " bytes, the buffer has %" G_GSIZE_FORMAT,
                op, what, rows, columns, want, buffer->size_bytes));
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-brightness.h"

#define SIDE 16

/* As in shaders/preprocess_brightness.comp. */
typedef struct {
  gfloat weight[3];
  gfloat bias;
  gint32 row_stride;
  gint32 first_patch;
} Push;

G_STATIC_ASSERT (SIDE *SIDE == CLV_BRIGHTNESS_CELLS);

void
clv_brightness_init (
    ClvBrightness *self, ClvDevice *device, const ClvModelConfig *config)
{
  *self = (ClvBrightness){ .device = device, .config = *config };
}

void
clv_brightness_clear (ClvBrightness *self)
{
  for (guint set = 0; set < CLV_PREPROCESS_SETS; set++)
    for (guint i = 0; i < CLV_PREPROCESS_SLOTS; i++)
      g_clear_pointer (&self->commands[set][i], clv_commands_free);
  clv_buffer_clear (&self->rows);
}

static Push
make_push (const ClvModelConfig *config, guint slot)
{
  static const gfloat luma[3] = { 0.299f, 0.587f, 0.114f };
  const ClvPreprocessConfig *rules = &config->preprocess;
  const guint grid = config->image_size / config->patch_size;
  Push push = {
    .row_stride = clv_row_stride (3 * config->patch_size * config->patch_size),
    .first_patch = slot * grid * grid,
  };

  for (guint c = 0; c < 3; c++) {
    const gfloat scale = luma[c] / (rules->rescale * 255.0f);

    push.weight[c] = scale * rules->std[c];
    push.bias += scale * rules->mean[c];
  }
  return push;
}

static ClvCommands *
record (ClvBrightness *self, const ClvBuffer *patches, guint slot, guint edge,
    GError **error)
{
  const ClvBuffer *buffers[] = { &self->rows, patches };
  const ClvKernelParams params = {
    .name = "preprocess_brightness_f32",
    .n_buffers = 2,
    .push_bytes = sizeof (Push),
    .spec = { self->config.patch_size, edge / self->config.patch_size },
    .n_spec = 2,
  };
  const Push push = make_push (&self->config, slot);
  g_autoptr (ClvCommands) cmds =
      clv_commands_new (self->device, "brightness", error);

  if (cmds == NULL)
    return NULL;
  clv_commands_dispatch (cmds, &params, buffers, &push, 1, (edge + 3) / 4, 1);
  return clv_commands_end (cmds, error) ? g_steal_pointer (&cmds) : NULL;
}

/* The means of the rows of each cell. */
static void
sum_up (const gfloat *rows, guint edge, gfloat *ret_cells)
{
  for (guint i = 0; i < SIDE * SIDE; i++) {
    const guint first = i / SIDE * edge / SIDE;
    const guint end = MAX ((i / SIDE + 1) * edge / SIDE, first + 1);
    gfloat sum = 0.0f;

    for (guint y = first; y < end; y++)
      sum += rows[y * SIDE + i % SIDE];
    ret_cells[i] = sum / (end - first);
  }
}

gboolean
clv_brightness_measure (ClvBrightness *self, const ClvBuffer *patches,
    guint set, guint slot, gfloat *ret_cells, GError **error)
{
  const guint patch = self->config.patch_size;
  const guint edge = self->config.image_size / patch * patch;
  ClvCommands **cmds = &self->commands[set][slot];

  if (self->rows.map == NULL &&
      !clv_buffer_init (&self->rows, self->device, "brightness",
          CLV_MEMORY_READBACK, (gsize) edge * SIDE * sizeof (gfloat),
          VK_FORMAT_UNDEFINED, error))
    return FALSE;
  if (*cmds == NULL)
    *cmds = record (self, patches, slot, edge, error);
  if (*cmds == NULL || !clv_commands_run (*cmds, error))
    return FALSE;
  sum_up (self->rows.map, edge, ret_cells);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables and buffers of one layout of frames, and the copy of a frame's planes.
 * The sizes here leave room for the invocations of the last, partial workgroups:
 * they compute pixels that have no weight. */

#include "clv-preprocess-private.h"

#include <string.h>

#include "base/clv-frame-layout.h"

#define ROUND_UP(n, to) (((n) + (to) -1) / (to) * (to))

/* Of the RGB picture between two passes: a band of rows at a time. */
#define BAND_BYTES ((gsize) 16 << 20)

/* Of the places of one layout, but always one. Streams of one layout share them:
 * with more, more frames are copied while the device is busy. */
#define PLACES_BYTES ((gsize) 24 << 20)

ClvFrame
clv_preprocess_layout_key (const ClvFrame *frame)
{
  const ClvFrameLayout *layout = clv_frame_layout (frame->format);
  const gboolean is_rgb = frame->format <= CLV_PIXEL_FORMAT_XBGR;
  const gboolean is_gray = frame->format == CLV_PIXEL_FORMAT_GRAY8;
  ClvFrame key;

  memset (&key, 0, sizeof key); /* compared by its bytes */
  key.format = frame->format;
  key.memory = frame->memory;
  key.crop_x = layout->shift_x ? frame->crop_x & 1 : 0;
  key.crop_y = layout->shift_y ? frame->crop_y & 1 : 0;
  clv_frame_visible_size (frame, &key.crop_width, &key.crop_height);
  key.width = key.crop_x + key.crop_width;
  key.height = key.crop_y + key.crop_height;
  key.par_n = frame->par_n ? frame->par_n : 1;
  key.par_d = frame->par_d ? frame->par_d : 1;
  if (!is_rgb)
    key.full_range = frame->full_range != FALSE;
  if (!is_rgb && !is_gray)
    key.matrix = frame->matrix;
  if (layout->shift_x)
    key.siting_h = frame->siting_h;
  if (layout->shift_y)
    key.siting_v = frame->siting_v;
  return key;
}

/* The part of one plane that the luma samples x0 … x0+n_x-1, y0 … need, counted
 * as in ClvPlaneCopy. In the copy subsampled chroma has a border of one sample. */
static void
plan_plane (ClvPreprocessLayout *self, guint plane, gint x0, guint n_x, gint y0,
    guint n_y)
{
  const ClvFrameLayout *layout = clv_frame_layout (self->key.format);
  const gboolean packed = layout->n_planes == 1 && layout->shift_x == 1;
  ClvPlaneCopy *copy = &self->planes[plane];
  const guint sx = plane > 0 || packed ? layout->shift_x : 0;
  const guint sy = plane > 0 ? layout->shift_y : 0;
  const guint n_samples = 4 * self->pitch; /* with the padding */

  copy->source = plane;
  if (self->key.format == CLV_PIXEL_FORMAT_YV12 && plane > 0)
    copy->source = 3 - plane;
  copy->unit = layout->bytes[plane] * (packed ? 2 : 1);
  copy->shift_x = sx;
  copy->shift_y = sy;
  copy->first_column = (x0 >> sx) - (gint) sx;
  copy->first_row = (y0 >> sy) - (gint) sy;
  copy->n_columns = sx ? (n_x + 1) / 2 + 2 : n_x;
  copy->n_rows = sy ? (n_y + 1) / 2 + 2 : n_y;
  copy->last_visible_column = (self->key.width - 1) >> sx;
  copy->last_visible_row = (self->key.height - 1) >> sy;
  copy->offset = self->upload_bytes;
  copy->pitch = ROUND_UP (
      (gsize) copy->unit * (sx ? n_samples / 2 + 2 : n_samples) + 8, 16);
  self->upload_bytes +=
      copy->pitch * (sy ? self->n_rows / 2 + 2 : self->n_rows);
}

/* The tables of an axis: first its spans, then, elsewhere, its weights. `shift`
 * is what to add to a sample's position to find it in the copy. */
static void
fill_tables (
    GArray *tables, guint first_span, const ClvResizeAxis *axis, gint shift)
{
  for (guint i = 0; i < axis->n_out; i++) {
    const guint first = axis->first[i] + shift;
    const guint lead = first % 4;
    const guint n_quads = (lead + axis->n_taps[i] + 3) / 4;
    const gint32 span[4] = { first / 4, n_quads, tables->len / 4, 0 };
    gint32 *weights;

    if (axis->n_taps[i] == 0)
      continue; /* beyond the picture: a span of no quads */
    g_array_set_size (tables, tables->len + 4 * n_quads);
    weights = (gint32 *) tables->data + 4 * (gsize) span[2];
    memcpy (weights + lead, axis->weights + (gsize) i * axis->max_taps,
        axis->n_taps[i] * sizeof *weights);
    memcpy ((gint32 *) tables->data + 4 * (gsize) (first_span + i), span,
        sizeof span);
  }
}

static gboolean
check_size (ClvPreprocessLayout *self, ClvDevice *device, gsize size_bytes,
    gsize texel_bytes, GError **error)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (device);

  if (size_bytes / texel_bytes > limits->max_texel_elements) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: %u×%u: needs a buffer of %" G_GSIZE_FORMAT
        " texels, the device takes at most %" G_GUINT64_FORMAT,
        self->key.crop_width, self->key.crop_height, size_bytes / texel_bytes,
        limits->max_texel_elements);
    return FALSE;
  }
  return TRUE;
}

static gboolean
make_buffers (ClvPreprocessLayout *self, ClvDevice *device, GArray *tables,
    GError **error)
{
  const gsize tables_bytes = tables->len * sizeof (gint32);
  const gsize row_bytes = (gsize) self->pitch * 16;
  const gsize limit = clv_device_get_limits (device)->max_storage_bytes;
  const gsize rows = MIN (BAND_BYTES, limit) / row_bytes / 16 * 16;

  self->band_rows = CLAMP (rows, 16, self->n_rows);
  self->rgb_bytes = self->band_rows * row_bytes;
  self->columns_bytes = (gsize) self->n_columns * self->column_pitch * 16;
  self->max_places =
      CLAMP (PLACES_BYTES / self->upload_bytes, 1, CLV_PREPROCESS_PLACES);
  self->size_bytes = tables_bytes;
  return check_size (self, device, self->upload_bytes, 4, error) &&
         check_size (self, device, tables_bytes, 16, error) &&
         check_size (self, device, self->rgb_bytes, 16, error) &&
         check_size (self, device, self->columns_bytes, 16, error) &&
         clv_buffer_init (&self->tables, device, "preprocess tables",
             CLV_MEMORY_DEVICE, tables_bytes, VK_FORMAT_R32G32B32A32_SINT,
             error) &&
         clv_buffer_upload (
             &self->tables, 0, tables->data, tables_bytes, error);
}

ClvPreprocessLayout *
clv_preprocess_layout_new (ClvDevice *device, const ClvFrame *key,
    const ClvModelConfig *config, GError **error)
{
  const ClvFrameLayout *format = clv_frame_layout (key->format);
  g_autoptr (ClvPreprocessLayout) self = g_new0 (ClvPreprocessLayout, 1);
  g_autoptr (GArray) tables = g_array_new (FALSE, TRUE, sizeof (gint32));
  ClvResizePlan plan;
  gint x0, y0;
  guint n_x, n_y;

  if (!clv_resize_plan_init (
          &plan, key, &config->preprocess, config->image_size, error))
    return NULL;

  self->key = *key;
  self->image_size = config->image_size;
  clv_color_init (&self->color, key);
  /* Begin on the chroma grid, so that odd and even stay odd and even. */
  x0 = (key->crop_x + plan.x.in_start) >> format->shift_x << format->shift_x;
  y0 = (key->crop_y + plan.y.in_start) >> format->shift_y << format->shift_y;
  n_x = key->crop_x + plan.x.in_end - x0;
  n_y = key->crop_y + plan.y.in_end - y0;
  self->pitch = ROUND_UP (n_x, 64) / 4;
  self->n_rows = ROUND_UP (n_y, 16);
  self->n_columns = ROUND_UP (self->image_size, 16);
  self->column_pitch = self->n_rows / 4;
  self->n_planes = format->n_planes;
  for (guint i = 0; i < self->n_planes; i++)
    plan_plane (self, i, x0, n_x, y0, n_y);

  g_array_set_size (tables, 4 * (self->n_columns + self->image_size));
  fill_tables (tables, 0, &plan.x, (gint) key->crop_x - x0);
  fill_tables (tables, self->n_columns, &plan.y, (gint) key->crop_y - y0);
  clv_resize_plan_clear (&plan);

  if (!make_buffers (self, device, tables, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
clv_preprocess_layout_forget_commands (ClvPreprocessLayout *self)
{
  /* The last pass runs behind one of the others: first those. */
  for (guint i = 0; i < self->n_places; i++)
    g_clear_pointer (&self->places[i].to_columns, clv_commands_free);
  for (guint set = 0; set < CLV_PREPROCESS_SETS; set++)
    for (guint i = 0; i < CLV_PREPROCESS_SLOTS; i++)
      g_clear_pointer (&self->to_patches[set][i], clv_commands_free);
}

void
clv_preprocess_layout_free (ClvPreprocessLayout *self)
{
  clv_preprocess_layout_forget_commands (self);
  for (guint i = 0; i < self->n_places; i++) {
    g_clear_pointer (&self->places[i].fetch, clv_commands_free);
    clv_buffer_clear (&self->places[i].upload);
  }
  clv_buffer_clear (&self->tables);
  g_free (self);
}

ClvPreprocessPlace *
clv_preprocess_layout_get_place (
    ClvPreprocessLayout *self, ClvDevice *device, GError **error)
{
  ClvPreprocessPlace *place = &self->places[self->next_place];
  const gboolean running = self->n_places > 0 && place->to_columns != NULL &&
                           clv_commands_are_running (place->to_columns);

  if (self->n_places == 0 || (running && self->n_places < self->max_places)) {
    ClvPreprocessPlace fresh = { 0 };

    if (!clv_buffer_init (&fresh.upload, device, "preprocess planes",
            self->key.memory == CLV_FRAME_HOST ? CLV_MEMORY_UPLOAD
                                               : CLV_MEMORY_DEVICE,
            self->upload_bytes, VK_FORMAT_R32_UINT, error))
      return NULL;
    /* Behind the newest, which is before the oldest. */
    memmove (
        place + 1, place, (self->n_places - self->next_place) * sizeof *place);
    *place = fresh;
    self->n_places++;
    self->size_bytes += self->upload_bytes;
  } else if (running && !clv_commands_wait (place->to_columns, error)) {
    return NULL;
  }
  self->next_place = (self->next_place + 1) % self->n_places;
  return place;
}

/* One row: the samples that are there, the outermost ones repeated. */
static void
copy_row (guint8 *to, const guint8 *from, const ClvPlaneCopy *copy)
{
  const gsize unit = copy->unit;
  const gint end = copy->first_column + (gint) copy->n_columns;
  const gint first = MAX (copy->first_column, 0);
  const gint last = MIN (end - 1, copy->last_visible_column);

  for (gint x = copy->first_column; x < first; x++, to += unit)
    memcpy (to, from, unit);
  memcpy (to, from + first * unit, (last + 1 - first) * unit);
  to += (last + 1 - first) * unit;
  for (gint x = last + 1; x < end; x++, to += unit)
    memcpy (to, from + last * unit, unit);
}

void
clv_preprocess_layout_upload (
    ClvPreprocessLayout *self, ClvPreprocessPlace *place, const ClvFrame *frame)
{
  for (guint i = 0; i < self->n_planes; i++) {
    const ClvPlaneCopy *copy = &self->planes[i];
    const gsize stride = frame->strides[copy->source];
    /* The key's crop is what is left after going to the chroma grid. */
    const gsize x = (frame->crop_x - self->key.crop_x) >> copy->shift_x;
    const gsize y = (frame->crop_y - self->key.crop_y) >> copy->shift_y;
    const guint8 *from =
        frame->planes[copy->source] + y * stride + x * copy->unit;
    guint8 *to = (guint8 *) place->upload.map + copy->offset;

    for (guint r = 0; r < copy->n_rows; r++, to += copy->pitch) {
      const gint row = copy->first_row + (gint) r;

      copy_row (
          to, from + CLAMP (row, 0, copy->last_visible_row) * stride, copy);
    }
  }
}

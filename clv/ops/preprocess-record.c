/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The passes of one picture as commands, in two parts: the first belongs to the
 * place where the planes lie, the second to the slot where the patches go. */

#include "clv-preprocess-private.h"

#include "base/clv-frame-layout.h"

/* As in shaders/preprocess_rgb.comp. */
typedef struct {
  gint32 first_row;
  gint32 pitch;
  gint32 plane_pitch;
  gint32 y_offset;
  gint32 cy;
  gint32 shift;
} RgbPush;

/* As in shaders/preprocess_yuv.comp. */
typedef struct {
  gint32 first_row;
  gint32 pitch;
  gint32 reserved[2];
  gint32 plane_start[4];
  gint32 plane_pitch[4];
  ClvColor color;
} YuvPush;

/* As in shaders/preprocess_horizontal.comp. */
typedef struct {
  gint32 first_quad;
  gint32 pitch;
  gint32 column_pitch;
} HorizontalPush;

/* As in shaders/preprocess_vertical.comp. */
typedef struct {
  gfloat mean[3];
  gfloat rescale;
  gfloat std[3];
  gint32 first_span;
  gint32 column_pitch;
  gint32 row_stride;
  gint32 first_patch;
} VerticalPush;

G_STATIC_ASSERT (sizeof (YuvPush) == 80);
G_STATIC_ASSERT (sizeof (VerticalPush) == 44);

/* Specialization constants of preprocess_rgb: bytes of a pixel, then the byte of
 * red, green and blue. */
static const guint32 rgb_spec[][4] = {
  [CLV_PIXEL_FORMAT_RGB] = { 3, 0, 1, 2 },
  [CLV_PIXEL_FORMAT_BGR] = { 3, 2, 1, 0 },
  [CLV_PIXEL_FORMAT_RGBX] = { 4, 0, 1, 2 },
  [CLV_PIXEL_FORMAT_BGRX] = { 4, 2, 1, 0 },
  [CLV_PIXEL_FORMAT_XRGB] = { 4, 1, 2, 3 },
  [CLV_PIXEL_FORMAT_XBGR] = { 4, 3, 2, 1 },
  [CLV_PIXEL_FORMAT_GRAY8] = { 1, 0, 0, 0 },
};

typedef enum { PLANAR, SEMI_PLANAR, PACKED } Arrangement;

/* Of preprocess_yuv: arrangement, byte of luma, U and V, samples of 16 bits and
 * their unused low bits. */
static const struct {
  guint32 arrangement;
  guint32 y_byte;
  guint32 u_byte;
  guint32 v_byte;
  guint32 wide;
  guint32 low_bits;
} yuv_spec[CLV_N_PIXEL_FORMATS] = {
  [CLV_PIXEL_FORMAT_NV12] = { SEMI_PLANAR, 0, 0, 1, 0, 0 },
  [CLV_PIXEL_FORMAT_NV21] = { SEMI_PLANAR, 0, 1, 0, 0, 0 },
  [CLV_PIXEL_FORMAT_I420] = { PLANAR, 0, 0, 0, 0, 0 },
  [CLV_PIXEL_FORMAT_YV12] = { PLANAR, 0, 0, 0, 0, 0 },
  [CLV_PIXEL_FORMAT_YUY2] = { PACKED, 0, 1, 3, 0, 0 },
  [CLV_PIXEL_FORMAT_UYVY] = { PACKED, 1, 0, 2, 0, 0 },
  [CLV_PIXEL_FORMAT_Y42B] = { PLANAR, 0, 0, 0, 0, 0 },
  [CLV_PIXEL_FORMAT_Y444] = { PLANAR, 0, 0, 0, 0, 0 },
  [CLV_PIXEL_FORMAT_P010_10LE] = { SEMI_PLANAR, 0, 0, 1, 1, 6 },
  [CLV_PIXEL_FORMAT_I420_10LE] = { PLANAR, 0, 0, 0, 1, 0 },
};

static void
record_rgb (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvBuffer *rgb, const ClvBuffer *upload, guint first_row,
    guint n_rows)
{
  const ClvBuffer *buffers[] = { rgb, upload };
  const guint32 *spec = rgb_spec[self->key.format];
  const ClvKernelParams params = {
    .name = "preprocess_rgb_u8",
    .n_buffers = 1,
    .n_texels = 1,
    .push_bytes = sizeof (RgbPush),
    .spec = { spec[0], spec[1], spec[2], spec[3] },
    .n_spec = 4,
  };
  const RgbPush push = {
    .first_row = first_row,
    .pitch = self->pitch,
    .plane_pitch = self->planes[0].pitch / 4,
    .y_offset = self->color.y_offset,
    .cy = self->color.cy,
    .shift = self->color.shift,
  };

  clv_commands_dispatch (
      cmds, &params, buffers, &push, self->pitch / 16, n_rows / 4, 1);
}

static void
record_yuv (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvBuffer *rgb, const ClvBuffer *upload, guint first_row,
    guint n_rows)
{
  const ClvPixelFormat format = self->key.format;
  const ClvFrameLayout *layout = clv_frame_layout (format);
  const ClvBuffer *buffers[] = { rgb, upload };
  const ClvKernelParams params = {
    .name = "preprocess_yuv_u8",
    .n_buffers = 1,
    .n_texels = 1,
    .push_bytes = sizeof (YuvPush),
    .spec = { yuv_spec[format].arrangement, layout->shift_x, layout->shift_y,
        self->key.siting_h == CLV_SITING_COSITED,
        self->key.siting_v == CLV_SITING_COSITED, yuv_spec[format].y_byte,
        yuv_spec[format].u_byte, yuv_spec[format].v_byte, yuv_spec[format].wide,
        yuv_spec[format].low_bits },
    .n_spec = 10,
  };
  YuvPush push = {
    .first_row = first_row,
    .pitch = self->pitch,
    .color = self->color,
  };

  for (guint i = 0; i < self->n_planes; i++) {
    push.plane_start[i] = self->planes[i].offset / 4;
    push.plane_pitch[i] = self->planes[i].pitch / 4;
  }
  clv_commands_dispatch (
      cmds, &params, buffers, &push, self->pitch / 16, n_rows / 4, 1);
}

static void
record_horizontal (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvPreprocessScratch *scratch, guint first_row, guint n_rows)
{
  const ClvBuffer *buffers[] = { &scratch->columns, &scratch->rgb,
    &self->tables };
  const ClvKernelParams params = {
    .name = "preprocess_horizontal_u8",
    .n_buffers = 1,
    .n_texels = 2,
    .push_bytes = sizeof (HorizontalPush),
  };
  const HorizontalPush push = { first_row / 4, self->pitch,
    self->column_pitch };

  clv_commands_dispatch (
      cmds, &params, buffers, &push, self->n_columns / 16, n_rows / 16, 1);
}

static void
record_vertical (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvBuffer *columns, const ClvModelConfig *config,
    const ClvBuffer *patches, guint slot)
{
  const ClvPreprocessConfig *rules = &config->preprocess;
  const guint patch = config->patch_size;
  const guint grid = config->image_size / patch;
  const ClvBuffer *buffers[] = { patches, columns, &self->tables };
  const ClvKernelParams params = {
    .name = "preprocess_vertical_f32",
    .n_buffers = 1,
    .n_texels = 2,
    .push_bytes = sizeof (VerticalPush),
    .spec = { patch, grid },
    .n_spec = 2,
  };
  const VerticalPush push = {
    .mean = { rules->mean[0], rules->mean[1], rules->mean[2] },
    .rescale = rules->rescale,
    .std = { rules->std[0], rules->std[1], rules->std[2] },
    .first_span = self->n_columns,
    .column_pitch = self->column_pitch,
    .row_stride = clv_row_stride (3 * patch * patch),
    .first_patch = slot * grid * grid,
  };

  clv_commands_dispatch (cmds, &params, buffers, &push,
      (grid * patch + 15) / 16, (grid * patch + 3) / 4, 1);
}

ClvCommands *
clv_preprocess_layout_record_columns (ClvPreprocessLayout *self,
    ClvDevice *device, const ClvPreprocessScratch *scratch,
    const ClvBuffer *upload, GError **error)
{
  g_autoptr (ClvCommands) cmds = clv_commands_new (device, "preprocess", error);

  if (cmds == NULL)
    return NULL;
  for (guint row = 0; row < self->n_rows; row += self->band_rows) {
    const guint n_rows = MIN (self->band_rows, self->n_rows - row);

    if (self->key.format <= CLV_PIXEL_FORMAT_GRAY8)
      record_rgb (self, cmds, &scratch->rgb, upload, row, n_rows);
    else
      record_yuv (self, cmds, &scratch->rgb, upload, row, n_rows);
    record_horizontal (self, cmds, scratch, row, n_rows);
  }
  return clv_commands_end (cmds, error) ? g_steal_pointer (&cmds) : NULL;
}

ClvCommands *
clv_preprocess_layout_record_patches (ClvPreprocessLayout *self,
    ClvDevice *device, const ClvPreprocessScratch *scratch,
    const ClvModelConfig *config, const ClvBuffer *patches, guint slot,
    GError **error)
{
  g_autoptr (ClvCommands) cmds =
      clv_commands_new (device, "preprocess, patches", error);

  if (cmds == NULL)
    return NULL;
  record_vertical (self, cmds, &scratch->columns, config, patches, slot);
  return clv_commands_end (cmds, error) ? g_steal_pointer (&cmds) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Does this device's driver compute what the twin does? */

#include "clv-preprocess-private.h"

#include <math.h>
#include <string.h>

#include "base/clv-frame-layout.h"
#include "clv-brightness.h"
#include "ref/clv-ref.h"

#define WIDTH  21
#define HEIGHT 13
#define SLOT   1
#define STRIDE 64

#define VERDICT_KEY   "preprocess"
#define VERDICT_RIGHT "ok"

static const ClvModelConfig tiny = {
  .image_size = 8,
  .patch_size = 4,
  .preprocess = {
    .resize = TRUE,
    .shortest_edge = TRUE,
    .resize_width = 8,
    .resize_height = 8,
    .filter = CLV_FILTER_BICUBIC,
    .center_crop = TRUE,
    .crop_width = 8,
    .crop_height = 8,
    .rescale = 1.0f / 255.0f,
    .mean = { 0.48f, 0.46f, 0.41f },
    .std = { 0.27f, 0.26f, 0.28f },
  },
};

/* Of what is in the slot now. */
static gboolean
check_brightness (ClvBrightness *brightness, ClvBuffer *patches,
    const gfloat *pixels, GError **error)
{
  gfloat cells[CLV_BRIGHTNESS_CELLS], found[CLV_BRIGHTNESS_CELLS];

  clv_ref_brightness (
      cells, pixels, &tiny.preprocess, tiny.image_size, tiny.image_size);
  if (!clv_brightness_measure (brightness, patches, 0, SLOT, found, error))
    return FALSE;
  for (guint i = 0; i < CLV_BRIGHTNESS_CELLS; i++)
    if (!(fabsf (found[i] - cells[i]) <= 1e-5f)) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "brightness: cell %u: wanted %g, the device computes %g", i, cells[i],
          found[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_format (ClvPreprocessor *preprocessor, ClvBrightness *brightness,
    ClvBuffer *patches, ClvPixelFormat format, const gchar *name,
    GError **error)
{
  guint8 planes[CLV_MAX_PLANES][STRIDE * HEIGHT];
  gfloat pixels[3 * 8 * 8];
  g_autofree gfloat *found = g_malloc (patches->size_bytes);
  ClvFrame frame = { .format = format, .width = WIDTH, .height = HEIGHT };
  guint32 noise = 1;

  for (gsize i = 0; i < sizeof planes; i++) {
    noise = noise * 1664525 + 1013904223; /* Numerical Recipes, ranqd1 */
    planes[i / sizeof planes[0]][i % sizeof planes[0]] = noise >> 24;
  }
  for (guint i = 0; i < clv_frame_layout (format)->n_planes; i++) {
    frame.planes[i] = planes[i];
    frame.strides[i] = STRIDE;
  }
  if (!clv_ref_preprocess (pixels, &frame, &tiny.preprocess, 8, error) ||
      !clv_preprocessor_run (preprocessor, &frame, SLOT, error) ||
      !clv_buffer_download (patches, 0, found, patches->size_bytes, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (pixels); i++) {
    const guint c = i / 64, y = i / 8 % 8, x = i % 8;
    const gfloat value = found[clv_patch_index (&tiny, SLOT, c, y, x)];

    if (!(fabsf (value - pixels[i]) <= 1e-5f)) { /* also not a number */
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "preprocess of %s: channel %u, row %u, column %u: wanted %g, the "
          "device computes %g",
          name, c, y, x, pixels[i], value);
      return FALSE;
    }
  }
  return check_brightness (brightness, patches, pixels, error);
}

/* One format for each path through the kernels. */
static const struct {
  ClvPixelFormat format;
  const gchar *name;
} checked[] = {
  { CLV_PIXEL_FORMAT_RGB, "RGB" },
  { CLV_PIXEL_FORMAT_GRAY8, "GRAY8" },
  { CLV_PIXEL_FORMAT_NV12, "NV12" },
  { CLV_PIXEL_FORMAT_I420, "I420" },
  { CLV_PIXEL_FORMAT_YUY2, "YUY2" },
  { CLV_PIXEL_FORMAT_I420_10LE, "I420_10LE" },
};

gboolean
clv_preprocess_check_now (ClvDevice *device, GError **error)
{
  g_autoptr (ClvPreprocessor) preprocessor = NULL;
  ClvBrightness brightness;
  ClvBuffer patches = { 0 };
  gboolean right;

  clv_brightness_init (&brightness, device, &tiny);

  right = clv_activation_init (&patches, device, "preprocess check",
      (SLOT + 1) * 2 * 2, 3 * 4 * 4, error);
  if (right) {
    preprocessor = clv_preprocessor_new (device, &tiny, &patches, error);
    right = preprocessor != NULL;
  }
  for (guint i = 0; right && i < G_N_ELEMENTS (checked); i++)
    right = check_format (preprocessor, &brightness, &patches,
        checked[i].format, checked[i].name, error);
  clv_brightness_clear (&brightness);
  g_clear_pointer (&preprocessor, clv_preprocessor_free);
  clv_buffer_clear (&patches);
  return right;
}

gboolean
clv_preprocess_check (ClvDevice *device, GError **error)
{
  g_autofree gchar *verdict = clv_device_get_verdict (device, VERDICT_KEY);

  if (g_strcmp0 (verdict, VERDICT_RIGHT) == 0)
    return TRUE;
  if (!clv_preprocess_check_now (device, error)) {
    g_prefix_error (error, "%s: ", clv_device_get_info (device)->name);
    return FALSE;
  }
  clv_device_set_verdict (device, VERDICT_KEY, VERDICT_RIGHT);
  return TRUE;
}

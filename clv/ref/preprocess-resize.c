/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-resize.h"

#include <clv/clv-error.h>
#include <math.h>

/* Pillow, src/libImaging/Resample.c: triangle, support 1. */
static gdouble
bilinear (gdouble x)
{
  x = fabs (x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

/* Pillow, src/libImaging/Resample.c: Keys' cubic with a = -0.5, support 2. The
 * order of the operations is Pillow's too, for equal rounding. */
static gdouble
bicubic (gdouble x)
{
  const gdouble a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0)
    return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

typedef struct {
  gdouble (*filter) (gdouble x);
  gdouble scale; /* input samples from an output to the next */
  gdouble filter_scale;
  gdouble support;
  guint n_in;
} Sampler;

static Sampler
make_sampler (guint n_in, guint n_resized, ClvFilter filter)
{
  Sampler sampler = { .n_in = n_in };

  sampler.filter = filter == CLV_FILTER_BICUBIC ? bicubic : bilinear;
  sampler.scale = (gdouble) n_in / n_resized;
  sampler.filter_scale = MAX (1.0, sampler.scale);
  sampler.support =
      (filter == CLV_FILTER_BICUBIC ? 2.0 : 1.0) * sampler.filter_scale;
  return sampler;
}

/* Weights of one output position, as precompute_coeffs() and
 * normalize_coeffs_8bpc() of Resample.c compute them. Zeros at both ends, which
 * add nothing, are dropped: an axis that keeps its size has one tap of 1. */
static void
sample_weights (const Sampler *sampler, guint position, guint *ret_first,
    guint *ret_n, gint32 *ret_weights, gdouble *scratch)
{
  const gdouble center = (position + 0.5) * sampler->scale;
  gint first = (gint) (center - sampler->support + 0.5);
  gint last = (gint) (center + sampler->support + 0.5);
  gdouble sum = 0.0;
  gint n, skip = 0;

  first = MAX (first, 0);
  last = MIN (last, (gint) sampler->n_in);
  n = last - first;
  for (gint i = 0; i < n; i++) {
    scratch[i] = sampler->filter (
        (i + first - center + 0.5) * (1.0 / sampler->filter_scale));
    sum += scratch[i];
  }
  for (gint i = 0; i < n; i++) {
    const gdouble weight = sum != 0.0 ? scratch[i] / sum : scratch[i];

    ret_weights[i] =
        (gint32) ((weight < 0 ? -0.5 : 0.5) + weight * (1 << CLV_RESIZE_BITS));
  }
  while (n > 1 && ret_weights[n - 1] == 0)
    n--;
  while (skip < n - 1 && ret_weights[skip] == 0)
    skip++;
  memmove (ret_weights, ret_weights + skip, (n - skip) * sizeof *ret_weights);
  *ret_first = first + skip;
  *ret_n = n - skip;
}

/* offset: position of output 0 in the resized axis; negative where the crop is
 * longer than that axis. */
static void
axis_init (ClvResizeAxis *self, guint n_in, guint n_resized, gint offset,
    guint n_out, ClvFilter filter)
{
  const Sampler sampler = make_sampler (n_in, n_resized, filter);
  const guint max_taps = MIN ((guint) ceil (sampler.support) * 2 + 1, n_in + 1);
  g_autofree gdouble *scratch = g_new (gdouble, max_taps);

  self->n_in = n_in;
  self->n_out = n_out;
  self->max_taps = max_taps;
  self->first = g_new0 (guint, n_out);
  self->n_taps = g_new0 (guint, n_out);
  self->weights = g_new0 (gint32, (gsize) n_out * max_taps);
  self->in_start = n_in;
  self->in_end = 0;
  for (guint i = 0; i < n_out; i++) {
    const gint64 position = (gint64) i + offset;

    if (position < 0 || position >= n_resized)
      continue;
    sample_weights (&sampler, position, &self->first[i], &self->n_taps[i],
        self->weights + (gsize) i * max_taps, scratch);
    self->in_start = MIN (self->in_start, self->first[i]);
    self->in_end = MAX (self->in_end, self->first[i] + self->n_taps[i]);
  }
}

static void
axis_clear (ClvResizeAxis *self)
{
  g_clear_pointer (&self->first, g_free);
  g_clear_pointer (&self->n_taps, g_free);
  g_clear_pointer (&self->weights, g_free);
}

void
clv_frame_visible_size (
    const ClvFrame *frame, guint *ret_width, guint *ret_height)
{
  *ret_width =
      frame->crop_width ? frame->crop_width : frame->width - frame->crop_x;
  *ret_height =
      frame->crop_height ? frame->crop_height : frame->height - frame->crop_y;
}

/* Size before the crop. The shorter edge of the displayed picture gets the
 * configured length, the other int (S · long / short): transformers,
 * image_transforms.py, get_resize_output_image_size(). With pixels that are not
 * square the displayed picture is width · par_n / par_d wide: the target has
 * that shape, and is sampled from the stored pixels in one step. */
static gboolean
resized_size (const ClvFrame *frame, const ClvPreprocessConfig *config,
    guint64 *ret_width, guint64 *ret_height, GError **error)
{
  guint width, height;

  clv_frame_visible_size (frame, &width, &height);
  if (!config->resize) {
    *ret_width = width;
    *ret_height = height;
  } else if (!config->shortest_edge) {
    *ret_width = config->resize_width;
    *ret_height = config->resize_height;
  } else {
    const guint64 w = (guint64) width * (frame->par_n ? frame->par_n : 1);
    const guint64 h = (guint64) height * (frame->par_d ? frame->par_d : 1);
    const guint64 edge = config->resize_width;

    *ret_width = w <= h ? edge : edge * w / h;
    *ret_height = w <= h ? edge * h / w : edge;
  }
  /* A side beyond this has less than one stored sample for 64 outputs. */
  if (*ret_width < 1 || *ret_height < 1 || *ret_width > 1 << 20 ||
      *ret_height > 1 << 20) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: %u×%u with pixel aspect ratio %u/%u: resizing it would give "
        "%" G_GUINT64_FORMAT "×%" G_GUINT64_FORMAT ", wanted at most %d a side",
        width, height, frame->par_n, frame->par_d, *ret_width, *ret_height,
        1 << 20);
    return FALSE;
  }
  return TRUE;
}

/* (L - S) // 2 of Python: rounded down, also below zero. */
static gint
crop_offset (guint length, guint crop)
{
  const gint difference = (gint) length - (gint) crop;

  return difference >= 0 ? difference / 2 : -((1 - difference) / 2);
}

/* The size before the crop, of which the model's input is what the crop leaves. */
static gboolean
input_size (const ClvFrame *frame, const ClvPreprocessConfig *config,
    guint image_size, guint64 *ret_width, guint64 *ret_height, GError **error)
{
  guint width, height;

  if (!resized_size (frame, config, ret_width, ret_height, error))
    return FALSE;

  const guint final_width =
      config->center_crop ? config->crop_width : *ret_width;
  const guint final_height =
      config->center_crop ? config->crop_height : *ret_height;

  if (final_width == image_size && final_height == image_size)
    return TRUE;
  clv_frame_visible_size (frame, &width, &height);
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "preprocessor_config.json: its steps turn a picture of %u×%u into "
      "%u×%u, wanted the model's input of %u×%u",
      width, height, final_width, final_height, image_size, image_size);
  return FALSE;
}

gboolean
clv_resize_find (const ClvFrame *frame, const ClvPreprocessConfig *config,
    guint image_size, guint n_used, gdouble *ret_x, gdouble *ret_y,
    gdouble *ret_width, gdouble *ret_height, GError **error)
{
  guint width, height;
  guint64 resized_width, resized_height;

  if (!input_size (
          frame, config, image_size, &resized_width, &resized_height, error))
    return FALSE;
  clv_frame_visible_size (frame, &width, &height);

  const gdouble scale_x = (gdouble) width / resized_width;
  const gdouble scale_y = (gdouble) height / resized_height;

  *ret_x = crop_offset (resized_width, image_size) * scale_x;
  *ret_y = crop_offset (resized_height, image_size) * scale_y;
  *ret_width = n_used * scale_x;
  *ret_height = n_used * scale_y;
  return TRUE;
}

gboolean
clv_resize_plan_init (ClvResizePlan *ret_plan, const ClvFrame *frame,
    const ClvPreprocessConfig *config, guint image_size, GError **error)
{
  guint width, height;
  guint64 resized_width, resized_height;

  if (!input_size (
          frame, config, image_size, &resized_width, &resized_height, error))
    return FALSE;
  clv_frame_visible_size (frame, &width, &height);
  axis_init (&ret_plan->x, width, resized_width,
      crop_offset (resized_width, image_size), image_size, config->filter);
  axis_init (&ret_plan->y, height, resized_height,
      crop_offset (resized_height, image_size), image_size, config->filter);
  return TRUE;
}

void
clv_resize_plan_clear (ClvResizePlan *self)
{
  axis_clear (&self->x);
  axis_clear (&self->y);
}

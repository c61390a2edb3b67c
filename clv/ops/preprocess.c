/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-preprocess-private.h"

#include <string.h>

/* Buffers of the layouts that are kept; the newest is kept in any case. */
#define MAX_KEPT_BYTES ((gsize) 512 << 20)

struct _ClvPreprocessor {
  ClvDevice *device;
  ClvModelConfig config;
  const ClvBuffer *patches;
  ClvPreprocessLayout *layouts[CLV_PREPROCESS_LAYOUTS];
  guint64 n_uses;
  guint n_setups;
};

ClvPreprocessor *
clv_preprocessor_new (ClvDevice *device, const ClvModelConfig *config,
    const ClvBuffer *patches, GError **error)
{
  ClvPreprocessor *self;

  if (config->patch_size < 1 || config->patch_size > config->image_size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "config.json: vision_config.patch_size: wanted 1 to image_size (%u), "
        "found %u",
        config->image_size, config->patch_size);
    return NULL;
  }
  self = g_new0 (ClvPreprocessor, 1);
  self->device = g_object_ref (device);
  self->config = *config;
  self->patches = patches;
  return self;
}

void
clv_preprocessor_free (ClvPreprocessor *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++)
    g_clear_pointer (&self->layouts[i], clv_preprocess_layout_free);
  g_object_unref (self->device);
  g_free (self);
}

guint
clv_preprocessor_n_setups (ClvPreprocessor *self)
{
  return self->n_setups;
}

/* An empty place, or the layout that was not used for longest. */
static guint
oldest_place (ClvPreprocessor *self)
{
  guint oldest = 0;

  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++) {
    if (self->layouts[i] == NULL)
      return i;
    if (self->layouts[i]->last_use < self->layouts[oldest]->last_use)
      oldest = i;
  }
  return oldest;
}

/* Drops the oldest layouts until the kept ones fit. */
static void
drop_excess (ClvPreprocessor *self)
{
  while (TRUE) {
    gsize total = 0;
    gint oldest = -1;
    guint n = 0;

    for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++) {
      if (self->layouts[i] == NULL)
        continue;
      n++;
      total += self->layouts[i]->size_bytes;
      if (oldest < 0 ||
          self->layouts[i]->last_use < self->layouts[oldest]->last_use)
        oldest = i;
    }
    if (n <= 1 || total <= MAX_KEPT_BYTES)
      return;
    g_clear_pointer (&self->layouts[oldest], clv_preprocess_layout_free);
  }
}

static ClvPreprocessLayout *
get_layout (ClvPreprocessor *self, const ClvFrame *frame, GError **error)
{
  const ClvFrame key = clv_preprocess_layout_key (frame);
  ClvPreprocessLayout *layout;
  guint place;

  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++) {
    layout = self->layouts[i];
    if (layout != NULL && memcmp (&layout->key, &key, sizeof key) == 0) {
      layout->last_use = ++self->n_uses;
      return layout;
    }
  }
  layout = clv_preprocess_layout_new (self->device, &key, &self->config, error);
  if (layout == NULL)
    return NULL;
  self->n_setups++;
  layout->last_use = ++self->n_uses;
  place = oldest_place (self);
  g_clear_pointer (&self->layouts[place], clv_preprocess_layout_free);
  self->layouts[place] = layout;
  drop_excess (self);
  return layout;
}

gboolean
clv_preprocessor_run (
    ClvPreprocessor *self, const ClvFrame *frame, guint slot, GError **error)
{
  ClvPreprocessLayout *layout;

  g_return_val_if_fail (slot < CLV_MAX_BATCH, FALSE);

  if (!clv_frame_check (frame, error))
    return FALSE;
  layout = get_layout (self, frame, error);
  if (layout == NULL)
    return FALSE;
  if (layout->commands[slot] == NULL) {
    layout->commands[slot] = clv_preprocess_layout_record (
        layout, self->device, &self->config, self->patches, slot, error);
    if (layout->commands[slot] == NULL)
      return FALSE;
  }
  clv_preprocess_layout_upload (layout, frame);
  return clv_commands_run (layout->commands[slot], error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-preprocess-private.h"

#include <string.h>

/* Buffers of the layouts that are kept; the newest is kept in any case. */
#define MAX_KEPT_BYTES ((gsize) 128 << 20)

struct _ClvPreprocessor {
  ClvDevice *device;
  ClvModelConfig config;
  const ClvBuffer *patches[CLV_PREPROCESS_SETS];
  ClvPreprocessScratch scratch;
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
  self->patches[0] = patches;
  return self;
}

void
clv_preprocessor_free (ClvPreprocessor *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++)
    g_clear_pointer (&self->layouts[i], clv_preprocess_layout_free);
  clv_buffer_clear (&self->scratch.rgb);
  clv_buffer_clear (&self->scratch.columns);
  g_object_unref (self->device);
  g_free (self);
}

void
clv_preprocessor_add_patches (ClvPreprocessor *self, const ClvBuffer *patches)
{
  self->patches[1] = patches;
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

/* A scratch buffer that fits all layouts so far. Recordings hold the old one. */
static gboolean
grow (ClvPreprocessor *self, ClvBuffer *buffer, const gchar *name,
    gsize size_bytes, GError **error)
{
  if (buffer->size_bytes >= size_bytes)
    return TRUE;
  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++)
    if (self->layouts[i] != NULL)
      clv_preprocess_layout_forget_commands (self->layouts[i]);
  clv_buffer_clear (buffer);
  return clv_buffer_init (buffer, self->device, name, CLV_MEMORY_DEVICE,
      size_bytes, VK_FORMAT_R32G32B32A32_UINT, error);
}

static gboolean
make_room (
    ClvPreprocessor *self, const ClvPreprocessLayout *layout, GError **error)
{
  return grow (self, &self->scratch.rgb, "preprocess rgb", layout->rgb_bytes,
             error) &&
         grow (self, &self->scratch.columns, "preprocess columns",
             layout->columns_bytes, error);
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

/* The place of the frame, whose commands are running when it returns; its pixels are
 * not needed any more. */
static ClvPreprocessPlace *
submit (ClvPreprocessor *self, const ClvFrame *frame, guint set, guint slot,
    GError **error)
{
  ClvPreprocessLayout *layout = get_layout (self, frame, error);
  ClvPreprocessPlace *place;
  ClvCommands **to_patches;
  gboolean submitted;
  gsize size_bytes;

  if (layout == NULL || !make_room (self, layout, error))
    return NULL;
  size_bytes = layout->size_bytes;
  place = clv_preprocess_layout_get_place (layout, self->device, error);
  if (place == NULL)
    return NULL;
  if (layout->size_bytes > size_bytes)
    drop_excess (self);
  if (place->to_columns == NULL)
    place->to_columns = clv_preprocess_layout_record_columns (
        layout, self->device, &self->scratch, &place->upload, error);
  if (place->to_columns == NULL)
    return NULL;
  to_patches = &layout->to_patches[set][slot];
  if (*to_patches == NULL)
    *to_patches = clv_preprocess_layout_record_patches (layout, self->device,
        &self->scratch, &self->config, self->patches[set], slot, error);
  if (*to_patches == NULL)
    return NULL;
  if (frame->memory == CLV_FRAME_HOST)
    clv_preprocess_layout_upload (layout, place, frame);
  else if (!clv_preprocess_layout_fetch (
               layout, self->device, place, frame, error))
    return NULL;
  submitted = clv_commands_submit (place->to_columns, *to_patches, error);
  /* Whoever owns the images may write to them next. */
  if (frame->memory != CLV_FRAME_HOST &&
      !clv_preprocess_layout_wait_fetched (place, submitted ? error : NULL))
    return NULL;
  return submitted ? place : NULL;
}

gboolean
clv_preprocessor_submit (ClvPreprocessor *self, const ClvFrame *frame,
    guint set, guint slot, GError **error)
{
  g_return_val_if_fail (slot < CLV_PREPROCESS_SLOTS, FALSE);
  g_return_val_if_fail (set < CLV_PREPROCESS_SETS, FALSE);
  g_return_val_if_fail (self->patches[set] != NULL, FALSE);

  return clv_frame_check (frame, error) &&
         submit (self, frame, set, slot, error) != NULL;
}

gboolean
clv_preprocessor_run (
    ClvPreprocessor *self, const ClvFrame *frame, guint slot, GError **error)
{
  ClvPreprocessPlace *place;

  g_return_val_if_fail (slot < CLV_PREPROCESS_SLOTS, FALSE);

  if (!clv_frame_check (frame, error))
    return FALSE;
  place = submit (self, frame, 0, slot, error);
  return place != NULL && clv_commands_wait (place->to_columns, error);
}

gboolean
clv_preprocessor_wait (ClvPreprocessor *self, GError **error)
{
  for (guint i = 0; i < CLV_PREPROCESS_LAYOUTS; i++) {
    ClvPreprocessLayout *layout = self->layouts[i];

    for (guint p = 0; layout != NULL && p < layout->n_places; p++)
      if (layout->places[p].to_columns != NULL &&
          !clv_commands_wait (layout->places[p].to_columns, error))
        return FALSE;
  }
  return TRUE;
}

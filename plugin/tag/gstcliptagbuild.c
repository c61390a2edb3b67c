/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What takes long while frames go on: encoding new prompts, and opening a device
 * anew. One thread of the element, gone before stop() drops the engine. */

#include <clv/clv-error.h>

#include "gstcliperror.h"
#include "gstcliptagload.h"
#include "gstcliptagprivate.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

GstClipTagOrder *
gst_clip_tag_order_new (
    GstClipTagBuild what, const GstClipTagSettings *settings)
{
  GstClipTagOrder *self = g_new0 (GstClipTagOrder, 1);

  self->what = what;
  if (settings != NULL)
    gst_clip_tag_settings_copy (settings, &self->settings);
  return self;
}

/* Object lock held. A newer order makes an order's outcome, good or bad,
 * uninteresting, and so does the end. */
static gboolean
is_wanted (GstClipTag *self, const GstClipTagSettings *settings)
{
  return !g_atomic_int_get (&self->stopping) &&
         settings->serial == self->settings.serial;
}

/* With the newest engine. */
static ClvPrompts *
encode_prompts (
    GstClipTag *self, const GstClipTagSettings *settings, GError **error)
{
  g_autoptr (ClvEngine) engine = NULL;

  GST_OBJECT_LOCK (self);
  engine =
      g_object_ref (self->new_engine != NULL ? self->new_engine : self->engine);
  GST_OBJECT_UNLOCK (self);
  return gst_clip_tag_load_prompts (settings, engine, error);
}

static void
build_prompts (GstClipTag *self, const GstClipTagSettings *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  gboolean wanted, lost;

  GST_OBJECT_LOCK (self);
  wanted = is_wanted (self, settings);
  GST_OBJECT_UNLOCK (self);
  if (!wanted)
    return;
  GST_DEBUG_OBJECT (self, "encodes prompts, order %u", settings->serial);
  prompts = encode_prompts (self, settings, &error);

  /* Frames may not have found out yet. */
  lost = g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST) &&
         gst_clip_tag_fault_passes (self);
  if (lost && gst_clip_tag_fault_reload (self)) {
    g_clear_error (&error);
    prompts = encode_prompts (self, settings, &error);
  }

  GST_OBJECT_LOCK (self);
  wanted = is_wanted (self, settings);
  if (wanted && prompts != NULL)
    g_set_object (&self->pending, prompts);
  if (wanted)
    self->owes_prompts = lost && prompts == NULL;
  GST_OBJECT_UNLOCK (self);

  if (wanted && prompts == NULL)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot use the new prompts, the old ones stay", error);
}

/* What could not be encoded while there was no device. */
static void
build_owed_prompts (GstClipTag *self)
{
  GstClipTagSettings settings = { 0 };
  gboolean owes;

  GST_OBJECT_LOCK (self);
  owes = self->owes_prompts;
  if (owes)
    gst_clip_tag_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);
  if (owes)
    build_prompts (self, &settings);
  gst_clip_tag_settings_clear (&settings);
}

void
gst_clip_tag_build (gpointer data, gpointer user_data)
{
  GstClipTagOrder *order = data;
  GstClipTag *self = user_data;

  switch (order->what) {
    case GST_CLIP_TAG_BUILD_ENGINE:
      if (!g_atomic_int_get (&self->stopping) &&
          gst_clip_tag_fault_reload (self))
        build_owed_prompts (self);
      break;
    case GST_CLIP_TAG_BUILD_EDITED:
      g_atomic_int_set (&self->looking, FALSE);
      if (gst_clip_watch_look (&self->watch))
        build_prompts (self, &order->settings);
      break;
    case GST_CLIP_TAG_BUILD_PROMPTS:
    default:
      gst_clip_watch_reset (&self->watch, order->settings.prompts_file);
      build_prompts (self, &order->settings);
      break;
  }
  gst_clip_tag_settings_clear (&order->settings);
  g_free (order);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What takes long while frames go on: encoding new prompts, and opening a device
 * anew. One thread of the element, gone before stop() drops the engine. */

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

static void
build_prompts (GstClipTag *self, const GstClipTagSettings *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  gboolean wanted;

  GST_OBJECT_LOCK (self);
  wanted = is_wanted (self, settings);
  engine = g_object_ref (self->engine);
  GST_OBJECT_UNLOCK (self);
  if (!wanted)
    return;
  GST_DEBUG_OBJECT (self, "encodes prompts, order %u", settings->serial);
  prompts = gst_clip_tag_load_prompts (settings, engine, &error);

  GST_OBJECT_LOCK (self);
  wanted = is_wanted (self, settings);
  if (wanted && prompts != NULL)
    g_set_object (&self->pending, prompts);
  GST_OBJECT_UNLOCK (self);

  if (wanted && prompts == NULL)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot use the new prompts, the old ones stay", error);
}

void
gst_clip_tag_build (gpointer data, gpointer user_data)
{
  GstClipTagOrder *order = data;
  GstClipTag *self = user_data;

  switch (order->what) {
    case GST_CLIP_TAG_BUILD_ENGINE:
      if (!g_atomic_int_get (&self->stopping))
        gst_clip_tag_fault_reload (self);
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

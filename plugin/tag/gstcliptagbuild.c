/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagbuild.h"

#include <clv/clv-error.h>

#include "gstcliperror.h"
#include "gstcliptagload.h"
#include "gstcliptagprivate.h"
#include "gstclipwatch.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

/* gst_clip_tag_builder_stop() is part of a state change, which somebody waits for. */
#define MAX_STOP_US (10 * G_USEC_PER_SEC)

struct _GstClipTagBuilder {
  gint ref_count; /* atomic: the element's, and one of each order */
  GstClipTag *tag;
  GstClipTagSettings started;
  GThreadPool *pool;  /* one thread */
  gint looking;       /* atomic: an order to look at the file is under way */
  GstClipWatch watch; /* the thread's */

  GMutex mutex;
  GCond idle;
  guint n_orders; /* that are not done */
};

struct _GstClipTagOrder {
  GstClipTagBuild what;
  GstClipTagSettings settings;
};

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

static void
builder_unref (GstClipTagBuilder *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  gst_clip_watch_reset (&self->watch, NULL);
  gst_clip_tag_settings_clear (&self->started);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->idle);
  gst_object_unref (self->tag);
  g_free (self);
}

/* Object lock held. */
static gboolean
is_current (const GstClipTagBuilder *self)
{
  return self->tag->builder == self;
}

/* Object lock held. A newer order makes an order's outcome, good or bad,
 * uninteresting, and so does the end. */
static gboolean
is_wanted (const GstClipTagBuilder *self, const GstClipTagSettings *settings)
{
  return is_current (self) && settings->serial == self->tag->settings.serial;
}

/* The newest; NULL if the prompts are not wanted any more. */
static ClvEngine *
ref_engine (GstClipTagBuilder *self, const GstClipTagSettings *settings)
{
  GstClipTag *tag = self->tag;
  ClvEngine *engine = NULL;

  GST_OBJECT_LOCK (tag);
  if (is_wanted (self, settings))
    engine =
        g_object_ref (tag->new_engine != NULL ? tag->new_engine : tag->engine);
  GST_OBJECT_UNLOCK (tag);
  return engine;
}

/* NULL without an error: nobody wants them. */
static ClvPrompts *
encode_prompts (
    GstClipTagBuilder *self, const GstClipTagSettings *settings, GError **error)
{
  g_autoptr (ClvEngine) engine = ref_engine (self, settings);

  if (engine == NULL)
    return NULL;
  GST_DEBUG_OBJECT (self->tag, "encodes prompts, order %u", settings->serial);
  return gst_clip_tag_load_prompts (settings, engine, error);
}

/* Fetches the engine anew, for the next frame to take over. */
static gboolean
reload_engine (GstClipTagBuilder *self)
{
  GstClipTag *tag = self->tag;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvEngine) engine = NULL;
  gboolean current;

  GST_OBJECT_LOCK (tag);
  current = is_current (self);
  GST_OBJECT_UNLOCK (tag);
  if (!current)
    return FALSE;
  engine = gst_clip_tag_load_engine (&self->started, &error);
  if (engine == NULL)
    GST_WARNING_OBJECT (tag, "cannot open the device anew: %s", error->message);
  GST_OBJECT_LOCK (tag);
  current = is_current (self);
  if (current) {
    gst_clip_tag_fault_reloaded (&tag->fault, engine != NULL);
    if (engine != NULL)
      g_set_object (&tag->new_engine, engine);
  }
  GST_OBJECT_UNLOCK (tag);
  return current && engine != NULL;
}

static void
build_prompts (GstClipTagBuilder *self, const GstClipTagSettings *settings)
{
  GstClipTag *tag = self->tag;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = encode_prompts (self, settings, &error);
  gboolean wanted, lost;

  /* Frames may not have found out yet. */
  lost = g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST) &&
         gst_clip_tag_fault_passes (tag);
  if (lost && reload_engine (self)) {
    g_clear_error (&error);
    prompts = encode_prompts (self, settings, &error);
  }

  GST_OBJECT_LOCK (tag);
  wanted = is_wanted (self, settings) && (prompts != NULL || error != NULL);
  if (wanted && prompts != NULL)
    g_set_object (&tag->pending, prompts);
  if (wanted)
    tag->owes_prompts = lost && prompts == NULL;
  GST_OBJECT_UNLOCK (tag);

  if (wanted && prompts == NULL)
    gst_clip_post_error (GST_ELEMENT (tag), GST_MESSAGE_WARNING,
        "Cannot use the new prompts, the old ones stay", error);
}

/* What could not be encoded while there was no device. */
static void
build_owed_prompts (GstClipTagBuilder *self)
{
  GstClipTag *tag = self->tag;
  GstClipTagSettings settings = { 0 };
  gboolean owes;

  GST_OBJECT_LOCK (tag);
  owes = is_current (self) && tag->owes_prompts;
  if (owes)
    gst_clip_tag_settings_copy (&tag->settings, &settings);
  GST_OBJECT_UNLOCK (tag);
  if (owes)
    build_prompts (self, &settings);
  gst_clip_tag_settings_clear (&settings);
}

static void
build (gpointer data, gpointer user_data)
{
  GstClipTagOrder *order = data;
  GstClipTagBuilder *self = user_data;

  switch (order->what) {
    case GST_CLIP_TAG_BUILD_ENGINE:
      if (reload_engine (self))
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

  g_mutex_lock (&self->mutex);
  self->n_orders--;
  g_cond_signal (&self->idle);
  g_mutex_unlock (&self->mutex);
  builder_unref (self);
}

GstClipTagBuilder *
gst_clip_tag_builder_new (GstClipTag *tag, const GstClipTagSettings *started)
{
  GstClipTagBuilder *self = g_new0 (GstClipTagBuilder, 1);

  self->ref_count = 1;
  self->tag = gst_object_ref (tag);
  gst_clip_tag_settings_copy (started, &self->started);
  gst_clip_watch_reset (&self->watch, started->prompts_file);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->idle);
  self->pool = g_thread_pool_new (build, self, 1, FALSE, NULL);
  return self;
}

gboolean
gst_clip_tag_builder_stop (GstClipTagBuilder *self)
{
  const gint64 end = g_get_monotonic_time () + MAX_STOP_US;
  gboolean idle;

  g_mutex_lock (&self->mutex);
  while (self->n_orders > 0)
    if (!g_cond_wait_until (&self->idle, &self->mutex, end))
      break;
  idle = self->n_orders == 0;
  g_mutex_unlock (&self->mutex);

  /* A pool that is not waited for frees itself behind its last order. */
  g_thread_pool_free (self->pool, FALSE, idle);
  builder_unref (self);
  return idle;
}

void
gst_clip_tag_builder_push (GstClipTagBuilder *self, GstClipTagOrder *order)
{
  g_atomic_int_inc (&self->ref_count);
  g_mutex_lock (&self->mutex);
  self->n_orders++;
  g_mutex_unlock (&self->mutex);
  g_thread_pool_push (self->pool, order, NULL);
}

gboolean
gst_clip_tag_builder_may_look (GstClipTagBuilder *self)
{
  return g_atomic_int_compare_and_exchange (&self->looking, FALSE, TRUE);
}

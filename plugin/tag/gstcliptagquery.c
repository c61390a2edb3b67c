/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long frames wait, and how many buffers that takes. */

#include "gstcliptagprivate.h"

#include "gstclipupstream.h"

/* One waits and one is in work. */
#define LIVE_BUFFERS 2

guint
gst_clip_tag_max_held (GstClipTag *self, GstClockTime *ret_wait)
{
  GstClockTime wait;
  guint64 n;

  GST_OBJECT_LOCK (self);
  n = (guint64) (self->batch_size - 1) * self->settings.timing.interval;
  n = MIN (n, GST_CLIP_TAG_MAX_HELD);
  wait = n * self->frame_time;
  if (self->frame_time == 0 && self->batch_timeout == 0)
    n = 0; /* nobody could say how long a frame waits */
  else if (n > 0 && self->batch_timeout > 0 &&
           (self->frame_time == 0 || self->batch_timeout < wait))
    wait = self->batch_timeout;
  GST_OBJECT_UNLOCK (self);
  *ret_wait = wait;
  return n;
}

static GstClipMode
get_mode (GstClipTag *self)
{
  GstClipMode mode;

  GST_OBJECT_LOCK (self);
  mode = self->mode;
  GST_OBJECT_UNLOCK (self);
  return mode;
}

gboolean
gst_clip_tag_find_mode (GstClipTag *self, gboolean *ret_live_source)
{
  GstClipMode mode = get_mode (self);
  const gboolean live =
      gst_clip_upstream_is_live (GST_BASE_TRANSFORM_SINK_PAD (self));

  *ret_live_source = live;
  return mode == GST_CLIP_MODE_AUTO ? live : mode == GST_CLIP_MODE_LIVE;
}

static void
add_latency (GstClipTag *self, GstQuery *query)
{
  GstClipMode mode = get_mode (self);
  GstClockTime min, max, wait;
  gboolean live;

  gst_query_parse_latency (query, &live, &min, &max);
  if (mode == GST_CLIP_MODE_LIVE || (mode == GST_CLIP_MODE_AUTO && live))
    return;
  gst_clip_tag_max_held (self, &wait);
  gst_query_set_latency (query, live, min + wait,
      GST_CLOCK_TIME_IS_VALID (max) ? max + wait : max);
}

gboolean
gst_clip_tag_query (
    GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  GstClipTag *self = GST_CLIP_TAG (trans);

  if (direction == GST_PAD_SINK && GST_QUERY_TYPE (query) == GST_QUERY_DRAIN) {
    gst_clip_tag_sync_drain (self);
    gst_clip_tag_live_finish (self->live);
  }
  if (!GST_CLIP_TAG_PARENT->query (trans, direction, query))
    return FALSE;
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    add_latency (self, query);
  return TRUE;
}

static gboolean
is_of_host (GstCaps *caps)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, 0);

  return features == NULL || gst_caps_features_is_equal (features,
                                 GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY);
}

/* Buffers that are held are missing in upstream's pool. */
static void
ask_for_more_buffers (GstQuery *query, guint held)
{
  guint n_pools = gst_query_get_n_allocation_pools (query);
  GstVideoInfo info;
  GstCaps *caps;

  for (guint i = 0; i < n_pools; i++) {
    GstBufferPool *pool;
    guint size, min, max;

    gst_query_parse_nth_allocation_pool (query, i, &pool, &size, &min, &max);
    gst_query_set_nth_allocation_pool (
        query, i, pool, size, min + held, max > 0 ? max + held : 0);
    gst_clear_object (&pool);
  }
  gst_query_parse_allocation (query, &caps, NULL);
  /* A pool of no memory in particular: only for system memory. */
  if (n_pools == 0 && caps != NULL && is_of_host (caps) &&
      gst_video_info_from_caps (&info, caps))
    gst_query_add_allocation_pool (query, NULL, info.size, held + 1, 0);
}

gboolean
gst_clip_tag_propose_allocation (
    GstBaseTransform *trans, GstQuery *decide_query, GstQuery *query)
{
  GstClipTag *self = GST_CLIP_TAG (trans);
  GstClockTime wait;
  guint held = gst_clip_tag_max_held (self, &wait);

  /* Asks the element downstream, because pixels pass through as they are: what
   * layout is promised upstream is for the real consumer to say. */
  gboolean answered =
      GST_CLIP_TAG_PARENT->propose_allocation (trans, decide_query, query);

  if (get_mode (self) != GST_CLIP_MODE_SYNC)
    held = MAX (held, LIVE_BUFFERS);
  if (held == 0)
    return answered;
  ask_for_more_buffers (query, held);
  return TRUE;
}

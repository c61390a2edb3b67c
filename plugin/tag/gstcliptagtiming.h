/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's properties about time: which frames are inferred, which wait, and
 * what happens where the device does not keep up. Nothing here locks; the element
 * does. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The other ids are in gstcliptagsettings.h, and below. */
enum {
  GST_CLIP_TAG_PROP_MODE = 1000,
  GST_CLIP_TAG_PROP_INTERVAL,
  GST_CLIP_TAG_PROP_MAX_RATE,
  GST_CLIP_TAG_PROP_BATCH_SIZE,
  GST_CLIP_TAG_PROP_BATCH_TIMEOUT,
  GST_CLIP_TAG_PROP_QOS,
  GST_CLIP_TAG_PROP_MAX_AGE,
  GST_CLIP_TAG_PROP_CHANGE_THRESHOLD,
  GST_CLIP_TAG_PROP_REFRESH_INTERVAL,
  GST_CLIP_TAG_PROP_ON_ERROR,
};

/* When a frame waits. The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_MODE_AUTO = 0,
  GST_CLIP_MODE_SYNC = 1,
  GST_CLIP_MODE_LIVE = 2,
} GstClipMode;

#define GST_TYPE_CLIP_MODE (gst_clip_mode_get_type ())
GType gst_clip_mode_get_type (void);

/* What becomes of the video where a frame cannot be encoded. Fixed as well. */
typedef enum {
  GST_CLIP_ON_ERROR_FAIL = 0,
  GST_CLIP_ON_ERROR_PASS = 1,
} GstClipOnError;

#define GST_TYPE_CLIP_ON_ERROR (gst_clip_on_error_get_type ())
GType gst_clip_on_error_get_type (void);

/* Times are in nanoseconds. */
typedef struct {
  /* Read at the start. */
  GstClipMode mode;
  guint batch_size;           /* 0: 1 */
  GstClockTime batch_timeout; /* 0: none */

  /* Read with each frame. */
  guint interval;
  gdouble max_rate; /* 0: none */
  gboolean qos;
  GstClockTime max_age;          /* 0: none */
  gdouble change_threshold;      /* 0: none */
  GstClockTime refresh_interval; /* 0: never */
  GstClipOnError on_error;
} GstClipTagTiming;

void gst_clip_tag_timing_init (GstClipTagTiming *self);

void gst_clip_tag_timing_install (GObjectClass *klass);

/* FALSE for an id that is none of the above. */
gboolean gst_clip_tag_timing_set (
    GstClipTagTiming *self, guint id, const GValue *value);
gboolean gst_clip_tag_timing_get (
    const GstClipTagTiming *self, guint id, GValue *value);

G_END_DECLS

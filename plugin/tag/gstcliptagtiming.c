/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagtiming.h"

#include <clv/clv-image-encoder.h>

#define DEFAULT_INTERVAL 1
#define DEFAULT_BATCH    0
#define DEFAULT_REFRESH  (10 * GST_SECOND)

GType
gst_clip_mode_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_MODE_AUTO, "live behind a live source, otherwise sync", "auto" },
    { GST_CLIP_MODE_SYNC, "Every frame waits for its own scores", "sync" },
    { GST_CLIP_MODE_LIVE,
        "No frame waits: each has the newest scores that are there", "live" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipMode", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_clip_on_error_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_ON_ERROR_FAIL, "The element fails", "fail" },
    { GST_CLIP_ON_ERROR_PASS,
        "Video goes on without scores, and the element tries again", "pass" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipOnError", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_tag_timing_init (GstClipTagTiming *self)
{
  *self = (GstClipTagTiming){
    .mode = GST_CLIP_MODE_AUTO,
    .batch_size = DEFAULT_BATCH,
    .interval = DEFAULT_INTERVAL,
    .qos = TRUE,
    .refresh_interval = DEFAULT_REFRESH,
    .on_error = GST_CLIP_ON_ERROR_FAIL,
  };
}

#define READY                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING                                                                \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_waiting (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "Whether a frame waits for its own scores", GST_TYPE_CLIP_MODE,
          GST_CLIP_MODE_AUTO, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_BATCH_SIZE,
      g_param_spec_uint ("batch-size", "Batch size",
          "Mode sync: encode so many frames together, which many devices do "
          "faster; each then waits for the last of its batch (the LATENCY "
          "query says how long). Video without a frame rate is held only with "
          "a batch-timeout. 0: the number that delays no frame, 1",
          0, CLV_MAX_BATCH, DEFAULT_BATCH, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_BATCH_TIMEOUT,
      g_param_spec_uint64 ("batch-timeout", "Batch timeout",
          "Nanoseconds after which a batch is encoded though it is not full, "
          "counted from its first frame; 0: it waits until it is",
          0, G_MAXINT64, 0, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_QOS,
      g_param_spec_boolean ("qos", "Qos",
          "Mode sync: frames that are late downstream are not inferred, they "
          "carry the scores of the frame before; a QoS message counts them",
          TRUE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_MAX_AGE,
      g_param_spec_uint64 ("max-age", "Maximum age",
          "Mode live: warn, once in some seconds, when the scores on a frame "
          "are older than so many nanoseconds; 0: never",
          0, G_MAXINT64, 0, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What happens when frames cannot be encoded, e.g. as the device was "
          "lost",
          GST_TYPE_CLIP_ON_ERROR, GST_CLIP_ON_ERROR_FAIL, PLAYING));
}

void
gst_clip_tag_timing_install (GObjectClass *klass)
{
  install_waiting (klass);
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_INTERVAL,
      g_param_spec_uint ("inference-interval", "Inference interval",
          "Encode at most every n-th frame; the frames between carry the "
          "scores of the last encoded one",
          1, G_MAXUINT, DEFAULT_INTERVAL, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_MAX_RATE,
      g_param_spec_double ("max-rate", "Maximum rate",
          "Encode at most so many frames a second, by their timestamps. 0: "
          "whatever keeps up. In mode live that is as many as the device does, "
          "shared fairly with other streams; in mode sync as many as the "
          "stream has time for by measurement, where the source is live or a "
          "sink shows frames by the clock (with qos), and every frame "
          "otherwise, and where an inference-interval is given",
          0, G_MAXFLOAT, 0, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_CHANGE_THRESHOLD,
      g_param_spec_double ("change-threshold", "Change threshold",
          "Encode only frames that differ from the last encoded one by at "
          "least this: the mean difference of the brightness of 16 × 16 "
          "cells, 0 to 1, of a few pixels first and then, on the device, of "
          "the picture as the model sees it. Noise is about 0.005, a cut 0.1 "
          "and more; 0: encode unchanged pictures too",
          0, 1, 0, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_REFRESH_INTERVAL,
      g_param_spec_uint64 ("refresh-interval", "Refresh interval",
          "With a change-threshold: nanoseconds after which an unchanged "
          "picture is encoded all the same; 0: never",
          0, G_MAXINT64, DEFAULT_REFRESH, PLAYING));
}

gboolean
gst_clip_tag_timing_set (GstClipTagTiming *self, guint id, const GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_MODE:
      self->mode = g_value_get_enum (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_INTERVAL:
      self->interval = g_value_get_uint (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_RATE:
      self->max_rate = g_value_get_double (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_BATCH_SIZE:
      self->batch_size = g_value_get_uint (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_BATCH_TIMEOUT:
      self->batch_timeout = g_value_get_uint64 (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_QOS:
      self->qos = g_value_get_boolean (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_AGE:
      self->max_age = g_value_get_uint64 (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_CHANGE_THRESHOLD:
      self->change_threshold = g_value_get_double (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_REFRESH_INTERVAL:
      self->refresh_interval = g_value_get_uint64 (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_ON_ERROR:
      self->on_error = g_value_get_enum (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_clip_tag_timing_get (const GstClipTagTiming *self, guint id, GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_MODE:
      g_value_set_enum (value, self->mode);
      return TRUE;
    case GST_CLIP_TAG_PROP_INTERVAL:
      g_value_set_uint (value, self->interval);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_RATE:
      g_value_set_double (value, self->max_rate);
      return TRUE;
    case GST_CLIP_TAG_PROP_BATCH_SIZE:
      g_value_set_uint (value, self->batch_size);
      return TRUE;
    case GST_CLIP_TAG_PROP_BATCH_TIMEOUT:
      g_value_set_uint64 (value, self->batch_timeout);
      return TRUE;
    case GST_CLIP_TAG_PROP_QOS:
      g_value_set_boolean (value, self->qos);
      return TRUE;
    case GST_CLIP_TAG_PROP_MAX_AGE:
      g_value_set_uint64 (value, self->max_age);
      return TRUE;
    case GST_CLIP_TAG_PROP_CHANGE_THRESHOLD:
      g_value_set_double (value, self->change_threshold);
      return TRUE;
    case GST_CLIP_TAG_PROP_REFRESH_INTERVAL:
      g_value_set_uint64 (value, self->refresh_interval);
      return TRUE;
    case GST_CLIP_TAG_PROP_ON_ERROR:
      g_value_set_enum (value, self->on_error);
      return TRUE;
    default:
      return FALSE;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexsettings.h"

#include <clv/clv-index.h>

#include "gstclipprecision.h"

#define DEFAULT_INTERVAL GST_SECOND
#define DEFAULT_DEVICE   "auto"

enum {
  PROP_LOCATION = GST_CLIP_INDEX_PROP_STATS + 1,
  PROP_MEDIA,
  PROP_INTERVAL,
  PROP_THUMBNAILS,
  PROP_WHEN_FULL,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_PRECISION,
};

GType
gst_clip_index_full_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_INDEX_FULL_AUTO, "drop behind a live source, otherwise wait",
        "auto" },
    { GST_CLIP_INDEX_FULL_WAIT, "Video waits for room", "wait" },
    { GST_CLIP_INDEX_FULL_DROP, "The moment is left out", "drop" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipIndexFull", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_index_settings_init (GstClipIndexSettings *self)
{
  *self = (GstClipIndexSettings){
    .interval = DEFAULT_INTERVAL,
    .device = g_strdup (DEFAULT_DEVICE),
    .precision = CLV_PRECISION_AUTO,
  };
}

void
gst_clip_index_settings_clear (GstClipIndexSettings *self)
{
  g_clear_pointer (&self->location, g_free);
  g_clear_pointer (&self->media, g_free);
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->device, g_free);
}

void
gst_clip_index_settings_copy (
    const GstClipIndexSettings *self, GstClipIndexSettings *ret_copy)
{
  *ret_copy = *self;
  ret_copy->location = g_strdup (self->location);
  ret_copy->media = g_strdup (self->media);
  ret_copy->model = g_strdup (self->model);
  ret_copy->device = g_strdup (self->device);
}

#define READY                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_index (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "The index, as clv index and clv search have it: a file, or "
          "postgresql://… (read back without its password); made if it is "
          "missing. Unset: the user's own, clv/index.db in the data directory",
          NULL, READY));
  g_object_class_install_property (klass, PROP_MEDIA,
      g_param_spec_string ("media", "Media",
          "What the stream is called in the index; codes as in \"gate %F %T\" "
          "are replaced by the time of its start (%% is a %). Unset: the path "
          "or "
          "URI of what is read, of a live source with the time of its start",
          NULL, READY));
  g_object_class_install_property (klass, PROP_INTERVAL,
      g_param_spec_uint64 ("interval", "Interval",
          "A moment is stored every so many nanoseconds", 1, G_MAXINT64,
          DEFAULT_INTERVAL, READY));
  g_object_class_install_property (klass, PROP_THUMBNAILS,
      g_param_spec_boolean ("thumbnails", "Thumbnails",
          "Keep a small picture of each moment", FALSE, READY));
  g_object_class_install_property (klass, PROP_WHEN_FULL,
      g_param_spec_enum ("when-full", "When full",
          "What becomes of a moment where too many wait to be stored",
          GST_TYPE_CLIP_INDEX_FULL, GST_CLIP_INDEX_FULL_AUTO, READY));
}

static void
install_model (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Encode frames that bring no embedding with this model: a directory, "
          "or a name in the model path. Unset: cliptag attach-embedding=true "
          "comes before",
          NULL, READY));
  g_object_class_install_property (klass, PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "With a model: the Vulkan device: auto, an index, a UUID or a part "
          "of "
          "its name",
          DEFAULT_DEVICE, READY));
  g_object_class_install_property (klass, PROP_PRECISION,
      g_param_spec_enum ("precision", "Precision",
          "With a model: how weights are stored on the device",
          GST_TYPE_CLIP_PRECISION, CLV_PRECISION_AUTO, READY));
  g_object_class_install_property (klass, GST_CLIP_INDEX_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Moments since the start: stored, known (were in the index before), "
          "dropped",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_clip_index_settings_install (GObjectClass *klass)
{
  install_index (klass);
  install_model (klass);
}

/* An empty text is as none. */
static void
take_string (gchar **field, const GValue *value)
{
  const gchar *text = g_value_get_string (value);

  g_free (*field);
  *field = text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

gboolean
gst_clip_index_settings_set (
    GstClipIndexSettings *self, guint id, const GValue *value)
{
  switch (id) {
    case PROP_LOCATION:
      take_string (&self->location, value);
      break;
    case PROP_MEDIA:
      take_string (&self->media, value);
      break;
    case PROP_INTERVAL:
      self->interval = g_value_get_uint64 (value);
      break;
    case PROP_THUMBNAILS:
      self->thumbnails = g_value_get_boolean (value);
      break;
    case PROP_WHEN_FULL:
      self->when_full = g_value_get_enum (value);
      break;
    case PROP_MODEL:
      take_string (&self->model, value);
      break;
    case PROP_DEVICE:
      take_string (&self->device, value);
      break;
    case PROP_PRECISION:
      self->precision = g_value_get_enum (value);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_clip_index_settings_get (
    const GstClipIndexSettings *self, guint id, GValue *value)
{
  switch (id) {
    case PROP_LOCATION:
      /* Who looks need not know the password of a server. */
      g_value_take_string (value, self->location != NULL
                                      ? clv_index_hide_password (self->location)
                                      : NULL);
      break;
    case PROP_MEDIA:
      g_value_set_string (value, self->media);
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (value, self->interval);
      break;
    case PROP_THUMBNAILS:
      g_value_set_boolean (value, self->thumbnails);
      break;
    case PROP_WHEN_FULL:
      g_value_set_enum (value, self->when_full);
      break;
    case PROP_MODEL:
      g_value_set_string (value, self->model);
      break;
    case PROP_DEVICE:
      g_value_set_string (value, self->device);
      break;
    case PROP_PRECISION:
      g_value_set_enum (value, self->precision);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

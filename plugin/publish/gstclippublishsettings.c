/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishsettings.h"

#define DEFAULT_WHAT          (GST_CLIP_PUBLISH_EVENTS | GST_CLIP_PUBLISH_STATES)
#define DEFAULT_QOS           1
#define DEFAULT_QUEUE_SIZE    (4 * 1024 * 1024)
#define DEFAULT_SPOOL_SIZE    (64 * 1024 * 1024)
#define DEFAULT_FLUSH_TIMEOUT (5 * GST_SECOND)

/* A row for each text: how many they are must not make the code longer. */
typedef struct {
  const gchar *name, *nick, *blurb;
  gsize offset;
  GParamFlags flags; /* besides those that all have */
} Text;

#define AT(member) G_STRUCT_OFFSET (GstClipPublishSettings, member)

static const Text texts[] = {
  { "uri", "URI",
      "Where to: file:///path, mqtt://host:port, mqtts://host:port, "
      "kafka://host:port,host:port or kafkas://…; without a user or a password",
      AT (uri), G_PARAM_READABLE },
  { "source", "Source",
      "What the stream is called in topics and messages; unset: the element's "
      "name",
      AT (source), G_PARAM_READABLE },
  { "topic", "Topic",
      "Of events: a text with {source}, {host}, {group} and {label} in it. "
      "Unset: clv/{source}/{group}/{label}, with Kafka clv-events",
      AT (topic), G_PARAM_READABLE },
  { "state-topic", "State topic",
      "MQTT: where ON or OFF of each label is kept; with {label} in it. Unset: "
      "clv/{source}/{group}/{label}/state",
      AT (state_topic), G_PARAM_READABLE },
  { "frame-topic", "Frame topic",
      "Of lines of frames. Unset: clv/{source}/frames, with Kafka clv-frames",
      AT (frame_topic), G_PARAM_READABLE },
  { "availability-topic", "Availability topic",
      "MQTT: where online or offline is kept, by a last will where the "
      "connection breaks. Unset: clv/{source}/availability",
      AT (availability_topic), G_PARAM_READABLE },
  { "discovery-prefix", "Discovery prefix",
      "MQTT: tells Home Assistant of each label, under this topic, which is "
      "homeassistant unless it was changed there; unset: it is not told",
      AT (discovery_prefix), G_PARAM_READABLE },
  { "client-id", "Client ID",
      "What the server knows this client by; unset: a random one",
      AT (client_id), G_PARAM_READABLE },
  { "user", "User", "User name for the server", AT (user), G_PARAM_READABLE },
  { "password", "Password", "Password for the server; cannot be read back",
      AT (password), 0 },
  { "ca-file", "CA file",
      "Certificates (PEM) of whom to trust, with mqtts and kafkas; unset: "
      "those "
      "of the system",
      AT (ca_file), G_PARAM_READABLE },
  { "cert-file", "Certificate file", "Certificate (PEM) of this client",
      AT (cert_file), G_PARAM_READABLE },
  { "key-file", "Key file", "Key (PEM, without a pass phrase) of cert-file",
      AT (key_file), G_PARAM_READABLE },
  { "spool", "Spool",
      "A file for what the server has not acknowledged, which is sent after a "
      "restart; made if it is missing. Unset: one for source and URI in clv/ "
      "of "
      "the user's state directory",
      AT (spool), G_PARAM_READABLE },
};

#define FIRST_TEXT (GST_CLIP_PUBLISH_PROP_STATS + 1)

enum {
  PROP_PUBLISH = FIRST_TEXT + G_N_ELEMENTS (texts),
  PROP_MQTT_QOS,
  PROP_QUEUE_SIZE,
  PROP_SPOOL_SIZE,
  PROP_FLUSH_TIMEOUT,
};

GType
gst_clip_publish_what_get_type (void)
{
  static GType type = 0;
  static const GFlagsValue values[] = {
    { GST_CLIP_PUBLISH_EVENTS, "A message when a tag starts or stops",
        "events" },
    { GST_CLIP_PUBLISH_STATES,
        "MQTT: ON or OFF of each label, kept by the server", "states" },
    { GST_CLIP_PUBLISH_FRAMES,
        "The scores of each inferred frame, as of cliptojson", "frames" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_flags_register_static ("GstClipPublishWhat", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_publish_settings_init (GstClipPublishSettings *self)
{
  *self = (GstClipPublishSettings){
    .publish = DEFAULT_WHAT,
    .mqtt_qos = DEFAULT_QOS,
    .queue_size = DEFAULT_QUEUE_SIZE,
    .spool_size = DEFAULT_SPOOL_SIZE,
    .flush_timeout = DEFAULT_FLUSH_TIMEOUT,
  };
}

static gchar **
get_text (const GstClipPublishSettings *self, const Text *text)
{
  return G_STRUCT_MEMBER_P (self, text->offset);
}

void
gst_clip_publish_settings_clear (GstClipPublishSettings *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (get_text (self, &texts[i]), g_free);
}

void
gst_clip_publish_settings_copy (
    const GstClipPublishSettings *self, GstClipPublishSettings *ret_copy)
{
  *ret_copy = *self;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *get_text (ret_copy, &texts[i]) = g_strdup (*get_text (self, &texts[i]));
}

#define SHARED                                                                 \
  (G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

void
gst_clip_publish_settings_install (GObjectClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_object_class_install_property (klass, FIRST_TEXT + i,
        g_param_spec_string (texts[i].name, texts[i].nick, texts[i].blurb, NULL,
            texts[i].flags | SHARED));
  g_object_class_install_property (klass, PROP_PUBLISH,
      g_param_spec_flags ("publish", "Publish", "What is sent",
          GST_TYPE_CLIP_PUBLISH_WHAT, DEFAULT_WHAT, G_PARAM_READABLE | SHARED));
  g_object_class_install_property (klass, PROP_MQTT_QOS,
      g_param_spec_uint ("mqtt-qos", "MQTT QoS",
          "MQTT's quality of service. 0: a message may be lost with the "
          "connection; 1: it comes, maybe twice; 2: as 1, but twice only where "
          "the connection broke",
          0, 2, DEFAULT_QOS, G_PARAM_READABLE | SHARED));
  g_object_class_install_property (klass, PROP_QUEUE_SIZE,
      g_param_spec_uint64 ("queue-size", "Queue size",
          "At most so many bytes of messages wait in memory; where there is no "
          "room the oldest are dropped",
          1, G_MAXUINT64 / 2, DEFAULT_QUEUE_SIZE, G_PARAM_READABLE | SHARED));
  g_object_class_install_property (klass, PROP_SPOOL_SIZE,
      g_param_spec_uint64 ("spool-size", "Spool size",
          "At most so many bytes of messages wait on disk; where there is no "
          "room the oldest are dropped. 0: no spool",
          0, G_MAXUINT64 / 2, DEFAULT_SPOOL_SIZE, G_PARAM_READABLE | SHARED));
  g_object_class_install_property (klass, PROP_FLUSH_TIMEOUT,
      g_param_spec_uint64 ("flush-timeout", "Flush timeout",
          "At the end of the stream and at a stop wait at most so many "
          "nanoseconds until everything is sent",
          0, G_MAXINT64 / 2, DEFAULT_FLUSH_TIMEOUT, G_PARAM_READABLE | SHARED));
  g_object_class_install_property (klass, GST_CLIP_PUBLISH_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "connected (boolean); of events and frames since the start published "
          "and dropped, and now waiting, of them spooled on disk; connections "
          "(uint64)",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static gboolean
is_text (guint id)
{
  return id >= FIRST_TEXT && id < FIRST_TEXT + G_N_ELEMENTS (texts);
}

/* As with other elements, an empty text is none. */
static void
set_text (gchar **text, const GValue *value)
{
  const gchar *given = g_value_get_string (value);

  g_free (*text);
  *text = given != NULL && *given != '\0' ? g_strdup (given) : NULL;
}

gboolean
gst_clip_publish_settings_set (
    GstClipPublishSettings *self, guint id, const GValue *value)
{
  if (is_text (id)) {
    set_text (get_text (self, &texts[id - FIRST_TEXT]), value);
    return TRUE;
  }
  switch (id) {
    case PROP_PUBLISH:
      self->publish = g_value_get_flags (value);
      break;
    case PROP_MQTT_QOS:
      self->mqtt_qos = g_value_get_uint (value);
      break;
    case PROP_QUEUE_SIZE:
      self->queue_size = g_value_get_uint64 (value);
      break;
    case PROP_SPOOL_SIZE:
      self->spool_size = g_value_get_uint64 (value);
      break;
    case PROP_FLUSH_TIMEOUT:
      self->flush_timeout = g_value_get_uint64 (value);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_clip_publish_settings_get (
    const GstClipPublishSettings *self, guint id, GValue *value)
{
  if (is_text (id)) {
    g_value_set_string (value, *get_text (self, &texts[id - FIRST_TEXT]));
    return TRUE;
  }
  switch (id) {
    case PROP_PUBLISH:
      g_value_set_flags (value, self->publish);
      break;
    case PROP_MQTT_QOS:
      g_value_set_uint (value, self->mqtt_qos);
      break;
    case PROP_QUEUE_SIZE:
      g_value_set_uint64 (value, self->queue_size);
      break;
    case PROP_SPOOL_SIZE:
      g_value_set_uint64 (value, self->spool_size);
      break;
    case PROP_FLUSH_TIMEOUT:
      g_value_set_uint64 (value, self->flush_timeout);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishteller.h"

#include <string.h>

#include <clv/clv-error.h>

#include "gstclippublishevent.h"
#include "gstclippublishhome.h"
#include "gstclippublishtags.h"
#include "gstclippublishtopic.h"
#include "gstclipsaid.h"

GST_DEBUG_CATEGORY_EXTERN (gst_clip_publish_debug);
#define GST_CAT_DEFAULT gst_clip_publish_debug

struct _GstClipPublishTeller {
  GstElement *element;
  GstClipPublishSettings settings; /* all that is used is given in it */
  GstClipPublishUri uri;
  GstClipPublisher *publisher;
  GstClipPublishTags *tags;
  GPtrArray *said; /* GstClipSaid of the last frame */
  gchar *media;
  gchar *run; /* no other start has it */
  guint64 n_events;
};

static gboolean
wants (const GstClipPublishTeller *self, GstClipPublishWhat what)
{
  return (self->settings.publish & what) != 0;
}

static gboolean
is_mqtt (const GstClipPublishTeller *self)
{
  return self->uri.kind == GST_CLIP_PUBLISH_MQTT;
}

static gchar *
make_topic (const GstClipPublishTeller *self, const gchar *template,
    const gchar *group, const gchar *label)
{
  const GstClipPublishNames names = { self->settings.source, g_get_host_name (),
    group, label };

  return gst_clip_publish_topic_expand (template, self->uri.kind, &names);
}

static void
push (GstClipPublishTeller *self, gchar *topic, gchar *key, gchar *payload)
{
  gst_clip_publisher_push (self->publisher,
      gst_clip_publish_message_new (topic, key, payload, FALSE));
}

/* What the server keeps for whoever comes later. */
static void
keep (GstClipPublishTeller *self, gchar *topic, const gchar *payload,
    gboolean last)
{
  gst_clip_publisher_keep (self->publisher,
      gst_clip_publish_message_new (topic, NULL, g_strdup (payload), TRUE),
      last);
}

static void
keep_state (GstClipPublishTeller *self, const gchar *label, const gchar *group,
    gboolean on, gboolean last)
{
  if (is_mqtt (self) && wants (self, GST_CLIP_PUBLISH_STATES))
    keep (self, make_topic (self, self->settings.state_topic, group, label),
        on ? "ON" : "OFF", last);
}

/* `gone`: it is to forget the label. */
static void
tell_home (GstClipPublishTeller *self, const gchar *label, const gchar *group,
    const gchar *model, gboolean gone)
{
  const GstClipPublishSettings *settings = &self->settings;
  g_autofree gchar *state =
      make_topic (self, settings->state_topic, group, label);
  g_autofree gchar *event = make_topic (self, settings->topic, group, label);
  g_autofree gchar *availability =
      make_topic (self, settings->availability_topic, NULL, NULL);
  const GstClipPublishSensor sensor = { settings->source, group, label, model,
    state, wants (self, GST_CLIP_PUBLISH_EVENTS) ? event : NULL, availability,
    settings->mqtt_qos };
  g_autofree gchar *config =
      gone ? g_strdup ("") : gst_clip_publish_home_config (&sensor);

  keep (self, gst_clip_publish_home_topic (settings->discovery_prefix, &sensor),
      config, gone);
}

static void
on_label (gpointer data, const gchar *label, const gchar *group,
    const gchar *model, gboolean gone)
{
  GstClipPublishTeller *self = data;

  if (self->settings.discovery_prefix != NULL)
    tell_home (self, label, group, model, gone);
  keep_state (self, label, group, FALSE, gone);
}

static void
on_change (gpointer data, const GstClipPublishChange *change)
{
  GstClipPublishTeller *self = data;
  const gchar *source = self->settings.source;

  keep_state (self, change->label, change->group, change->start, FALSE);
  if (wants (self, GST_CLIP_PUBLISH_EVENTS)) {
    g_autofree gchar *id =
        g_strdup_printf ("%s-%" G_GUINT64_FORMAT, self->run, ++self->n_events);

    push (self,
        make_topic (self, self->settings.topic, change->group, change->label),
        g_strjoin ("/", source, change->group, change->label, NULL),
        gst_clip_publish_event_to_json (change, id, source, self->media));
  }
  GST_DEBUG_OBJECT (
      self->element, "%s %ss", change->label, change->start ? "start" : "stop");
}

static void
give (gchar **setting, const gchar *value)
{
  if (*setting == NULL)
    *setting = g_strdup (value);
}

static void
give_defaults (GstClipPublishTeller *self)
{
  const gboolean kafka = self->uri.kind == GST_CLIP_PUBLISH_KAFKA;
  GstClipPublishSettings *settings = &self->settings;

  if (settings->source == NULL)
    settings->source = gst_object_get_name (GST_OBJECT (self->element));
  give (
      &settings->topic, kafka ? "clv-events" : "clv/{source}/{group}/{label}");
  give (&settings->frame_topic, kafka ? "clv-frames" : "clv/{source}/frames");
  give (&settings->state_topic, "clv/{source}/{group}/{label}/state");
  give (&settings->availability_topic, "clv/{source}/availability");
}

static gboolean
check_topics (GstClipPublishTeller *self, GError **error)
{
  const GstClipPublishKind kind = self->uri.kind;
  const GstClipPublishSettings *settings = &self->settings;

  if (kind == GST_CLIP_PUBLISH_FILE)
    return TRUE;
  if (!gst_clip_publish_topic_check (
          "topic", settings->topic, kind, TRUE, error) ||
      !gst_clip_publish_topic_check (
          "frame-topic", settings->frame_topic, kind, FALSE, error))
    return FALSE;
  if (kind != GST_CLIP_PUBLISH_MQTT)
    return TRUE;
  if (strstr (settings->state_topic, "{label}") == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "property `state-topic`: wanted {label} in it, as each label has a "
        "state, found \"%s\"",
        settings->state_topic);
    return FALSE;
  }
  return gst_clip_publish_topic_check (
             "state-topic", settings->state_topic, kind, TRUE, error) &&
         gst_clip_publish_topic_check ("availability-topic",
             settings->availability_topic, kind, FALSE, error);
}

/* A sensor without a state would be no use. */
static gboolean
check_discovery (GstClipPublishTeller *self, GError **error)
{
  const gchar *prefix = self->settings.discovery_prefix;

  if (prefix == NULL)
    return TRUE;
  if (is_mqtt (self) && wants (self, GST_CLIP_PUBLISH_STATES))
    return gst_clip_publish_topic_check (
        "discovery-prefix", prefix, self->uri.kind, FALSE, error);
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "property `discovery-prefix`: wanted MQTT with `publish=states` for it, "
      "found %s",
      is_mqtt (self) ? "no states" : self->uri.name);
  return FALSE;
}

/* Of each source and server, as two elements cannot share one. */
static gchar *
get_default_spool (const GstClipPublishTeller *self)
{
  g_autofree gchar *what =
      g_strjoin ("\n", self->uri.name, self->settings.source, NULL);
  g_autofree gchar *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, what, -1);
  g_autofree gchar *name = g_strdup_printf ("%.16s.spool", sum);

  return g_build_filename (
      g_get_user_state_dir (), "clv", "publish", name, NULL);
}

/* One that was asked for must work. */
static gboolean
open_spool (
    GstClipPublishTeller *self, GstClipPublishSpool **ret_spool, GError **error)
{
  const GstClipPublishSettings *settings = &self->settings;
  g_autofree gchar *path = settings->spool != NULL ? g_strdup (settings->spool)
                                                   : get_default_spool (self);
  g_autoptr (GError) why = NULL;

  *ret_spool = gst_clip_publish_spool_new (path, settings->spool_size, &why);
  if (*ret_spool != NULL) {
    GST_INFO_OBJECT (self->element, "spool %s", path);
    return TRUE;
  }
  if (settings->spool == NULL && why->domain == G_FILE_ERROR) {
    GST_ELEMENT_WARNING (self->element, RESOURCE, OPEN_WRITE,
        ("There is no spool, so that messages wait in memory only: %s",
            why->message),
        (NULL));
    return TRUE;
  }
  g_propagate_prefixed_error (
      error, g_steal_pointer (&why), "property `spool`: ");
  return FALSE;
}

/* A file on disk needs no other before it. */
static gboolean
wants_spool (const GstClipPublishTeller *self)
{
  return self->uri.kind != GST_CLIP_PUBLISH_FILE &&
         self->settings.spool_size > 0;
}

static gboolean
connect (GstClipPublishTeller *self, GError **error)
{
  const GstClipPublishSettings *settings = &self->settings;
  GstClipPublishTransport *transport;
  GstClipPublishSpool *spool = NULL;
  GstClipPublishMessage *goodbye = NULL;
  g_autofree gchar *availability = NULL;

  if (is_mqtt (self))
    availability = make_topic (self, settings->availability_topic, NULL, NULL);
  transport = gst_clip_publish_transport_new (
      &self->uri, settings, availability, error);
  if (transport == NULL)
    return FALSE;
  if (wants_spool (self) && !open_spool (self, &spool, error)) {
    transport->klass->free (transport);
    return FALSE;
  }
  if (availability != NULL)
    goodbye = gst_clip_publish_message_new (
        g_strdup (availability), NULL, g_strdup ("offline"), TRUE);
  self->publisher = gst_clip_publisher_new (self->element, self->uri.name,
      transport, spool, settings->queue_size, goodbye);
  if (availability != NULL)
    keep (self, g_steal_pointer (&availability), "online", FALSE);
  return TRUE;
}

static void
teller_free (GstClipPublishTeller *self)
{
  g_clear_pointer (&self->tags, gst_clip_publish_tags_free);
  g_ptr_array_unref (self->said);
  gst_clip_publish_settings_clear (&self->settings);
  gst_clip_publish_uri_clear (&self->uri);
  g_free (self->media);
  g_free (self->run);
  g_free (self);
}

GstClipPublishTeller *
gst_clip_publish_teller_new (
    GstElement *element, const GstClipPublishSettings *settings, GError **error)
{
  static const GstClipPublishTagsListener listener = { on_label, on_change };
  GstClipPublishTeller *self = g_new0 (GstClipPublishTeller, 1);

  self->element = element;
  self->said = gst_clip_said_list_new ();
  self->run = g_uuid_string_random ();
  gst_clip_publish_settings_copy (settings, &self->settings);
  if (gst_clip_publish_uri_parse (settings->uri, &self->uri, error)) {
    give_defaults (self);
    if (check_topics (self, error) && check_discovery (self, error) &&
        connect (self, error)) {
      self->tags = gst_clip_publish_tags_new (&listener, self);
      return self;
    }
  }
  teller_free (self);
  return NULL;
}

void
gst_clip_publish_teller_stop (GstClipPublishTeller *self)
{
  gst_clip_publish_teller_end (self);
  gst_clip_publisher_stop (self->publisher,
      (gint64) GST_TIME_AS_USECONDS (self->settings.flush_timeout));
  teller_free (self);
}

GstClipPublisher *
gst_clip_publish_teller_get_publisher (GstClipPublishTeller *self)
{
  return self->publisher;
}

/* A camera's URI often has a password in it, or a token behind the question mark. */
static gchar *
hide_secrets (const gchar *uri)
{
  g_autoptr (GUri) parsed =
      uri != NULL ? g_uri_parse (uri, G_URI_FLAGS_ENCODED, NULL) : NULL;

  return parsed != NULL ? g_uri_to_string_partial (
                              parsed, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY)
                        : NULL;
}

void
gst_clip_publish_teller_begin (GstClipPublishTeller *self, const gchar *media)
{
  g_free (self->media);
  self->media = hide_secrets (media);
}

static void
push_frames (
    GstClipPublishTeller *self, GstBuffer *frame, const GstSegment *segment)
{
  GPtrArray *now = gst_clip_said_list (frame);

  for (guint i = 0; i < now->len; i++) {
    GstClipSaid *said = now->pdata[i];
    const GstClipSaid *before = gst_clip_said_find (self->said, said);

    if (before == NULL || gst_clip_said_has_new (said, before))
      push (self, make_topic (self, self->settings.frame_topic, NULL, NULL),
          g_strdup (self->settings.source),
          g_strchomp (
              gst_clip_said_to_line (said, frame, segment, self->media)));
    gst_clip_said_forget_metas (said);
  }
  g_ptr_array_unref (self->said);
  self->said = now;
}

void
gst_clip_publish_teller_look (
    GstClipPublishTeller *self, GstBuffer *frame, const GstSegment *segment)
{
  if (wants (self, GST_CLIP_PUBLISH_FRAMES))
    push_frames (self, frame, segment);
  gst_clip_publish_tags_update (self->tags, frame, segment);
}

void
gst_clip_publish_teller_end (GstClipPublishTeller *self)
{
  gst_clip_publish_tags_end (self->tags);
  g_ptr_array_set_size (self->said, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishuri.h"

#include <string.h>

#include <clv/clv-error.h>

#define WANTED                                                                 \
  "file:///path, mqtt://host:port, mqtts://host:port, kafka://host:port or "   \
  "kafkas://host:port"

#define MQTT_PORT  1883
#define MQTTS_PORT 8883
#define KAFKA_PORT 9092

static gboolean
fail (GError **error, const gchar *wanted, const gchar *found)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "property `uri`: wanted %s, found %s", wanted, found);
  return FALSE;
}

/* In front of an @ is what nobody else is to see, also where the rest makes no
 * sense. */
static gchar *
hide_user (const gchar *text)
{
  const gchar *at = strrchr (text, '@'), *slashes = strstr (text, "://");

  if (at == NULL)
    return g_strdup_printf ("\"%s\"", text);
  return g_strdup_printf ("\"%.*s…%s\"",
      slashes != NULL && slashes < at ? (gint) (slashes + 3 - text) : 0, text,
      at);
}

static gboolean
parse_file (const gchar *text, GstClipPublishUri *self, GError **error)
{
  g_autofree gchar *host = NULL;

  self->path = g_filename_from_uri (text, &host, NULL);
  if (self->path == NULL || host != NULL)
    return fail (error, "file:///path", text);
  self->name = g_strdup (text);
  return TRUE;
}

static gboolean
parse_mqtt (GUri *uri, GstClipPublishUri *self, GError **error)
{
  const gchar *host = g_uri_get_host (uri);
  const gboolean v6 = host != NULL && strchr (host, ':') != NULL;

  if (host == NULL || *host == '\0')
    return fail (error, "mqtt://host:port", "no host");
  self->host = g_strdup (host);
  self->port = g_uri_get_port (uri) > 0 ? (guint) g_uri_get_port (uri)
               : self->tls              ? MQTTS_PORT
                                        : MQTT_PORT;
  self->name = g_strdup_printf ("%s://%s%s%s:%u", g_uri_get_scheme (uri),
      v6 ? "[" : "", host, v6 ? "]" : "", self->port);
  return TRUE;
}

/* Not what GUri knows: several servers. */
static gboolean
parse_kafka (const gchar *servers, GstClipPublishUri *self, GError **error)
{
  g_auto (GStrv) list = g_strsplit (servers, ",", -1);
  GString *all = g_string_new (NULL);
  gboolean good = *list != NULL;

  for (guint i = 0; list[i] != NULL && good; i++) {
    g_autofree gchar *one = g_strconcat ("kafka://", list[i], NULL);
    g_autoptr (GUri) uri = g_uri_parse (one, G_URI_FLAGS_NONE, NULL);

    good = uri != NULL && g_uri_get_host (uri) != NULL &&
           *g_uri_get_host (uri) != '\0';
    if (good)
      g_string_append_printf (all,
          strchr (g_uri_get_host (uri), ':') != NULL ? "%s[%s]:%d" : "%s%s:%d",
          i > 0 ? "," : "", g_uri_get_host (uri),
          g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : KAFKA_PORT);
  }
  self->servers = g_string_free (all, FALSE);
  if (!good)
    return fail (error, "kafka://host:port,host:port…", servers);
  self->name = g_strdup_printf (
      "%s://%s", self->tls ? "kafkas" : "kafka", self->servers);
  return TRUE;
}

/* The part between scheme and path. Nothing may follow it. */
static gchar *
get_authority (const gchar *text, GError **error)
{
  const gchar *start = strstr (text, "://");
  const gchar *end =
      start != NULL ? start + 3 + strcspn (start + 3, "/?#") : NULL;
  g_autofree gchar *shown = NULL;

  if (end != NULL && (*end == '\0' || strcmp (end, "/") == 0))
    return g_strndup (start + 3, (gsize) (end - start - 3));
  shown = hide_user (text);
  fail (error, WANTED, shown);
  return NULL;
}

static gboolean
parse_server (const gchar *text, GstClipPublishUri *self, GError **error)
{
  g_autofree gchar *authority = get_authority (text, error);
  g_autoptr (GUri) uri = NULL;

  if (authority == NULL)
    return FALSE;
  if (strchr (authority, '@') != NULL)
    return fail (error,
        "no user or password in it (they are the properties `user` and "
        "`password`)",
        "some");
  if (self->kind == GST_CLIP_PUBLISH_KAFKA)
    return parse_kafka (authority, self, error);
  uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL)
    return fail (error, "mqtt://host:port", text);
  return parse_mqtt (uri, self, error);
}

gboolean
gst_clip_publish_uri_parse (
    const gchar *text, GstClipPublishUri *ret_uri, GError **error)
{
  g_autofree gchar *scheme =
      text != NULL ? g_ascii_strdown (text, (gssize) strcspn (text, ":"))
                   : NULL;
  GstClipPublishUri self = { 0 };
  g_autofree gchar *shown = NULL;

  if (text == NULL)
    return fail (error, WANTED, "none");
  self.tls = strcmp (scheme, "mqtts") == 0 || strcmp (scheme, "kafkas") == 0;
  self.kind = g_str_has_prefix (scheme, "mqtt")    ? GST_CLIP_PUBLISH_MQTT
              : g_str_has_prefix (scheme, "kafka") ? GST_CLIP_PUBLISH_KAFKA
                                                   : GST_CLIP_PUBLISH_FILE;
  if (strcmp (scheme, "file") == 0) {
    if (!parse_file (text, &self, error))
      goto failed;
  } else if (self.tls || strcmp (scheme, "mqtt") == 0 ||
             strcmp (scheme, "kafka") == 0) {
    if (!parse_server (text, &self, error))
      goto failed;
  } else {
    shown = hide_user (text);
    fail (error, WANTED, shown);
    goto failed;
  }
  *ret_uri = self;
  return TRUE;

failed:
  gst_clip_publish_uri_clear (&self);
  return FALSE;
}

void
gst_clip_publish_uri_clear (GstClipPublishUri *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->servers, g_free);
}

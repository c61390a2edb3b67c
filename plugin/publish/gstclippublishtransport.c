/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishtransport.h"

#include <clv/clv-error.h>

#ifndef HAVE_MQTT
GstClipPublishTransport *
gst_clip_publish_mqtt_new (const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, const gchar *availability,
    GError **error)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "property `uri`: found %s, but clv is built without mqtt (libmosquitto)",
      uri->name);
  return NULL;
}
#endif

#ifndef HAVE_KAFKA
GstClipPublishTransport *
gst_clip_publish_kafka_new (const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, GError **error)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "property `uri`: found %s, but clv is built without kafka (librdkafka)",
      uri->name);
  return NULL;
}
#endif

/* A file is read here already, so that what is missing is told at the start. */
static gboolean
check_file (const gchar *property, const gchar *path, GError **error)
{
  g_autofree gchar *content = NULL;
  g_autoptr (GError) why = NULL;

  if (path == NULL || g_file_get_contents (path, &content, NULL, &why))
    return TRUE;
  g_set_error (error, why->domain, why->code, "property `%s`: %s", property,
      why->message);
  return FALSE;
}

static gboolean
check_tls (const GstClipPublishUri *uri, const GstClipPublishSettings *settings,
    GError **error)
{
  const gboolean any = settings->ca_file != NULL ||
                       settings->cert_file != NULL ||
                       settings->key_file != NULL;

  if (any && !uri->tls) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "property `uri`: wanted mqtts:// or kafkas:// where `ca-file`, "
        "`cert-file` or `key-file` is set, found %s",
        uri->name);
    return FALSE;
  }
  if ((settings->cert_file != NULL) != (settings->key_file != NULL)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "property `%s`: wanted both `cert-file` and `key-file` or none, found "
        "only the other",
        settings->cert_file != NULL ? "key-file" : "cert-file");
    return FALSE;
  }
  return check_file ("ca-file", settings->ca_file, error) &&
         check_file ("cert-file", settings->cert_file, error) &&
         check_file ("key-file", settings->key_file, error);
}

static gboolean
check_password (const GstClipPublishSettings *settings, GError **error)
{
  if (settings->password == NULL || settings->user != NULL)
    return TRUE;
  g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED,
      "property `user`: wanted one for the `password`, found none");
  return FALSE;
}

GstClipPublishTransport *
gst_clip_publish_transport_new (const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, const gchar *availability,
    GError **error)
{
  if (!check_tls (uri, settings, error) || !check_password (settings, error))
    return NULL;
  switch (uri->kind) {
    case GST_CLIP_PUBLISH_MQTT:
      return gst_clip_publish_mqtt_new (uri, settings, availability, error);
    case GST_CLIP_PUBLISH_KAFKA:
      return gst_clip_publish_kafka_new (uri, settings, error);
    case GST_CLIP_PUBLISH_FILE:
      break;
  }
  return gst_clip_publish_file_new (uri);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where tags go: clippublish's property `uri`, taken apart. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  GST_CLIP_PUBLISH_FILE,
  GST_CLIP_PUBLISH_MQTT,
  GST_CLIP_PUBLISH_KAFKA,
} GstClipPublishKind;

typedef struct {
  GstClipPublishKind kind;
  gboolean tls;
  gchar *name;    /* for messages, and to tell targets apart */
  gchar *path;    /* of a file */
  gchar *host;    /* of a server of MQTT; an IPv6 address without brackets */
  guint port;     /* likewise */
  gchar *servers; /* Kafka: host:port,host:port… */
} GstClipPublishUri;

/**
 * gst_clip_publish_uri_parse:
 * @text: (nullable): file:///path, mqtt://host:port, mqtts://host:port,
 *   kafka://host:port,host:port… or kafkas://…
 * @ret_uri: to be cleared; untouched on failure
 *
 * A user or a password in it is an error, which does not repeat them: the property is
 * readable, and shown by many tools.
 */
gboolean gst_clip_publish_uri_parse (
    const gchar *text, GstClipPublishUri *ret_uri, GError **error);

void gst_clip_publish_uri_clear (GstClipPublishUri *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A way to send messages. What each does by itself is in a file of its own; when to
 * try again, and what is under way, is not its concern. */

#pragma once

#include "gstclippublishmessage.h"
#include "gstclippublishsettings.h"
#include "gstclippublishuri.h"

G_BEGIN_DECLS

typedef struct _GstClipPublishLink GstClipPublishLink;
typedef struct _GstClipPublishTransport GstClipPublishTransport;

typedef enum {
  GST_CLIP_PUBLISH_SENT,    /* gst_clip_publish_link_done() will tell */
  GST_CLIP_PUBLISH_NOT_NOW, /* the connection is gone */
  GST_CLIP_PUBLISH_NEVER,   /* no server would take it */
} GstClipPublishFate;

typedef struct {
  guint window; /* messages that may be under way */

  /* On the link's thread: connects, calls gst_clip_publish_link_up(), and returns
   * when the connection is lost or was interrupted; FALSE with a reason. A later call
   * begins anew: nothing of the connection before comes after it. */
  gboolean (*run) (GstClipPublishTransport *self, GError **error);

  /* Any thread, between up and down. Does not wait for a server. */
  GstClipPublishFate (*send) (GstClipPublishTransport *self,
      const GstClipPublishMessage *message, guint64 id, GError **error);

  /* Any thread: run() returns soon, and whenever it is called again. `in_peace`: the
   * server is told that nothing is missing. */
  void (*interrupt) (GstClipPublishTransport *self, gboolean in_peace);

  void (*free) (GstClipPublishTransport *self);
} GstClipPublishTransportClass;

struct _GstClipPublishTransport {
  const GstClipPublishTransportClass *klass;
  GstClipPublishLink *link; /* set before run() is called */
};

/**
 * gst_clip_publish_transport_new:
 * @availability: (nullable): MQTT's topic for the last will, which is "offline"
 *
 * Checks all settings that need no server.
 *
 * Returns: (nullable): %NULL with @error, which names the property
 */
GstClipPublishTransport *gst_clip_publish_transport_new (
    const GstClipPublishUri *uri, const GstClipPublishSettings *settings,
    const gchar *availability, GError **error);

/* Each of them; only those that were built. */
GstClipPublishTransport *gst_clip_publish_file_new (
    const GstClipPublishUri *uri);
GstClipPublishTransport *gst_clip_publish_mqtt_new (
    const GstClipPublishUri *uri, const GstClipPublishSettings *settings,
    const gchar *availability, GError **error);
GstClipPublishTransport *gst_clip_publish_kafka_new (
    const GstClipPublishUri *uri, const GstClipPublishSettings *settings,
    GError **error);

G_END_DECLS

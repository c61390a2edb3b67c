/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps a transport connected: a thread that tries again, after longer and longer
 * times. */

#pragma once

#include <gst/gst.h>

#include "gstclippublishtransport.h"

G_BEGIN_DECLS

/* What becomes of messages. On any thread, without locks of the link's. */
typedef struct {
  void (*up) (gpointer data);
  /* What was sent and is not done must be sent again. */
  void (*down) (gpointer data);
  /* `refused`: the server has not taken it, and would not the next time. */
  void (*done) (gpointer data, guint64 id, const GError *refused);
} GstClipPublishListener;

/**
 * gst_clip_publish_link_new:
 * @element: a WARNING of it tells why there is no connection; the same one once in
 *   a minute
 * @name: what is connected with
 * @transport: (transfer full)
 */
GstClipPublishLink *gst_clip_publish_link_new (GstElement *element,
    const gchar *name, GstClipPublishTransport *transport,
    const GstClipPublishListener *listener, gpointer data);

/* Ends the thread, after a look-up of a host name, if it is at one. */
void gst_clip_publish_link_free (GstClipPublishLink *self, gboolean in_peace);

/* Any thread. */
GstClipPublishFate gst_clip_publish_link_send (GstClipPublishLink *self,
    const GstClipPublishMessage *message, guint64 id, GError **error);
guint gst_clip_publish_link_get_window (const GstClipPublishLink *self);

/* For transports. */
void gst_clip_publish_link_up (GstClipPublishLink *self);
void gst_clip_publish_link_done (
    GstClipPublishLink *self, guint64 id, const GError *refused);
/* Something to tell, while the connection is kept. Any thread. */
void gst_clip_publish_link_complain (
    GstClipPublishLink *self, const gchar *what);

G_END_DECLS

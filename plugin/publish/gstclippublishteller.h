/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of the tags goes to which topic: between the metadata and the publisher, as
 * the settings want it. */

#pragma once

#include "gstclippublisher.h"
#include "gstclippublishsettings.h"
#include "gstclippublishuri.h"

G_BEGIN_DECLS

typedef struct _GstClipPublishTeller GstClipPublishTeller;

/**
 * gst_clip_publish_teller_new:
 * @element: whose messages they are
 * @settings: copied
 *
 * Checks the settings, opens the spool and begins to connect.
 *
 * Returns: (nullable): %NULL with @error, which names the property
 */
GstClipPublishTeller *gst_clip_publish_teller_new (GstElement *element,
    const GstClipPublishSettings *settings, GError **error);

/* All tags stop; then see gst_clip_publisher_stop(). */
void gst_clip_publish_teller_stop (GstClipPublishTeller *self);

GstClipPublisher *gst_clip_publish_teller_get_publisher (
    GstClipPublishTeller *self);

/* The streaming thread, as the others. `media`: what is read; or NULL. */
void gst_clip_publish_teller_begin (
    GstClipPublishTeller *self, const gchar *media);
void gst_clip_publish_teller_look (
    GstClipPublishTeller *self, GstBuffer *frame, const GstSegment *segment);

/* The stream ends or breaks: tags stop. */
void gst_clip_publish_teller_end (GstClipPublishTeller *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The start or stop of a tag as a JSON object: docs/events.schema.json. */

#pragma once

#include "gstclippublishtags.h"

G_BEGIN_DECLS

/* The member "version". It grows when a member goes away or gets another meaning;
 * members may be added without. */
#define GST_CLIP_PUBLISH_EVENT_VERSION 1

/* Returns: (transfer full): one line without its end.
 * `id`: no other event has it; `source`, `media`: of the stream, the latter may be
 * NULL. */
gchar *gst_clip_publish_event_to_json (const GstClipPublishChange *change,
    const gchar *id, const gchar *source, const gchar *media);

G_END_DECLS

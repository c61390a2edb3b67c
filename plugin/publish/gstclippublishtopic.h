/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Templates of topics: "clv/{source}/{group}/{label}". */

#pragma once

#include "gstclippublishuri.h"

G_BEGIN_DECLS

/* What a topic is made of. */
typedef struct {
  const gchar *source;
  const gchar *host;
  const gchar *group; /* NULL: there is none here */
  const gchar *label; /* likewise */
} GstClipPublishNames;

/**
 * gst_clip_publish_topic_check:
 * @property: for the error
 * @template: what is in it
 * @kind: MQTT or Kafka
 * @of_labels: whether {group} and {label} may be in it
 *
 * Whether every topic that comes of it is one.
 */
gboolean gst_clip_publish_topic_check (const gchar *property,
    const gchar *template, GstClipPublishKind kind, gboolean of_labels,
    GError **error);

/* Returns: (transfer full): the topic. With MQTT the characters + # / $ % and control
 * characters of a name are written as %2F, so that other names have other topics;
 * Kafka knows few characters, and all others are _. What is too long is cut. */
gchar *gst_clip_publish_topic_expand (const gchar *template,
    GstClipPublishKind kind, const GstClipPublishNames *names);

G_END_DECLS

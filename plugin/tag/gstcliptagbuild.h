/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What takes long while frames go on: encoding new prompts, and opening a device
 * anew. A builder belongs to one run of the element, from start() to stop(), and does
 * one thing after the other in a thread of its own. */

#pragma once

#include "gstcliptag.h"
#include "gstcliptagsettings.h"

G_BEGIN_DECLS

typedef enum {
  GST_CLIP_TAG_BUILD_PROMPTS, /* of the settings */
  GST_CLIP_TAG_BUILD_EDITED,  /* the same, if the prompts file has changed */
  GST_CLIP_TAG_BUILD_ENGINE,
} GstClipTagBuild;

typedef struct _GstClipTagBuilder GstClipTagBuilder;
typedef struct _GstClipTagOrder GstClipTagOrder;

/* With the settings of the start: from now on changes of the prompts file are seen. */
GstClipTagBuilder *gst_clip_tag_builder_new (
    GstClipTag *tag, const GstClipTagSettings *started);

/* Any thread. What is ordered for a builder that is not the element's any more is not
 * begun, and of no use if it is under way: waits for that, and drops the builder. One
 * that the device does not answer is left behind after some seconds (FALSE), and ends
 * when it is answered. */
gboolean gst_clip_tag_builder_stop (GstClipTagBuilder *self);

/* @settings: copied; NULL to build the engine. */
GstClipTagOrder *gst_clip_tag_order_new (
    GstClipTagBuild what, const GstClipTagSettings *settings);

/* Streaming thread. Takes the order. */
void gst_clip_tag_builder_push (
    GstClipTagBuilder *self, GstClipTagOrder *order);

/* Streaming thread. FALSE: an order to look at the file is under way. */
gboolean gst_clip_tag_builder_may_look (GstClipTagBuilder *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's properties: their values, their texts, and what they mean to the
 * library. Nothing here locks; the element does. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-prompts.h>
#include <clv/clv-types.h>

#include "gstcliptaganalytics.h"
#include "gstcliptagscope.h"
#include "gstcliptagtiming.h"

G_BEGIN_DECLS

enum {
  GST_CLIP_TAG_PROP_MODEL = 1,
  GST_CLIP_TAG_PROP_PROMPTS,
  GST_CLIP_TAG_PROP_PROMPTS_FILE,
  GST_CLIP_TAG_PROP_WATCH_PROMPTS,
  GST_CLIP_TAG_PROP_TEMPLATE,
  GST_CLIP_TAG_PROP_SCORING,
  GST_CLIP_TAG_PROP_THRESHOLD,
  GST_CLIP_TAG_PROP_CALIBRATION,
  GST_CLIP_TAG_PROP_BACKGROUND,
  GST_CLIP_TAG_PROP_TOP_K,
  GST_CLIP_TAG_PROP_DEVICE,
  GST_CLIP_TAG_PROP_PRECISION,
  GST_CLIP_TAG_PROP_SMOOTHING,
  GST_CLIP_TAG_PROP_POST_MESSAGES,
  GST_CLIP_TAG_PROP_ATTACH_EMBEDDING,
  GST_CLIP_TAG_PROP_ATTACH_HEATMAP,
  GST_CLIP_TAG_PROP_ATTACH_ANALYTICS, /* where it is built */
  GST_CLIP_TAG_PROP_STATS,
};

#define GST_TYPE_CLIP_SCORING (gst_clip_scoring_get_type ())
GType gst_clip_scoring_get_type (void);

#define GST_TYPE_CLIP_CALIBRATION (gst_clip_calibration_get_type ())
GType gst_clip_calibration_get_type (void);

typedef struct {
  /* What the scores are of. Read when a prompt set is built. */
  gchar *prompts;
  gchar *prompts_file;
  gchar *template;
  ClvScoring scoring;
  gdouble threshold; /* negative: by scoring */
  ClvCalibration calibration;
  gboolean background;
  guint serial; /* grows with each change of the above */

  /* What computes them. Read in start(). */
  gchar *model;
  gchar *device;
  ClvPrecision precision;

  /* Read with each frame. */
  guint top_k;       /* 0: all */
  gdouble smoothing; /* seconds */
  gboolean post_messages;
  gboolean attach_embedding;
  gboolean attach_heatmap;
  GstClipAnalytics attach_analytics;
  gboolean watch_prompts;

  GstClipTagTiming timing;
  GstClipTagScopeSettings scope;
} GstClipTagSettings;

void gst_clip_tag_settings_init (GstClipTagSettings *self);
void gst_clip_tag_settings_clear (GstClipTagSettings *self);

/* A deep copy, to be cleared. */
void gst_clip_tag_settings_copy (
    const GstClipTagSettings *self, GstClipTagSettings *ret_copy);

/* Installs all properties, GST_CLIP_TAG_PROP_STATS included. */
void gst_clip_tag_settings_install (GObjectClass *klass);

/* FALSE for an id that is none of ours. */
gboolean gst_clip_tag_settings_set (
    GstClipTagSettings *self, guint id, const GValue *value);
gboolean gst_clip_tag_settings_get (
    const GstClipTagSettings *self, guint id, GValue *value);

/* Builds the prompt set, not yet encoded. The error names the property, or the
 * file and the place in it. */
ClvPrompts *gst_clip_tag_settings_make_prompts (
    const GstClipTagSettings *self, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tags as JSON lines: one object a line, as docs/tags.schema.json has it. */

#pragma once

#include <gst/gst.h>
#include <json-glib/json-glib.h>

#include <clv/clv-prompts.h>
#include <clv/clv-scorer.h>

#include "gstclipregionmeta.h"

G_BEGIN_DECLS

/* The member "version". It grows when a member goes away or gets another meaning;
 * members may be added without. */
#define GST_CLIP_JSON_VERSION 1

/* A region of a picture, and one score for each label of the same set. */
typedef struct {
  GstClipRegion region;
  const ClvScore *scores;
} GstClipJsonRegion;

/**
 * GstClipJsonFrame:
 * @media: (nullable): path or URI; what is not UTF-8 in it is replaced
 * @model: short name of the model
 * @time: stream time in seconds; negative: there is none
 * @pts: nanoseconds, or %GST_CLOCK_TIME_NONE
 * @prompts: the set of the scores
 * @scores: (nullable): one for each label; %NULL: only regions were scored
 * @n_regions: 0: there is no member for them
 * @regions: (nullable) (array length=n_regions)
 */
typedef struct {
  const gchar *media;
  const gchar *model;
  gdouble time;
  GstClockTime pts;
  ClvPrompts *prompts;
  const ClvScore *scores;
  guint n_regions;
  const GstClipJsonRegion *regions;
} GstClipJsonFrame;

/* A member of the object that is built. What is not UTF-8 in the text, as a file name
 * may be, is replaced; NULL: null. */
void gst_clip_json_add_text (
    JsonBuilder *builder, const gchar *name, const gchar *text);
void gst_clip_json_add_number (
    JsonBuilder *builder, const gchar *name, gdouble value);

/* The members "time" and "pts"; see GstClipJsonFrame. */
void gst_clip_json_add_times (
    JsonBuilder *builder, gdouble time, GstClockTime pts);

/* The members that say where a region is, and which one it is. */
void gst_clip_json_add_place (
    JsonBuilder *builder, const GstClipRegion *region);

/* Returns: (transfer full): what was built, in one line without its end. */
gchar *gst_clip_json_finish (JsonBuilder *builder);

/* Returns: (transfer full): the object, with a line end. Any thread. */
gchar *gst_clip_json_line (const GstClipJsonFrame *frame);

G_END_DECLS

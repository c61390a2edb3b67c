/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's results in GStreamer's own words: GstAnalytics, of 1.24 and later. What
 * is built without it attaches nothing and finds nothing. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-prompts.h>
#include <clv/clv-scorer.h>

#include "gstclipregionmeta.h"

G_BEGIN_DECLS

/* The values are fixed: applications store them. */
typedef enum {
  GST_CLIP_ANALYTICS_NONE = 0,
  GST_CLIP_ANALYTICS_ACTIVE = 1,
  GST_CLIP_ANALYTICS_ALL = 2,
} GstClipAnalytics;

/* A detection (GstAnalyticsODMtd) in the GstAnalyticsRelationMeta of a buffer; {0}:
 * none. */
typedef struct {
  gpointer meta;
  guint id;
} GstClipTagDetection;

#ifdef HAVE_ANALYTICS

#define GST_CLIP_ANALYTICS_DEFAULT GST_CLIP_ANALYTICS_ACTIVE
#define GST_CLIP_TENSOR_ID         "clip-image-embedding"

#define GST_TYPE_CLIP_ANALYTICS (gst_clip_analytics_get_type ())
GType gst_clip_analytics_get_type (void);

/**
 * gst_clip_tag_analytics_add:
 * @buffer: writable
 * @detection: (nullable): of @buffer, that the scores are of; %NULL: of the whole
 *   picture
 * @scores: one for each label of @prompts
 * @which: of the labels
 *
 * Attaches a GstAnalyticsClsMtd for each group of which a label is wanted, its
 * labels as quarks and their smoothed scores as levels. The best is first, of labels
 * and of groups: some readers look at no other.
 */
void gst_clip_tag_analytics_add (GstBuffer *buffer,
    const GstClipTagDetection *detection, ClvPrompts *prompts,
    const ClvScore *scores, GstClipAnalytics which);

/**
 * gst_clip_tag_analytics_add_embedding:
 * @buffer: writable
 * @result: of the whole picture
 * @embedding: (array length=width): of @result, which the tensor keeps; not copied
 *
 * Attaches a GstTensor of 1 × width float32 values named GST_CLIP_TENSOR_ID, beside
 * those that are there. Before GStreamer 1.26 there are no tensors, and nothing is
 * done.
 */
void gst_clip_tag_analytics_add_embedding (GstBuffer *buffer,
    GstClipResult *result, const gfloat *embedding, guint width);

/**
 * gst_clip_tag_analytics_next:
 * @state: %NULL at first
 * @ret_place: where the detector says it is, which may be outside the picture: a
 *   number below 0 is large there, as in a GstVideoRegionOfInterestMeta. With the
 *   tracker's number, the lower 31 bits of it, or 0 if there is none
 *
 * Walks over the detections of a buffer, in their order.
 *
 * Returns: %FALSE if there is no other
 */
gboolean gst_clip_tag_analytics_next (GstBuffer *buffer, gpointer *state,
    GstClipTagDetection *ret_detection, GstClipRegion *ret_place);

#else

#define GST_CLIP_ANALYTICS_DEFAULT GST_CLIP_ANALYTICS_NONE

static inline void
gst_clip_tag_analytics_add (GstBuffer *buffer,
    const GstClipTagDetection *detection, ClvPrompts *prompts,
    const ClvScore *scores, GstClipAnalytics which)
{
}

static inline void
gst_clip_tag_analytics_add_embedding (GstBuffer *buffer, GstClipResult *result,
    const gfloat *embedding, guint width)
{
}

static inline gboolean
gst_clip_tag_analytics_next (GstBuffer *buffer, gpointer *state,
    GstClipTagDetection *ret_detection, GstClipRegion *ret_place)
{
  return FALSE;
}

#endif

G_END_DECLS

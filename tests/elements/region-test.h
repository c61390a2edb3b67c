/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pictures with shapes in them, and the regions that a detector would find. */

#pragma once

#include "gstclipregionmeta.h"
#include "tag-test.h"

G_BEGIN_DECLS

#define REGION_TEST_PROMPTS  "a red circle; a blue square; a grey screen"
#define REGION_TEST_WIDTH    320
#define REGION_TEST_HEIGHT   240
#define REGION_TEST_ROI_LIST 1 /* of inference-region */
#define REGION_TEST_CAPS                                                       \
  "video/x-raw,format=RGB,width=320,height=240,framerate=10/1"

/* RGB, grey all over. */
GstBuffer *region_picture_new (guint width, guint height);

/* Into a picture of this width: a red disc, a blue square, or grey again. */
void region_picture_red_circle (
    GstBuffer *picture, guint width, guint x, guint y, guint side);
void region_picture_blue_square (
    GstBuffer *picture, guint width, guint x, guint y, guint side);

/* Of REGION_TEST_CAPS: a red circle on the left, a blue square on the right. */
GstBuffer *region_picture_two (void);

/* cliptag with these phrases and regions of detectors, and one property more. */
TagTest *region_test_new (const gchar *property, guint value);

/* As a detector attaches it. */
GstVideoRegionOfInterestMeta *region_add_roi (GstBuffer *buffer,
    const gchar *type, gint id, guint x, guint y, guint width, guint height);

guint region_count (GstBuffer *buffer);

/* The meta of the region with this number, or of this tile; NULL if there is
 * none. */
GstClipRegionMeta *region_get_roi (GstBuffer *buffer, gint id);
GstClipRegionMeta *region_get_tile (GstBuffer *buffer, gint column, gint row);

/* Fails unless this label is the best that is active. */
void region_expect_best (const GstClipRegionMeta *meta, const gchar *label);

G_END_DECLS

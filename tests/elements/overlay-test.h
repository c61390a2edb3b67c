/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of clipoverlay share: frames with tags that no model made, and
 * a look at pixels. No Vulkan device is needed. */

#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gst/video/video-overlay-composition.h>
#include <gst/video/video.h>

#include "meta-test.h"

G_BEGIN_DECLS

#define OVERLAY_FEATURES                                                       \
  "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition)"

typedef struct {
  GstElement *element;
  GstBus *bus;
  GstHarness *harness;
} OverlayTest;

/* A clipoverlay that plays in a harness. `properties` as gst-launch has them. */
OverlayTest *overlay_test_new (const gchar *properties, const gchar *caps);
void overlay_test_free (OverlayTest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OverlayTest, overlay_test_free)

/* Pops the next warning or error; NULL if there is none. */
GstMessage *overlay_test_pop_complaint (OverlayTest *self);

/* A picture in one colour (0xrrggbb), in any format. */
GstBuffer *overlay_picture_new (const GstVideoInfo *info, guint32 rgb);

/* Pixels as RGBA, width × height × 4 bytes, whatever the format. */
guint8 *overlay_to_rgba (GstBuffer *buffer, const GstVideoInfo *info);

typedef struct {
  gint x, y, width, height;
} OverlayBox;

/* The smallest box around all pixels that differ by more than `tolerance` in
 * some channel. All 0 where none does. */
OverlayBox overlay_difference (
    const guint8 *a, const guint8 *b, gint width, gint height, gint tolerance);

G_END_DECLS

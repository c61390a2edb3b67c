/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of cliptag share: an element in a harness, and pictures. */

#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "gstclipmeta.h"

G_BEGIN_DECLS

/* The demo model, or $CLV_TEST_MODEL. */
#define TAG_TEST_SMALL_CAPS                                                    \
  "video/x-raw,format=RGB,width=64,height=48,framerate=10/1"

/* Values of the property mode. */
enum { TAG_TEST_AUTO = 0, TAG_TEST_SYNC = 1, TAG_TEST_LIVE = 2 };

typedef struct {
  GstElement *element;
  GstBus *bus;
  GstHarness *harness;
  guint n_pushed;
} TagTest;

/* g_test_run() after the usual beginnings; where there is no Vulkan device the
 * program is skipped, or fails if $CLV_REQUIRE_DEVICE is set. `add` adds the
 * tests. */
int tag_test_main (int argc, char **argv, void (*add) (void));

/* A cliptag with the test's model and these properties, NULL at the end; in the
 * state NULL, floating. */
GstElement *tag_test_make (const gchar *first_property, ...);

/* One that plays in a harness, with its own bus; in mode sync, where the
 * properties do not say otherwise, behind a source that is not live. */
TagTest *tag_test_new (const gchar *caps, const gchar *first_property, ...);
void tag_test_free (TagTest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TagTest, tag_test_free)

/* Gives the buffer the next time stamp (10 frames a second), pushes it, and
 * pulls what comes out. */
GstBuffer *tag_test_push (TagTest *self, GstBuffer *buffer);

/* The same without pulling: a batch may wait, or a frame leave without scores. */
void tag_test_push_only (TagTest *self, GstBuffer *buffer);

/* A count of the element's stats. */
guint64 tag_test_get_stat (GstElement *element, const gchar *name);

/* Waits until a count is at least so high; fails after a minute. */
void tag_test_wait_stat (
    GstElement *element, const gchar *name, guint64 at_least);

/* Both have embeddings, equal to 1e-6. */
void tag_test_assert_same_embedding (GstBuffer *found, GstBuffer *wanted);

/* Pops the next clip-tag message. NULL if there is none now. */
GstMessage *tag_test_pop_tag (TagTest *self);

/* Fails unless the next clip-tag message is this one. */
void tag_test_expect_tag (TagTest *self, const gchar *label, const gchar *event,
    GstClockTime stream_time);

typedef enum {
  TAG_PICTURE_BLACK,
  TAG_PICTURE_WHITE,
  TAG_PICTURE_COLORS,         /* quadrants, circle, gradient */
  TAG_PICTURE_SWAPPED_COLORS, /* the same with red and blue exchanged */
} TagPicture;

/* A picture in any format. Right and bottom padding in pixels; with padding the
 * buffer has a GstVideoMeta. */
GstBuffer *tag_picture_new (const GstVideoInfo *info, TagPicture picture,
    guint pad_right, guint pad_bottom);

/* Into another format, with GStreamer's own converter. */
GstBuffer *tag_picture_convert (
    GstBuffer *picture, const GstVideoInfo *from, const GstVideoInfo *to);

/* The picture for TAG_TEST_SMALL_CAPS. */
GstBuffer *tag_picture_small (TagPicture picture);

GstVideoInfo tag_info (GstVideoFormat format, guint width, guint height);

/* Cosine of the embeddings in two buffers' metas; fails if one is missing. */
gdouble tag_embedding_cosine (GstBuffer *a, GstBuffer *b);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clippublish in a harness, with made-up metadata. */

#pragma once

#include <gst/check/gstharness.h>

#include "meta-test.h"

G_BEGIN_DECLS

#define PUBLISH_TEST_CAPS                                                      \
  "video/x-raw,format=RGB,width=16,height=16,framerate=10/1"

typedef struct {
  gchar *directory;    /* gone at the end, with what is in it */
  ClvPrompts *prompts; /* dog; cat */
  GstBus *bus;
  GstElement *element;
  GstHarness *harness;
  guint n_pushed;
} PublishTest;

void publish_test_set_up (PublishTest *self, gconstpointer data);
void publish_test_tear_down (PublishTest *self, gconstpointer data);

/* A path in the directory; to be freed. */
gchar *publish_test_path (PublishTest *self, const gchar *name);

/* `properties` as gst-launch-1.0 has them; spool and source are given. Returns whether
 * it starts. */
gboolean publish_test_try (PublishTest *self, const gchar *properties);
void publish_test_start (PublishTest *self, const gchar *properties, ...)
    G_GNUC_PRINTF (2, 3);
void publish_test_stop (PublishTest *self);

/* The next frame, 10 a second. */
void publish_test_push (PublishTest *self, gboolean dog);

/* `n` changes of the tag dog, one each frame. */
void publish_test_push_events (PublishTest *self, guint n);

guint64 publish_test_get_stat (PublishTest *self, const gchar *name);
void publish_test_wait_stat (
    PublishTest *self, const gchar *name, guint64 wanted);

/* Waits for a message on the bus. `pattern`: a regular expression. */
void publish_test_expect (
    PublishTest *self, GstMessageType type, const gchar *pattern);

G_END_DECLS

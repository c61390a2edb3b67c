/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of clipindex share: one in a harness, with an index in a
 * directory of its own. */

#pragma once

#include <gst/check/gstharness.h>

#include <clv/clv-index.h>

#include "meta-test.h"

G_BEGIN_DECLS

#define INDEX_TEST_CAPS                                                        \
  "video/x-raw,format=RGB,width=16,height=16,framerate=10/1"
#define INDEX_TEST_WIDTH 4

typedef struct {
  gchar *directory;
  gchar *path; /* of the index, which is not there yet */
  ClvPrompts *prompts;
  GstBus *bus;
  GstElement *element;
  GstHarness *harness;
  guint n_pushed;
} IndexTest;

void index_test_set_up (IndexTest *self, gconstpointer data);
void index_test_tear_down (IndexTest *self, gconstpointer data);

/* Starts a new element; `properties` as gst-launch has them. The media is "m" unless
 * they say otherwise. */
void index_test_start (IndexTest *self, const gchar *properties);
void index_test_stop (IndexTest *self);

/* Pushes the next frame (10 a second) with an embedding along an axis, and the
 * tag "dog" on axis 0. `how`: see meta_test_add(); without an embedding of its
 * own it gets this one. Returns the flow. */
GstFlowReturn index_test_push (
    IndexTest *self, guint axis, const MetaTest *how);

/* Of the element's stats. */
guint64 index_test_get_stat (IndexTest *self, const gchar *name);
void index_test_wait_stat (
    IndexTest *self, const gchar *name, guint64 at_least);

/* The first value that a query of the database gives, as a text. */
gchar *index_test_sql (IndexTest *self, const gchar *query);

/* Times of all moments, with a blank between them. */
#define INDEX_TEST_TIMES                                                       \
  "SELECT group_concat(time, ' ') FROM (SELECT time FROM moments ORDER BY id)"

/* Fails unless the next message of this type has the pattern in it. */
void index_test_expect (
    IndexTest *self, GstMessageType type, const gchar *pattern);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of the index share: a directory, and embeddings with cosines
 * that are known. */

#pragma once

#include <clv/clv-index.h>

G_BEGIN_DECLS

#define TEST_WIDTH 40
#define TEST_MODEL                                                             \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* An empty directory; its files and itself go with test_directory_free(). */
gchar *test_directory_new (void);
void test_directory_free (gchar *directory);

/* DIRECTORY/index. */
gchar *test_path (const gchar *directory);

/* Of TEST_MODEL; fails the test where that is not possible. */
ClvIndex *test_open (const gchar *path);

/* A new index in a directory of its own, for g_test_add(). */
typedef struct {
  gchar *directory;
  gchar *path;
  ClvIndex *index;
} IndexFixture;

void index_fixture_set_up (IndexFixture *self, gconstpointer data);
void index_fixture_tear_down (IndexFixture *self, gconstpointer data);

/* Unit vector of TEST_WIDTH values whose cosine with axis 0 is this one. What is
 * left points along another axis, `other`. */
void test_vector (gfloat cosine, guint other, gfloat *ret_vector);

/* A media with a span of one second. */
gint64 test_media (ClvIndex *index, const gchar *location);

/* Moments at first, first + 1, … seconds with these cosines to axis 0. */
void test_append (ClvIndex *index, gint64 media, gdouble first,
    const gfloat *cosines, guint n);

/* Searches for axis 0. */
GPtrArray *test_search (ClvIndex *index, guint top);

G_END_DECLS

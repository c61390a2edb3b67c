/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "index-element-test.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

void
index_test_set_up (IndexTest *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("clipindex-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "index.db", NULL);
  self->prompts = meta_test_prompts ("dog; cat");
  self->bus = gst_bus_new ();
}

void
index_test_tear_down (IndexTest *self, gconstpointer data)
{
  GDir *directory;
  const gchar *name;

  index_test_stop (self);
  gst_object_unref (self->bus);
  g_object_unref (self->prompts);
  directory = g_dir_open (self->directory, 0, NULL);
  while ((name = g_dir_read_name (directory)) != NULL) {
    g_autofree gchar *path = g_build_filename (self->directory, name, NULL);

    g_unlink (path);
  }
  g_dir_close (directory);
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->path);
}

void
index_test_start (IndexTest *self, const gchar *properties)
{
  g_autofree gchar *line = g_strdup_printf (
      "clipindex location=%s media=m %s", self->path, properties);
  g_autoptr (GError) error = NULL;

  self->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (self->element);
  gst_element_set_bus (self->element, self->bus);
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_src_caps_str (self->harness, INDEX_TEST_CAPS);
  self->n_pushed = 0;
}

void
index_test_stop (IndexTest *self)
{
  if (self->element == NULL)
    return;
  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->element, NULL);
  g_clear_object (&self->element);
}

GstFlowReturn
index_test_push (IndexTest *self, guint axis, const MetaTest *how)
{
  const gfloat scores[] = { axis == 0 ? 0.75f : 0.25f, 0 };
  gfloat embedding[INDEX_TEST_WIDTH] = { 0 };
  MetaTest own = { .fresh = TRUE };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);

  gst_buffer_memset (buffer, 0, (guint8) axis, -1);
  GST_BUFFER_PTS (buffer) = self->n_pushed++ * (GST_SECOND / 10);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 10;
  if (how != NULL)
    own = *how;
  embedding[axis] = 1;
  if (own.embedding == NULL) {
    own.embedding = embedding;
    own.width = INDEX_TEST_WIDTH;
  }
  meta_test_add (buffer, self->prompts, scores, &own);
  return gst_harness_push (self->harness, buffer);
}

guint64
index_test_get_stat (IndexTest *self, const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  g_object_get (self->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

void
index_test_wait_stat (IndexTest *self, const gchar *name, guint64 at_least)
{
  const gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (index_test_get_stat (self, name) < at_least) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

gchar *
index_test_sql (IndexTest *self, const gchar *query)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  gchar *value = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  if (sqlite3_prepare_v2 (db, query, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW)
    value = g_strdup ((const gchar *) sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return value;
}

void
index_test_expect (IndexTest *self, GstMessageType type, const gchar *pattern)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (self->bus, 30 * GST_SECOND, type);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else if (type == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  else
    gst_message_parse_info (message, &error, NULL);
  if (!g_regex_match_simple (pattern, error->message, 0, 0))
    g_error ("wanted /%s/, found %s", pattern, error->message);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "publish-test.h"

#include <glib/gstdio.h>
#include <string.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)

void
publish_test_set_up (PublishTest *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("clippublish-XXXXXX", &error);
  g_assert_no_error (error);
  self->prompts = meta_test_prompts ("dog; cat");
  self->bus = gst_bus_new ();
}

static void
remove_tree (const gchar *path)
{
  GDir *directory = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree gchar *inner = g_build_filename (path, name, NULL);

    remove_tree (inner);
  }
  g_clear_pointer (&directory, g_dir_close);
  g_remove (path);
}

void
publish_test_tear_down (PublishTest *self, gconstpointer data)
{
  publish_test_stop (self);
  gst_object_unref (self->bus);
  g_object_unref (self->prompts);
  remove_tree (self->directory);
  g_free (self->directory);
}

gchar *
publish_test_path (PublishTest *self, const gchar *name)
{
  return g_build_filename (self->directory, name, NULL);
}

gboolean
publish_test_try (PublishTest *self, const gchar *properties)
{
  g_autofree gchar *spool = publish_test_path (self, "spool");
  g_autofree gchar *line = g_strdup_printf (
      "clippublish source=door spool=%s %s", spool, properties);
  g_autoptr (GError) error = NULL;

  g_assert_null (self->element);
  self->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (self->element);
  gst_element_set_bus (self->element, self->bus);
  if (gst_element_set_state (self->element, GST_STATE_PAUSED) ==
      GST_STATE_CHANGE_FAILURE)
    return FALSE;
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_src_caps_str (self->harness, PUBLISH_TEST_CAPS);
  gst_harness_set_drop_buffers (self->harness, TRUE);
  self->n_pushed = 0;
  return TRUE;
}

void
publish_test_start (PublishTest *self, const gchar *properties, ...)
{
  g_autofree gchar *all = NULL;
  va_list arguments;

  va_start (arguments, properties);
  all = g_strdup_vprintf (properties, arguments);
  va_end (arguments);
  g_assert_true (publish_test_try (self, all));
}

void
publish_test_stop (PublishTest *self)
{
  if (self->element == NULL)
    return;
  gst_element_set_state (self->element, GST_STATE_NULL);
  g_clear_pointer (&self->harness, gst_harness_teardown);
  gst_element_set_bus (self->element, NULL);
  g_clear_object (&self->element);
}

void
publish_test_push (PublishTest *self, gboolean dog)
{
  const gfloat scores[] = { dog ? 0.75f : 0.25f, 0 };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = self->n_pushed++ * (GST_SECOND / 10);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 10;
  meta_test_add (buffer, self->prompts, scores, NULL);
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
}

void
publish_test_push_events (PublishTest *self, guint n)
{
  for (guint i = 0; i < n; i++)
    publish_test_push (self, self->n_pushed % 2 == 0);
}

static guint64
get_stat (PublishTest *self, const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  gboolean set;
  guint64 value;

  g_object_get (self->element, "stats", &stats, NULL);
  if (gst_structure_get_boolean (stats, name, &set))
    return set;
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

guint64
publish_test_get_stat (PublishTest *self, const gchar *name)
{
  return get_stat (self, name);
}

void
publish_test_wait_stat (PublishTest *self, const gchar *name, guint64 wanted)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (get_stat (self, name) != wanted) {
    if (g_get_monotonic_time () > end)
      g_error ("%s: wanted %" G_GUINT64_FORMAT ", found %" G_GUINT64_FORMAT,
          name, wanted, get_stat (self, name));
    g_usleep (5000);
  }
}

void
publish_test_expect (
    PublishTest *self, GstMessageType type, const gchar *pattern)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (self->bus, 30 * GST_SECOND, type);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (message == NULL)
    g_error ("wanted /%s/, found no message", pattern);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else if (type == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, &debug);
  else
    gst_message_parse_info (message, &error, &debug);
  if (!g_regex_match_simple (pattern, error->message, 0, 0))
    g_error ("wanted /%s/, found %s", pattern, error->message);
  g_assert_null (strstr (error->message, "secret"));
  g_assert_true (debug == NULL || strstr (debug, "secret") == NULL);
}

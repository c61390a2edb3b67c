/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clipindex with an index on a server, which goes away and comes back. Run by
 * tests/postgresql/with-server.sh. */

#include "index-element-test.h"

#include <string.h>

#include "../postgresql/server-test.h"

static void
set_up (IndexTest *self, gconstpointer data)
{
  index_test_set_up (self, data);
  g_free (self->path);
  self->path = g_strdup (g_getenv ("CLV_TEST_POSTGRESQL"));
  g_setenv ("CLV_SPOOL_DIR", self->directory, TRUE);
}

/* Until the index is told of as gone (or back), at most so many moments. */
static void
push_until (IndexTest *self, GstMessageType type, const gchar *says)
{
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; message == NULL && i < 400; i++) {
    g_assert_cmpint (index_test_push (self, 0, NULL), ==, GST_FLOW_OK);
    message = gst_bus_timed_pop_filtered (
        self->bus, GST_SECOND / 20, type | GST_MESSAGE_ERROR);
  }
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, type);
  if (type == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  else
    gst_message_parse_info (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_no_moment_is_lost (IndexTest *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = NULL;
  g_autofree gchar *location = NULL;
  guint64 n_moments;

  index_test_start (self, "interval=1 when-full=wait");
  g_object_get (self->element, "location", &location, NULL);
  g_assert_cmpstr (location, ==, self->path);
  g_assert_cmpint (index_test_push (self, 0, NULL), ==, GST_FLOW_OK);
  index_test_wait_stat (self, "stored", 1);
  server_test_do ("stop");
  push_until (self, GST_MESSAGE_WARNING, "cannot be reached; moments wait");
  server_test_do ("start");
  push_until (self, GST_MESSAGE_INFO, "can be reached again");
  g_assert_true (gst_harness_push_event (self->harness, gst_event_new_eos ()));
  index_test_stop (self);

  index = clv_index_open (self->path, &error);
  g_assert_no_error (error);
  g_assert_true (clv_index_count (index, NULL, &n_moments, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_moments, ==, self->n_pushed);
}

static void
test_passwords_are_not_read_back (void)
{
  g_autoptr (GstElement) element =
      gst_object_ref_sink (gst_element_factory_make ("clipindex", NULL));
  g_autofree gchar *location = NULL;

  g_object_set (element, "location", "postgresql://me:s3cret@h/d", NULL);
  g_object_get (element, "location", &location, NULL);
  g_assert_cmpstr (location, ==, "postgresql://me@h/d");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLV_TEST_SERVER") == NULL)
    return 77;
  g_test_add ("/clipindex-server/no moment is lost while the server is away",
      IndexTest, NULL, set_up, test_no_moment_is_lost, index_test_tear_down);
  g_test_add_func ("/clipindex-server/a password is not read back",
      test_passwords_are_not_read_back);
  return g_test_run ();
}

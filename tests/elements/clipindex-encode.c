/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clipindex behind cliptag, and by itself. */

#include "tag-test.h"

#include <glib/gstdio.h>

#include <clv/clv-engine.h>
#include <clv/clv-index.h>

static gchar *
make_path (gchar **ret_directory)
{
  *ret_directory = g_dir_make_tmp ("clipindex-XXXXXX", NULL);
  g_assert_nonnull (*ret_directory);
  return g_build_filename (*ret_directory, "index.db", NULL);
}

static void
clean_up (const gchar *directory, const gchar *path)
{
  static const gchar *const endings[] = { "", "-wal", "-shm", ".vectors" };

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree gchar *name = g_strconcat (path, endings[i], NULL);

    g_unlink (name);
  }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

static void
play (const gchar *description, const gchar *path)
{
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc num-buffers=30 pattern=smpte ! %s ! %s media=bars "
      "location=%s ! fakesink",
      TAG_TEST_SMALL_CAPS, description, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 120 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_assert_no_error (error);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* What the text tower says of the index's only media. */
static gdouble
search (const gchar *path, const gchar *text)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvEngine) engine = clv_engine_get (
      model ? model : "demo", "auto", CLV_PRECISION_AUTO, &error);
  g_autoptr (ClvIndex) index = clv_index_open (path, &error);
  g_autofree gfloat *vector = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  ClvIndexQuery query = { .top = 1 };

  g_assert_no_error (error);
  vector = g_new (gfloat, clv_index_get_width (index));
  g_assert_true (clv_engine_encode_texts (engine, &text, 1, vector, &error));
  query.vector = vector;
  hits = clv_index_search (index, &query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hits->len, ==, 1);
  return ((ClvIndexHit *) hits->pdata[0])->score;
}

static void
assert_n_moments (const gchar *path, guint64 wanted)
{
  g_autoptr (ClvIndex) index = clv_index_open (path, NULL);
  guint64 n;

  g_assert_true (clv_index_count (index, NULL, &n, NULL));
  g_assert_cmpuint (n, ==, wanted);
}

static void
test_is_found_by_a_sentence (gconstpointer description)
{
  g_autofree gchar *directory = NULL;
  g_autofree gchar *path = make_path (&directory);

  play (description, path);
  g_assert_cmpfloat (
      search (path, "SMPTE color bars"), >, search (path, "a dog") + 0.1);
  assert_n_moments (path, 3);
  clean_up (directory, path);
}

static void
add (void)
{
  g_test_add_data_func ("/clipindex/behind cliptag",
      "cliptag prompts=\"colour bars; snow\" max-rate=1 "
      "attach-embedding=true ! clipindex",
      test_is_found_by_a_sentence);
  g_test_add_data_func ("/clipindex/by itself", "clipindex model=demo",
      test_is_found_by_a_sentence);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

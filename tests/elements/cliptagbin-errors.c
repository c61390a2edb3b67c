/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptagbin with what cannot be used. */

#include <string.h>

#include "bin-test.h"

static void
test_a_broken_file_is_named (gconstpointer data)
{
  gboolean by_uri = GPOINTER_TO_INT (data);
  gchar *path = temporary_path (".mp4");
  g_autoptr (GError) error = NULL;
  g_autoptr (Run) run = NULL;

  g_assert_true (g_file_set_contents (
      path, "These are words and no video.\nNothing else.\n", -1, NULL));
  run = by_uri ? run_new ("cliptagbin name=bin uri=file://%s " PROMPTS
                          " ! " COUNTER,
                     path)
               : run_new ("filesrc location=%s ! cliptagbin name=bin " PROMPTS
                          " ! " COUNTER,
                     path);
  error = play_to_error (run);
  g_assert_nonnull (strstr (error->message, path));
  remove_file (path);
}

static void
test_a_missing_file_is_named (void)
{
  g_autoptr (Run) run = run_new (
      "cliptagbin name=bin uri=file:///nowhere/a.mp4 " PROMPTS " ! " COUNTER);
  g_autoptr (GError) error = play_to_error (run);

  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nowhere/a.mp4"));
}

/* Nobody is asked who does not reach rank marginal. Gives what was changed. */
static GList *
hide_decoders (const gchar *media)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (media);
  GList *all = gst_element_factory_list_get_elements (
      GST_ELEMENT_FACTORY_TYPE_DECODER, GST_RANK_MARGINAL);
  GList *found =
      gst_element_factory_list_filter (all, caps, GST_PAD_SINK, FALSE);

  for (GList *i = found; i != NULL; i = i->next) {
    g_object_set_data (i->data, "rank",
        GUINT_TO_POINTER (gst_plugin_feature_get_rank (i->data)));
    gst_plugin_feature_set_rank (i->data, GST_RANK_NONE);
  }
  gst_plugin_feature_list_free (all);
  return found;
}

static void
show_decoders (GList *hidden)
{
  for (GList *i = hidden; i != NULL; i = i->next)
    gst_plugin_feature_set_rank (
        i->data, GPOINTER_TO_UINT (g_object_get_data (i->data, "rank")));
  gst_plugin_feature_list_free (hidden);
}

static void
test_a_missing_decoder_is_named (gconstpointer data)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new (data, path);
  GList *hidden = hide_decoders ("image/jpeg");
  g_autoptr (GError) error = play_to_error (run);
  g_autofree gchar *wanted =
      g_strdup_printf ("%s: wanted a decoder for JPEG, found none.", path);

  show_decoders (hidden);
  g_assert_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN);
  g_assert_cmpstr (error->message, ==, wanted);

  /* What was missing once is not missing for ever. */
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  g_assert_cmpuint (play_all (run), ==, 30);
  remove_file (path);
}

/* Applications read them, codes of HTTP for instance. */
static void
test_the_details_of_an_error_come_through (void)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new (
      "cliptagbin name=bin uri=file://%s " PROMPTS " ! " COUNTER, path);
  g_autoptr (GstElement) decoder = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;
  gint code = 0;

  gst_element_set_state (run->pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (run->pipeline, NULL, NULL, PATIENCE),
      ==, GST_STATE_CHANGE_SUCCESS);
  decoder = gst_bin_get_by_name (GST_BIN (run->bin), "decoder");
  GST_ELEMENT_ERROR_WITH_DETAILS (decoder, RESOURCE, READ, ("Gone."), (NULL),
      ("http-status-code", G_TYPE_INT, 410, NULL));
  message = gst_bus_timed_pop_filtered (run->bus, PATIENCE, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "Gone."));
  gst_message_parse_error_details (message, &details);
  g_assert_nonnull (details);
  g_assert_true (gst_structure_get_int (details, "http-status-code", &code));
  g_assert_cmpint (code, ==, 410);
  remove_file (path);
}

static void
test_sound_alone_is_an_error (void)
{
  gchar *path = make_file ("audiotestsrc num-buffers=50 ! audioconvert ! "
                           "vorbisenc ! matroskamux ! filesink location=%s",
      ".mka");
  g_autoptr (Run) run = run_new (
      "filesrc location=%s ! cliptagbin name=bin " PROMPTS " ! " COUNTER, path);
  g_autoptr (GError) error = play_to_error (run);

  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  g_assert_nonnull (strstr (error->message, path));
  remove_file (path);
}

static void
test_a_bad_uri_is_an_error (void)
{
  g_autoptr (Run) run =
      run_new ("cliptagbin name=bin uri=a.mp4 " PROMPTS " ! " COUNTER);
  g_autoptr (GError) error = play_to_error (run);

  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "\"a.mp4\""));
}

static void
test_two_inputs_are_an_error (void)
{
  g_autoptr (Run) run =
      run_new ("videotestsrc ! cliptagbin name=bin uri=file:///a.mp4 " PROMPTS
               " ! " COUNTER);
  g_autoptr (GError) error = play_to_error (run);

  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "file:///a.mp4"));
}

static void
test_an_error_of_cliptag_comes_through (void)
{
  g_autoptr (Run) run =
      run_new ("videotestsrc ! cliptagbin name=bin model=/nowhere " PROMPTS
               " ! " COUNTER);
  g_autoptr (GError) error = NULL;

  g_object_set (run->bin, "model", "/nowhere", NULL);
  error = play_to_error (run);
  g_assert_nonnull (strstr (error->message, "/nowhere"));
}

static void
add (void)
{
  g_test_add_data_func ("/cliptagbin/a broken file is named",
      GINT_TO_POINTER (FALSE), test_a_broken_file_is_named);
  g_test_add_data_func ("/cliptagbin/a broken file of a uri is named",
      GINT_TO_POINTER (TRUE), test_a_broken_file_is_named);
  g_test_add_func (
      "/cliptagbin/a missing file is named", test_a_missing_file_is_named);
  g_test_add_data_func ("/cliptagbin/a missing decoder is named",
      "filesrc location=%s ! cliptagbin name=bin " PROMPTS " ! " COUNTER,
      test_a_missing_decoder_is_named);
  g_test_add_data_func ("/cliptagbin/a missing decoder for a uri is named",
      "cliptagbin name=bin uri=file://%s " PROMPTS " ! " COUNTER,
      test_a_missing_decoder_is_named);
  g_test_add_func ("/cliptagbin/the details of an error come through",
      test_the_details_of_an_error_come_through);
  g_test_add_func (
      "/cliptagbin/sound alone is an error", test_sound_alone_is_an_error);
  g_test_add_func (
      "/cliptagbin/a bad uri is an error", test_a_bad_uri_is_an_error);
  g_test_add_func (
      "/cliptagbin/two inputs are an error", test_two_inputs_are_an_error);
  g_test_add_func ("/cliptagbin/an error of cliptag comes through",
      test_an_error_of_cliptag_comes_through);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

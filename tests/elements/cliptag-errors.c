/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A wrong property is an error on the bus, with a code that tells what kind it
 * is and a text that names what is wrong. */

#include "tag-test.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* Fails unless the element does not start, and says so in this way. */
static void
expect_error (GstElement *element, GQuark domain, gint code, const gchar *text)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_cmpstr (
      g_quark_to_string (error->domain), ==, g_quark_to_string (domain));
  g_assert_cmpint (error->code, ==, code);
  g_assert_nonnull (strstr (error->message, text));

  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
}

static void
test_a_missing_model_is_not_found (void)
{
  expect_error (
      tag_test_make ("prompts", "a cat", "model", "/no/such/model", NULL),
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "/no/such/model");
  expect_error (
      tag_test_make ("prompts", "a cat", "model", "no-such-name", NULL),
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "no-such-name");
}

static void
test_no_model_is_a_wrong_setting (void)
{
  expect_error (tag_test_make ("prompts", "a cat", "model", "", NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "model");
  expect_error (tag_test_make ("prompts", "a cat", "model", NULL, NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "model");
}

static void
test_a_model_that_is_broken_names_the_file (void)
{
  g_autofree gchar *directory = g_dir_make_tmp ("clv-model-XXXXXX", NULL);
  g_autofree gchar *config = g_build_filename (directory, "config.json", NULL);

  expect_error (tag_test_make ("prompts", "a cat", "model", directory, NULL),
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "config.json");
  g_assert_true (g_file_set_contents (config, "{ \"text_config\": ", -1, NULL));
  expect_error (tag_test_make ("prompts", "a cat", "model", directory, NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "config.json");
  g_unlink (config);
  g_rmdir (directory);
}

static void
test_prompts_without_a_phrase_are_a_wrong_setting (void)
{
  static const gchar *const empty[] = { NULL, "", " ", ";", " ; \n ;" };

  for (guint i = 0; i < G_N_ELEMENTS (empty); i++)
    expect_error (tag_test_make ("prompts", empty[i], NULL), GST_LIBRARY_ERROR,
        GST_LIBRARY_ERROR_SETTINGS, "prompts");
}

static void
test_a_phrase_given_twice_is_a_wrong_setting (void)
{
  expect_error (tag_test_make ("prompts", "a cat; a dog; a cat", NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "a cat");
}

static void
test_prompts_that_are_not_utf8_are_a_wrong_setting (void)
{
  expect_error (tag_test_make ("prompts",
                    "a c\xff"
                    "at",
                    NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "UTF-8");
}

static void
test_a_template_needs_one_place (void)
{
  static const gchar *const wrong[] = { "a photo", "{} and {}",
    "a photo of {}.; a photo" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    expect_error (
        tag_test_make ("prompts", "a cat", "template", wrong[i], NULL),
        GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "template");
}

static void
test_a_missing_prompts_file_is_not_found (void)
{
  expect_error (tag_test_make ("prompts-file", "/no/such/prompts.json", NULL),
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "/no/such/prompts.json");
}

static void
test_a_broken_prompts_file_names_the_place (void)
{
  static const struct {
    const gchar *content;
    const gchar *place;
  } files[] = {
    { "", "clv-prompts-" },
    { "{ \"groups\": [", "clv-prompts-" },
    { "{ \"groups\": [] }", "groups" },
    { "{ \"colour\": 1 }", "colour" },
    { "{ \"groups\": [ { \"name\": \"a\", \"prompts\": [ { \"label\": \"x\" "
      "} ] } ] }",
        "prompts[0]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *path = NULL;
    gint fd = g_file_open_tmp ("clv-prompts-XXXXXX", &path, NULL);

    g_assert_cmpint (fd, >=, 0);
    close (fd);
    g_assert_true (g_file_set_contents (path, files[i].content, -1, NULL));
    expect_error (tag_test_make ("prompts-file", path, NULL), GST_LIBRARY_ERROR,
        GST_LIBRARY_ERROR_SETTINGS, files[i].place);
    g_unlink (path);
  }
}

static void
test_an_unknown_device_is_named (void)
{
  expect_error (
      tag_test_make ("prompts", "a cat", "device", "no such device", NULL),
      GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT, "no such device");
}

/* A buffer that is smaller than its caps promise. */
static void
test_a_short_buffer_is_a_stream_error (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow = gst_harness_push (
      test->harness, gst_buffer_new_allocate (NULL, 100, NULL));

  g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "100 bytes"));
}

static void
test_it_starts_once_the_property_is_right (void)
{
  g_autoptr (GstElement) element =
      gst_object_ref_sink (tag_test_make ("prompts", ";", NULL));

  for (guint i = 0; i < 3; i++) {
    g_object_set (element, "prompts", ";", NULL);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    g_object_set (element, "prompts", "a cat", NULL);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (element, GST_STATE_NULL);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/errors/" name, function)
  ADD ("a-missing-model-is-not-found", test_a_missing_model_is_not_found);
  ADD ("no-model-is-a-wrong-setting", test_no_model_is_a_wrong_setting);
  ADD ("a-model-that-is-broken-names-the-file",
      test_a_model_that_is_broken_names_the_file);
  ADD ("prompts-without-a-phrase-are-a-wrong-setting",
      test_prompts_without_a_phrase_are_a_wrong_setting);
  ADD ("a-phrase-given-twice-is-a-wrong-setting",
      test_a_phrase_given_twice_is_a_wrong_setting);
  ADD ("prompts-that-are-not-utf8-are-a-wrong-setting",
      test_prompts_that_are_not_utf8_are_a_wrong_setting);
  ADD ("a-template-needs-one-place", test_a_template_needs_one_place);
  ADD ("a-missing-prompts-file-is-not-found",
      test_a_missing_prompts_file_is_not_found);
  ADD ("a-broken-prompts-file-names-the-place",
      test_a_broken_prompts_file_names_the_place);
  ADD ("an-unknown-device-is-named", test_an_unknown_device_is_named);
  ADD ("a-short-buffer-is-a-stream-error",
      test_a_short_buffer_is_a_stream_error);
  ADD ("it-starts-once-the-property-is-right",
      test_it_starts_once_the_property_is_right);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

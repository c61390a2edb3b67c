/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's signal and actions, as an application uses them. */

#include "tag-test.h"

#include <math.h>
#include <string.h>

#define PROMPTS "a black screen; a white screen"

static void
on_tags_changed (GstElement *element, GstStructure *tags, gpointer user_data)
{
  GString *log = user_data;
  g_auto (GStrv) labels = NULL;
  guint64 time;

  g_assert_true (gst_structure_has_name (tags, "clip-tags"));
  g_assert_true (gst_structure_get (tags, "labels", G_TYPE_STRV, &labels,
      "stream-time", G_TYPE_UINT64, &time, NULL));
  g_assert_cmpuint (
      gst_value_array_get_size (gst_structure_get_value (tags, "scores")), ==,
      g_strv_length (labels));
  g_string_append_printf (log, "%.1f", (gdouble) time / GST_SECOND);
  for (guint i = 0; labels[i] != NULL; i++)
    g_string_append_printf (log, " %s", labels[i]);
  g_string_append (log, "; ");
}

static void
test_tags_changed (void)
{
  const TagPicture pictures[] = { TAG_PICTURE_BLACK, TAG_PICTURE_BLACK,
    TAG_PICTURE_WHITE, TAG_PICTURE_WHITE };
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", PROMPTS, "post-messages", FALSE, NULL);
  g_autoptr (GString) log = g_string_new (NULL);

  g_signal_connect (
      test->element, "tags-changed", G_CALLBACK (on_tags_changed), log);
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    gst_buffer_unref (tag_test_push (test, tag_picture_small (pictures[i])));
  gst_harness_push_event (test->harness, gst_event_new_eos ());
  g_assert_cmpstr (
      log->str, ==, "0.0 a black screen; 0.2 a white screen; 0.4; ");
}

static GBytes *
encode_text (TagTest *test, const gchar *text)
{
  GBytes *bytes = NULL;

  g_signal_emit_by_name (test->element, "encode-text", text, &bytes);
  return bytes;
}

static gdouble
dot (GBytes *a, GBytes *b)
{
  gsize size, other;
  const gfloat *x = g_bytes_get_data (a, &size);
  const gfloat *y = g_bytes_get_data (b, &other);
  gdouble sum = 0;

  g_assert_cmpuint (size, ==, other);
  for (guint i = 0; i < size / sizeof (gfloat); i++)
    sum += (gdouble) x[i] * y[i];
  return sum;
}

static GstSample *
make_sample (TagPicture picture, const gchar *caps_string)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_string);
  g_autoptr (GstBuffer) buffer = tag_picture_small (picture);

  return gst_sample_new (buffer, caps, NULL, NULL);
}

/* What the actions say of a picture is what its frame gets. */
static void
test_actions (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", PROMPTS, "attach-embedding", TRUE, NULL);
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_WHITE));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  GstSample *sample = make_sample (TAG_PICTURE_WHITE, TAG_TEST_SMALL_CAPS);
  g_autoptr (GBytes) text = encode_text (test, "a white screen");
  g_autoptr (GBytes) picture = NULL;
  g_autoptr (GstStructure) scores = NULL;
  g_auto (GStrv) labels = NULL;
  guint64 generation;

  g_signal_emit_by_name (test->element, "encode-picture", sample, &picture);
  gst_sample_unref (sample);
  g_assert_nonnull (text);
  g_assert_nonnull (picture);
  g_assert_cmpuint (
      g_bytes_get_size (text), ==, meta->embedding_width * sizeof (gfloat));
  g_assert_cmpfloat_with_epsilon (dot (text, text), 1, 1e-5);
  g_assert_cmpfloat_with_epsilon (
      dot (text, picture), meta->scores[1].cosine, 1e-5);

  g_signal_emit_by_name (test->element, "score", picture, &scores);
  g_assert_nonnull (scores);
  g_assert_true (gst_structure_get (scores, "labels", G_TYPE_STRV, &labels,
      "generation", G_TYPE_UINT64, &generation, NULL));
  g_assert_cmpuint (generation, ==, meta->generation);
  g_assert_cmpuint (g_strv_length (labels), ==, 2);
  g_assert_cmpstr (labels[1], ==, "a white screen");
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpfloat_with_epsilon (
        g_value_get_double (gst_value_array_get_value (
            gst_structure_get_value (scores, "scores"), i)),
        meta->scores[i].score, 1e-4);
    g_assert_cmpfloat_with_epsilon (
        g_value_get_double (gst_value_array_get_value (
            gst_structure_get_value (scores, "cosines"), i)),
        meta->scores[i].cosine, 1e-5);
  }
}

static void
expect_warning (TagTest *test, const gchar *wanted)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  if (strstr (error->message, wanted) == NULL)
    g_error ("wanted \"%s\", found \"%s\"", wanted, error->message);
}

static void
test_misuse (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", PROMPTS, NULL);
  GstSample *sample = make_sample (TAG_PICTURE_WHITE, "audio/x-raw");
  GstSample *png =
      make_sample (TAG_PICTURE_WHITE, "image/png,width=64,height=48");
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  GstStructure *scores = NULL;
  GBytes *bytes = NULL;

  g_assert_null (encode_text (test, NULL));
  expect_warning (test, "encode-text: wanted a text in UTF-8, found none");
  g_assert_null (encode_text (test, "\xff"));
  expect_warning (test, "encode-text: wanted a text in UTF-8, found bytes");
  g_signal_emit_by_name (test->element, "encode-picture", sample, &bytes);
  g_assert_null (bytes);
  expect_warning (test, "wanted a sample with raw video, found audio/x-raw");
  g_signal_emit_by_name (test->element, "encode-picture", png, &bytes);
  g_assert_null (bytes);
  expect_warning (test, "wanted a sample with raw video, found image/png");
  gst_sample_unref (png);
  g_signal_emit_by_name (test->element, "encode-picture", NULL, &bytes);
  g_assert_null (bytes);
  expect_warning (test, "wanted a sample with raw video, found none");
  g_signal_emit_by_name (test->element, "score", empty, &scores);
  g_assert_null (scores);
  expect_warning (test, "found 0");
  gst_sample_unref (sample);

  gst_element_set_state (test->element, GST_STATE_NULL);
  g_assert_null (encode_text (test, "a text"));
  expect_warning (test, "found it stopped");
}

/* From a handler of tags-changed an application may ask the element again. */
static void
ask_again (GstElement *element, GstStructure *tags, gpointer n_answers)
{
  GBytes *bytes = NULL;
  GstStructure *scores = NULL;

  g_signal_emit_by_name (element, "encode-text", "a text", &bytes);
  g_assert_nonnull (bytes);
  g_signal_emit_by_name (element, "score", bytes, &scores);
  g_assert_nonnull (scores);
  g_object_set (element, "threshold", 0.5, NULL);
  gst_structure_free (scores);
  g_bytes_unref (bytes);
  g_atomic_int_inc ((gint *) n_answers);
}

static void
test_reentry (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", PROMPTS, NULL);
  gint n_answers = 0;

  g_signal_connect (
      test->element, "tags-changed", G_CALLBACK (ask_again), &n_answers);
  gst_buffer_unref (
      tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
  g_assert_cmpint (g_atomic_int_get (&n_answers), ==, 1);
}

/* In mode live tags are found on another thread. */
static void
test_live_reentry (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", PROMPTS, NULL);
  gint n_answers = 0;

  gst_element_set_state (test->element, GST_STATE_NULL);
  gst_util_set_object_arg (G_OBJECT (test->element), "mode", "live");
  gst_element_set_state (test->element, GST_STATE_PLAYING);
  g_signal_connect (
      test->element, "tags-changed", G_CALLBACK (ask_again), &n_answers);
  for (guint i = 0; g_atomic_int_get (&n_answers) == 0; i++) {
    g_assert_cmpuint (i, <, 3000);
    gst_buffer_unref (
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
    g_usleep (20000);
  }
}

static void
add_tests (void)
{
  g_test_add_func (
      "/cliptag-signals/tags-changed lists what holds", test_tags_changed);
  g_test_add_func (
      "/cliptag-signals/actions say what frames are told", test_actions);
  g_test_add_func (
      "/cliptag-signals/misuse is a warning and no answer", test_misuse);
  g_test_add_func (
      "/cliptag-signals/a handler may ask the element", test_reentry);
  g_test_add_func ("/cliptag-signals/in mode live a handler may ask it too",
      test_live_reentry);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

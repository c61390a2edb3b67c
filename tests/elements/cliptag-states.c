/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* States up and down, and properties set and read by several threads in every
 * state. */

#include "tag-test.h"

static GstElement *
make_pipeline (GstElement **ret_tag)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *source = gst_element_factory_make ("videotestsrc", NULL);
  GstElement *tag = tag_test_make ("prompts", "a cat; a dog", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  g_assert_nonnull (source);
  g_assert_nonnull (sink);
  gst_bin_add_many (GST_BIN (pipeline), source, tag, sink, NULL);
  g_assert_true (gst_element_link_many (source, tag, sink, NULL));
  *ret_tag = tag;
  return pipeline;
}

static void
change_state (GstElement *pipeline, GstState state)
{
  GstStateChangeReturn result = gst_element_set_state (pipeline, state);

  if (result == GST_STATE_CHANGE_ASYNC)
    result = gst_element_get_state (pipeline, NULL, NULL, 120 * GST_SECOND);
  g_assert_cmpint (result, ==, GST_STATE_CHANGE_SUCCESS);
}

static void
test_states_go_up_and_down (void)
{
  static const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING,
    GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_NULL };
  GstElement *tag, *pipeline = make_pipeline (&tag);

  for (guint i = 0; i < 3 * G_N_ELEMENTS (states); i++)
    change_state (pipeline, states[i % G_N_ELEMENTS (states)]);
  gst_object_unref (pipeline);
}

static void
test_it_can_be_dropped_unused (void)
{
  g_autoptr (GstElement) tag = gst_object_ref_sink (tag_test_make (NULL));
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (tag, "stats", &stats, NULL);
  g_assert_true (gst_structure_has_field (stats, "frames"));
}

typedef struct {
  GstElement *tag;
  gint stop; /* atomic */
  guint n_turns;
} Hammer;

static void
set_all (GstElement *tag, guint turn)
{
  static const gchar *const prompts[] = { "a cat", "a dog; a cow", " ; ", "",
    NULL, "a black picture; a white picture; a red circle" };
  static const gchar *const templates[] = { NULL, "{}", "a photo of {}",
    "no place" };

  g_object_set (tag, "prompts", prompts[turn % G_N_ELEMENTS (prompts)],
      "template", templates[turn % G_N_ELEMENTS (templates)], "scoring",
      turn % 4, "threshold", turn % 20 / 10.0 - 1, "top-k", turn % 3,
      "inference-interval", 1 + turn % 3, "smoothing", turn % 5 * 0.1,
      "post-messages", turn % 2, "batch-size", turn % 4, "attach-embedding",
      turn % 2, "mode", turn % 3, "max-rate", turn % 4 * 7.0, "qos", turn % 2,
      "max-age", (guint64) (turn % 3) * GST_MSECOND, "change-threshold",
      turn % 3 * 0.01, "refresh-interval", (guint64) (turn % 5) * GST_MSECOND,
      "batch-timeout", (guint64) (turn % 3) * 5 * GST_MSECOND, "on-error",
      turn / 2 % 2, NULL);
  if (turn % 7 == 0)
    g_object_set (tag, "prompts-file", "/no/such/file", NULL);
  g_object_set (
      tag, "prompts", "a cat", "template", "{}", NULL); /* start () needs it */
}

static void
get_all (GstElement *tag)
{
  guint n_specs;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (tag), &n_specs);

  for (guint i = 0; i < n_specs; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (tag), specs[i]->name, &value);
  }
}

static gpointer
hammer_thread (gpointer data)
{
  Hammer *hammer = data;
  guint turn = 0;

  while (!g_atomic_int_get (&hammer->stop)) {
    set_all (hammer->tag, turn++);
    get_all (hammer->tag);
    g_usleep (500);
  }
  g_atomic_int_add (&hammer->n_turns, turn);
  return NULL;
}

/* Prompts are sometimes wrong when a state change reads them, so a change may
 * fail; what must not happen is a crash, a critical or a hang. */
static void
test_threads_change_properties_in_every_state (void)
{
  static const GstState states[] = { GST_STATE_NULL, GST_STATE_READY,
    GST_STATE_PAUSED, GST_STATE_PLAYING };
  GstElement *tag, *pipeline = make_pipeline (&tag);
  GThread *threads[3];
  Hammer hammer = { .tag = tag };

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("hammer", hammer_thread, &hammer);
  for (guint i = 0; i < 24; i++) {
    gst_element_set_state (
        pipeline, states[(i * 7 + i / 3) % G_N_ELEMENTS (states)]);
    g_usleep (50000);
  }
  g_atomic_int_set (&hammer.stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (hammer.n_turns, >, 20);

  /* It still works. */
  change_state (pipeline, GST_STATE_NULL);
  change_state (pipeline, GST_STATE_PLAYING);
  change_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_seeks_while_playing_are_survived (void)
{
  GstElement *tag, *pipeline = make_pipeline (&tag);

  change_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 10; i++) {
    gdouble rate = i % 3 == 2 ? -1 : 1;

    g_assert_true (gst_element_seek (pipeline, rate, GST_FORMAT_TIME,
        GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
        rate > 0 ? (10 - i) * GST_SECOND : 0, GST_SEEK_TYPE_SET,
        rate > 0 ? (gint64) GST_CLOCK_TIME_NONE : (gint64) (i * GST_SECOND)));
    g_usleep (20000);
  }
  change_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
keep_speed (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  GString *said = user_data;
  const gchar *text = gst_debug_message_get (message);

  if (strstr (text, " frames a second with model ") == NULL)
    return;
  g_assert_cmpint (level, ==,
      strstr (text, "software driver") != NULL ? GST_LEVEL_WARNING
                                               : GST_LEVEL_INFO);
  g_string_append (said, text);
}

/* It was measured by the time of the second start. */
static void
test_the_speed_is_told (void)
{
  g_autoptr (GString) said = g_string_new (NULL);
  gdouble rate = 0;

  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_INFO);
  gst_debug_add_log_function (keep_speed, said, NULL);
  for (guint turn = 0; turn < 2; turn++) {
    g_autoptr (TagTest) test =
        tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);
    const gchar *told = strstr (said->str, ": about ");

    if (turn == 1)
      rate = told != NULL ? g_ascii_strtod (told + 8, NULL) : 0;
    for (guint i = 0; i < 8; i++) {
      g_autoptr (GstBuffer) out =
          tag_test_push (test, tag_picture_small (TAG_PICTURE_WHITE));

      g_assert_nonnull (out);
    }
  }
  gst_debug_remove_log_function (keep_speed);
  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_NONE);
  g_assert_cmpfloat (rate, >, 0);
}

/* As a form with an empty field sends it. */
static void
test_an_empty_prompts_file_is_none (void)
{
  GstElement *tag = gst_object_ref_sink (
      tag_test_make ("prompts", "a cat", "prompts-file", "", NULL));
  g_autofree gchar *prompts = NULL, *file = NULL;

  g_object_get (tag, "prompts", &prompts, "prompts-file", &file, NULL);
  g_assert_cmpstr (prompts, ==, "a cat");
  g_assert_null (file);
  gst_object_unref (tag);
}

static void
test_gst_inspect_describes_it (void)
{
#ifdef SANITIZED
  g_test_skip ("gst-inspect-1.0 cannot load a plugin that is built with a "
               "sanitizer");
#else
  g_autofree gchar *inspect = g_find_program_in_path ("gst-inspect-1.0");
  gchar *argv[] = { inspect, "cliptag", NULL };
  g_autofree gchar *text = NULL, *errors = NULL;
  static const gchar *const wanted[] = { "CLIP video tagger", "prompts-file",
    "inference-interval", "attach-embedding", "P010_10LE",
    "changeable in NULL, READY, PAUSED or PLAYING state" };
  gint status;

  if (inspect == NULL) {
    g_test_skip ("gst-inspect-1.0 is not installed");
    return;
  }
  g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
      &text, &errors, &status, NULL));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_nonnull (strstr (text, wanted[i]));
  g_assert_null (strstr (errors, "CRITICAL"));
  g_assert_null (strstr (errors, "WARNING"));
#endif
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/states/" name, function)
  ADD ("states-go-up-and-down", test_states_go_up_and_down);
  ADD ("it-can-be-dropped-unused", test_it_can_be_dropped_unused);
  ADD ("threads-change-properties-in-every-state",
      test_threads_change_properties_in_every_state);
  ADD ("seeks-while-playing-are-survived",
      test_seeks_while_playing_are_survived);
  ADD ("the-speed-is-told", test_the_speed_is_told);
  ADD ("an-empty-prompts-file-is-none", test_an_empty_prompts_file_is_none);
  ADD ("gst-inspect-describes-it", test_gst_inspect_describes_it);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag behind a decoder: what goes in, and what happens when it cannot be
 * used. */

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <glib/gstdio.h>
#include <string.h>

#include "tag-test.h"

#define PATIENCE (120 * GST_SECOND)
#define PROMPTS  "prompts=\"colour bars; snow\""

/* A pipeline with a cliptagbin "bin" and a sink "out": COUNTER, which is what
 * play_all() needs, or an appsink. */
typedef struct {
  GstElement *pipeline;
  GstElement *bin;
  GstElement *out;
  GstBus *bus;
  guint n_frames; /* since the last start; after its end */
} Run;

#define COUNTER "fakesink name=out signal-handoffs=true"

/* Every frame must have scores. */
static void
count_frame (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  g_assert_nonnull (gst_buffer_get_clip_meta (buffer));
  ((Run *) user_data)->n_frames++;
}

static Run *
run_new (const gchar *format, ...)
{
  Run *self = g_new0 (Run, 1);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = NULL;
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  self->bin = gst_bin_get_by_name (GST_BIN (self->pipeline), "bin");
  self->out = gst_bin_get_by_name (GST_BIN (self->pipeline), "out");
  self->bus = gst_element_get_bus (self->pipeline);
  if (!GST_IS_APP_SINK (self->out))
    g_signal_connect (self->out, "handoff", G_CALLBACK (count_frame), self);
  if (model != NULL)
    g_object_set (self->bin, "model", model, NULL);
  return self;
}

static void
run_free (Run *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->out);
  gst_object_unref (self->bin);
  gst_object_unref (self->pipeline);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* Plays to the end, and gives the number of frames. */
static guint
play_all (Run *self)
{
  g_autoptr (GstMessage) message = NULL;

  self->n_frames = 0;
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_timed_pop_filtered (
      self->bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  return self->n_frames;
}

/* The error that ends it, which must come. */
static GError *
play_to_error (Run *self)
{
  GError *error = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *debug = NULL;

  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      self->bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, &debug);
  g_test_message ("%s (%s)", error->message, debug);
  return error;
}

static gchar *
temporary_path (const gchar *suffix)
{
  g_autofree gchar *name = g_strdup_printf ("cliptagbin-XXXXXX%s", suffix);
  gchar *path = NULL;
  gint fd = g_file_open_tmp (name, &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  return path;
}

/* Runs a pipeline that writes to a new file. */
static gchar *
make_file (const gchar *line, const gchar *suffix)
{
  gchar *path = temporary_path (suffix);
  g_autofree gchar *whole = g_strdup_printf (line, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (whole, &error);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, PATIENCE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  return path;
}

/* 30 frames in 3 seconds, with sound. */
static gchar *
make_video (void)
{
  return make_file (
      "videotestsrc num-buffers=30 ! "
      "video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! jpegenc ! "
      "mux. audiotestsrc num-buffers=130 ! audioconvert ! vorbisenc ! "
      "matroskamux name=mux ! filesink location=%s",
      ".mkv");
}

static void
remove_file (gchar *path)
{
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_free (path);
}

static void
test_it_has_every_property_of_cliptag (void)
{
  g_autoptr (GstElement) bin =
      gst_object_ref_sink (gst_element_factory_make ("cliptagbin", NULL));
  g_autoptr (GstElement) tag = gst_bin_get_by_name (GST_BIN (bin), "tag");
  g_autofree GParamSpec **specs = NULL;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (tag), &n);
  g_assert_cmpuint (n, >, 10);
  for (guint i = 0; i < n; i++) {
    GParamSpec *own =
        g_object_class_find_property (G_OBJECT_GET_CLASS (bin), specs[i]->name);

    g_test_message ("%s", specs[i]->name);
    g_assert_nonnull (own);
    g_assert_true (own->value_type == specs[i]->value_type);
    g_assert_cmpstr (
        g_param_spec_get_blurb (own), ==, g_param_spec_get_blurb (specs[i]));
    g_assert_cmpint (
        g_param_values_cmp (own, g_param_spec_get_default_value (own),
            g_param_spec_get_default_value (specs[i])),
        ==, 0);
  }
}

static void
test_properties_are_those_of_the_cliptag_inside (void)
{
  g_autoptr (GstElement) bin =
      gst_object_ref_sink (gst_element_factory_make ("cliptagbin", NULL));
  g_autoptr (GstElement) tag = gst_bin_get_by_name (GST_BIN (bin), "tag");
  g_autofree gchar *prompts = NULL;
  g_autofree gchar *uri = NULL;
  gdouble threshold;
  guint interval;

  g_object_set (bin, "prompts", "a cat", "threshold", 0.25,
      "inference-interval", 7, "uri", "file:///a", NULL);
  g_object_get (tag, "prompts", &prompts, "threshold", &threshold, NULL);
  g_assert_cmpstr (prompts, ==, "a cat");
  g_assert_cmpfloat (threshold, ==, 0.25);
  g_object_set (tag, "inference-interval", 9, NULL);
  g_object_get (bin, "inference-interval", &interval, "uri", &uri, NULL);
  g_assert_cmpuint (interval, ==, 9);
  g_assert_cmpstr (uri, ==, "file:///a");
}

static void
test_raw_video_goes_in (gconstpointer data)
{
  g_autoptr (Run) run =
      run_new ("videotestsrc num-buffers=5 ! %s ! cliptagbin name=bin " PROMPTS
               " ! " COUNTER,
          (const gchar *) data);

  g_assert_cmpuint (play_all (run), ==, 5);
}

static void
test_a_file_goes_in (void)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new (
      "filesrc location=%s ! cliptagbin name=bin " PROMPTS " ! " COUNTER, path);

  g_assert_cmpuint (play_all (run), ==, 30);
  remove_file (path);
}

static void
test_a_uri_is_decoded (void)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new (
      "cliptagbin name=bin uri=file://%s " PROMPTS " ! " COUNTER, path);

  g_assert_cmpuint (play_all (run), ==, 30);
  remove_file (path);
}

static void
test_a_real_video_goes_in (void)
{
  g_autofree gchar *path = g_build_filename (
      g_getenv ("CLV_TEST_SHARED"), "media", "bikes.mp4", NULL);
  g_autoptr (GstElementFactory) decoder =
      gst_element_factory_find ("avdec_h264");

  if (!g_file_test (path, G_FILE_TEST_EXISTS) || decoder == NULL) {
    g_test_skip ("no video, or no decoder for it");
    return;
  }
  for (guint i = 0; i < 2; i++) {
    g_autoptr (Run) run =
        run_new ("%s%s ! cliptagbin name=bin inference-interval=100 " PROMPTS
                 " ! " COUNTER,
            i == 0 ? "filesrc location=" : "uridecodebin3 uri=file://", path);

    g_assert_cmpuint (play_all (run), ==, 250);
  }
}

/* Each start has a new decoder. */
static void
test_it_can_be_started_again (void)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new ("filesrc location=%s ! cliptagbin name=bin "
                                 "inference-interval=10 " PROMPTS " ! " COUNTER,
      path);

  for (guint i = 0; i < 3; i++) {
    g_assert_cmpuint (play_all (run), ==, 30);
    gst_element_set_state (
        run->pipeline, i & 1 ? GST_STATE_NULL : GST_STATE_READY);
  }
  /* In the middle, too. */
  for (guint i = 0; i < 4; i++) {
    gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
    g_usleep (i * 20000);
    gst_element_set_state (run->pipeline, GST_STATE_READY);
  }
  g_assert_cmpuint (play_all (run), ==, 30);
  remove_file (path);
}

static void
test_seeking_works (void)
{
  gchar *path = make_video ();
  g_autoptr (Run) run = run_new (
      "cliptagbin name=bin uri=file://%s " PROMPTS " ! " COUNTER, path);

  gst_element_set_state (run->pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (run->pipeline, NULL, NULL, PATIENCE),
      ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_true (gst_element_seek_simple (run->pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, 2 * GST_SECOND));
  g_assert_cmpuint (play_all (run), ==, 10);
  remove_file (path);
}

static void
push_raw (Run *run, GstElement *source, guint width, guint height)
{
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_RGB, width, height);
  g_autoptr (GstCaps) caps = gst_video_info_to_caps (&info);
  g_autoptr (GstBuffer) buffer =
      tag_picture_new (&info, TAG_PICTURE_COLORS, 0, 0);
  g_autoptr (GstSample) in = gst_sample_new (buffer, caps, NULL, NULL);
  g_autoptr (GstSample) out = NULL;
  gint found;

  g_assert_cmpint (
      gst_app_src_push_sample (GST_APP_SRC (source), in), ==, GST_FLOW_OK);
  out = gst_app_sink_try_pull_sample (GST_APP_SINK (run->out), PATIENCE);
  g_assert_nonnull (out);
  g_assert_true (gst_structure_get_int (
      gst_caps_get_structure (gst_sample_get_caps (out), 0), "width", &found));
  g_assert_cmpint (found, ==, width);
  g_assert_nonnull (gst_buffer_get_clip_meta (gst_sample_get_buffer (out)));
}

static void
test_raw_video_may_change_its_size (void)
{
  g_autoptr (Run) run =
      run_new ("appsrc name=in format=time do-timestamp=true ! "
               "cliptagbin name=bin " PROMPTS " ! appsink name=out sync=false");
  g_autoptr (GstElement) in =
      gst_bin_get_by_name (GST_BIN (run->pipeline), "in");

  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  push_raw (run, in, 64, 48);
  push_raw (run, in, 128, 96);
  push_raw (run, in, 32, 32);
}

static void
test_a_live_source_stays_live (void)
{
  g_autoptr (Run) run =
      run_new ("videotestsrc is-live=true ! "
               "video/x-raw,width=64,height=48,framerate=20/1 ! cliptagbin "
               "name=bin " PROMPTS " ! appsink name=out sync=false");
  g_autoptr (GstPad) src = gst_element_get_static_pad (run->bin, "src");
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE, tagged = FALSE;

  g_assert_cmpint (gst_element_set_state (run->pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  /* A live frame does not wait: the first ones have no scores. */
  for (guint i = 0; i < 2000 && !tagged; i++) {
    g_autoptr (GstSample) sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (run->out), PATIENCE);

    g_assert_nonnull (sample);
    tagged = gst_buffer_get_clip_meta (gst_sample_get_buffer (sample)) != NULL;
  }
  g_assert_true (tagged);
  g_assert_true (gst_pad_query (src, query));
  gst_query_parse_latency (query, &live, NULL, NULL);
  g_assert_true (live);
  gst_query_unref (query);
}

static void
test_prompts_change_while_playing (void)
{
  g_autoptr (Run) run = run_new (
      "videotestsrc ! video/x-raw,width=64,height=48 ! cliptagbin "
      "name=bin " PROMPTS " ! appsink name=out sync=false max-buffers=1");
  gboolean changed = FALSE;

  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 2000 && !changed; i++) {
    g_autoptr (GstSample) sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (run->out), PATIENCE);
    GstClipMeta *meta;

    g_assert_nonnull (sample);
    meta = gst_buffer_get_clip_meta (gst_sample_get_buffer (sample));
    if (i == 0)
      g_object_set (run->bin, "prompts", "a cat", NULL);
    changed = gst_clip_meta_find (meta, "a cat") == 0;
  }
  g_assert_true (changed);
}

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
  g_test_add_func ("/cliptagbin/it has every property of cliptag",
      test_it_has_every_property_of_cliptag);
  g_test_add_func ("/cliptagbin/properties are those of the cliptag inside",
      test_properties_are_those_of_the_cliptag_inside);
  g_test_add_data_func ("/cliptagbin/raw video goes in",
      "video/x-raw,format=NV12,width=64,height=48", test_raw_video_goes_in);
  g_test_add_data_func ("/cliptagbin/raw video that cliptag does not take",
      "video/x-raw,format=AYUV64,width=64,height=48", test_raw_video_goes_in);
  g_test_add_data_func ("/cliptagbin/pictures go in",
      "video/x-raw,width=64,height=48 ! jpegenc", test_raw_video_goes_in);
  g_test_add_func ("/cliptagbin/a file goes in", test_a_file_goes_in);
  g_test_add_func ("/cliptagbin/a uri is decoded", test_a_uri_is_decoded);
  g_test_add_func (
      "/cliptagbin/a real video goes in", test_a_real_video_goes_in);
  g_test_add_func (
      "/cliptagbin/it can be started again", test_it_can_be_started_again);
  g_test_add_func ("/cliptagbin/seeking works", test_seeking_works);
  g_test_add_func ("/cliptagbin/raw video may change its size",
      test_raw_video_may_change_its_size);
  g_test_add_func (
      "/cliptagbin/a live source stays live", test_a_live_source_stays_live);
  g_test_add_func ("/cliptagbin/prompts change while playing",
      test_prompts_change_while_playing);
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

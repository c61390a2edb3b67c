/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag behind a decoder: what goes in, and what comes out. */

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "bin-test.h"

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
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

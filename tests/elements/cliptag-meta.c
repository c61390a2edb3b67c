/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The metadata: what it says, when it is fresh, and what it survives. */

#include "tag-test.h"

#include <math.h>

static void
test_every_frame_carries_all_labels (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a cat; a dog;\n a red, round ball", NULL);

  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_nonnull (meta);
    g_assert_cmpuint (meta->n_scores, ==, 3);
    g_assert_cmpstr (gst_clip_meta_get_label (meta, 0), ==, "a cat");
    g_assert_cmpstr (
        gst_clip_meta_get_label (meta, 2), ==, "a red, round ball");
    g_assert_null (gst_clip_meta_get_label (meta, 3));
    g_assert_cmpstr (gst_clip_meta_get_group (meta, 1), ==, "default");
    g_assert_null (gst_clip_meta_get_group (meta, 3));
    g_assert_cmpint (gst_clip_meta_find (meta, "a dog"), ==, 1);
    g_assert_cmpint (gst_clip_meta_find (meta, "a cow"), ==, -1);
    g_assert_true (meta->fresh);
    g_assert_cmpuint (meta->age, ==, 0);
    g_assert_cmpuint (meta->pts, ==, GST_BUFFER_PTS (out));
    g_assert_cmpuint (strlen (meta->model_id), ==, 64);
    g_assert_null (meta->embedding);
  }
}

/* Auto scoring of several phrases is a softmax over logit = scale · cosine. */
static void
test_scores_are_the_softmax_of_the_logits (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat; a dog; snow", NULL);
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  gdouble sum = 0;

  for (guint i = 0; i < meta->n_scores; i++)
    sum += exp ((gdouble) meta->scores[i].logit - meta->scores[0].logit);
  for (guint i = 0; i < meta->n_scores; i++) {
    const ClvScore *score = &meta->scores[i];
    gdouble wanted = exp ((gdouble) score->logit - meta->scores[0].logit) / sum;

    g_assert_cmpfloat_with_epsilon (score->score, wanted, 1e-4);
    g_assert_cmpfloat (fabsf (score->cosine), <=, 1.0001f);
    g_assert_cmpfloat (score->smoothed, ==, score->score);
    g_assert_cmpint (score->active, ==, score->smoothed >= 0.5f);
  }
}

static void
test_an_embedding_has_unit_length (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a cat", "attach-embedding", TRUE, NULL);
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  gdouble sum = 0;

  g_assert_cmpuint (meta->embedding_width, >, 0);
  for (guint i = 0; i < meta->embedding_width; i++)
    sum += (gdouble) meta->embedding[i] * meta->embedding[i];
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-4);
}

static void
test_frames_between_reuse_the_last_scores (void)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      "a cat; a dog", "inference-interval", 3, NULL);
  g_autoptr (GstStructure) stats = NULL;
  guint64 frames, inferred, reused;
  gfloat cosine = 0;

  for (guint i = 0; i < 8; i++) {
    g_autoptr (GstBuffer) out = tag_test_push (
        test, tag_picture_small (
                  i % 3 == 0 ? TAG_PICTURE_COLORS : TAG_PICTURE_WHITE));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    if (i == 0)
      cosine = meta->scores[0].cosine;
    g_assert_cmpint (meta->fresh, ==, i % 3 == 0);
    g_assert_cmpuint (meta->age, ==, i % 3 * GST_SECOND / 10);
    g_assert_cmpuint (meta->pts, ==, (i - i % 3) * GST_SECOND / 10);
    g_assert_cmpfloat (meta->scores[0].cosine, ==, cosine);
  }
  g_object_get (test->element, "stats", &stats, NULL);
  g_assert_true (
      gst_structure_get (stats, "frames", G_TYPE_UINT64, &frames, "inferred",
          G_TYPE_UINT64, &inferred, "reused", G_TYPE_UINT64, &reused, NULL));
  g_assert_cmpuint (frames, ==, 8);
  g_assert_cmpuint (inferred, ==, 3);
  g_assert_cmpuint (reused, ==, 5);
}

static void
test_stats_say_what_computes_and_how_long (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat; a dog", NULL);
  g_autoptr (GstStructure) stats = NULL;
  static const gchar *const stages[] = { "encode", "score", "delay" };
  const GValue *sizes;

  gst_buffer_unref (
      tag_test_push (test, tag_picture_small (TAG_PICTURE_WHITE)));
  gst_buffer_unref (
      tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK)));
  g_object_get (test->element, "stats", &stats, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++) {
    g_autofree gchar *a = g_strconcat (stages[i], "-ms-p50", NULL);
    g_autofree gchar *b = g_strconcat (stages[i], "-ms-p95", NULL);
    g_autofree gchar *c = g_strconcat (stages[i], "-ms-p99", NULL);
    gdouble p50, p95, p99;

    g_assert_true (gst_structure_get (stats, a, G_TYPE_DOUBLE, &p50, b,
        G_TYPE_DOUBLE, &p95, c, G_TYPE_DOUBLE, &p99, NULL));
    g_assert_cmpfloat (p50, >=, 0);
    g_assert_cmpfloat (p95, >=, p50);
    g_assert_cmpfloat (p99, >=, p95);
    g_assert_true (i != 0 || p50 > 0);
  }
  sizes = gst_structure_get_value (stats, "batch-sizes");
  g_assert_cmpuint (gst_value_array_get_size (sizes), ==, 1);
  g_assert_cmpuint (
      g_value_get_uint64 (gst_value_array_get_value (sizes, 0)), ==, 2);
  g_assert_nonnull (gst_structure_get_string (stats, "device"));
  g_assert_nonnull (gst_structure_get_string (stats, "driver"));
  g_assert_nonnull (gst_structure_get_string (stats, "kernels"));
  g_assert_nonnull (gst_structure_get_string (stats, "model"));
}

/* Pixels that somebody else holds too are neither changed nor copied. */
static void
test_shared_pixels_are_not_copied (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);
  GstBuffer *in = tag_picture_small (TAG_PICTURE_COLORS);
  g_autoptr (GstBuffer) held = gst_buffer_ref (in);
  g_autoptr (GstBuffer) same = tag_picture_small (TAG_PICTURE_COLORS);
  GstBuffer *out = gst_harness_push_and_pull (test->harness, in);
  GstMapInfo map;

  g_assert_true (out != held);
  g_assert_nonnull (gst_buffer_get_clip_meta (out));
  g_assert_null (gst_buffer_get_clip_meta (held));
  g_assert_true (
      gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (held, 0));
  g_assert_true (gst_buffer_map (same, &map, GST_MAP_READ));
  g_assert_cmpint (gst_buffer_memcmp (out, 0, map.data, map.size), ==, 0);
  gst_buffer_unmap (same, &map);
  gst_buffer_unref (out);
}

static void
test_labels_outlive_the_element (void)
{
  TagTest *test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a cat", NULL);
  g_autoptr (GstBuffer) out =
      tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));

  tag_test_free (test);
  g_autoptr (GstBuffer) copy = gst_buffer_copy_deep (out);
  gst_clear_buffer (&out);
  g_assert_cmpstr (gst_clip_meta_get_label (gst_buffer_get_clip_meta (copy), 0),
      ==, "a cat");
}

static void
count_meta (GstElement *sink, GstBuffer *buffer, GstPad *pad, guint *n_metas)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);

  if (meta != NULL && meta->n_scores == 2 &&
      g_strcmp0 (gst_clip_meta_get_label (meta, 1), "a dog") == 0)
    (*n_metas)++;
}

/* user_data: what comes after cliptag. */
static void
test_passes (gconstpointer user_data)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc num-buffers=3 ! "
      "video/x-raw,format=I420,width=64,height=48,framerate=10/1 ! "
      "cliptag model=\"%s\" prompts=\"a cat; a dog\" ! %s ! "
      "fakesink name=out signal-handoffs=true",
      model ? model : "demo", (const gchar *) user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  guint n_metas = 0;

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_signal_connect (sink, "handoff", G_CALLBACK (count_meta), &n_metas);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 120 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpuint (n_metas, ==, 3);
}

static void
add_passes (void)
{
  static const gchar *const chains[][2] = {
    { "videoconvert", "videoconvert ! video/x-raw,format=RGB" },
    { "videoscale", "videoscale ! video/x-raw,width=32,height=20" },
    { "videoflip", "videoflip method=horizontal-flip" },
    { "videorate", "videorate ! video/x-raw,framerate=10/1" },
    { "queue", "queue" },
    { "tee", "tee name=t t. ! queue ! fakesink t. ! queue" },
    { "all", "videoconvert ! video/x-raw,format=BGRx ! queue ! videoscale ! "
             "video/x-raw,width=100,height=100 ! videoconvert ! "
             "video/x-raw,format=NV12" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (chains); i++) {
    g_autofree gchar *path =
        g_strdup_printf ("/elements/cliptag/meta/passes/%s", chains[i][0]);

    g_test_add_data_func (path, chains[i][1], test_passes);
  }
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/meta/" name, function)
  ADD ("every-frame-carries-all-labels", test_every_frame_carries_all_labels);
  ADD ("scores-are-the-softmax-of-the-logits",
      test_scores_are_the_softmax_of_the_logits);
  ADD ("an-embedding-has-unit-length", test_an_embedding_has_unit_length);
  ADD ("frames-between-reuse-the-last-scores",
      test_frames_between_reuse_the_last_scores);
  ADD ("stats-say-what-computes-and-how-long",
      test_stats_say_what_computes_and_how_long);
  ADD ("shared-pixels-are-not-copied", test_shared_pixels_are_not_copied);
  ADD ("labels-outlive-the-element", test_labels_outlive_the_element);
#undef ADD
  add_passes ();
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

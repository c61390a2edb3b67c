/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What elements find that know GstAnalytics and nothing of clv. */

#include <glib/gstdio.h>
#include <gst/analytics/analytics.h>

#include "region-test.h"

#define W 320
#define H 240

/* Values of attach-analytics. */
enum { NONE = 0, ACTIVE = 1, ALL = 2 };

static GstBuffer *
make_picture (void)
{
  GstBuffer *picture = region_picture_new (W, H);

  region_picture_red_circle (picture, W, 100, 60, 120);
  return picture;
}

/* The classification number @index of the frame, from 0. */
static gboolean
get_cls (GstBuffer *buffer, guint index, GstAnalyticsClsMtd *ret_mtd)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  gpointer state = NULL;
  guint n = 0;

  while (meta != NULL && gst_analytics_relation_meta_iterate (meta, &state,
                             gst_analytics_cls_mtd_get_mtd_type (), ret_mtd))
    if (n++ == index)
      return TRUE;
  return FALSE;
}

static void
expect_label (const GstAnalyticsClsMtd *mtd, gsize index, const gchar *label)
{
  GQuark quark = gst_analytics_cls_mtd_get_quark (mtd, index);

  g_assert_cmpstr (g_quark_to_string (quark), ==, label);
}

/* The levels are the smoothed scores of these labels, and fall. */
static void
expect_scores (const GstAnalyticsClsMtd *mtd, const GstClipMeta *meta)
{
  gfloat before = G_MAXFLOAT;

  for (gsize i = 0; i < gst_analytics_cls_mtd_get_length (mtd); i++) {
    GQuark quark = gst_analytics_cls_mtd_get_quark (mtd, i);
    gfloat level = gst_analytics_cls_mtd_get_level (mtd, i);
    gint index = gst_clip_meta_find (meta, g_quark_to_string (quark));

    g_assert_cmpint (index, >=, 0);
    g_assert_cmpfloat (level, ==, meta->scores[index].smoothed);
    g_assert_cmpfloat (level, <=, before);
    before = level;
  }
}

static void
test_a_frame_has_its_active_labels (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS, NULL);
  g_autoptr (GstBuffer) out = tag_test_push (test, make_picture ());
  GstAnalyticsClsMtd mtd;

  g_assert_true (get_cls (out, 0, &mtd));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&mtd), ==, 1);
  expect_label (&mtd, 0, "a red circle");
  expect_scores (&mtd, gst_buffer_get_clip_meta (out));
  g_assert_false (get_cls (out, 1, &mtd));
}

static void
test_all_labels_come_best_first (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      "a blue square; a grey screen; a red circle", "attach-analytics", ALL,
      NULL);
  g_autoptr (GstBuffer) out = tag_test_push (test, make_picture ());
  GstAnalyticsClsMtd mtd;

  g_assert_true (get_cls (out, 0, &mtd));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&mtd), ==, 3);
  expect_label (&mtd, 0, "a red circle");
  expect_scores (&mtd, gst_buffer_get_clip_meta (out));
  g_assert_false (get_cls (out, 1, &mtd));
}

/* Nothing is active by this threshold. */
static void
test_a_frame_without_active_labels_has_none (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS, "scoring",
          CLV_SCORING_COSINE, "threshold", 1.0, NULL);
  g_autoptr (GstBuffer) out = tag_test_push (test, make_picture ());

  g_assert_nonnull (gst_buffer_get_clip_meta (out));
  g_assert_null (gst_buffer_get_analytics_relation_meta (out));
}

static void
test_it_is_switched_while_playing (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "attach-analytics", NONE, NULL);
  g_autoptr (GstBuffer) first = tag_test_push (test, make_picture ());
  g_autoptr (GstBuffer) second = NULL;
  GstAnalyticsClsMtd mtd;

  g_assert_nonnull (gst_buffer_get_clip_meta (first));
  g_assert_null (gst_buffer_get_analytics_relation_meta (first));
  g_object_set (test->element, "attach-analytics", ALL, NULL);
  second = tag_test_push (test, make_picture ());
  g_assert_true (get_cls (second, 0, &mtd));
}

/* Each group is a question of its own. The one with the best label is first. */
static void
test_each_group_has_its_own (void)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("groups-XXXXXX.json", &path, NULL);
  g_autoptr (TagTest) test = NULL;
  g_autoptr (GstBuffer) out = NULL;
  GstAnalyticsClsMtd first, second;

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path,
      "{\"groups\": ["
      "{\"name\": \"same\", \"prompts\": [\"a red disc\", \"a red circle\"]},"
      "{\"name\": \"other\", \"prompts\": [\"a blue square\", "
      "\"a red ball\", \"a grey screen\"]}]}",
      -1, NULL));
  test = tag_test_new (
      REGION_TEST_CAPS, "prompts-file", path, "attach-analytics", ALL, NULL);
  out = tag_test_push (test, make_picture ());
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_assert_true (get_cls (out, 0, &first));
  g_assert_true (get_cls (out, 1, &second));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&first) +
                        gst_analytics_cls_mtd_get_length (&second),
      ==, 5);
  expect_scores (&first, gst_buffer_get_clip_meta (out));
  expect_scores (&second, gst_buffer_get_clip_meta (out));
  g_assert_cmpfloat (gst_analytics_cls_mtd_get_level (&first, 0), >=,
      gst_analytics_cls_mtd_get_level (&second, 0));
  g_assert_false (get_cls (out, 2, &first));
}

/* There is one GstAnalyticsRelationMeta for all who have something to say. */
static void
test_what_others_said_stays (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS, NULL);
  GstBuffer *picture = make_picture ();
  g_autoptr (GstBuffer) out = NULL;
  GstAnalyticsClsMtd mtd;

  g_assert_true (gst_analytics_relation_meta_add_one_cls_mtd (
      gst_buffer_add_analytics_relation_meta (picture), 0.25f,
      g_quark_from_string ("indoors"), &mtd));
  out = tag_test_push (test, picture);
  g_assert_cmpuint (
      gst_buffer_get_n_meta (out, GST_ANALYTICS_RELATION_META_API_TYPE), ==, 1);
  g_assert_true (get_cls (out, 0, &mtd));
  expect_label (&mtd, 0, "indoors");
  g_assert_true (get_cls (out, 1, &mtd));
  expect_label (&mtd, 0, "a red circle");
}

static void
test_live_frames_have_what_is_known (void)
{
  g_autoptr (TagTest) test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "mode", TAG_TEST_LIVE, NULL);
  g_autoptr (GstBuffer) first = tag_test_push (test, make_picture ());
  g_autoptr (GstBuffer) second = NULL;
  GstAnalyticsClsMtd mtd;

  g_assert_false (get_cls (first, 0, &mtd));
  tag_test_wait_stat (test->element, "inferred", 1);
  second = tag_test_push (test, make_picture ());
  g_assert_true (get_cls (second, 0, &mtd));
  expect_label (&mtd, 0, "a red circle");
}

#if GST_CHECK_VERSION(1, 26, 0)
static GstTensor *
make_tensor (const gchar *name)
{
  static const guint8 bytes[] = { 1, 2, 3 };
  gsize dims[] = { sizeof bytes };

  return gst_tensor_new_simple (g_quark_from_string (name),
      GST_TENSOR_DATA_TYPE_UINT8, gst_buffer_new_memdup (bytes, sizeof bytes),
      GST_TENSOR_DIM_ORDER_ROW_MAJOR, 1, dims);
}

/* Another element's stay, and ours outlives cliptag. */
static void
test_the_embedding_is_a_tensor (void)
{
  TagTest *test = tag_test_new (REGION_TEST_CAPS, "prompts",
      REGION_TEST_PROMPTS, "attach-embedding", TRUE, NULL);
  GstBuffer *picture = make_picture ();
  GstTensor **others = g_new (GstTensor *, 1);
  g_autoptr (GstBuffer) out = NULL;
  GstTensorMeta *tensors;
  const GstTensor *tensor;
  GstClipMeta *meta;
  gint index;

  others[0] = make_tensor ("boxes");
  gst_tensor_meta_set (gst_buffer_add_tensor_meta (picture), 1, others);
  out = tag_test_push (test, picture);
  tag_test_free (test);

  tensors = gst_buffer_get_tensor_meta (out);
  g_assert_cmpuint (tensors->num_tensors, ==, 2);
  g_assert_cmpint (gst_tensor_meta_get_index_from_id (
                       tensors, g_quark_from_string ("boxes")),
      ==, 0);
  index = gst_tensor_meta_get_index_from_id (
      tensors, g_quark_from_string ("clip-image-embedding"));
  g_assert_cmpint (index, ==, 1);
  tensor = gst_tensor_meta_get (tensors, (gsize) index);
  meta = gst_buffer_get_clip_meta (out);
  g_assert_cmpint (tensor->data_type, ==, GST_TENSOR_DATA_TYPE_FLOAT32);
  g_assert_cmpuint (tensor->num_dims, ==, 2);
  g_assert_cmpuint (tensor->dims[0], ==, 1);
  g_assert_cmpuint (tensor->dims[1], ==, meta->embedding_width);
  g_assert_cmpint (gst_buffer_memcmp (tensor->data, 0, meta->embedding,
                       meta->embedding_width * sizeof (gfloat)),
      ==, 0);
}

static void
test_without_an_embedding_there_is_no_tensor (void)
{
  g_autoptr (TagTest) test =
      tag_test_new (REGION_TEST_CAPS, "prompts", REGION_TEST_PROMPTS, NULL);
  g_autoptr (GstBuffer) first = tag_test_push (test, make_picture ());
  g_autoptr (GstBuffer) second = NULL;

  g_object_set (
      test->element, "attach-embedding", TRUE, "attach-analytics", NONE, NULL);
  second = tag_test_push (test, make_picture ());
  g_assert_null (gst_buffer_get_tensor_meta (first));
  g_assert_null (gst_buffer_get_tensor_meta (second));
  g_assert_cmpuint (gst_buffer_get_clip_meta (second)->embedding_width, >, 0);
}
#endif

static void
add (void)
{
#define ADD(name) g_test_add_func ("/cliptag/analytics/" #name, test_##name)
  ADD (a_frame_has_its_active_labels);
  ADD (all_labels_come_best_first);
  ADD (a_frame_without_active_labels_has_none);
  ADD (it_is_switched_while_playing);
  ADD (each_group_has_its_own);
  ADD (what_others_said_stays);
  ADD (live_frames_have_what_is_known);
#if GST_CHECK_VERSION(1, 26, 0)
  ADD (the_embedding_is_a_tensor);
  ADD (without_an_embedding_there_is_no_tensor);
#endif
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add);
}

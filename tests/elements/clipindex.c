/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clipindex stores, of frames with embeddings. */

#include "index-element-test.h"

#include <sqlite3.h>
#include <string.h>

static void
assert_sql (IndexTest *self, const gchar *query, const gchar *wanted)
{
  g_autofree gchar *found = index_test_sql (self, query);

  g_assert_cmpstr (found, ==, wanted);
}

static void
end_stream (IndexTest *self)
{
  g_assert_true (gst_harness_push_event (self->harness, gst_event_new_eos ()));
}

static void
test_moments_have_time_tags_and_embedding (IndexTest *self, gconstpointer data)
{
  const gfloat axis[INDEX_TEST_WIDTH] = { 1, 0, 0, 0 };
  const ClvIndexQuery query = { .vector = axis, .top = 1 };
  g_autoptr (ClvIndex) index = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  const ClvIndexHit *hit;

  index_test_start (self, "interval=500000000");
  for (guint i = 0; i < 30; i++)
    g_assert_cmpint (
        index_test_push (self, i < 10 || i >= 20, NULL), ==, GST_FLOW_OK);
  end_stream (self);
  g_assert_cmpuint (gst_harness_buffers_received (self->harness), ==, 30);
  g_assert_cmpuint (index_test_get_stat (self, "stored"), ==, 6);
  assert_sql (self, INDEX_TEST_TIMES, "0.0 0.5 1.0 1.5 2.0 2.5");

  index = clv_index_open (self->path, NULL);
  g_assert_nonnull (index);
  g_assert_cmpstr (clv_index_get_model_id (index), ==, "none");
  hits = clv_index_search (index, &query, NULL);
  g_assert_cmpuint (hits->len, ==, 1);
  hit = hits->pdata[0];
  g_assert_cmpstr (hit->media, ==, "m");
  g_assert_cmpfloat (hit->start, ==, 1);
  g_assert_cmpfloat (hit->end, ==, 2);
  g_assert_cmpfloat (hit->score, >, 0.99);
  g_assert_cmpstr (hit->tags[0], ==, "dog");
  g_assert_null (hit->tags[1]);
}

/* Two before the one with the embedding, and one behind it; "dog" is everywhere. */
static void
test_tags_of_all_cliptags_are_stored (IndexTest *self, gconstpointer data)
{
  const gfloat axis[INDEX_TEST_WIDTH] = { 1, 0, 0, 0 };
  const MetaTest embedded = {
    .fresh = TRUE, .embedding = axis, .width = INDEX_TEST_WIDTH
  };
  const gchar *const texts[] = { "bird; dog", "dog; cat", "tree; bush" };
  const gfloat scores[][2] = { { 0.75f, 0.875f }, { 0.625f, 0.25f },
    { 0.125f, 0.5f } };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);

  index_test_start (self, "");
  GST_BUFFER_PTS (buffer) = 0;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (ClvPrompts) prompts = meta_test_prompts (texts[i]);

    meta_test_add (buffer, prompts, scores[i], i == 1 ? &embedded : NULL);
  }
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
  end_stream (self);
  assert_sql (self,
      "SELECT group_concat(label || ' ' || score, ', ') FROM"
      " (SELECT * FROM tags ORDER BY score DESC)",
      "dog 0.875, bird 0.75, bush 0.5");
}

static void
test_the_end_marks_the_media_as_whole (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "");
  for (guint i = 0; i < 25; i++)
    index_test_push (self, 0, NULL);
  end_stream (self);
  assert_sql (self, "SELECT duration FROM media", "2.5");
}

/* Nothing is written twice, and what is new is added. */
static void
test_a_stream_that_comes_again_goes_on (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "");
  for (guint i = 0; i < 15; i++)
    index_test_push (self, 0, NULL);
  index_test_stop (self);
  index_test_start (self, "");
  for (guint i = 0; i < 35; i++)
    index_test_push (self, 0, NULL);
  end_stream (self);
  g_assert_cmpuint (index_test_get_stat (self, "known"), ==, 2);
  g_assert_cmpuint (index_test_get_stat (self, "stored"), ==, 2);
  assert_sql (self, INDEX_TEST_TIMES, "0.0 1.0 2.0 3.0");
  index_test_expect (self, GST_MESSAGE_INFO, "moments of m up to 1\\.000 s");
}

/* In mode live cliptag attaches what an earlier frame gave. */
static void
test_an_old_result_is_stored_at_its_own_time (
    IndexTest *self, gconstpointer data)
{
  MetaTest old = { .pts = 0 };

  index_test_start (self, "interval=300000000");
  for (guint i = 0; i < 20; i++) {
    old.pts = i / 4 * 4 * (GST_SECOND / 10);
    index_test_push (self, 0, &old);
  }
  end_stream (self);
  assert_sql (self, INDEX_TEST_TIMES, "0.0 0.4 0.8 1.2 1.6");
}

static void
test_an_unchanged_picture_is_stored_again (IndexTest *self, gconstpointer data)
{
  const MetaTest same = { .unchanged = TRUE };

  index_test_start (self, "");
  for (guint i = 0; i < 25; i++)
    index_test_push (self, 0, i == 0 ? NULL : &same);
  end_stream (self);
  assert_sql (self, INDEX_TEST_TIMES, "0.0 1.0 2.0");
}

static void
test_thumbnails_are_pictures (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "thumbnails=true");
  for (guint i = 0; i < 15; i++)
    index_test_push (self, 0, NULL);
  end_stream (self);
  assert_sql (self, "SELECT count(*) FROM thumbnails", "2");
  assert_sql (
      self, "SELECT hex(substr(picture, 1, 2)) FROM thumbnails", "FFD8");
}

static void
test_a_name_may_have_the_time_in_it (IndexTest *self, gconstpointer data)
{
  g_autofree gchar *name = NULL;

  index_test_start (self, "media=\"gate %Y-%m 100%%\"");
  index_test_push (self, 0, NULL);
  end_stream (self);
  name = index_test_sql (self, "SELECT location FROM media");
  g_assert_true (
      g_regex_match_simple ("^gate 2\\d\\d\\d-\\d\\d 100%$", name, 0, 0));
}

/* No codes, no media: the harness has no URI. */
static void
test_a_stream_without_a_uri_has_the_elements_name (
    IndexTest *self, gconstpointer data)
{
  g_autofree gchar *name = NULL;

  index_test_start (self, "media=\"\" name=eye");
  index_test_push (self, 0, NULL);
  end_stream (self);
  name = index_test_sql (self, "SELECT location FROM media");
  g_assert_true (g_regex_match_simple (
      "^eye 2\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:", name, 0, 0));
}

static void
test_another_stream_is_another_media (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "media=\"\"");
  index_test_push (self, 0, NULL);
  gst_harness_push_event (self->harness, gst_event_new_stream_start ("other"));
  g_usleep (G_USEC_PER_SEC); /* names have seconds in them */
  self->n_pushed = 0;
  index_test_push (self, 0, NULL);
  end_stream (self);
  assert_sql (self, "SELECT count(*) FROM media", "2");
  assert_sql (self, INDEX_TEST_TIMES, "0.0 0.0");
}

static void
test_what_waits_is_written_at_a_stop (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "");
  for (guint i = 0; i < 25; i++)
    index_test_push (self, 0, NULL);
  index_test_stop (self);
  assert_sql (self, INDEX_TEST_TIMES, "0.0 1.0 2.0");
}

static void
test_moments_are_written_without_an_end (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "");
  index_test_push (self, 0, NULL);
  index_test_wait_stat (self, "stored", 1);
  assert_sql (self, INDEX_TEST_TIMES, "0.0");
}

static sqlite3 *
lock (IndexTest *self)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  g_assert_cmpint (
      sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  return db;
}

/* Another process writes all the time: live video passes, and what there is room
 * for is stored later. */
static void
test_a_full_queue_drops_live_moments (IndexTest *self, gconstpointer data)
{
  sqlite3 *db;

  index_test_start (self, "interval=100000000");
  index_test_push (self, 0, NULL);
  index_test_wait_stat (self, "stored", 1);
  db = lock (self);
  while (index_test_get_stat (self, "dropped") < 5)
    g_assert_cmpint (index_test_push (self, 0, NULL), ==, GST_FLOW_OK);
  sqlite3_close (db);
  end_stream (self);
  g_assert_cmpuint (index_test_get_stat (self, "stored"), ==,
      self->n_pushed - index_test_get_stat (self, "dropped"));
}

static gpointer
push_many (gpointer data)
{
  IndexTest *self = data;
  GstFlowReturn flow;

  while ((flow = index_test_push (self, 0, NULL)) == GST_FLOW_OK)
    ;
  return GINT_TO_POINTER (flow);
}

/* Whoever waits for room does not keep a seek from coming. */
static void
test_a_flush_ends_waiting (IndexTest *self, gconstpointer data)
{
  GThread *thread;
  sqlite3 *db;

  index_test_start (self, "interval=100000000 when-full=wait");
  index_test_push (self, 0, NULL);
  index_test_wait_stat (self, "stored", 1);
  db = lock (self);
  thread = g_thread_new ("push", push_many, self);
  g_usleep (G_USEC_PER_SEC);
  g_assert_cmpuint (index_test_get_stat (self, "dropped"), ==, 0);
  gst_harness_push_event (self->harness, gst_event_new_flush_start ());
  g_assert_cmpint (
      GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  sqlite3_close (db);
}

static void
push_until_error (IndexTest *self, const MetaTest *how)
{
  const gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (index_test_push (self, 0, how) == GST_FLOW_OK)
    g_assert_cmpint (g_get_monotonic_time (), <, end);
}

static void
test_another_model_is_an_error (IndexTest *self, gconstpointer data)
{
  const MetaTest other = { .fresh = TRUE, .model = "other" };

  index_test_start (self, "");
  index_test_push (self, 0, NULL);
  index_test_stop (self);
  index_test_start (self, "");
  push_until_error (self, &other);
  index_test_expect (self, GST_MESSAGE_ERROR,
      "Cannot write to the index: .*index\\.db: holds moments of model");
}

static void
test_a_missing_directory_is_an_error (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "location=/no/such/index.db");
  push_until_error (self, NULL);
  index_test_expect (self, GST_MESSAGE_ERROR, "/no/such/index\\.db");
}

static void
test_a_missing_model_is_an_error (IndexTest *self, gconstpointer data)
{
  g_autoptr (GstElement) element = gst_parse_launch (
      "clipindex model=no-such-model location=/tmp/none.db", NULL);

  gst_object_ref_sink (element);
  gst_element_set_bus (element, self->bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  index_test_expect (self, GST_MESSAGE_ERROR, "no-such-model");
  gst_element_set_state (element, GST_STATE_NULL);
}

static void
test_a_bad_name_is_an_error (IndexTest *self, gconstpointer data)
{
  index_test_start (self, "media=%é");
  g_assert_cmpint (index_test_push (self, 0, NULL), ==, GST_FLOW_ERROR);
  index_test_expect (self, GST_MESSAGE_ERROR, "media: wanted a name");
}

static void
test_frames_without_embeddings_are_a_warning (
    IndexTest *self, gconstpointer data)
{
  index_test_start (self, "");
  for (guint i = 0; i < 5; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
  }
  end_stream (self);
  index_test_expect (
      self, GST_MESSAGE_WARNING, "attach-embedding=true.*in the first 4\\.0 s");
}

int
main (int argc, char **argv)
{
#define ADD(name, function)                                                    \
  g_test_add ("/clipindex/" name, IndexTest, NULL, index_test_set_up,          \
      function, index_test_tear_down)

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("moments have time, tags and embedding",
      test_moments_have_time_tags_and_embedding);
  ADD ("tags of all cliptags are stored", test_tags_of_all_cliptags_are_stored);
  ADD ("the end marks the media as whole",
      test_the_end_marks_the_media_as_whole);
  ADD ("a stream that comes again goes on",
      test_a_stream_that_comes_again_goes_on);
  ADD ("an old result is stored at its own time",
      test_an_old_result_is_stored_at_its_own_time);
  ADD ("an unchanged picture is stored again",
      test_an_unchanged_picture_is_stored_again);
  ADD ("thumbnails are pictures", test_thumbnails_are_pictures);
  ADD ("a name may have the time in it", test_a_name_may_have_the_time_in_it);
  ADD ("a stream without a URI has the element's name",
      test_a_stream_without_a_uri_has_the_elements_name);
  ADD ("another stream is another media", test_another_stream_is_another_media);
  ADD ("what waits is written at a stop", test_what_waits_is_written_at_a_stop);
  ADD ("moments are written without an end",
      test_moments_are_written_without_an_end);
  ADD ("a full queue drops live moments", test_a_full_queue_drops_live_moments);
  ADD ("a flush ends waiting", test_a_flush_ends_waiting);
  ADD ("another model is an error", test_another_model_is_an_error);
  ADD ("a missing directory is an error", test_a_missing_directory_is_an_error);
  ADD ("a missing model is an error", test_a_missing_model_is_an_error);
  ADD ("a bad name is an error", test_a_bad_name_is_an_error);
  ADD ("frames without embeddings are a warning",
      test_frames_without_embeddings_are_a_warning);
  return g_test_run ();
}

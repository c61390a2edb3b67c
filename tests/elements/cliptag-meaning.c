/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What makes tags mean something: calibration, background phrases and pictures
 * as prompts, with the demo model. */

#include "tag-test.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define W 64
#define H 48

typedef struct {
  gchar *dir;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("clv-meaning-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (self->dir, name, NULL);

    g_unlink (path);
  }
  g_rmdir (self->dir);
  g_free (self->dir);
}

static gchar *
write_file (Fixture *self, const gchar *name, const gchar *content)
{
  gchar *path = g_build_filename (self->dir, name, NULL);

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  return path;
}

/* --- pictures ------------------------------------------------------------ */

static GstBuffer *
plain (guint8 red, guint8 green, guint8 blue)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, W * H * 3, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (guint i = 0; i < W * H; i++) {
    map.data[3 * i] = red;
    map.data[3 * i + 1] = green;
    map.data[3 * i + 2] = blue;
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static void
write_png (Fixture *self, const gchar *name, GstBuffer *picture)
{
  g_autofree gchar *path = g_build_filename (self->dir, name, NULL);
  GstHarness *encoder = gst_harness_new ("pngenc");
  GstBuffer *png;
  GstMapInfo map;

  gst_harness_set_src_caps_str (encoder, TAG_TEST_SMALL_CAPS);
  png = gst_harness_push_and_pull (encoder, picture);
  g_assert_nonnull (png);
  g_assert_true (gst_buffer_map (png, &map, GST_MAP_READ));
  g_assert_true (g_file_set_contents (
      path, (const gchar *) map.data, (gssize) map.size, NULL));
  gst_buffer_unmap (png, &map);
  gst_buffer_unref (png);
  gst_harness_teardown (encoder);
}

static gdouble
cosine_of (GstBuffer *buffer, const gchar *label)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);
  gint index;

  g_assert_nonnull (meta);
  index = gst_clip_meta_find (meta, label);
  g_assert_cmpint (index, >=, 0);
  return meta->scores[index].cosine;
}

static void
test_pictures (Fixture *self, gconstpointer data)
{
  g_autofree gchar *path = write_file (self, "set.json",
      "{\"groups\":[{\"scoring\":\"cosine\",\"prompts\":["
      "{\"label\":\"red\",\"image\":\"red.png\",\"threshold\":0.9},"
      "{\"label\":\"blue\",\"image\":[\"./blue.png\"],\"threshold\":0.9},"
      "{\"label\":\"both\",\"text\":\"a blue screen\",\"image\":\"red.png\"},"
      "\"a blue screen\"]}]}");
  g_autoptr (TagTest) test = NULL;
  g_autoptr (GstBuffer) out = NULL;

  write_png (self, "red.png", plain (230, 20, 20));
  write_png (self, "blue.png", plain (20, 20, 230));
  test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts-file", path, NULL);
  out = tag_test_push (test, plain (230, 20, 20));
  g_assert_cmpfloat (cosine_of (out, "red"), >, 0.9999);
  g_assert_cmpfloat (cosine_of (out, "blue"), <, 0.9);
  g_assert_cmpfloat (cosine_of (out, "both"), <, cosine_of (out, "red"));
  g_assert_cmpfloat (
      cosine_of (out, "both"), >, cosine_of (out, "a blue screen"));
  tag_test_expect_tag (test, "red", "start", 0);
}

/* The pipeline does not start, and the error names the picture. */
static void
test_bad_pictures (Fixture *self, gconstpointer data)
{
  const gchar *const contents[] = { "no picture at all", "\x89PNG\r\n\x1a\n",
    "" };
  g_autofree gchar *path = write_file (self, "set.json",
      "{\"groups\":[{\"prompts\":[{\"label\":\"x\",\"image\":\"x.png\"}]}]}");

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++) {
    g_autofree gchar *picture = write_file (self, "x.png", contents[i]);
    g_autoptr (GstElement) element =
        gst_object_ref_sink (tag_test_make ("prompts-file", path, NULL));
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;

    gst_element_set_bus (element, bus);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    gst_message_parse_error (message, &error, NULL);
    if (strstr (error->message, picture) == NULL ||
        strstr (error->message, "wanted a picture") == NULL)
      g_error ("row %u: %s", i, error->message);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
  }
}

/* --- none of these ------------------------------------------------------- */

static guint
count_active (GstBuffer *buffer)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);
  guint n = 0;

  g_assert_nonnull (meta);
  for (guint i = 0; i < meta->n_scores; i++)
    n += meta->scores[i].active;
  return n;
}

static void
test_background (Fixture *self, gconstpointer data)
{
  const gchar *prompts = "a red screen; TV static";

  for (gint background = 0; background < 2; background++) {
    g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
        prompts, "background", background, NULL);
    GstBuffer *out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_COLORS));

    g_assert_cmpuint (count_active (out), ==, background ? 0 : 1);
    gst_buffer_unref (out);
    out = tag_test_push (test, plain (230, 20, 20));
    g_assert_cmpuint (count_active (out), ==, 1);
    gst_buffer_unref (out);
  }
}

/* --- cool-down ----------------------------------------------------------- */

/* The better of two always holds; who was pushed aside waits for its turn. */
static void
test_cool_down_with_top_k (Fixture *self, gconstpointer data)
{
  g_autofree gchar *path = write_file (self, "set.json",
      "{\"groups\":[{\"scoring\":\"cosine\",\"prompts\":["
      "{\"label\":\"red\",\"text\":\"a red screen\",\"threshold\":-1,"
      "\"cool-down\":0.25},"
      "{\"label\":\"blue\",\"text\":\"a blue screen\",\"threshold\":-1}]}]}");
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts-file", path, "top-k", 1, NULL);
  const guint active[] = { 1, 1, 0, 0, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (active); i++) {
    GstBuffer *out = tag_test_push (
        test, i == 1 ? plain (20, 20, 230) : plain (230, 20, 20));

    g_assert_cmpuint (count_active (out), ==, active[i]);
    gst_buffer_unref (out);
  }
  tag_test_expect_tag (test, "red", "start", 0);
  tag_test_expect_tag (test, "red", "stop", GST_SECOND / 10);
  tag_test_expect_tag (test, "blue", "start", GST_SECOND / 10);
  tag_test_expect_tag (test, "blue", "stop", GST_SECOND / 5);
  tag_test_expect_tag (test, "red", "start", 4 * GST_SECOND / 10);
}

/* The frame that is best for a moment only starts nothing. */
static void
test_min_duration_with_top_k (Fixture *self, gconstpointer data)
{
  g_autofree gchar *path = write_file (self, "set.json",
      "{\"groups\":[{\"scoring\":\"cosine\",\"prompts\":["
      "{\"label\":\"red\",\"text\":\"a red screen\",\"threshold\":-1,"
      "\"min-duration\":0.25},"
      "{\"label\":\"blue\",\"text\":\"a blue screen\",\"threshold\":-1,"
      "\"min-duration\":0.25}]}]}");
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts-file", path, "top-k", 1, NULL);
  g_autoptr (GstMessage) more = NULL;

  for (guint i = 0; i < 8; i++)
    gst_buffer_unref (tag_test_push (test,
        i >= 4 && i % 2 == 0 ? plain (20, 20, 230) : plain (230, 20, 20)));
  tag_test_expect_tag (test, "red", "start", 0);
  tag_test_expect_tag (test, "red", "stop", 4 * GST_SECOND / 10);
  more = tag_test_pop_tag (test);
  g_assert_null (more);
}

/* --- one threshold for several phrases ----------------------------------- */

static const gchar *const phrases[] = { "color bars", "TV static",
  "a red screen", "a blue screen", "a checkerboard", "a horizontal gradient",
  "vertical stripes", "a black screen", NULL };

#define N_PHRASES  (G_N_ELEMENTS (phrases) - 1)
#define N_SCENES   6
#define N_QUIET    48 /* frames before the first event */
#define N_EVENT    4
#define N_BETWEEN  5
#define PER_SCENE  (N_QUIET + N_PHRASES * (N_EVENT + N_BETWEEN))
#define ALL_FRAMES (N_SCENES * PER_SCENE)

/* What phrase `event` describes. */
static void
draw_event (guint event, guint x, guint y, GRand *rand, guint8 *pixel)
{
  static const guint8 bars[7] = { 7, 6, 3, 2, 5, 4, 1 };
  guint8 grey = 0;

  if (event == 0) {
    for (guint c = 0; c < 3; c++)
      pixel[c] = bars[x * 7 / W] & (4 >> c) ? 255 : 0;
    return;
  }
  if (event == 1)
    grey = (guint8) g_rand_int_range (rand, 0, 256);
  else if (event == 4)
    grey = (x / 8 + y / 8) % 2 ? 255 : 0;
  else if (event == 5)
    grey = (guint8) (x * 255 / W);
  else if (event == 6)
    grey = x / 4 % 2 ? 255 : 0;
  memset (pixel, grey, 3);
  if (event == 2)
    pixel[0] = 230;
  if (event == 3)
    pixel[2] = 230;
}

/* A camera's view of a thing before a wall, lit a little more or less, with
 * noise; an event covers half of it. */
static GstBuffer *
draw (guint scene, gint event, guint frame, GRand *rand)
{
  static const guint8 walls[N_SCENES][3] = { { 200, 200, 190 }, { 60, 90, 60 },
    { 70, 70, 110 }, { 150, 60, 50 }, { 90, 140, 220 }, { 20, 20, 25 } };
  static const guint8 things[N_SCENES][3] = { { 200, 40, 40 }, { 230, 220, 60 },
    { 240, 240, 240 }, { 60, 60, 60 }, { 250, 250, 250 }, { 240, 160, 40 } };
  const gdouble light = 1 + 0.05 * sin (frame / 7.0);
  GstBuffer *buffer = plain (0, 0, 0);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (guint y = 0; y < H; y++) {
    for (guint x = 0; x < W; x++) {
      gint dx = (gint) x - 40, dy = (gint) y - 20;
      const guint8 *color =
          dx * dx + dy * dy < 120 ? things[scene] : walls[scene];
      guint8 *pixel = &map.data[3 * (y * W + x)];
      gboolean covered = scene % 2 ? x < W / 2 : y < H / 2;

      for (guint c = 0; c < 3; c++)
        pixel[c] = (guint8) CLAMP (color[c] * light + 0.6 * y, 0, 255);
      if (event >= 0 && covered)
        draw_event ((guint) event, x, y, rand, pixel);
      for (guint c = 0; c < 3; c++)
        pixel[c] =
            (guint8) CLAMP (pixel[c] + g_rand_int_range (rand, -8, 9), 0, 255);
    }
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* -1: none */
static gint
event_of (guint frame)
{
  guint i = frame - N_QUIET;

  if (frame < N_QUIET || i % (N_EVENT + N_BETWEEN) >= N_EVENT)
    return -1;
  return (gint) (i / (N_EVENT + N_BETWEEN));
}

typedef struct {
  gdouble cosine[ALL_FRAMES][N_PHRASES];
  gdouble score[ALL_FRAMES][N_PHRASES];
} Scores;

static void
run_scene (guint scene, const gchar *prompts, GRand *rand, Scores *scores)
{
  g_autoptr (TagTest) test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts",
      prompts, "scoring", 3 /* cosine */, "post-messages", FALSE, NULL);

  gst_util_set_object_arg (G_OBJECT (test->element), "calibration", "stream");
  for (guint i = 0; i < PER_SCENE; i++) {
    GstBuffer *out = tag_test_push (test, draw (scene, event_of (i), i, rand));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_cmpuint (meta->n_scores, ==, N_PHRASES);
    for (guint k = 0; k < N_PHRASES; k++) {
      scores->cosine[scene * PER_SCENE + i][k] = meta->scores[k].cosine;
      scores->score[scene * PER_SCENE + i][k] = meta->scores[k].score;
    }
    gst_buffer_unref (out);
  }
}

/* The mean over phrases of the balanced accuracy that the best threshold for all
 * of them reaches: a phrase's own events against the quiet frames, and, with
 * `others`, against the events of other phrases too; frames after the warm-up. */
static gdouble
best_accuracy (
    const gdouble (*scores)[N_PHRASES], gboolean others, gdouble *ret_threshold)
{
  gdouble best = 0;

  for (gdouble threshold = -1; threshold <= 1; threshold += 0.005) {
    gdouble sum = 0;

    for (guint k = 0; k < N_PHRASES; k++) {
      guint hits = 0, positives = 0, rejects = 0, all = 0;

      for (guint i = 0; i < ALL_FRAMES; i++) {
        gint event = event_of (i % PER_SCENE);
        gboolean is_true = event == (gint) k;
        gboolean is_on = scores[i][k] >= threshold;

        if (i % PER_SCENE < N_QUIET || (!others && event >= 0 && !is_true))
          continue;
        all++;
        positives += is_true;
        hits += is_true && is_on;
        rejects += !is_true && !is_on;
      }
      sum += (gdouble) hits / positives + (gdouble) rejects / (all - positives);
    }
    if (sum / (2 * N_PHRASES) > best) {
      best = sum / (2 * N_PHRASES);
      *ret_threshold = threshold;
    }
  }
  return best;
}

static void
compare (const Scores *scores, gboolean others, gdouble gain)
{
  gdouble plain_threshold = 0, threshold = 0;
  gdouble by_cosine = best_accuracy (scores->cosine, others, &plain_threshold);
  gdouble by_score = best_accuracy (scores->score, others, &threshold);

  g_test_message ("balanced accuracy of one threshold for %u phrases in %u "
                  "scenes against %s: %.3f by cosines (%.2f), %.3f calibrated "
                  "by stream (%.2f)",
      (guint) N_PHRASES, N_SCENES, others ? "all other frames" : "quiet ones",
      by_cosine, plain_threshold, by_score, threshold);
  g_assert_cmpfloat (by_score, >, by_cosine + gain);
}

/* A baseline tells what is unusual in a scene; which of several unusual things
 * it is, only the model can tell, so there is less to gain. */
static void
test_one_threshold (Fixture *self, gconstpointer data)
{
  g_autofree gchar *prompts = g_strjoinv (";", (gchar **) phrases);
  g_autofree Scores *scores = g_new0 (Scores, 1);
  GRand *rand = g_rand_new_with_seed (8);

  for (guint scene = 0; scene < N_SCENES; scene++)
    run_scene (scene, prompts, rand, scores);
  compare (scores, FALSE, 0.03);
  compare (scores, TRUE, 0.01);
  g_rand_free (rand);
}

/* A change while playing is a new set, whose scores are other ones. */
static void
test_change (Fixture *self, gconstpointer data)
{
  g_autoptr (TagTest) test = tag_test_new (
      TAG_TEST_SMALL_CAPS, "prompts", "a red screen", "smoothing", 0.0, NULL);
  GstBuffer *out = tag_test_push (test, plain (230, 20, 20));
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  guint64 generation = meta->generation;
  gfloat score = meta->scores[0].score;

  g_assert_cmpfloat (score, ==, meta->scores[0].cosine);
  gst_util_set_object_arg (G_OBJECT (test->element), "calibration", "model");
  for (guint i = 0; meta->generation == generation; i++) {
    g_assert_cmpuint (i, <, 3000);
    gst_buffer_unref (out);
    g_usleep (10000);
    out = tag_test_push (test, plain (230, 20, 20));
    meta = gst_buffer_get_clip_meta (out);
  }
  g_assert_cmpfloat (meta->scores[0].score, >, 0.5);
  g_assert_cmpfloat (meta->scores[0].score, !=, meta->scores[0].cosine);
  g_assert_true (meta->scores[0].active);
  gst_buffer_unref (out);
}

#define ADD(name, func)                                                        \
  g_test_add ("/cliptag-meaning/" name, Fixture, NULL, set_up, func, tear_down)

static void
add_tests (void)
{
  ADD ("a picture is a prompt", test_pictures);
  ADD ("a bad picture is an error that names it", test_bad_pictures);
  ADD ("with background phrases none of the labels may hold", test_background);
  ADD ("a cool-down holds with top-k too", test_cool_down_with_top_k);
  ADD ("a minimum duration holds with top-k too", test_min_duration_with_top_k);
  ADD ("calibration changes while playing", test_change);
  ADD ("one threshold serves several phrases in several scenes",
      test_one_threshold);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* watch-prompts: a prompts file that is edited while the stream plays. */

#include "tag-test.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tag/gstclipwatch.h"

typedef struct {
  gchar *dir;
  gchar *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("clv-watch-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  self->path = g_build_filename (self->dir, "set.json", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_rmdir (self->dir);
  g_free (self->path);
  g_free (self->dir);
}

/* As an editor that writes in place does. */
static void
overwrite (Fixture *self, const gchar *content)
{
  FILE *file = g_fopen (self->path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (
      fwrite (content, 1, strlen (content), file), ==, strlen (content));
  fclose (file);
}

/* As one that writes aside and renames does. */
static void
replace (Fixture *self, const gchar *content)
{
  g_autofree gchar *aside = g_strconcat (self->path, "~", NULL);

  g_assert_true (g_file_set_contents (aside, content, -1, NULL));
  g_assert_cmpint (g_rename (aside, self->path), ==, 0);
}

static void
test_looks (Fixture *self, gconstpointer data)
{
  GstClipWatch watch = { 0 };

  g_assert_false (gst_clip_watch_look (&watch));
  replace (self, "one");
  gst_clip_watch_reset (&watch, self->path);
  g_assert_false (gst_clip_watch_look (&watch));

  /* A file that grows is told when it has stopped growing. */
  overwrite (self, "one and");
  g_assert_false (gst_clip_watch_look (&watch));
  overwrite (self, "one and another");
  g_assert_false (gst_clip_watch_look (&watch));
  g_assert_true (gst_clip_watch_look (&watch));
  g_assert_false (gst_clip_watch_look (&watch));

  /* Another file of the same size. */
  replace (self, "one and ANOTHER");
  g_assert_false (gst_clip_watch_look (&watch));
  g_assert_true (gst_clip_watch_look (&watch));

  /* Gone for a moment is not gone. */
  g_unlink (self->path);
  g_assert_false (gst_clip_watch_look (&watch));
  replace (self, "back");
  g_assert_false (gst_clip_watch_look (&watch));
  g_assert_true (gst_clip_watch_look (&watch));

  g_unlink (self->path);
  g_assert_false (gst_clip_watch_look (&watch));
  g_assert_true (gst_clip_watch_look (&watch));
  g_assert_false (gst_clip_watch_look (&watch));
  gst_clip_watch_reset (&watch, NULL);
}

/* Pushes frames until the newest set has this first label. */
static void
play_until (TagTest *test, const gchar *label)
{
  for (guint i = 0;; i++) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    if (g_str_equal (gst_clip_meta_get_label (meta, 0), label))
      return;
    g_assert_cmpuint (i, <, 3000);
    g_usleep (20000);
  }
}

/* Pushes frames until a warning comes; its text. The set stays. */
static gchar *
play_until_warning (TagTest *test, const gchar *label)
{
  for (guint i = 0;; i++) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, tag_picture_small (TAG_PICTURE_BLACK));
    GstMessage *message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING);

    g_assert_cmpstr (
        gst_clip_meta_get_label (gst_buffer_get_clip_meta (out), 0), ==, label);
    if (message != NULL) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_warning (message, &error, NULL);
      gst_message_unref (message);
      return g_strdup (error->message);
    }
    g_assert_cmpuint (i, <, 3000);
    g_usleep (20000);
  }
}

#define SET(label) "{\"groups\":[{\"prompts\":[\"" label "\"]}]}"

static void
test_edits (Fixture *self, gconstpointer data)
{
  g_autoptr (TagTest) test = NULL;
  g_autofree gchar *broken = NULL;
  g_autofree gchar *gone = NULL;

  overwrite (self, SET ("first"));
  test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts-file", self->path,
      "watch-prompts", TRUE, NULL);
  play_until (test, "first");
  overwrite (self, SET ("in place"));
  play_until (test, "in place");
  replace (self, SET ("renamed"));
  play_until (test, "renamed");

  overwrite (self, "{\"groups\":[{\"prompts\":[\"a\",7]}]}");
  broken = play_until_warning (test, "renamed");
  g_assert_nonnull (strstr (broken, self->path));
  g_assert_nonnull (strstr (broken, "$.groups[0].prompts[1]"));
  g_unlink (self->path);
  gone = play_until_warning (test, "renamed");
  g_assert_nonnull (strstr (gone, self->path));
  replace (self, SET ("mended"));
  play_until (test, "mended");
  g_assert_null (gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING));
}

/* Without watch-prompts an edit changes nothing; switched on, it is noticed. */
static void
test_off (Fixture *self, gconstpointer data)
{
  g_autoptr (TagTest) test = NULL;

  overwrite (self, SET ("first"));
  test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts-file", self->path, NULL);
  play_until (test, "first");
  replace (self, SET ("second"));
  for (guint i = 0; i < 30; i++) {
    play_until (test, "first");
    g_usleep (50000);
  }
  g_object_set (test->element, "watch-prompts", TRUE, NULL);
  play_until (test, "second");
}

/* The file that is watched is the one that is in use. */
static void
test_other_file (Fixture *self, gconstpointer data)
{
  g_autofree gchar *other = g_build_filename (self->dir, "other.json", NULL);
  g_autoptr (TagTest) test = NULL;

  overwrite (self, SET ("first"));
  g_assert_true (g_file_set_contents (other, SET ("other"), -1, NULL));
  test = tag_test_new (TAG_TEST_SMALL_CAPS, "prompts-file", self->path,
      "watch-prompts", TRUE, NULL);
  play_until (test, "first");
  g_object_set (test->element, "prompts-file", other, NULL);
  play_until (test, "other");
  g_assert_true (g_file_set_contents (other, SET ("edited"), -1, NULL));
  play_until (test, "edited");
  g_object_set (test->element, "prompts", "a string", NULL);
  play_until (test, "a string");
  g_unlink (other);
}

#define ADD(name, func)                                                        \
  g_test_add ("/cliptag-watch/" name, Fixture, NULL, set_up, func, tear_down)

static void
add_tests (void)
{
  ADD ("a change is told once, when it is whole", test_looks);
  ADD ("edits of any kind take effect, broken ones are warnings", test_edits);
  ADD ("only a file that is to be watched is", test_off);
  ADD ("the watch follows the property", test_other_file);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

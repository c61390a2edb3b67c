/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* change-threshold, where the host, which reads a few pixels, sees a change and the
 * device, which reads all that the model would see, does not. */

#include "tag-test.h"

#include <string.h>

#define SPOTTY_CAPS "video/x-raw,format=RGB,width=256,height=192,framerate=10/1"
#define WIDTH       256
#define HEIGHT      192

#define TENTH(n) ((n) *GST_SECOND / 10)

/* Grey, with white spots at just the pixels that the host reads: two in each row and
 * column of its cells. They are a 48th of the picture. */
static GstBuffer *
spotty_picture (guint8 grey, gboolean spots)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3, NULL);
  const guint cell_x = WIDTH / 16, cell_y = HEIGHT / 16;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  memset (map.data, grey, map.size);
  for (guint y = cell_y / 4; spots && y < HEIGHT; y += cell_y / 2)
    for (guint x = cell_x / 4; x < WIDTH; x += cell_x / 2)
      memset (map.data + ((gsize) y * WIDTH + x) * 3, 255, 3);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static void
expect_counts (TagTest *test, guint64 inferred, guint64 unchanged)
{
  g_assert_cmpuint (
      tag_test_get_stat (test->element, "inferred"), ==, inferred);
  g_assert_cmpuint (
      tag_test_get_stat (test->element, "unchanged"), ==, unchanged);
}

/* A frame is inferred where its grey is another than that of the one that was
 * inferred last. */
static const guint8 greys[] = { 0, 0, 0, 200, 200, 0, 0, 0 };
static const gboolean spots[] = { FALSE, TRUE, TRUE, FALSE, TRUE, FALSE, TRUE,
  FALSE };
static const gboolean fresh[] = { TRUE, FALSE, FALSE, TRUE, FALSE, TRUE, FALSE,
  FALSE };

static void
expect_frame (GstBuffer *out, guint n)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (out);
  guint last = n;

  while (!fresh[last])
    last--;
  g_assert_nonnull (meta);
  g_assert_cmpint (meta->fresh, ==, fresh[n]);
  g_assert_cmpint (meta->unchanged, ==, !fresh[n]);
  g_assert_cmpuint (meta->pts, ==, TENTH (last));
}

static void
test_the_device_decides (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      SPOTTY_CAPS, "prompts", "a cat", "change-threshold", 0.05, NULL);

  for (guint n = 0; n < G_N_ELEMENTS (greys); n++) {
    g_autoptr (GstBuffer) out =
        tag_test_push (test, spotty_picture (greys[n], spots[n]));

    expect_frame (out, n);
  }
  expect_counts (test, 3, 5);
}

/* Within a batch, and from one batch to the next. */
static void
test_in_batches (void)
{
  g_autoptr (TagTest) test = tag_test_new (SPOTTY_CAPS, "prompts", "a cat",
      "change-threshold", 0.05, "batch-size", 4, NULL);

  for (guint n = 0; n < G_N_ELEMENTS (greys); n++)
    tag_test_push_only (test, spotty_picture (greys[n], spots[n]));
  for (guint n = 0; n < G_N_ELEMENTS (greys); n++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (test->harness);

    expect_frame (out, n);
  }
  expect_counts (test, 3, 5);
}

/* Counted from the last frame that was encoded, not from the last one that the
 * device looked at. */
static void
test_it_is_refreshed (void)
{
  g_autoptr (TagTest) test = tag_test_new (SPOTTY_CAPS, "prompts", "a cat",
      "change-threshold", 0.05, "refresh-interval", (guint64) TENTH (5), NULL);

  for (guint n = 0; n < 16; n++) {
    g_autoptr (GstBuffer) out = tag_test_push (test, spotty_picture (0, n % 2));
    GstClipMeta *meta = gst_buffer_get_clip_meta (out);

    g_assert_cmpint (meta->fresh, ==, n % 5 == 0);
  }
}

/* The first frame after a seek or new prompts is encoded whatever it looks like. */
static void
test_a_new_beginning_is_encoded (void)
{
  g_autoptr (TagTest) test = tag_test_new (
      SPOTTY_CAPS, "prompts", "a cat", "change-threshold", 0.05, NULL);
  GstSegment segment;

  for (guint n = 0; n < 2; n++)
    gst_buffer_unref (tag_test_push (test, spotty_picture (0, n)));
  expect_counts (test, 1, 1);
  gst_harness_push_event (test->harness, gst_event_new_flush_start ());
  gst_harness_push_event (test->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (test->harness, gst_event_new_segment (&segment));
  for (guint n = 0; n < 2; n++)
    gst_buffer_unref (tag_test_push (test, spotty_picture (0, n)));
  expect_counts (test, 2, 2);
}

/* Frames keep the scores that they had, and these are not old: what the device has
 * looked at is as it was. */
static void
test_live (void)
{
  g_autoptr (TagTest) test = tag_test_new (SPOTTY_CAPS, "prompts", "a cat",
      "mode", TAG_TEST_LIVE, "change-threshold", 0.05, "max-age",
      (guint64) TENTH (3), "refresh-interval", (guint64) 0, NULL);
  g_autoptr (GstBuffer) last = NULL;

  gst_buffer_unref (tag_test_push (test, spotty_picture (0, 0)));
  tag_test_wait_stat (test->element, "inferred", 1);
  for (guint n = 1; n <= 8; n++) {
    gst_buffer_unref (tag_test_push (test, spotty_picture (0, n % 2)));
    if (n % 2)
      tag_test_wait_stat (test->element, "unchanged", n);
    else /* looks like the first one, to the host */
      g_assert_cmpuint (tag_test_get_stat (test->element, "unchanged"), ==, n);
  }
  expect_counts (test, 1, 8);
  g_assert_null (gst_bus_pop_filtered (test->bus, GST_MESSAGE_WARNING));

  gst_buffer_unref (tag_test_push (test, spotty_picture (200, FALSE)));
  tag_test_wait_stat (test->element, "inferred", 2);
  last = tag_test_push (test, spotty_picture (200, FALSE));
  g_assert_cmpuint (gst_buffer_get_clip_meta (last)->pts, ==, TENTH (9));
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/look/" name, function)
  ADD ("the-device-decides", test_the_device_decides);
  ADD ("in-batches", test_in_batches);
  ADD ("it-is-refreshed", test_it_is_refreshed);
  ADD ("a-new-beginning-is-encoded", test_a_new_beginning_is_encoded);
  ADD ("live", test_live);
#undef ADD
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

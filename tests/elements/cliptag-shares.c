/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each of sixteen live streams gets of the engine that they share, and what it
 * costs to have one more. */

#include "tag-test.h"

#include <stdio.h>
#include <unistd.h>

#define N_STREAMS 16
#define N_TURNS   5
#define MAX_MB    5.0 /* of one more stream */

typedef struct {
  GstElement *pipeline;
  GstElement *tag;
  guint64 before;
} Stream;

/* All want the device all the time, and get it whatever their frames' rate is. */
static void
start_stream (Stream *stream, guint index)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc is-live=true pattern=black ! "
      "video/x-raw,format=NV12,width=640,height=360,framerate=%u/1 ! "
      "cliptag name=tag mode=live model=\"%s\" prompts=\"a cat; a dog\" ! "
      "fakesink sync=false",
      index % 2 ? 30 : 15, model != NULL ? model : "demo");
  g_autoptr (GError) error = NULL;

  stream->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  stream->tag = gst_bin_get_by_name (GST_BIN (stream->pipeline), "tag");
  g_assert_cmpint (gst_element_set_state (stream->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
}

static void
stop_stream (Stream *stream)
{
  gst_element_set_state (stream->pipeline, GST_STATE_NULL);
  gst_clear_object (&stream->tag);
  gst_clear_object (&stream->pipeline);
}

static gdouble
resident_mb (void)
{
  FILE *file = fopen ("/proc/self/statm", "r");
  gulong pages = 0;

  g_assert_nonnull (file);
  g_assert_cmpint (fscanf (file, "%*u %lu", &pages), ==, 1);
  fclose (file);
  return (gdouble) pages * sysconf (_SC_PAGESIZE) / (1 << 20);
}

static void
test_shares (void)
{
  Stream streams[N_STREAMS] = { 0 };
  guint64 least = G_MAXUINT64, most = 0;
  gdouble mb;

  start_stream (&streams[0], 0);
  tag_test_wait_stat (streams[0].tag, "inferred", N_TURNS);
  mb = resident_mb ();
  for (guint i = 1; i < N_STREAMS; i++)
    start_stream (&streams[i], i);
  for (guint i = 0; i < N_STREAMS; i++)
    tag_test_wait_stat (streams[i].tag, "inferred", 1);

  for (guint i = 0; i < N_STREAMS; i++)
    streams[i].before = tag_test_get_stat (streams[i].tag, "inferred");
  for (guint i = 0; i < N_STREAMS; i++)
    tag_test_wait_stat (
        streams[i].tag, "inferred", streams[i].before + N_TURNS);
  for (guint i = 0; i < N_STREAMS; i++) {
    const guint64 n =
        tag_test_get_stat (streams[i].tag, "inferred") - streams[i].before;

    least = MIN (least, n);
    most = MAX (most, n);
  }
  mb = (resident_mb () - mb) / (N_STREAMS - 1);
  g_test_message ("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                  " inferences a stream, %.2f MB for one more",
      least, most, mb);
  for (guint i = 0; i < N_STREAMS; i++)
    stop_stream (&streams[i]);

  /* A stream of 15 frames a second may wait a little for its newest. */
  g_assert_cmpuint (most, <=, 2 * least + 2);
#ifndef SANITIZED
  g_assert_cmpfloat (mb, <=, MAX_MB);
#endif
}

static void
add_tests (void)
{
  g_test_add_func ("/elements/cliptag/shares/fair-and-small", test_shares);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

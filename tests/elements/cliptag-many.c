/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixteen live sources share an engine: none waits for another, and what breaks
 * one of them leaves the others alone. */

#include "tag-test.h"

#include <math.h>

#define N_STREAMS 16

typedef struct {
  GstElement *pipeline;
  GstElement *tag;
  guint index;
  gint n_frames; /* atomic: that arrived */
  gint n_tagged; /* atomic */
  gint n_old;    /* atomic: with scores from the future or another stream */
} Stream;

/* Sizes and rates differ: 48 to 288 columns, 5 to 20 frames a second. */
static guint
get_rate (guint index)
{
  return 5 + index;
}

static void
look (GstElement *sink, GstBuffer *buffer, GstPad *pad, Stream *stream)
{
  GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);

  g_atomic_int_inc (&stream->n_frames);
  if (meta == NULL)
    return;
  g_atomic_int_inc (&stream->n_tagged);

  /* Each stream has phrases of its own. */
  if (meta->pts >= GST_BUFFER_PTS (buffer) ||
      meta->n_scores != 2 + stream->index)
    g_atomic_int_inc (&stream->n_old);
}

static gchar *
make_prompts (guint index)
{
  GString *prompts = g_string_new ("a black picture; snow");

  for (guint i = 0; i < index; i++)
    g_string_append_printf (prompts, "; thing %u", i);
  return g_string_free (prompts, FALSE);
}

/* With the turn sizes change. */
static gchar *
make_caps (guint index, guint turn)
{
  return g_strdup_printf (
      "video/x-raw,format=%s,width=%u,height=%u,framerate=%u/1",
      index % 2 ? "I420" : "NV12", 48 + 16 * (index + turn), 64 + 8 * index,
      get_rate (index));
}

static void
start_stream (Stream *stream, guint index)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autofree gchar *prompts = make_prompts (index);
  g_autofree gchar *caps = make_caps (index, 0);
  g_autofree gchar *line =
      g_strdup_printf ("videotestsrc is-live=true pattern=%u ! "
                       "capsfilter name=filter caps=\"%s\" ! "
                       "cliptag name=tag model=\"%s\" prompts=\"%s\" ! "
                       "fakesink name=out signal-handoffs=true",
          index, caps, model != NULL ? model : "demo", prompts);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) sink = NULL;

  *stream = (Stream){ .index = index };
  stream->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  stream->tag = gst_bin_get_by_name (GST_BIN (stream->pipeline), "tag");
  sink = gst_bin_get_by_name (GST_BIN (stream->pipeline), "out");
  g_signal_connect (sink, "handoff", G_CALLBACK (look), stream);
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

static GstPadProbeReturn
refuse (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_ERROR;
  return GST_PAD_PROBE_HANDLED;
}

/* The source then ends the stream with an error. */
static void
break_stream (Stream *stream)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (stream->tag, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, refuse, NULL, NULL);
}

static void
seek_stream (Stream *stream)
{
  gst_element_seek_simple (stream->pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH, stream->index * GST_SECOND);
}

static void
change_caps (Stream *stream, guint turn)
{
  g_autoptr (GstElement) filter =
      gst_bin_get_by_name (GST_BIN (stream->pipeline), "filter");
  g_autofree gchar *text = make_caps (stream->index, turn);
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  g_object_set (filter, "caps", caps, NULL);
}

/* Takes cliptag out, between two frames. */
static GstPadProbeReturn
remove_tag (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Stream *stream = data;
  g_autoptr (GstElement) filter = gst_pad_get_parent_element (pad);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (stream->pipeline), "out");

  gst_bin_remove (GST_BIN (stream->pipeline), stream->tag);
  gst_element_set_state (stream->tag, GST_STATE_NULL);
  g_assert_true (gst_element_link (filter, sink));
  return GST_PAD_PROBE_REMOVE;
}

static void
take_out (Stream *stream)
{
  g_autoptr (GstElement) filter =
      gst_bin_get_by_name (GST_BIN (stream->pipeline), "filter");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (filter, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, remove_tag, stream, NULL);
}

/* An error, an end, other sizes all the time, and no element any more. */
enum { BREAKS = 3, ENDS = 7, CHANGES = 11, IS_TAKEN_OUT = 15 };

/* Four kinds of streams: that go on, stop and start again, seek, and those above. */
static void
disturb (Stream *streams, guint turn)
{
  for (guint i = 0; i < N_STREAMS; i++) {
    if (i % 4 == 1 && turn % 2 == 0)
      stop_stream (&streams[i]);
    else if (i % 4 == 1)
      start_stream (&streams[i], i);
    else if (i % 4 == 2)
      seek_stream (&streams[i]);
    else if (i == BREAKS && turn == 0)
      break_stream (&streams[i]);
    else if (i == ENDS && turn == 1)
      gst_element_send_event (streams[i].pipeline, gst_event_new_eos ());
    else if (i == CHANGES)
      change_caps (&streams[i], turn);
    else if (i == IS_TAKEN_OUT && turn == 2)
      take_out (&streams[i]);
  }
}

static void
wait_until_all_are_tagged (Stream *streams)
{
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  for (guint i = 0; i < N_STREAMS; i++) {
    while (g_atomic_int_get (&streams[i].n_tagged) == 0) {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (10000);
    }
  }
}

/* The steady ones go on: frames keep coming and each is inferred now and then; so is
 * the one that changes. */
static void
expect_steady_streams_to_go_on (Stream *streams)
{
  for (guint i = 0; i < N_STREAMS; i++) {
    if (i % 4 != 0 && i != CHANGES)
      continue;
    tag_test_wait_stat (streams[i].tag, "inferred",
        tag_test_get_stat (streams[i].tag, "inferred") + 1);
    tag_test_wait_stat (streams[i].tag, "frames",
        tag_test_get_stat (streams[i].tag, "frames") + 2);
  }
}

static void
test_streams_do_not_disturb_each_other (void)
{
  Stream streams[N_STREAMS];
  gint64 begin;
  gdouble seconds;

  for (guint i = 0; i < N_STREAMS; i++)
    start_stream (&streams[i], i);
  wait_until_all_are_tagged (streams);

  begin = g_get_monotonic_time ();
  for (guint i = 0; i < N_STREAMS; i += 4)
    g_atomic_int_set (&streams[i].n_frames, 0);
  for (guint turn = 0; turn < 6; turn++) {
    disturb (streams, turn);
    g_usleep (300000);
    expect_steady_streams_to_go_on (streams);
  }
  seconds = (g_get_monotonic_time () - begin) / 1e6;

  for (guint i = 0; i < N_STREAMS; i++) {
    g_autoptr (GstBus) bus = gst_element_get_bus (streams[i].pipeline);
    g_autoptr (GstMessage) end =
        gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    const GstMessageType expected = i == BREAKS ? GST_MESSAGE_ERROR
                                    : i == ENDS ? GST_MESSAGE_EOS
                                                : GST_MESSAGE_UNKNOWN;

    g_test_message ("stream %u: %d frames, %" G_GUINT64_FORMAT " inferred", i,
        g_atomic_int_get (&streams[i].n_frames),
        tag_test_get_stat (streams[i].tag, "inferred"));
    g_assert_cmpint (end != NULL ? GST_MESSAGE_TYPE (end) : GST_MESSAGE_UNKNOWN,
        ==, expected);
    g_assert_cmpint (g_atomic_int_get (&streams[i].n_old), ==, 0);

    /* A busy machine delivers late, but nobody stalls. */
    if (i % 4 == 0)
      g_assert_cmpfloat (g_atomic_int_get (&streams[i].n_frames), >=,
          floor (seconds * get_rate (i) / 4));
    stop_stream (&streams[i]);
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/elements/cliptag/many/streams-do-not-disturb-each-other",
      test_streams_do_not_disturb_each_other);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

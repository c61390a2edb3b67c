/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cameras over RTSP, on this machine: they die and come back, change size and
 * frame rate, and send for a long time. The last test lasts $CLV_SOAK_SECONDS, 60
 * where that is not set. */

#include <gio/gio.h>
#include <gst/base/gstbasesink.h>
#include <stdlib.h>
#include <string.h>

#include "tag-test.h"

#define PATIENCE_US (120 * G_USEC_PER_SEC)

/* --- the server ---------------------------------------------------------- */

typedef struct {
  GSubprocess *process;
  guint port;
} Server;

/* 0: any port. */
static Server *
server_new (guint port)
{
  Server *self = g_new0 (Server, 1);
  g_autofree gchar *wanted = g_strdup_printf ("%u", port);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree gchar *line = NULL;
  g_autoptr (GError) error = NULL;

  self->process = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
      g_getenv ("CLV_TEST_RTSP_SERVER"), wanted, NULL);
  g_assert_no_error (error);
  output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  self->port = (guint) g_ascii_strtoull (line, NULL, 10);
  g_assert_cmpuint (self->port, >, 0);
  return self;
}

/* Its cameras change size and frame rate. */
static void
server_change (Server *self)
{
  GOutputStream *input = g_subprocess_get_stdin_pipe (self->process);

  g_assert_true (
      g_output_stream_write_all (input, "change\n", 7, NULL, NULL, NULL));
  g_assert_true (g_output_stream_flush (input, NULL, NULL));
}

/* Not even time for a good-bye. */
static void
server_free (Server *self)
{
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->process);
  g_free (self);
}

/* --- a stream of it ------------------------------------------------------ */

#define N_DELAYS 4096

typedef struct {
  GstElement *pipeline;
  GstBus *bus;
  GMutex mutex;
  guint width;              /* of the last frame */
  guint n_frames;           /* of that width */
  guint n_tagged;           /* of these */
  gdouble delays[N_DELAYS]; /* seconds that the last frames were late */
  guint64 n_delays;
} Stream;

static void
look (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Stream *self = data;
  const GstSegment *segment = &GST_BASE_SINK (sink)->segment;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstClock) clock = gst_element_get_clock (sink);
  GstClockTime due = gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GstVideoInfo info;

  g_assert_true (gst_video_info_from_caps (&info, caps));
  g_mutex_lock (&self->mutex);
  if (self->width != (guint) info.width)
    self->n_frames = self->n_tagged = 0;
  self->width = info.width;
  self->n_frames++;
  self->n_tagged += gst_buffer_get_clip_meta (buffer) != NULL;
  if (clock != NULL && GST_CLOCK_TIME_IS_VALID (due))
    self->delays[self->n_delays++ % N_DELAYS] =
        (gdouble) GST_CLOCK_DIFF (due,
            gst_clock_get_time (clock) - gst_element_get_base_time (sink)) /
        GST_SECOND;
  g_mutex_unlock (&self->mutex);
}

static Stream *
stream_new (const gchar *format, ...)
{
  Stream *self = g_new0 (Stream, 1);
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autofree gchar *source = NULL;
  g_autofree gchar *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  source = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  line = g_strdup_printf (
      "%s model=\"%s\" max-rate=5 prompts=\"a circle; colour bars; snow\" ! "
      "fakesink name=out sync=false signal-handoffs=true",
      source, model != NULL ? model : "demo");
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  g_mutex_init (&self->mutex);
  self->bus = gst_element_get_bus (self->pipeline);
  sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "out");
  g_signal_connect (sink, "handoff", G_CALLBACK (look), self);
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
  return self;
}

static Stream *
stream_of (const Server *server, const gchar *protocol, const gchar *path)
{
  return stream_new (
      "cliptagbin uri=%s://127.0.0.1:%u%s", protocol, server->port, path);
}

static void
stream_free (Stream *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->pipeline);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stream, stream_free)

static guint
count_tagged (Stream *self, guint width)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->width == width ? self->n_tagged : 0;
  g_mutex_unlock (&self->mutex);
  return n;
}

/* Waits for scores on frames of this width, so many more. */
static void
expect_tagged (Stream *self, guint width, guint n)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  guint goal = count_tagged (self, width) + n;

  while (count_tagged (self, width) < goal) {
    g_autoptr (GstMessage) message =
        gst_bus_pop_filtered (self->bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

    g_assert_null (message);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (20000);
  }
}

/* Waits for the end of a stream, which an application sees. */
static void
expect_end (Stream *self)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (self->bus,
      PATIENCE_US * GST_USECOND, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error != NULL ? error->message : "EOS");
}

/* --- tests --------------------------------------------------------------- */

static void
test_two_cameras_are_tagged (gconstpointer protocol)
{
  g_autoptr (Server) server = server_new (0);
  g_autoptr (Stream) one = stream_of (server, protocol, "/one");
  g_autoptr (Stream) two = stream_of (server, protocol, "/two");

  expect_tagged (one, 320, 5);
  expect_tagged (two, 160, 5);
}

static void
test_size_and_rate_change (gconstpointer protocol)
{
  g_autoptr (Server) server = server_new (0);
  g_autoptr (Stream) one = stream_of (server, protocol, "/one");
  g_autoptr (Stream) two = stream_of (server, protocol, "/two");

  for (guint i = 0; i < 2; i++) {
    expect_tagged (one, 320, 5);
    expect_tagged (two, 160, 5);
    server_change (server);
    expect_tagged (one, 176, 5);
    expect_tagged (two, 352, 5);
    server_change (server);
  }
}

/* The application is told, starts again, and is told again until the camera is
 * there. Nobody else notices. */
static void
test_a_camera_dies_and_comes_back (gconstpointer protocol)
{
  Server *server = server_new (0);
  const guint port = server->port;
  g_autoptr (Stream) camera = stream_of (server, protocol, "/one");
  g_autoptr (Stream) other =
      stream_new ("videotestsrc is-live=true ! video/x-raw,width=64,height=48 "
                  "! cliptagbin");

  expect_tagged (camera, 320, 5);
  expect_tagged (other, 64, 5);
  server_free (server);
  expect_end (camera);
  expect_tagged (other, 64, 5);

  gst_element_set_state (camera->pipeline, GST_STATE_READY);
  gst_bus_set_flushing (camera->bus, TRUE);
  gst_bus_set_flushing (camera->bus, FALSE);
  gst_element_set_state (camera->pipeline, GST_STATE_PLAYING);
  expect_end (camera);
  gst_element_set_state (camera->pipeline, GST_STATE_READY);
  gst_bus_set_flushing (camera->bus, TRUE);
  gst_bus_set_flushing (camera->bus, FALSE);

  server = server_new (port);
  gst_element_set_state (camera->pipeline, GST_STATE_PLAYING);
  expect_tagged (camera, 320, 5);
  expect_tagged (other, 64, 5);
  server_free (server);
}

/* --- for a long time ----------------------------------------------------- */

typedef struct {
  gdouble rss_mib;
  guint n_fds;
  gdouble delay; /* seconds, the median of the last frames of both */
} Figures;

static gdouble
get_rss_mib (void)
{
  g_autofree gchar *text = NULL;
  const gchar *pages;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  pages = strchr (text, ' ');
  g_assert_nonnull (pages);
  return g_ascii_strtod (pages, NULL) * 4096 / (1 << 20);
}

static guint
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

/* Of the frames since the last call. */
static gdouble
take_median_delay (Stream *self)
{
  gdouble median;
  guint n;

  g_mutex_lock (&self->mutex);
  n = MIN (self->n_delays, N_DELAYS);
  g_assert_cmpuint (n, >, 0);
  qsort (self->delays, n, sizeof *self->delays, compare);
  median = self->delays[n / 2];
  self->n_delays = 0;
  g_mutex_unlock (&self->mutex);
  return median;
}

static Figures
take_figures (Stream *one, Stream *two)
{
  const gdouble delay = take_median_delay (one);
  const gdouble other = take_median_delay (two);

  return (Figures){ get_rss_mib (), count_fds (), MAX (delay, other) };
}

static guint
soak_seconds (void)
{
  const gchar *text = g_getenv ("CLV_SOAK_SECONDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 60;
}

/* What grows with time has grown between a third of it and its end. */
static void
test_nothing_grows (void)
{
  const guint n_steps = 12, seconds = soak_seconds ();
  g_autoptr (Server) server = server_new (0);
  g_autoptr (Stream) one = stream_of (server, "rtspt", "/one");
  g_autoptr (Stream) two = stream_of (server, "rtsp", "/two");
  Figures early = { 0 }, now = { 0 };
  guint n_frames;

  expect_tagged (one, 320, 5);
  expect_tagged (two, 160, 5);
  n_frames = one->n_frames;
  for (guint i = 1; i <= n_steps; i++) {
    g_usleep ((gulong) seconds * G_USEC_PER_SEC / n_steps);
    now = take_figures (one, two);
    if (i == n_steps / 3)
      early = now;
    g_test_message ("%4u s: %.1f MiB, %u descriptors, frames are %.0f ms old",
        i * seconds / n_steps, now.rss_mib, now.n_fds, now.delay * 1000);
  }
  n_frames = one->n_frames - n_frames;
  g_test_message ("%u frames in %u s", n_frames, seconds);
  expect_tagged (one, 320, 1);
  expect_tagged (two, 160, 1);

  g_assert_cmpuint (n_frames, >, seconds * 30 * 8 / 10);
  g_assert_cmpuint (now.n_fds, <=, early.n_fds);
  g_assert_cmpfloat (now.delay, <, early.delay + 0.25);
#ifndef SANITIZED
  /* Sanitizers keep what was freed. */
  g_assert_cmpfloat (now.rss_mib, <, early.rss_mib + 8);
#endif
}

static void
add_tests (void)
{
#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptagbin/rtsp/" name, function)
#define ADD_BOTH(name, function)                                               \
  g_test_add_data_func (                                                       \
      "/elements/cliptagbin/rtsp/" name "-tcp", "rtspt", function);            \
  g_test_add_data_func (                                                       \
      "/elements/cliptagbin/rtsp/" name "-udp", "rtsp", function)
  ADD_BOTH ("two-cameras-are-tagged", test_two_cameras_are_tagged);
  ADD_BOTH ("size-and-rate-change", test_size_and_rate_change);
  ADD_BOTH ("a-camera-dies-and-comes-back", test_a_camera_dies_and_comes_back);
  ADD ("nothing-grows", test_nothing_grows);
#undef ADD
#undef ADD_BOTH
}

int
main (int argc, char **argv)
{
  g_autoptr (GstElementFactory) encoder = NULL;

  gst_init (&argc, &argv);
  encoder = gst_element_factory_find ("x264enc");
  if (encoder == NULL) {
    g_print ("1..0 # SKIP there is no x264enc\n");
    return 0;
  }
  return tag_test_main (argc, argv, add_tests);
}

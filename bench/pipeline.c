/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames through cliptag in a pipeline, as fast as they go, or as a camera gives
 * them, which waits for nobody:
 *
 *   bench-pipeline WIDTH HEIGHT FRAMES PROPERTIES [FRAMES_A_SECOND]
 *
 * PROPERTIES are cliptag's, as gst-launch-1.0 takes them. The frames are NV12, made
 * beforehand, behind a queue. Prints, one a line, "name value":
 *
 *   first-tag-us   monotonic clock when the first frame with scores left cliptag
 *   frames         that left cliptag with scores
 *   fps            frames a second, from the first frame on, that one not counted
 *   fresh-us V…    how long each frame that was inferred was in cliptag
 *   reused-us V…   the same for each frame that carries older scores
 *   age-ms V…      how old these scores are
 *   encode-ms V    median time of an inference, 0: there was none
 *   memory-mb      the most the process had in memory
 *
 * The time in cliptag is from its sink pad to its source pad. A camera gives FRAMES
 * frames after the first scores, and some before them, while kernels are compiled,
 * that are not counted. */

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

#include "gstclipmeta.h"
#include "memory.h"

#define N_PICTURES    4
#define MAX_CAMERA_NS (300 * GST_SECOND) /* whatever comes out */
#define FILE_RATE     25 /* of the timestamps, where nobody waits for them */

typedef struct {
  GstElement *pipeline;
  GstBuffer *pictures[N_PICTURES];
  guint n_frames;
  guint rate; /* frames a second of a camera; 0: as fast as they go */
  GstClockTime frame_ns; /* between two frames' timestamps */
  gint n_tagged;         /* atomic: frames that left with scores */

  /* Of the streaming thread. */
  GHashTable *entered; /* index of a frame → gint64, when it came in */
  GArray *fresh;       /* of gdouble, µs */
  GArray *reused;
  GArray *ages; /* of gdouble, ms */
  gint64 first_us;
  gint64 last_us;

  gdouble encode_ms; /* after the run */
} Bench;

static gint64
now_ns (void)
{
  return (gint64) gst_util_get_timestamp ();
}

static gint64 *
entry_of (Bench *self, GstBuffer *buffer)
{
  const guint index = GST_BUFFER_PTS (buffer) / self->frame_ns % self->n_frames;

  return g_hash_table_lookup (self->entered, GUINT_TO_POINTER (index));
}

static GstPadProbeReturn
enters (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Bench *self = user_data;
  gint64 *entered = entry_of (self, GST_PAD_PROBE_INFO_BUFFER (info));

  if (entered != NULL)
    *entered = now_ns ();
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
leaves (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  const gint64 now = now_ns ();
  Bench *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  const GstClipMeta *meta = gst_buffer_get_clip_meta (buffer);
  gint64 *entered = entry_of (self, buffer);
  gdouble us, age_ms;

  if (meta == NULL || entered == NULL ||
      g_atomic_int_get (&self->n_tagged) >= (gint) self->n_frames)
    return GST_PAD_PROBE_OK;
  g_atomic_int_inc (&self->n_tagged);
  self->last_us = g_get_monotonic_time ();
  if (self->first_us == 0) {
    self->first_us = self->last_us;
    return GST_PAD_PROBE_OK;
  }
  us = (now - *entered) / 1e3;
  g_array_append_val (meta->fresh ? self->fresh : self->reused, us);
  age_ms = meta->age / 1e6;
  if (!meta->fresh)
    g_array_append_val (self->ages, age_ms);
  return GST_PAD_PROBE_OK;
}

/* Grey with a bright square that moves. */
static GstBuffer *
make_picture (guint width, guint height, guint i)
{
  const gsize size = (gsize) width * height * 3 / 2;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  const guint side = MIN (width, height) / 4;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, 128, size);
  for (guint y = 0; y < side; y++)
    memset (map.data + (gsize) (y + i * side / 2) * width + i * side / 2, 220,
        side);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static gboolean
open_bench (Bench *self, guint width, guint height, const gchar *properties,
    GError **error)
{
  g_autofree gchar *description = g_strdup_printf (
      "appsrc name=src format=time block=true max-buffers=4 max-bytes=0 "
      "is-live=%d caps=video/x-raw,format=NV12,width=%u,height=%u,"
      "framerate=%u/1 "
      "! queue max-size-buffers=4 ! cliptag name=tag %s ! fakesink sync=false",
      self->rate > 0, width, height, self->rate > 0 ? self->rate : FILE_RATE,
      properties);
  g_autoptr (GstElement) tag = NULL;
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstPad) src = NULL;

  self->pipeline = gst_parse_launch (description, error);
  if (*error != NULL)
    return FALSE;
  tag = gst_bin_get_by_name (GST_BIN (self->pipeline), "tag");
  sink = gst_element_get_static_pad (tag, "sink");
  src = gst_element_get_static_pad (tag, "src");
  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, enters, self, NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, leaves, self, NULL);

  self->entered =
      g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
  for (guint i = 0; i < self->n_frames; i++)
    g_hash_table_insert (
        self->entered, GUINT_TO_POINTER (i), g_new0 (gint64, 1));
  self->fresh = g_array_sized_new (FALSE, FALSE, sizeof (gdouble), 1024);
  self->reused = g_array_sized_new (FALSE, FALSE, sizeof (gdouble), 65536);
  self->ages = g_array_sized_new (FALSE, FALSE, sizeof (gdouble), 65536);
  for (guint i = 0; i < N_PICTURES; i++)
    self->pictures[i] = make_picture (width, height, i);
  return TRUE;
}

/* Whether there is a frame i, counted from the first; a camera has it in time. */
static gboolean
wait_for_frame (Bench *self, guint i, gint64 begun_ns)
{
  const gint64 left_ns = begun_ns + (gint64) (i * self->frame_ns) - now_ns ();

  if (self->rate == 0)
    return i < self->n_frames;
  if (left_ns > 0)
    g_usleep (left_ns / 1000);
  return g_atomic_int_get (&self->n_tagged) < (gint) self->n_frames &&
         i * self->frame_ns < MAX_CAMERA_NS;
}

/* Pushes all frames; the source blocks while its queue is full. */
static gpointer
feed (gpointer user_data)
{
  Bench *self = user_data;
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "src");
  GstAppSrc *source = GST_APP_SRC (element);
  const gint64 begun_ns = now_ns ();

  for (guint i = 0; wait_for_frame (self, i, begun_ns); i++) {
    GstBuffer *buffer = gst_buffer_copy (self->pictures[i % N_PICTURES]);

    GST_BUFFER_PTS (buffer) = i * self->frame_ns;
    GST_BUFFER_DURATION (buffer) = self->frame_ns;
    if (gst_app_src_push_buffer (source, buffer) != GST_FLOW_OK)
      return NULL;
  }
  gst_app_src_end_of_stream (source);
  return NULL;
}

/* Before it stops. */
static gdouble
get_encode_ms (const Bench *self)
{
  g_autoptr (GstElement) tag =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "tag");
  g_autoptr (GstStructure) stats = NULL;
  gdouble ms = 0;

  g_object_get (tag, "stats", &stats, NULL);
  gst_structure_get_double (stats, "encode-ms-p50", &ms);
  return ms;
}

static gboolean
run (Bench *self, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autoptr (GstMessage) message = NULL;
  GThread *feeder = NULL;

  /* A source that was never started would block for ever. */
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE)
    feeder = g_thread_new ("feeder", feed, self);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, error, NULL);
  self->encode_ms = get_encode_ms (self);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_clear_pointer (&feeder, g_thread_join);
  return *error == NULL;
}

static void
print_times (const gchar *name, const GArray *times)
{
  printf ("%s", name);
  for (guint i = 0; i < times->len; i++)
    printf (" %.1f", g_array_index (times, gdouble, i));
  printf ("\n");
}

static void
report (const Bench *self)
{
  const guint n = self->fresh->len + self->reused->len;

  printf ("first-tag-us %" G_GINT64_FORMAT "\n", self->first_us);
  printf ("frames %u\n", n + (self->first_us != 0 ? 1 : 0));
  if (self->last_us > self->first_us)
    printf ("fps %.3f\n", n * 1e6 / (self->last_us - self->first_us));
  print_times ("fresh-us", self->fresh);
  print_times ("reused-us", self->reused);
  print_times ("age-ms", self->ages);
  printf ("encode-ms %.1f\n", self->encode_ms);
  printf ("memory-mb %.1f\n", bench_memory_mb ("VmHWM:"));
}

static void
close_bench (Bench *self)
{
  gst_clear_object (&self->pipeline);
  for (guint i = 0; i < N_PICTURES; i++)
    gst_clear_buffer (&self->pictures[i]);
  g_clear_pointer (&self->entered, g_hash_table_unref);
  g_clear_pointer (&self->fresh, g_array_unref);
  g_clear_pointer (&self->reused, g_array_unref);
  g_clear_pointer (&self->ages, g_array_unref);
}

int
main (int argc, gchar **argv)
{
  Bench bench = { 0 };
  GError *error = NULL;
  guint width, height;

  gst_init (&argc, &argv);
  width = argc > 1 ? (guint) CLAMP (atoi (argv[1]), 0, 16384) : 0;
  height = argc > 2 ? (guint) CLAMP (atoi (argv[2]), 0, 16384) : 0;
  bench.n_frames = argc > 3 ? (guint) CLAMP (atoi (argv[3]), 0, 1000000) : 0;
  bench.rate = argc > 5 ? (guint) CLAMP (atoi (argv[5]), 0, 1000) : 0;
  bench.frame_ns = GST_SECOND / (bench.rate > 0 ? bench.rate : FILE_RATE);
  if (argc < 5 || argc > 6 || (argc > 5 && bench.rate == 0) || width < 16 ||
      height < 16 || width % 2 || height % 2 || bench.n_frames == 0) {
    fprintf (stderr, "usage: bench-pipeline WIDTH HEIGHT FRAMES PROPERTIES "
                     "[FRAMES_A_SECOND]\n"
                     "Width and height are even, and at least 16.\n");
    return 2;
  }
  if (open_bench (&bench, width, height, argv[4], &error) &&
      run (&bench, &error))
    report (&bench);
  else
    fprintf (stderr, "bench-pipeline: %s\n", error->message);
  close_bench (&bench);
  if (error == NULL)
    return 0;
  g_error_free (error);
  return 1;
}

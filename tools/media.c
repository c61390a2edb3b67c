/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media.h"

#include <clv/clv-error.h>
#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/pbutils/pbutils.h>
#include <signal.h>

#include "media-batch.h"

/* Decoded pictures that may wait for the encoder; also bounds memory. */
#define MAX_QUEUED 8

/* How often a waiting pull looks at the bus and for an interrupt. */
#define POLL_NS (100 * GST_MSECOND)

/* So many times in a row there is nothing, and nothing works on it. */
#define MAX_IDLE_POLLS 50

struct _Media {
  gchar *location;
  GstElement *pipeline;
  GstElement *sink;
  gdouble end;
  gdouble pts_end; /* as end, by the container's own time */
  GstClockTime last_pts;
  gdouble duration;      /* as first stated; some demuxers correct it later */
  gdouble frame_seconds; /* 0 if unknown */
  guint64 n_pictures;
};

static volatile sig_atomic_t interrupted;

void
media_interrupt (int signal_number)
{
  interrupted = 1;
}

gboolean
media_init (GError **error)
{
  return gst_is_initialized () || gst_init_check (NULL, NULL, error);
}

void
media_picture_clear (MediaPicture *picture)
{
  g_clear_pointer (&picture->sample, gst_sample_unref);
}

/* Several video streams may appear; the first one is taken. */
static void
on_pad_added (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  GstElement *convert = user_data;
  g_autoptr (GstPad) sink = gst_element_get_static_pad (convert, "sink");

  if (!gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
}

static GstElement *
add_element (Media *self, const gchar *factory, GError **error)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "GStreamer has no element '%s': is gst-plugins-base installed?",
        factory);
    return NULL;
  }
  gst_bin_add (GST_BIN (self->pipeline), element);
  return element;
}

/* uridecodebin ! videoconvert ! appsink. videoconvert passes the formats that
 * the library reads and only converts others; without dithering, so that
 * 16-bit pictures become what PIL makes of them. */
static gboolean
build (Media *self, const gchar *uri, GError **error)
{
  g_autoptr (GstCaps) raw = gst_caps_from_string ("video/x-raw(ANY)");
  g_autoptr (GstCaps) readable = media_batch_caps ();
  GstElement *decoder, *convert;

  decoder = add_element (self, "uridecodebin", error);
  convert = decoder ? add_element (self, "videoconvert", error) : NULL;
  self->sink = convert ? add_element (self, "appsink", error) : NULL;
  if (self->sink == NULL)
    return FALSE;

  g_object_set (
      decoder, "uri", uri, "caps", raw, "expose-all-streams", FALSE, NULL);
  gst_util_set_object_arg (G_OBJECT (convert), "dither", "none");
  g_object_set (self->sink, "caps", readable, "sync", FALSE, "max-buffers",
      MAX_QUEUED, "enable-last-sample", FALSE, NULL);
  g_signal_connect_object (decoder, "pad-added", G_CALLBACK (on_pad_added),
      convert, G_CONNECT_DEFAULT);
  if (!gst_element_link (convert, self->sink)) {
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED,
        "videoconvert and appsink do not link");
    return FALSE;
  }
  return TRUE;
}

/* What to tell about a GST_MESSAGE_ERROR; `missing`: kind of a missing plugin,
 * or NULL. decodebin calls a media without video a missing plugin too. */
static gchar *
describe_error (GstMessage *message, const gchar *missing)
{
  g_autoptr (GError) cause = NULL;

  gst_message_parse_error (message, &cause, NULL);
  if (missing != NULL)
    return g_strdup_printf ("%s Missing: %s", cause->message, missing);
  if (g_error_matches (cause, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    return g_strdup ("holds no video that can be decoded here");
  return g_strdup (cause->message);
}

/* The first error on the bus, with the location in front. */
static gboolean
take_bus_error (Media *self, GError **error)
{
  const GstMessageType wanted = GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT;
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autofree gchar *missing = NULL;
  GstMessage *message;
  gboolean found = FALSE;

  while (!found && (message = gst_bus_pop_filtered (bus, wanted)) != NULL) {
    if (gst_is_missing_plugin_message (message)) {
      g_free (missing);
      missing = gst_missing_plugin_message_get_description (message);
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autofree gchar *what = describe_error (message, missing);

      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: %s%s",
          self->location, what,
          self->n_pictures > 0 ? " (earlier pictures were read)" : "");
      found = TRUE;
    }
    gst_message_unref (message);
  }
  return found;
}

static gchar *
to_uri (const gchar *location, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (location);
  g_autofree gchar *path = g_file_get_path (file);

  if (path == NULL)
    return g_strdup (location);
  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
        "%s: is a directory, wanted a media file", location);
    return NULL;
  }
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (
        error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: no such file", location);
    return NULL;
  }
  return gst_filename_to_uri (path, error);
}

Media *
media_open (const gchar *location, GError **error)
{
  g_autoptr (Media) self = NULL;
  g_autofree gchar *uri = NULL;

  if (!media_init (error))
    return NULL;
  uri = to_uri (location, error);
  if (uri == NULL)
    return NULL;

  self = g_new0 (Media, 1);
  self->duration = -1.0;
  self->location = g_strdup (location);
  self->pipeline = gst_pipeline_new (NULL);
  if (!build (self, uri, error))
    return NULL;
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    if (!take_bus_error (self, error))
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
          "%s: the decoder did not start", location);
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
media_free (Media *self)
{
  if (self->pipeline != NULL) {
    gst_element_set_state (self->pipeline, GST_STATE_NULL);
    gst_object_unref (self->pipeline);
  }
  g_free (self->location);
  g_free (self);
}

/* Seconds; negative if nobody knows, as before the first picture. */
static gdouble
query_duration (Media *self)
{
  gint64 duration;

  if (!gst_element_query_duration (
          self->pipeline, GST_FORMAT_TIME, &duration) ||
      duration <= 0)
    return -1.0;
  return (gdouble) duration / GST_SECOND;
}

/* Stream time, so that several cuts of one file agree on where things are. */
static void
take_sample (Media *self, GstSample *sample, MediaPicture *ret_picture)
{
  const GstSegment *segment = gst_sample_get_segment (sample);
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  const GstStructure *caps =
      gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  guint64 stream_time = GST_CLOCK_TIME_NONE;
  gdouble seconds;
  gint num, den;

  if (gst_structure_get_fraction (caps, "framerate", &num, &den) && num > 0)
    self->frame_seconds = (gdouble) den / num;
  /* avdec_gif of GStreamer 1.22 gives all pictures the first one's time. */
  if (GST_BUFFER_PTS_IS_VALID (buffer) &&
      (self->n_pictures == 0 || GST_BUFFER_PTS (buffer) != self->last_pts))
    stream_time = gst_segment_to_stream_time (
        segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  self->last_pts = GST_BUFFER_PTS (buffer);

  *ret_picture = (MediaPicture){
    .sample = sample,
    .pts = GST_BUFFER_PTS (buffer),
    .time = GST_CLOCK_TIME_IS_VALID (stream_time)
                ? (gdouble) stream_time / GST_SECOND
                : self->end,
  };
  seconds = GST_BUFFER_DURATION_IS_VALID (buffer)
                ? (gdouble) GST_BUFFER_DURATION (buffer) / GST_SECOND
                : self->frame_seconds;
  self->end = ret_picture->time + seconds;
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    self->pts_end = (gdouble) GST_BUFFER_PTS (buffer) / GST_SECOND + seconds;
  if (self->n_pictures++ == 0)
    self->duration = query_duration (self);
}

/* Demuxers end a truncated file as if it were whole. Sound may go on for a
 * little after the last picture, so that much is allowed: a second (a quarter
 * of short streams), or 5 %. Of a file that does not begin at 0 some demuxers
 * (Matroska's) state where it ends by its own time, not how long it is. */
static gboolean
check_whole (Media *self, GError **error)
{
  const gdouble duration = MAX (query_duration (self), self->duration);
  const gdouble slack = MAX (MIN (1.0, duration / 4), duration / 20);

  if (self->n_pictures == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: holds no picture that decodes", self->location);
    return FALSE;
  }
  if (duration > 0.0 && MAX (self->end, self->pts_end) < duration - slack) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the pictures end at %.2f s of %.2f s: the file is cut off or "
        "damaged",
        self->location, self->end, duration);
    return FALSE;
  }
  return TRUE;
}

static void
note_task (const GValue *item, gpointer user_data)
{
  gboolean *working = user_data;
  GstElement *element = g_value_get_object (item);

  GST_OBJECT_LOCK (element);
  for (const GList *pad = element->pads; pad != NULL; pad = pad->next)
    if (gst_pad_get_task_state (pad->data) == GST_TASK_STARTED)
      *working = TRUE;
  GST_OBJECT_UNLOCK (element);
}

/* decodebin drops the error of a demuxer that fails while it is being added (GStreamer
 * 1.22 and 1.26): nobody streams any more then, and nobody says so. */
static gboolean
is_working (Media *self)
{
  GstIterator *elements = gst_bin_iterate_recurse (GST_BIN (self->pipeline));
  gboolean working = FALSE;

  while (gst_iterator_foreach (elements, note_task, &working) ==
         GST_ITERATOR_RESYNC)
    gst_iterator_resync (elements);
  gst_iterator_free (elements);
  return working;
}

MediaStatus
media_pull (Media *self, MediaPicture *ret_picture, GError **error)
{
  GstAppSink *sink = GST_APP_SINK (self->sink);
  guint n_idle = 0;

  while (!interrupted) {
    GstSample *sample = gst_app_sink_try_pull_sample (sink, POLL_NS);

    if (sample != NULL) {
      take_sample (self, sample, ret_picture);
      return MEDIA_PICTURE;
    }
    if (take_bus_error (self, error))
      return MEDIA_ERROR;
    if (gst_app_sink_is_eos (sink))
      return check_whole (self, error) ? MEDIA_END : MEDIA_ERROR;
    n_idle = is_working (self) ? 0 : n_idle + 1;
    if (n_idle == MAX_IDLE_POLLS) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: the decoder stopped without saying why: the file is damaged%s",
          self->location, self->n_pictures > 0 ? " behind what was read" : "");
      return MEDIA_ERROR;
    }
  }
  return MEDIA_INTERRUPTED;
}

gdouble
media_get_duration (Media *self)
{
  return self->duration;
}

gdouble
media_get_end (Media *self)
{
  return self->end;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clippublish without a server: what is said of tags, as lines of a file, and which
 * settings are refused. */

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gstclipregionmeta.h"
#include "publish-test.h"

static void
start (PublishTest *self, const gchar *properties)
{
  publish_test_start (
      self, "uri=file://%s/lines %s", self->directory, properties);
}

static void
end_stream (PublishTest *self)
{
  g_assert_true (gst_harness_push_event (self->harness, gst_event_new_eos ()));
}

/* The lines, parsed. */
static GPtrArray *
read_lines (PublishTest *self)
{
  GPtrArray *lines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autofree gchar *path = publish_test_path (self, "lines");
  g_autofree gchar *text = NULL;
  g_auto (GStrv) parts = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  parts = g_strsplit (text, "\n", -1);
  for (guint i = 0; parts[i] != NULL && *parts[i] != '\0'; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = json_from_string (parts[i], &error);

    g_assert_no_error (error);
    g_ptr_array_add (lines, json_node_dup_object (node));
  }
  return lines;
}

/* "start dog 0.2" of an event. */
static gchar *
describe (JsonObject *line)
{
  return g_strdup_printf ("%s %s %.1f",
      json_object_get_string_member (line, "event"),
      json_object_get_string_member (line, "label"),
      json_object_get_double_member (line, "time"));
}

/* Of all lines, with "; " between them. */
static void
expect (PublishTest *self, const gchar *wanted)
{
  g_autoptr (GPtrArray) lines = read_lines (self);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++) {
    g_autofree gchar *one = describe (lines->pdata[i]);

    g_string_append_printf (found, "%s%s", i > 0 ? "; " : "", one);
  }
  g_assert_cmpstr (found->str, ==, wanted);
}

/* Scores of dog and cat for the next frame. */
static GstBuffer *
make_frame (PublishTest *self)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = self->n_pushed++ * (GST_SECOND / 10);
  return buffer;
}

static void
push (PublishTest *self, gfloat dog, gfloat cat)
{
  GstBuffer *buffer = make_frame (self);

  meta_test_add (buffer, self->prompts, (gfloat[]){ dog, cat }, NULL);
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
}

static void
test_tags_start_and_stop (PublishTest *self, gconstpointer data)
{
  g_autoptr (GPtrArray) lines = NULL;
  JsonObject *line;

  start (self, "");
  push (self, 0.2f, 0.1f);
  push (self, 0.6f, 0.1f);
  push (self, 0.9f, 0.8f);
  push (self, 0.3f, 0.8f);
  end_stream (self);
  expect (self, "start dog 0.1; start cat 0.2; stop dog 0.3; stop cat 0.3");
  lines = read_lines (self);
  line = lines->pdata[2];
  g_assert_cmpstr (json_object_get_string_member (line, "source"), ==, "door");
  g_assert_cmpstr (
      json_object_get_string_member (line, "group"), ==, "default");
  g_assert_cmpstr (json_object_get_string_member (line, "model"), ==, "none");
  g_assert_true (json_object_get_null_member (line, "media"));
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (line, "score"), 0.3, 1e-6);
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (line, "peak"), 0.9, 1e-6);
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (line, "duration"), 0.2, 1e-6);
  g_assert_cmpint (json_object_get_int_member (line, "pts"), ==, 300000000);
}

/* After a seek there are other tags, and a file that goes on is added to. */
static void
test_a_flush_stops_tags (PublishTest *self, gconstpointer data)
{
  GstSegment segment;

  start (self, "");
  push (self, 0.6f, 0);
  gst_harness_push_event (self->harness, gst_event_new_flush_start ());
  gst_harness_push_event (self->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (self->harness, gst_event_new_segment (&segment));
  push (self, 0.6f, 0);
  publish_test_stop (self);
  start (self, "");
  push (self, 0, 0.6f);
  end_stream (self);
  expect (self, "start dog 0.0; stop dog 0.0; start dog 0.1; stop dog 0.1; "
                "start cat 0.0; stop cat 0.0");
}

/* Frames of a cliptag that could not encode have none. */
static void
test_frames_without_scores_stop_tags (PublishTest *self, gconstpointer data)
{
  start (self, "");
  push (self, 0.6f, 0);
  gst_harness_push (self->harness, make_frame (self));
  end_stream (self);
  expect (self, "start dog 0.0; stop dog 0.1");
}

static void
test_new_phrases_stop_tags (PublishTest *self, gconstpointer data)
{
  start (self, "");
  push (self, 0.6f, 0);
  g_clear_object (&self->prompts);
  self->prompts = meta_test_prompts ("horse; cat");
  push (self, 0, 0.6f);
  for (guint i = 0; i < 400; i++) /* the old ones are forgotten */
    push (self, 0, 0.6f);
  push (self, 0.6f, 0);
  end_stream (self);
  expect (self, "start dog 0.0; stop dog 0.1; start cat 0.1; "
                "start horse 40.2; stop cat 40.2; stop horse 40.2");
}

static void
add_region (PublishTest *self, GstBuffer *buffer, gint column, gfloat dog)
{
  const GstClipRegion tile = { 8 * (guint) column, 0, 8, 16, 0, -1, column, 0 };
  const ClvScore scores[2] = { { .smoothed = dog, .active = dog >= 0.5f } };
  g_autoptr (GstClipResult) result =
      gst_clip_result_new (self->prompts, "none", "none", 0, scores, NULL, 0);

  gst_buffer_add_clip_region_meta (buffer, &tile, result, TRUE, FALSE, 0);
}

/* A tag holds as long as it does anywhere. */
static void
test_a_region_is_enough (PublishTest *self, gconstpointer data)
{
  const gfloat scores[][2] = { { 0, 0 }, { 0, 0.7f }, { 0.8f, 0 }, { 0, 0 } };
  g_autoptr (GPtrArray) lines = NULL;
  JsonObject *region;

  start (self, "");
  for (guint i = 0; i < G_N_ELEMENTS (scores); i++) {
    GstBuffer *buffer = make_frame (self);

    add_region (self, buffer, 0, scores[i][0]);
    add_region (self, buffer, 1, scores[i][1]);
    gst_harness_push (self->harness, buffer);
  }
  end_stream (self);
  expect (self, "start dog 0.1; stop dog 0.3");
  lines = read_lines (self);
  region = json_object_get_object_member (lines->pdata[0], "region");
  g_assert_cmpint (json_object_get_int_member (region, "x"), ==, 8);
  g_assert_cmpint (json_object_get_int_member (region, "column"), ==, 1);
}

static void
test_frames_are_lines_of_cliptojson (PublishTest *self, gconstpointer data)
{
  g_autoptr (GPtrArray) lines = NULL;

  start (self, "publish=frames");
  push (self, 0.6f, 0);
  push (self, 0.2f, 0);
  end_stream (self);
  lines = read_lines (self);
  g_assert_cmpuint (lines->len, ==, 2);
  g_assert_cmpuint (json_array_get_length (
                        json_object_get_array_member (lines->pdata[1], "tags")),
      ==, 2);
}

static GstPadProbeReturn
answer_uri (GstPad *pad, GstPadProbeInfo *info, gpointer uri)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_URI)
    return GST_PAD_PROBE_OK;
  gst_query_set_uri (query, uri);
  return GST_PAD_PROBE_HANDLED;
}

static void
test_a_cameras_password_stays_here (PublishTest *self, gconstpointer data)
{
  g_autoptr (GPtrArray) lines = NULL;

  start (self, "publish=events+frames");
  gst_pad_add_probe (self->harness->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM,
      answer_uri, (gpointer) "rtsp://u:secret@camera/1?token=secret", NULL);
  push (self, 0.6f, 0);
  end_stream (self);
  lines = read_lines (self);
  for (guint i = 0; i < lines->len; i++)
    g_assert_cmpstr (json_object_get_string_member (lines->pdata[i], "media"),
        ==, "rtsp://camera/1");
}

/* Frames go on; what there is comes when it can. */
static void
test_a_file_that_cannot_be_written (PublishTest *self, gconstpointer data)
{
  g_autofree gchar *folder = publish_test_path (self, "folder");

  publish_test_start (self, "uri=file://%s/lines", folder);
  publish_test_push_events (self, 50);
  publish_test_expect (self, GST_MESSAGE_WARNING,
      "^file://.*/folder/lines: cannot be written: No such file");
  g_assert_cmpuint (publish_test_get_stat (self, "waiting"), ==, 50);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  publish_test_wait_stat (self, "published", 50);
  publish_test_expect (self, GST_MESSAGE_INFO, "connected again");
}

typedef struct {
  const gchar *name, *properties, *error;
} Refusal;

static const Refusal refusals[] = {
  { "no URI", "", "property `uri`: wanted file:///path, mqtt:.*, found none" },
  { "another scheme", "uri=http://host", "`uri`: .*found \"http://host\"" },
  { "a password in a URI", "uri=mqtt://anna:secret@host",
      "`uri`: wanted no user or password in it .*, found some" },
  { "a password in a bad URI", "uri=http://anna:secret@host",
      "`uri`: .*found \"http://…@host\"" },
  { "a path behind a server", "uri=mqtt://host/topic",
      "`uri`: .*found \"mqtt://host/topic\"" },
  { "no host", "uri=mqtt://", "`uri`: wanted mqtt://host:port, found no host" },
  { "a file elsewhere", "uri=file://host/path",
      "`uri`: wanted file:///path, found file://host/path" },
  { "TLS files without TLS", "uri=mqtt://host ca-file=/nowhere",
      "`uri`: wanted mqtts:// or kafkas:// .*, found mqtt://host:1883" },
  { "a missing CA", "uri=mqtts://host ca-file=/nowhere",
      "`ca-file`: .*/nowhere.*No such file" },
  { "a certificate without a key", "uri=mqtts://host cert-file=/nowhere",
      "`key-file`: wanted both" },
  { "a password without a user", "uri=mqtt://host password=secret",
      "`user`: wanted one for the `password`, found none" },
  { "an unknown variable", "uri=mqtt://host topic=a/{lable}",
      "`topic`: wanted only \\{source\\}.* found \"a/\\{lable\\}\"" },
  { "a label where there is none", "uri=mqtt://host frame-topic=a/{label}",
      "`frame-topic`: wanted only \\{source\\} and \\{host\\}" },
  { "a wildcard", "uri=mqtt://host topic=a/#",
      "`topic`: wanted a topic of MQTT, without \\+ and #, found \"a/#\"" },
  { "characters that Kafka has not", "uri=kafka://host topic=a/b",
      "`topic`: wanted a topic of Kafka, .* found \"a/b\"" },
  { "a broker without a host", "uri=kafka://host,:9092",
      "`uri`: wanted kafka://host:port,host:port…, found host,:9092" },
  { "discovery without MQTT", "uri=file:///x discovery-prefix=homeassistant",
      "`discovery-prefix`: wanted MQTT .*found file:///x" },
  { "discovery without states",
      "uri=mqtt://host publish=events discovery-prefix=homeassistant",
      "`discovery-prefix`: .*found no states" },
  { "states in one topic", "uri=mqtt://host state-topic=a/{group}",
      "`state-topic`: wanted \\{label\\} in it" },
};

static void
test_refusal (PublishTest *self, gconstpointer data)
{
  const Refusal *refusal = data;

  g_assert_false (publish_test_try (self, refusal->properties));
  publish_test_expect (self, GST_MESSAGE_ERROR, refusal->error);
}

/* With all of its server's settings it is refused for what it lacks. */
static void
test_what_is_not_built (PublishTest *self, gconstpointer uri)
{
  g_autofree gchar *properties = g_strconcat ("uri=", uri, NULL);

  if (publish_test_try (self, properties)) {
    g_test_skip ("it is");
    return;
  }
  publish_test_expect (self, GST_MESSAGE_ERROR, "built without (mqtt|kafka)");
}

static void
test_spools_that_cannot_be_used (PublishTest *self, gconstpointer data)
{
  g_autofree gchar *spool = publish_test_path (self, "spool");
  PublishTest other = {
    .directory = self->directory, .prompts = self->prompts, .bus = self->bus
  };

  if (!publish_test_try (self, "uri=mqtt://127.0.0.1:1 flush-timeout=0")) {
    g_test_skip ("built without mqtt");
    return;
  }
  g_assert_false (publish_test_try (&other, "uri=mqtt://127.0.0.1:1"));
  publish_test_expect (
      self, GST_MESSAGE_ERROR, "`spool`: .*/spool: another element or process");
  publish_test_stop (&other);
  publish_test_stop (self);

  g_assert_true (
      g_file_set_contents (spool, "Dear diary, dear diary", -1, NULL));
  g_assert_false (publish_test_try (self, "uri=mqtt://127.0.0.1:1"));
  publish_test_expect (
      self, GST_MESSAGE_ERROR, "/spool: wanted a spool .*found: file is not");
}

int
main (int argc, char **argv)
{
#define ADD(name, function)                                                    \
  g_test_add ("/clippublish/" name, PublishTest, NULL, publish_test_set_up,    \
      function, publish_test_tear_down)

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("tags start and stop", test_tags_start_and_stop);
  ADD ("a flush stops tags", test_a_flush_stops_tags);
  ADD ("frames without scores stop tags", test_frames_without_scores_stop_tags);
  ADD ("new phrases stop tags", test_new_phrases_stop_tags);
  ADD ("a region is enough", test_a_region_is_enough);
  ADD ("frames are lines of cliptojson", test_frames_are_lines_of_cliptojson);
  ADD ("a camera's password stays here", test_a_cameras_password_stays_here);
  ADD ("a file that cannot be written", test_a_file_that_cannot_be_written);
  ADD ("spools that cannot be used", test_spools_that_cannot_be_used);
  g_test_add ("/clippublish/what is not built: mqtt", PublishTest,
      "mqtt://127.0.0.1:1 flush-timeout=0", publish_test_set_up,
      test_what_is_not_built, publish_test_tear_down);
  g_test_add ("/clippublish/what is not built: kafka", PublishTest,
      "kafka://127.0.0.1:1 flush-timeout=0", publish_test_set_up,
      test_what_is_not_built, publish_test_tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree gchar *name =
        g_strconcat ("/clippublish/refused: ", refusals[i].name, NULL);

    g_test_add (name, PublishTest, &refusals[i], publish_test_set_up,
        test_refusal, publish_test_tear_down);
  }
  return g_test_run ();
}

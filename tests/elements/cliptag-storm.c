/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Eight pipelines start, stop, flush and seek at random, each in a thread of its own,
 * while four threads set and read properties of all of them and edit the prompts
 * file. Nothing may crash, hang, or be left behind; afterwards all of them work.
 * It lasts $CLV_STORM_SECONDS, 20 where that is not set; --seed repeats the choice
 * of what is done, not its timing. */

#include "tag-test.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define N_PIPELINES 8
#define N_HAMMERS   4

/* For what is under way when the storm ends; sanitizers are slow. */
#define PATIENCE_SECONDS 240

typedef struct {
  GstElement *pipeline;
  GstElement *source;
  GstElement *filter;
  GstElement *tag;
  GRand *rand;
  guint n_done;
} Sailor;

typedef struct {
  Sailor *sailors;
  const gchar *file;
  GRand *rand;
  guint n_done;
} Hammer;

static gint over;      /* atomic */
static gint n_running; /* atomic: threads */

static const gchar *
choose (GRand *rand, const gchar *const *from, guint n)
{
  return from[g_rand_int_range (rand, 0, n)];
}

/* --- properties ---------------------------------------------------------- */

/* Some of them cannot be used. */
static const gchar *
random_string (const gchar *name, const gchar *file, GRand *rand)
{
  static const gchar *const prompts[] = { "a cat", "a dog; a cow", " ; ", NULL,
    "snow; bars; a circle; a ball", "snow\nbars" };
  static const gchar *const templates[] = { NULL, "{}", "a photo of {}",
    "no place" };
  static const gchar *const devices[] = { NULL, "auto", "0" };
  const gchar *const files[] = { file, file, NULL, "/no/such/file" };

  if (g_str_equal (name, "prompts"))
    return choose (rand, prompts, G_N_ELEMENTS (prompts));
  if (g_str_equal (name, "template"))
    return choose (rand, templates, G_N_ELEMENTS (templates));
  if (g_str_equal (name, "prompts-file"))
    return choose (rand, files, G_N_ELEMENTS (files));
  if (g_str_equal (name, "device"))
    return choose (rand, devices, G_N_ELEMENTS (devices));
  return g_str_equal (name, "model") ? "demo" : NULL;
}

/* Of what there is: small numbers, so that frames are inferred all the same. */
static void
random_value (GParamSpec *spec, const gchar *file, GRand *rand, GValue *value)
{
  const guint n = g_rand_int_range (rand, 0, 4);

  g_value_init (value, spec->value_type);
  if (G_IS_PARAM_SPEC_STRING (spec))
    g_value_set_string (value, random_string (spec->name, file, rand));
  else if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    g_value_set_boolean (value, n & 1);
  else if (G_IS_PARAM_SPEC_ENUM (spec))
    g_value_set_enum (value, n % 3);
  else if (G_IS_PARAM_SPEC_UINT (spec))
    g_value_set_uint (value, n);
  else if (G_IS_PARAM_SPEC_UINT64 (spec))
    g_value_set_uint64 (value, n * 30 * GST_MSECOND);
  else if (G_IS_PARAM_SPEC_DOUBLE (spec))
    g_value_set_double (value, n * 0.01);
  g_param_value_validate (spec, value);
}

static void
hammer_property (Hammer *self, GstElement *tag, GParamSpec *spec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  if (g_rand_boolean (self->rand) && (spec->flags & G_PARAM_WRITABLE) &&
      spec->owner_type == G_OBJECT_TYPE (tag)) {
    random_value (spec, self->file, self->rand, &value);
    g_object_set_property (G_OBJECT (tag), spec->name, &value);
  } else {
    g_value_init (&value, spec->value_type);
    g_object_get_property (G_OBJECT (tag), spec->name, &value);
  }
}

/* In place, so that half of it may be read. */
static void
edit_file (Hammer *self)
{
  static const gchar *const contents[] = { "{ \"groups\": [",
    "{ \"groups\": [ { \"name\": \"a\", \"prompts\": [ { \"label\": \"x\", "
    "\"text\": [ \"snow\" ] } ] } ] }",
    "{ \"groups\": [ { \"name\": \"b\", \"prompts\": [ \"bars\", \"snow\" ] } "
    "] "
    "}" };
  const gchar *content = choose (self->rand, contents, G_N_ELEMENTS (contents));
  FILE *file = g_fopen (self->file, "w");

  g_assert_nonnull (file);
  fputs (content, file);
  fclose (file);
}

static void
score_something (Hammer *self, GstElement *tag)
{
  g_autoptr (GBytes) text = NULL;
  GstStructure *scores = NULL;

  g_signal_emit_by_name (tag, "encode-text", "snow", &text);
  if (text != NULL)
    g_signal_emit_by_name (tag, "score", text, &scores);
  g_clear_pointer (&scores, gst_structure_free);
}

static gpointer
hammer (gpointer data)
{
  Hammer *self = data;

  while (!g_atomic_int_get (&over)) {
    GstElement *tag =
        self->sailors[g_rand_int_range (self->rand, 0, N_PIPELINES)].tag;
    guint n_specs;
    g_autofree GParamSpec **specs =
        g_object_class_list_properties (G_OBJECT_GET_CLASS (tag), &n_specs);

    for (guint i = 0; i < 8; i++)
      hammer_property (
          self, tag, specs[g_rand_int_range (self->rand, 0, n_specs)]);
    if (g_rand_int_range (self->rand, 0, 20) == 0)
      edit_file (self);
    if (g_rand_int_range (self->rand, 0, 50) == 0)
      score_something (self, tag);
    /* So that most starts can be. */
    if (g_rand_int_range (self->rand, 0, 3) > 0)
      g_object_set (tag, "prompts", "a cat; a dog", "template", NULL,
          "on-error", 1, NULL);
    self->n_done++;
    g_usleep (g_rand_int_range (self->rand, 0, 4000));
  }
  g_atomic_int_add (&n_running, -1);
  return NULL;
}

/* --- pipelines ----------------------------------------------------------- */

static void
set_caps (Sailor *self, guint n)
{
  static const gchar *const formats[] = { "NV12", "I420", "RGB" };
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-raw", "format",
      G_TYPE_STRING, formats[n % 3], "width", G_TYPE_INT, 32 + n % 5 * 16,
      "height", G_TYPE_INT, 48, "framerate", GST_TYPE_FRACTION, 30, 1, NULL);

  g_object_set (self->filter, "caps", caps, NULL);
}

static void
make_pipeline (Sailor *self, guint index)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  self->pipeline = gst_pipeline_new (NULL);
  self->source = gst_element_factory_make ("videotestsrc", NULL);
  self->filter = gst_element_factory_make ("capsfilter", NULL);
  self->tag = tag_test_make ("prompts", "a cat", NULL);
  g_object_set (self->source, "is-live", index % 2 == 0, "pattern", index % 4,
      "num-buffers", index < 2 ? 20 : -1, NULL);
  g_object_set (sink, "sync", TRUE, "qos", TRUE, NULL);
  set_caps (self, index);
  gst_bin_add_many (GST_BIN (self->pipeline), self->source, self->filter,
      self->tag, sink, NULL);
  g_assert_true (gst_element_link_many (
      self->source, self->filter, self->tag, sink, NULL));
}

/* Flushes: otherwise it would wait for a pipeline that is paused to play. At other
 * rates the sink of GStreamer 1.22 may wait for a time that never comes. */
static void
seek (Sailor *self)
{
  gst_element_seek_simple (self->pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      g_rand_int_range (self->rand, 0, 10) * GST_SECOND);
}

static void
do_something (Sailor *self)
{
  static const GstState states[] = { GST_STATE_NULL, GST_STATE_READY,
    GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PLAYING, GST_STATE_PLAYING };

  switch (g_rand_int_range (self->rand, 0, 7)) {
    case 0:
    case 1:
    case 2:
      gst_element_set_state (self->pipeline,
          states[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (states))]);
      break;
    case 3:
    case 4:
    case 5:
      seek (self);
      break;
    default:
      set_caps (self, g_rand_int (self->rand));
      break;
  }
}

/* A pipeline that has failed, or is at its end, goes on from NULL. */
static void
read_bus (Sailor *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  GstMessage *message;
  gboolean failed = FALSE;

  while ((message = gst_bus_pop (bus)) != NULL) {
    failed = failed || GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR ||
             GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    gst_message_unref (message);
  }
  if (!failed)
    return;
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static gpointer
sail (gpointer data)
{
  Sailor *self = data;

  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  while (!g_atomic_int_get (&over)) {
    do_something (self);
    self->n_done++;
    g_usleep (g_rand_int_range (self->rand, 0, 60000));
    read_bus (self);
  }
  g_atomic_int_add (&n_running, -1);
  return NULL;
}

/* --- the test ------------------------------------------------------------ */

static void
reset_properties (GstElement *tag)
{
  guint n;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (tag), &n);

  for (guint i = 0; i < n; i++)
    if ((specs[i]->flags & G_PARAM_WRITABLE) &&
        specs[i]->owner_type == G_OBJECT_TYPE (tag))
      g_object_set_property (G_OBJECT (tag), specs[i]->name,
          g_param_spec_get_default_value (specs[i]));
  g_object_set (tag, "prompts", "a cat; a dog", NULL);
}

static void
expect_to_work (Sailor *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  reset_properties (self->tag);
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
  tag_test_wait_stat (self->tag, "inferred", 2);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
}

static guint
get_seconds (void)
{
  const gchar *text = g_getenv ("CLV_STORM_SECONDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 20;
}

/* Who hangs is seen, and where: a debugger, or the core that is dumped. */
static void
wait_for_all (void)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;

  while (g_atomic_int_get (&n_running) > 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
  }
}

static void
test_a_storm_is_survived (void)
{
  Sailor sailors[N_PIPELINES] = { 0 };
  Hammer hammers[N_HAMMERS];
  GThread *threads[N_PIPELINES + N_HAMMERS];
  g_autofree gchar *file = NULL;
  gint fd = g_file_open_tmp ("clv-storm-XXXXXX", &file, NULL);
  guint n_done = 0;

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  g_atomic_int_set (&n_running, G_N_ELEMENTS (threads));
  for (guint i = 0; i < N_PIPELINES; i++) {
    make_pipeline (&sailors[i], i);
    sailors[i].rand = g_rand_new_with_seed (g_test_rand_int ());
  }
  for (guint i = 0; i < N_PIPELINES; i++)
    threads[i] = g_thread_new ("sail", sail, &sailors[i]);
  for (guint i = 0; i < N_HAMMERS; i++) {
    hammers[i] = (Hammer){ .sailors = sailors,
      .file = file,
      .rand = g_rand_new_with_seed (g_test_rand_int ()) };
    threads[N_PIPELINES + i] = g_thread_new ("hammer", hammer, &hammers[i]);
  }
  g_usleep ((gulong) get_seconds () * G_USEC_PER_SEC);
  g_atomic_int_set (&over, TRUE);
  wait_for_all ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  for (guint i = 0; i < N_PIPELINES; i++) {
    n_done += sailors[i].n_done;
    expect_to_work (&sailors[i]);
    gst_object_unref (sailors[i].pipeline);
    g_rand_free (sailors[i].rand);
  }
  g_test_message ("%u states, seeks, flushes and the like", n_done);
  n_done = 0;
  for (guint i = 0; i < N_HAMMERS; i++) {
    n_done += hammers[i].n_done;
    g_rand_free (hammers[i].rand);
  }
  g_test_message ("%u times eight properties", n_done);
  g_unlink (file);
}

static void
add_tests (void)
{
  g_test_add_func (
      "/elements/cliptag/storm/a-storm-is-survived", test_a_storm_is_survived);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

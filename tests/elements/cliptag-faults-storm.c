/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Six streams share an engine, and start, stop, flush, change size and prompts at random,
 * while their device breaks in all ways at random times. Nobody crashes or hangs, no
 * frame fails where video is to pass, and afterwards all of them work. It lasts
 * $CLV_STORM_SECONDS, 10 where that is not set. */

#include "fault-test.h"

#define N_STREAMS 6

/* The one that is not to go on after an error. */
#define FAILS 5

typedef struct {
  TagTest *test;
  GRand *rand;
  guint width;
  guint n_failed; /* frames */
  guint n_starts; /* that failed */
} Stream;

static gint over; /* atomic */

static void
change_size (Stream *self)
{
  g_autofree gchar *caps = NULL;

  self->width = 32 + 8 * g_rand_int_range (self->rand, 0, 40);
  caps = g_strdup_printf (
      "video/x-raw,format=RGB,width=%u,height=48,framerate=10/1", self->width);
  gst_harness_set_src_caps_str (self->test->harness, caps);
}

/* The device may be broken just then: until it is not. */
static void
restart (Stream *self)
{
  GstElement *element = self->test->element;

  gst_element_set_state (element, GST_STATE_READY);
  while (gst_element_set_state (element, GST_STATE_PLAYING) ==
         GST_STATE_CHANGE_FAILURE) {
    gst_element_set_state (element, GST_STATE_READY);
    self->n_starts++;
    g_usleep (20000);
  }
  change_size (self);
}

static void
flush (Stream *self)
{
  GstHarness *harness = self->test->harness;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
}

static void
push (Stream *self)
{
  if (fault_test_push (self->test, self->width) != GST_FLOW_OK)
    self->n_failed++;
  g_usleep (g_rand_int_range (self->rand, 0, 30000));
}

static void
change_prompts (Stream *self)
{
  g_autofree gchar *prompts =
      g_strdup_printf ("thing %u; one", g_rand_int (self->rand));

  g_object_set (self->test->element, "prompts", prompts, NULL);
}

static void
drop_output (Stream *self)
{
  while (gst_harness_buffers_in_queue (self->test->harness) > 0)
    gst_buffer_unref (gst_harness_pull (self->test->harness));
  gst_bus_set_flushing (self->test->bus, TRUE);
  gst_bus_set_flushing (self->test->bus, FALSE);
}

static gpointer
run (gpointer data)
{
  Stream *self = data;

  while (!g_atomic_int_get (&over)) {
    switch (g_rand_int_range (self->rand, 0, 40)) {
      case 0:
        restart (self);
        break;
      case 1:
        change_size (self);
        break;
      case 2:
        change_prompts (self);
        break;
      case 3:
        flush (self);
        break;
      default:
        push (self);
        break;
    }
    drop_output (self);
  }
  return NULL;
}

static void
break_the_device (GRand *rand)
{
  static const VulkanFault faults[] = { VULKAN_FAULT_SUBMIT_LOST,
    VULKAN_FAULT_WAIT_LOST, VULKAN_FAULT_SLOW, VULKAN_FAULT_HANG,
    VULKAN_FAULT_SUBMIT_MEMORY, VULKAN_FAULT_ALLOCATE, VULKAN_FAULT_OPEN };

  g_usleep (g_rand_int_range (rand, 0, 2 * G_USEC_PER_SEC));
  vulkan_fault_set (faults[g_rand_int_range (rand, 0, G_N_ELEMENTS (faults))]);
  g_usleep (g_rand_int_range (rand, 0, G_USEC_PER_SEC));
  vulkan_fault_set (VULKAN_FAULT_NONE);
}

static gint64
get_end (void)
{
  const gchar *text = g_getenv ("CLV_STORM_SECONDS");
  const guint64 seconds = text != NULL ? g_ascii_strtoull (text, NULL, 10) : 10;

  return g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
}

static void
expect_to_work (Stream *self)
{
  restart (self);
  fault_test_push_until_inferred (self->test, self->width, 2);
  tag_test_free (self->test);
  g_rand_free (self->rand);
}

static void
test_a_storm_of_faults_is_survived (void)
{
  Stream streams[N_STREAMS] = { 0 };
  GThread *threads[N_STREAMS];
  GRand *rand = g_rand_new_with_seed (g_test_rand_int ());
  const gint64 end = get_end ();

  for (guint i = 0; i < N_STREAMS; i++) {
    streams[i].width = 64;
    streams[i].rand = g_rand_new_with_seed (g_test_rand_int ());
    streams[i].test = fault_test_new (fault_test_modes[i % 2],
        i == FAILS ? FAULT_TEST_FAIL : FAULT_TEST_PASS);
  }
  for (guint i = 0; i < N_STREAMS; i++)
    threads[i] = g_thread_new ("stream", run, &streams[i]);
  while (g_get_monotonic_time () < end)
    break_the_device (rand);
  g_atomic_int_set (&over, TRUE);
  for (guint i = 0; i < N_STREAMS; i++) {
    g_thread_join (threads[i]);
    g_test_message ("stream %u: %u frames, %u failed; %u starts failed", i,
        streams[i].test->n_pushed, streams[i].n_failed, streams[i].n_starts);
    g_assert_cmpuint (streams[i].test->n_pushed, >, 0);
    if (i != FAILS)
      g_assert_cmpuint (streams[i].n_failed, ==, 0);
  }
  for (guint i = 0; i < N_STREAMS; i++)
    expect_to_work (&streams[i]);
  g_rand_free (rand);
}

static void
add_tests (void)
{
  g_test_add_func (
      "/elements/cliptag/faults-storm/a-storm-of-faults-is-survived",
      test_a_storm_of_faults_is_survived);
}

int
main (int argc, char **argv)
{
  return tag_test_main (argc, argv, add_tests);
}

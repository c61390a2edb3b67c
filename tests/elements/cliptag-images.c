/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames that are Vulkan images already: vulkanupload in front of cliptag. Skipped
 * where one of them knows no memory:VulkanImage. */

#include "tag-test.h"

#include <clv/clv-engine.h>

#include <string.h>

#define IMAGES "video/x-raw(memory:VulkanImage)"
#define SHARES "shares the pipeline's Vulkan device"
#define COPIES "each picture is copied through the host"
#define UPLOAD "vulkanupload ! capsfilter caps=\"" IMAGES "\" ! "

/* What the element has logged since it was last asked. */
static GMutex log_mutex;
static GString *logged;

static void
keep_log (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  if (!g_str_equal (gst_debug_category_get_name (category), "cliptag"))
    return;
  /* What comes next is encoded on another device, where kernels are right. */
  if (strstr (gst_debug_message_get (message), COPIES) != NULL)
    g_unsetenv ("CLV_TEST_BREAK_KERNEL");
  g_mutex_lock (&log_mutex);
  g_string_append_printf (logged, "%s\n", gst_debug_message_get (message));
  g_mutex_unlock (&log_mutex);
}

static guint
count_logged (const gchar *text)
{
  guint n = 0;

  g_mutex_lock (&log_mutex);
  for (const gchar *p = logged->str; (p = strstr (p, text)) != NULL; p++)
    n++;
  g_mutex_unlock (&log_mutex);
  return n;
}

/* videotestsrc ! (vulkanupload !) cliptag. The source is in it because GStreamer
 * 1.22's vulkanupload takes pictures of several planes only from its own pool. It
 * gives them back before the device has read them, so all of them are equal. */
static GstHarness *
new_harness (const gchar *format, const gchar *upload, const gchar *properties)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  g_autofree gchar *text = g_strdup_printf (
      "videotestsrc num-buffers=5 pattern=colors ! "
      "video/x-raw,format=%s,width=64,height=48,framerate=10/1 ! %s "
      "cliptag name=tag model=\"%s\" prompts=\"a circle; a square\" "
      "attach-embedding=true mode=sync %s",
      format, upload, model != NULL ? model : "demo", properties);
  g_autoptr (GError) error = NULL;
  GstElement *bin = gst_parse_bin_from_description (text, TRUE, &error);
  GstHarness *harness;

  g_assert_no_error (error);
  gst_object_ref_sink (bin);
  harness = gst_harness_new_with_element (bin, NULL, "src");
  gst_object_unref (bin);
  gst_harness_play (harness);
  return harness;
}

/* vulkanupload of 1.22 leaves copies in the device's queue that nobody waits for, and
 * frees what they read when it stops. At its end, which comes by itself, cliptag has
 * read all pictures, and so they are copied. */
static void
wait_for_end (GstHarness *harness)
{
  gboolean ended = FALSE;

  while (!ended) {
    g_autoptr (GstEvent) event = gst_harness_pull_event (harness);

    g_assert_nonnull (event);
    ended = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  }
}

static void
tear_down (GstHarness *harness)
{
  wait_for_end (harness);
  gst_harness_teardown (harness);
}

static GstBuffer *
pull (GstHarness *harness, gboolean is_image)
{
  GstBuffer *buffer = gst_harness_pull (harness);

  g_assert_nonnull (buffer);
  g_assert_true (gst_memory_is_type (gst_buffer_peek_memory (buffer, 0),
                     "VulkanImage") == is_image);
  return buffer;
}

/* The same pictures both ways. */
static void
compare (const gchar *format, const gchar *properties)
{
  GstHarness *images = new_harness (format, UPLOAD, properties);
  GstBuffer *found[3];
  GstHarness *host;

  g_test_message ("%s", format);
  for (guint i = 0; i < G_N_ELEMENTS (found); i++)
    found[i] = pull (images, TRUE);
  host = new_harness (format, "", properties);
  for (guint i = 0; i < G_N_ELEMENTS (found); i++) {
    g_autoptr (GstBuffer) wanted = pull (host, FALSE);

    tag_test_assert_same_embedding (found[i], wanted);
    gst_buffer_unref (found[i]);
  }
  tear_down (images);
  gst_harness_teardown (host);
}

static void
clear_log (void)
{
  g_mutex_lock (&log_mutex);
  g_string_truncate (logged, 0);
  g_mutex_unlock (&log_mutex);
}

static void
test_images_are_read_where_they_are (void)
{
  static const gchar *formats[] = { "NV12", "RGBA", "BGRx" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    clear_log ();
    compare (formats[i], "");
    g_assert_cmpuint (count_logged (SHARES), ==, 1);
    g_assert_cmpuint (count_logged (COPIES), ==, 0);
  }
}

static void
test_a_batch_of_images_is_encoded_together (void)
{
  compare ("NV12", "batch-size=3");
}

/* The kernels seem wrong on the pipeline's device; they were found right on the
 * encoder's own before. */
static void
test_a_device_that_cannot_be_shared_is_copied_from_and_told_once (void)
{
  /* The library warns of each kernel that it refuses. */
  const GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);

  clear_log ();
  g_setenv ("CLV_TEST_BREAK_KERNEL", "gemm_lanes_f32,gemm_tile_f32", TRUE);
  compare ("NV12", "");
  g_setenv ("CLV_TEST_BREAK_KERNEL", "gemm_lanes_f32,gemm_tile_f32", TRUE);
  compare ("RGBA", "batch-size=2");
  g_log_set_always_fatal (fatal);
  g_assert_cmpuint (count_logged (SHARES), ==, 0);
  g_assert_cmpuint (count_logged (COPIES), ==, 2);
}

/* The device is given back, and taken again. */
static void
test_stopped_and_started_again_it_shares_again (void)
{
  GstHarness *images = new_harness ("RGBA", UPLOAD, "");
  g_autoptr (GstBuffer) first = NULL;
  g_autoptr (GstBuffer) second = NULL;

  clear_log ();
  first = pull (images, TRUE);
  wait_for_end (images);
  gst_element_set_state (images->element, GST_STATE_NULL);
  while (gst_harness_try_pull (images) != NULL) {
  }
  gst_harness_play (images);
  second = pull (images, TRUE);
  tag_test_assert_same_embedding (second, first);
  g_assert_cmpuint (count_logged (SHARES), ==, 2);
  tear_down (images);
}

/* In mode live the thread that encodes reads them, beside the stream. */
static void
test_mode_live_reads_images (void)
{
  GstHarness *images = new_harness ("NV12", UPLOAD, "mode=live");
  g_autoptr (GstElement) tag =
      gst_bin_get_by_name (GST_BIN (images->element), "tag");

  tag_test_wait_stat (tag, "inferred", 1);
  tear_down (images);
}

/* The host does not see the images; the device finds all of them equal. */
static void
test_a_change_threshold_is_the_devices_to_judge (void)
{
  GstHarness *images = new_harness ("RGBA", UPLOAD, "change-threshold=0.5");
  g_autoptr (GstElement) tag =
      gst_bin_get_by_name (GST_BIN (images->element), "tag");

  for (guint i = 0; i < 3; i++)
    gst_buffer_unref (pull (images, TRUE));
  g_assert_cmpuint (tag_test_get_stat (tag, "inferred"), ==, 1);
  g_assert_cmpuint (tag_test_get_stat (tag, "unchanged"), >=, 2);
  tear_down (images);
}

static gboolean
takes_images (void)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (tag_test_make (NULL));
  g_autoptr (GstCaps) images = gst_caps_from_string (IMAGES);
  g_autoptr (GstCaps) caps = gst_pad_template_get_caps (
      gst_element_get_pad_template (element, "sink"));

  return gst_caps_can_intersect (caps, images);
}

#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/images/" name, function)

/* The engine of the encoder's own device is there all the time. */
static ClvEngine *own;

static void
add (void)
{
  const gchar *model = g_getenv ("CLV_TEST_MODEL");

  own = clv_engine_get (
      model != NULL ? model : "demo", NULL, CLV_PRECISION_AUTO, NULL);
  g_assert_nonnull (own);
  ADD ("images are read where they are", test_images_are_read_where_they_are);
  ADD ("a device that cannot be shared is copied from and told once",
      test_a_device_that_cannot_be_shared_is_copied_from_and_told_once);
  ADD ("a batch of images is encoded together",
      test_a_batch_of_images_is_encoded_together);
  ADD ("stopped and started again it shares again",
      test_stopped_and_started_again_it_shares_again);
  ADD ("mode live reads images", test_mode_live_reads_images);
  ADD ("a change threshold is the device's to judge",
      test_a_change_threshold_is_the_devices_to_judge);
}

int
main (int argc, char **argv)
{
  int status;
  g_autoptr (GstElementFactory) upload = NULL;

  gst_init (&argc, &argv);
  upload = gst_element_factory_find ("vulkanupload");
  if (upload == NULL || !takes_images ()) {
    g_print ("1..0 # SKIP %s\n", upload == NULL
                                     ? "no vulkanupload (gst-plugins-bad)"
                                     : "built without gstreamer-vulkan");
    return 0;
  }
  logged = g_string_new (NULL);
  gst_debug_add_log_function (keep_log, NULL, NULL);
  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_INFO);
  status = tag_test_main (argc, argv, add);
  g_clear_object (&own);
  return status;
}

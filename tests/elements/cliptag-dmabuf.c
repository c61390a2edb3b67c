/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of memory:DMABuf give the embedding that the same pixels give from system
 * memory, imported or mapped. Files in memory stand for DMABufs: a software driver
 * maps either, and so does the host. */

#define _GNU_SOURCE /* memfd_create () */

#include "tag-test.h"

#include <gst/allocators/gstdmabuf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WIDTH  63
#define HEIGHT 47

#define IMPORTED "DMABufs are imported"
#define MAPPED   "each picture is mapped and copied"

static gint n_imported, n_mapped; /* log lines */

static void
keep_log (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  if (!g_str_equal (gst_debug_category_get_name (category), "cliptag"))
    return;
  if (strstr (gst_debug_message_get (message), IMPORTED) != NULL)
    g_atomic_int_inc (&n_imported);
  if (strstr (gst_debug_message_get (message), MAPPED) != NULL)
    g_atomic_int_inc (&n_mapped);
}

/* The picture's bytes behind `skip` others. */
static GstBuffer *
to_dmabuf (GstBuffer *picture, gsize skip)
{
  const gsize size = gst_buffer_get_size (picture);
  g_autoptr (GstAllocator) allocator = gst_dmabuf_allocator_new ();
  GstVideoMeta *meta = gst_buffer_get_video_meta (picture);
  gint fd = memfd_create ("picture", 0);
  GstBuffer *buffer = gst_buffer_new ();
  GstMemory *memory;
  guint8 *bytes;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, skip + size), ==, 0);
  bytes = mmap (NULL, skip + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  g_assert_true (bytes != MAP_FAILED);
  gst_buffer_extract (picture, 0, bytes + skip, size);
  munmap (bytes, skip + size);
  memory = gst_dmabuf_allocator_alloc (allocator, fd, skip + size);
  gst_memory_resize (memory, skip, size);
  gst_buffer_append_memory (buffer, memory);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      meta->format, meta->width, meta->height, meta->n_planes, meta->offset,
      meta->stride);
  return buffer;
}

static GstCaps *
to_dmabuf_caps (const GstVideoInfo *info, const gchar *drm_format)
{
  GstCaps *caps = gst_video_info_to_caps (info);

  gst_caps_set_features (
      caps, 0, gst_caps_features_new ("memory:DMABuf", NULL));
  if (drm_format != NULL)
    gst_caps_set_simple (caps, "format", G_TYPE_STRING, "DMA_DRM", "drm-format",
        G_TYPE_STRING, drm_format, NULL);
  return caps;
}

static TagTest *
new_test (void)
{
  return tag_test_new (TAG_TEST_SMALL_CAPS, "prompts", "a circle; a square",
      "attach-embedding", TRUE, NULL);
}

static GstBuffer *
cut (GstBuffer *picture)
{
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (picture);

  crop->x = 3;
  crop->y = 5;
  crop->width = 50;
  crop->height = 39;
  return picture;
}

/* Padded and cropped, and not at the beginning of the file. */
static void
compare (TagTest *test, TagTest *host, GstVideoFormat format,
    const gchar *drm_format)
{
  GstVideoInfo info = tag_info (format, WIDTH, HEIGHT);
  g_autoptr (GstBuffer) picture =
      tag_picture_new (&info, TAG_PICTURE_COLORS, 5, 3);
  g_autoptr (GstBuffer) found = NULL;
  g_autoptr (GstBuffer) wanted = NULL;
  GstBuffer *in = to_dmabuf (picture, 4096 + 64);

  g_test_message ("%s", gst_video_format_to_string (format));
  gst_harness_set_src_caps (test->harness, to_dmabuf_caps (&info, drm_format));
  found = tag_test_push (test, cut (in));
  gst_harness_set_src_caps (host->harness, gst_video_info_to_caps (&info));
  wanted = tag_test_push (host, cut (g_steal_pointer (&picture)));
  tag_test_assert_same_embedding (found, wanted);
}

static void
test_every_format_gives_the_embedding_of_system_memory (void)
{
  g_autoptr (TagTest) test = new_test ();
  g_autoptr (TagTest) host = new_test ();
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_NV12,
    GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12, GST_VIDEO_FORMAT_NV21,
    GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_ARGB,
    GST_VIDEO_FORMAT_GRAY8, GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_UYVY,
    GST_VIDEO_FORMAT_Y42B, GST_VIDEO_FORMAT_Y444, GST_VIDEO_FORMAT_P010_10LE,
    GST_VIDEO_FORMAT_I420_10LE };

  n_imported = n_mapped = 0;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    compare (test, host, formats[i], NULL);
  g_test_message (n_imported > 0 ? "imported" : "mapped");
  g_assert_cmpint (n_imported + n_mapped, ==, 1);
  if (g_strcmp0 (g_getenv ("CLV_REQUIRE_DMABUF"), "1") == 0)
    g_assert_cmpint (n_imported, ==, 1);
}

static void
test_formats_of_drm_are_taken (void)
{
#if GST_CHECK_VERSION(1, 24, 0)
  g_autoptr (TagTest) test = new_test ();
  g_autoptr (TagTest) host = new_test ();

  compare (test, host, GST_VIDEO_FORMAT_NV12, "NV12");
  compare (test, host, GST_VIDEO_FORMAT_I420, "YU12");
  compare (test, host, GST_VIDEO_FORMAT_YUY2, "YUYV");
  compare (test, host, GST_VIDEO_FORMAT_BGRx, "XR24");
#else
  g_test_skip ("GStreamer before 1.24 has none");
#endif
}

#define ADD(name, function)                                                    \
  g_test_add_func ("/elements/cliptag/dmabuf/" name, function)

static void
add (void)
{
  ADD ("every format gives the embedding of system memory",
      test_every_format_gives_the_embedding_of_system_memory);
  ADD ("formats of DRM are taken", test_formats_of_drm_are_taken);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  gst_debug_add_log_function (keep_log, NULL, NULL);
  gst_debug_set_threshold_for_name ("cliptag", GST_LEVEL_INFO);
  return tag_test_main (argc, argv, add);
}

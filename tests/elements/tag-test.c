/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tag-test.h"

#include <math.h>
#include <string.h>

#include <clv/clv-device.h>

#define FRAME_TIME (GST_SECOND / 10)

int
tag_test_main (int argc, char **argv, void (*add) (void))
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = NULL;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  devices = clv_device_list (&error);
  if (devices == NULL && g_getenv ("CLV_REQUIRE_DEVICE") == NULL) {
    g_print ("1..0 # SKIP %s\n", error->message);
    return 0;
  }
  add ();
  return g_test_run ();
}

GstElement *
tag_test_make (const gchar *first_property, ...)
{
  GstElement *element = gst_element_factory_make ("cliptag", NULL);
  const gchar *model = g_getenv ("CLV_TEST_MODEL");
  va_list properties;

  g_assert_nonnull (element);
  if (model != NULL)
    g_object_set (element, "model", model, NULL);
  va_start (properties, first_property);
  if (first_property != NULL)
    g_object_set_valist (G_OBJECT (element), first_property, properties);
  va_end (properties);
  return element;
}

TagTest *
tag_test_new (const gchar *caps, const gchar *first_property, ...)
{
  TagTest *self = g_new0 (TagTest, 1);
  va_list properties;
  guint mode;

  self->element = gst_object_ref_sink (tag_test_make (NULL));
  gst_util_set_object_arg (G_OBJECT (self->element), "mode", "sync");
  va_start (properties, first_property);
  if (first_property != NULL)
    g_object_set_valist (G_OBJECT (self->element), first_property, properties);
  va_end (properties);

  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_src_caps_str (self->harness, caps);

  /* A harness says that it is live: not every frame would be inferred. */
  g_object_get (self->element, "mode", &mode, NULL);
  if (mode == TAG_TEST_SYNC)
    gst_harness_set_live (self->harness, FALSE);
  return self;
}

void
tag_test_free (TagTest *self)
{
  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->element, NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->element);
  g_free (self);
}

void
tag_test_push_only (TagTest *self, GstBuffer *buffer)
{
  GST_BUFFER_PTS (buffer) = self->n_pushed++ * FRAME_TIME;
  GST_BUFFER_DURATION (buffer) = FRAME_TIME;
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
}

GstBuffer *
tag_test_push (TagTest *self, GstBuffer *buffer)
{
  GstBuffer *out;

  tag_test_push_only (self, buffer);
  out = gst_harness_pull (self->harness);
  g_assert_nonnull (out);
  return out;
}

guint64
tag_test_get_stat (GstElement *element, const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

void
tag_test_wait_stat (GstElement *element, const gchar *name, guint64 at_least)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (tag_test_get_stat (element, name) < at_least) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (2000);
  }
}

GstMessage *
tag_test_pop_tag (TagTest *self)
{
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (self->bus, GST_MESSAGE_ELEMENT))) {
    if (gst_message_has_name (message, "clip-tag"))
      return message;
    gst_message_unref (message);
  }
  return NULL;
}

void
tag_test_expect_tag (TagTest *self, const gchar *label, const gchar *event,
    GstClockTime stream_time)
{
  g_autoptr (GstMessage) message = tag_test_pop_tag (self);
  const GstStructure *structure;
  guint64 found;

  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (structure, "label"), ==, label);
  g_assert_cmpstr (gst_structure_get_string (structure, "event"), ==, event);
  g_assert_true (gst_structure_get_uint64 (structure, "stream-time", &found));
  g_assert_cmpuint (found, ==, stream_time);
}

static void
draw_pixel (
    guint8 *rgba, guint x, guint y, const GstVideoInfo *info, TagPicture what)
{
  guint w = info->width, h = info->height;
  gboolean right = x >= w / 2, low = y >= h / 2;
  gint dx = (gint) x - (gint) w / 2, dy = (gint) y - (gint) h / 2;
  guint8 shade = x * 255 / w, t;

  rgba[3] = 255;
  if (what == TAG_PICTURE_BLACK || what == TAG_PICTURE_WHITE) {
    memset (rgba, what == TAG_PICTURE_BLACK ? 0 : 255, 3);
    return;
  }
  rgba[0] = right ? 30 : 220;
  rgba[1] = low ? 180 : 40;
  rgba[2] = low && !right ? shade : 60;
  if (dx * dx + dy * dy < (gint) (h * h / 12)) {
    rgba[0] = 250;
    rgba[1] = 230;
    rgba[2] = 20;
  }
  if (what == TAG_PICTURE_SWAPPED_COLORS) {
    t = rgba[0];
    rgba[0] = rgba[2];
    rgba[2] = t;
  }
}

GstVideoInfo
tag_info (GstVideoFormat format, guint width, guint height)
{
  GstVideoInfo info;

  gst_video_info_init (&info);
  g_assert_true (gst_video_info_set_format (&info, format, width, height));
  info.fps_n = 10;
  info.fps_d = 1;
  return info;
}

static GstBuffer *
alloc_picture (const GstVideoInfo *info, guint pad_right, guint pad_bottom)
{
  GstVideoAlignment align = { 0 };
  GstVideoInfo padded = *info;
  GstBuffer *buffer;

  align.padding_right = pad_right;
  align.padding_bottom = pad_bottom;
  if (pad_right != 0 || pad_bottom != 0)
    g_assert_true (gst_video_info_align (&padded, &align));
  buffer = gst_buffer_new_allocate (NULL, padded.size, NULL);
  gst_buffer_memset (buffer, 0, 0xa5, padded.size);
  if (pad_right != 0 || pad_bottom != 0)
    gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
        info->finfo->format, info->width, info->height, info->finfo->n_planes,
        padded.offset, padded.stride);
  return buffer;
}

static void
convert_into (GstBuffer *picture, const GstVideoInfo *from, GstBuffer *out,
    const GstVideoInfo *to)
{
  GstVideoConverter *converter = gst_video_converter_new (from, to, NULL);
  GstVideoFrame source, target;

  g_assert_nonnull (converter);
  g_assert_true (gst_video_frame_map (&source, from, picture, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&target, to, out, GST_MAP_WRITE));
  gst_video_converter_frame (converter, &source, &target);
  gst_video_frame_unmap (&source);
  gst_video_frame_unmap (&target);
  gst_video_converter_free (converter);
}

GstBuffer *
tag_picture_convert (
    GstBuffer *picture, const GstVideoInfo *from, const GstVideoInfo *to)
{
  GstBuffer *out = alloc_picture (to, 0, 0);

  convert_into (picture, from, out, to);
  return out;
}

GstBuffer *
tag_picture_new (const GstVideoInfo *info, TagPicture what, guint pad_right,
    guint pad_bottom)
{
  GstVideoInfo rgba =
      tag_info (GST_VIDEO_FORMAT_RGBA, info->width, info->height);
  g_autoptr (GstBuffer) drawn = alloc_picture (&rgba, 0, 0);
  GstBuffer *picture = alloc_picture (info, pad_right, pad_bottom);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (drawn, &map, GST_MAP_WRITE));
  for (guint y = 0; y < (guint) rgba.height; y++)
    for (guint x = 0; x < (guint) rgba.width; x++)
      draw_pixel (map.data + y * rgba.stride[0] + 4 * x, x, y, &rgba, what);
  gst_buffer_unmap (drawn, &map);
  convert_into (drawn, &rgba, picture, info);
  return picture;
}

GstBuffer *
tag_picture_small (TagPicture picture)
{
  GstVideoInfo info = tag_info (GST_VIDEO_FORMAT_RGB, 64, 48);

  return tag_picture_new (&info, picture, 0, 0);
}

gdouble
tag_embedding_cosine (GstBuffer *a, GstBuffer *b)
{
  GstClipMeta *x = gst_buffer_get_clip_meta (a);
  GstClipMeta *y = gst_buffer_get_clip_meta (b);
  gdouble xy = 0, xx = 0, yy = 0;

  g_assert_nonnull (x);
  g_assert_nonnull (y);
  g_assert_cmpuint (x->embedding_width, >, 0);
  g_assert_cmpuint (x->embedding_width, ==, y->embedding_width);
  for (guint i = 0; i < x->embedding_width; i++) {
    xy += (gdouble) x->embedding[i] * y->embedding[i];
    xx += (gdouble) x->embedding[i] * x->embedding[i];
    yy += (gdouble) y->embedding[i] * y->embedding[i];
  }
  return xy / sqrt (xx * yy);
}

void
tag_test_assert_same_embedding (GstBuffer *found, GstBuffer *wanted)
{
  const GstClipMeta *a = gst_buffer_get_clip_meta (found);
  const GstClipMeta *b = gst_buffer_get_clip_meta (wanted);
  gfloat worst = 0;

  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpuint (a->embedding_width, >, 0);
  g_assert_cmpuint (a->embedding_width, ==, b->embedding_width);
  for (guint i = 0; i < a->embedding_width; i++)
    worst = MAX (worst, ABS (a->embedding[i] - b->embedding[i]));
  g_assert_cmpfloat (worst, <=, 1e-6f);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Metas as bytes: that they come back as they were, and that bytes which nobody
 * wrote do no harm. Best run with a sanitizer. */

#include <clv/clv-error.h>
#include <string.h>

#include "gstclipserial.h"
#include "serial-test.h"

static GstBuffer *
make_buffer (void)
{
  g_autoptr (ClvPrompts) prompts = serial_test_prompts ();
  GstBuffer *buffer = gst_buffer_new ();

  GST_BUFFER_PTS (buffer) = 5 * GST_SECOND;
  serial_test_add (buffer, prompts);
  return buffer;
}

/* With the metas of the other one, through bytes. */
static GstBuffer *
copy (GstBuffer *buffer, GstClockTime pts)
{
  GstBuffer *other = gst_buffer_new ();
  gpointer state = NULL;
  GstMeta *meta;

  GST_BUFFER_PTS (other) = pts;
  while ((meta = gst_buffer_iterate_meta (buffer, &state)) != NULL) {
    g_autoptr (GBytes) bytes = gst_clip_serial_write (meta);
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);

    g_assert_nonnull (gst_clip_serial_read (
        other, meta->info->api, data, size, GST_CLIP_SERIAL_VERSION));
  }
  return other;
}

static void
test_everything_comes_back (void)
{
  g_autoptr (GstBuffer) buffer = make_buffer ();
  g_autoptr (GstBuffer) other = copy (buffer, GST_BUFFER_PTS (buffer));

  serial_test_assert_same (other, buffer);
  g_assert_cmpuint (gst_buffer_get_clip_meta (other)->pts, ==,
      gst_buffer_get_clip_meta (buffer)->pts);
}

/* unixfdsrc gives buffers the times of its own pipeline. */
static void
test_the_encoded_frame_moves_with_the_buffer (void)
{
  static const GstClockTime ages[][2] = {
    { 7 * GST_SECOND, 7 * GST_SECOND - 40 * GST_MSECOND },
    { 10 * GST_MSECOND, 0 },
    { GST_CLOCK_TIME_NONE, 5 * GST_SECOND - 40 * GST_MSECOND },
  };
  g_autoptr (GstBuffer) buffer = make_buffer ();

  for (guint i = 0; i < G_N_ELEMENTS (ages); i++) {
    g_autoptr (GstBuffer) other = copy (buffer, ages[i][0]);

    g_assert_cmpuint (gst_buffer_get_clip_meta (other)->pts, ==, ages[i][1]);
  }
}

static void
test_frames_share_a_set_of_labels (void)
{
  g_autoptr (GstBuffer) buffer = make_buffer ();
  g_autoptr (GstBuffer) newer = make_buffer ();
  g_autoptr (GstBuffer) a = copy (buffer, 0);
  g_autoptr (GstBuffer) b = copy (buffer, 1);
  g_autoptr (GstBuffer) c = copy (newer, 2);
  GstClipMeta *first = gst_buffer_get_clip_meta (a);
  GstClipMeta *second = gst_buffer_get_clip_meta (b);
  GstClipMeta *third = gst_buffer_get_clip_meta (c);

  g_assert_true (
      gst_clip_meta_get_prompts (first) == gst_clip_meta_get_prompts (second));
  g_assert_cmpuint (first->generation, ==, second->generation);
  g_assert_cmpuint (third->generation, >, second->generation);
}

static gboolean
encode_nothing (const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, gpointer user_data, GError **error)
{
  g_assert_not_reached ();
}

static void
test_labels_alone_cannot_be_encoded (void)
{
  g_autoptr (GstBuffer) buffer = make_buffer ();
  g_autoptr (GstBuffer) other = copy (buffer, 0);
  g_autoptr (GError) error = NULL;
  ClvPrompts *prompts =
      gst_clip_meta_get_prompts (gst_buffer_get_clip_meta (other));

  g_assert_cmpuint (clv_prompts_get_width (prompts), ==, 0);
  g_assert_false (clv_prompts_encode (
      prompts, NULL, 8, encode_nothing, NULL, NULL, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
}

/* What came out of these bytes, if anything did, is in order; nothing else was
 * touched. `size`: of memory of exactly that size. */
static gboolean
try_bytes (GType api, const guint8 *bytes, gsize size)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autofree guint8 *data = g_memdup2 (bytes, size);
  const GstMeta *meta =
      gst_clip_serial_read (buffer, api, data, size, GST_CLIP_SERIAL_VERSION);

  g_assert_cmpuint (
      gst_buffer_get_n_meta (buffer, api), ==, meta != NULL ? 1 : 0);
  if (meta == NULL)
    return FALSE;
  g_clear_pointer (&data, g_free); /* nothing points there */
  serial_test_touch (meta);
  return TRUE;
}

typedef void (*EachFunc) (GType api, const guint8 *data, gsize size);

static void
for_each_meta (EachFunc func)
{
  g_autoptr (GstBuffer) buffer = make_buffer ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (buffer, &state)) != NULL) {
    g_autoptr (GBytes) bytes = gst_clip_serial_write (meta);
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);

    func (meta->info->api, data, size);
  }
}

static void
truncate_bytes (GType api, const guint8 *data, gsize size)
{
  g_autofree guint8 *longer = g_malloc0 (size + 1);

  for (gsize n = 0; n < size; n++)
    g_assert_false (try_bytes (api, data, n));
  g_assert_true (try_bytes (api, data, size));
  memcpy (longer, data, size);
  g_assert_false (try_bytes (api, longer, size + 1));
}

static void
test_what_is_cut_off_is_refused (void)
{
  for_each_meta (truncate_bytes);
}

static void
flip_bits (GType api, const guint8 *data, gsize size)
{
  g_autofree guint8 *bytes = g_memdup2 (data, size);
  guint n_refused = 0;

  for (gsize i = 0; i < 8 * size; i++) {
    bytes[i / 8] ^= (guint8) (1 << i % 8);
    n_refused += !try_bytes (api, bytes, size);
    bytes[i / 8] ^= (guint8) (1 << i % 8);
  }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_true (try_bytes (api, bytes, size));
}

static void
test_flipped_bits_do_no_harm (void)
{
  for_each_meta (flip_bits);
}

/* Counts that are as large as can be, at any place. */
static void
write_extremes (GType api, const guint8 *data, gsize size)
{
  static const guint32 values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff,
    0x7f800000, 0x7fc00000, 0x10001, 0xaaaaaaab };
  g_autofree guint8 *bytes = g_memdup2 (data, size);

  for (gsize i = 0; i + 4 <= size; i++)
    for (guint k = 0; k < G_N_ELEMENTS (values); k++) {
      memcpy (bytes + i, &values[k], 4);
      try_bytes (api, bytes, size);
      memcpy (bytes, data, size);
    }
}

static void
test_extreme_counts_do_no_harm (void)
{
  for_each_meta (write_extremes);
}

/* A few bytes changed, moved, or left out, at random; --seed repeats it. */
static void
mutate (GType api, const guint8 *data, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size);

  for (guint turn = 0; turn < 4000; turn++) {
    const gint n = g_test_rand_int_range (1, 6);
    const gint last = (gint) size;
    gint from = g_test_rand_int_range (0, last);
    gint to = g_test_rand_int_range (0, last);

    memcpy (bytes, data, size);
    if (turn % 3 == 0)
      memmove (bytes + to, data + from, size - (gsize) MAX (from, to));
    for (gint i = 0; i < n; i++)
      bytes[g_test_rand_int_range (0, last)] =
          (guint8) g_test_rand_int_range (0, 256);
    try_bytes (api, bytes, turn % 5 == 0 ? (gsize) from : size);
  }
}

static void
test_random_bytes_do_no_harm (void)
{
  for_each_meta (mutate);
}

static void
try_other_version (GType api, const guint8 *data, gsize size)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();

  g_assert_null (gst_clip_serial_read (buffer, api, data, size, 0));
  g_assert_null (gst_clip_serial_read (
      buffer, api, data, size, GST_CLIP_SERIAL_VERSION + 1));
}

static void
test_other_versions_are_refused (void)
{
  for_each_meta (try_other_version);
}

/* Names of models and types are kept for good; not those of everybody. */
static void
test_only_so_many_names_are_kept (void)
{
  g_autoptr (ClvPrompts) prompts = serial_test_prompts ();
  ClvScore scores[3] = { { 0 } };
  guint n_read = 0;

  for (guint i = 0; i < 5000; i++) {
    g_autofree gchar *type = g_strdup_printf ("type %u", i);
    GstByteWriter *writer = gst_byte_writer_new ();
    g_autoptr (GstClipResult) result =
        gst_clip_result_new (prompts, "model", "id", 0, scores, NULL, 0);
    g_autofree guint8 *data = NULL;
    guint size;

    for (guint k = 0; k < 4; k++)
      gst_clip_serial_put_u32 (writer, 1);
    gst_clip_serial_put_text (writer, type);
    for (guint k = 0; k < 3; k++)
      gst_clip_serial_put_i32 (writer, -1);
    gst_clip_serial_put_result (writer, result, TRUE, FALSE, 0);
    size = gst_byte_writer_get_size (writer);
    data = gst_byte_writer_free_and_get_data (writer);
    n_read += try_bytes (GST_CLIP_REGION_META_API_TYPE, data, size);
  }
  g_assert_cmpuint (n_read, >, 1000);
  g_assert_cmpuint (n_read, <=, 4096);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/clip/serial/" #name, test_##name)
  ADD (everything_comes_back);
  ADD (the_encoded_frame_moves_with_the_buffer);
  ADD (frames_share_a_set_of_labels);
  ADD (labels_alone_cannot_be_encoded);
  ADD (what_is_cut_off_is_refused);
  ADD (flipped_bits_do_no_harm);
  ADD (extreme_counts_do_no_harm);
  ADD (random_bytes_do_no_harm);
  ADD (other_versions_are_refused);
  ADD (only_so_many_names_are_kept);
#undef ADD
  return g_test_run ();
}

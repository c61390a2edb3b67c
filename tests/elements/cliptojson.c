/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines that cliptojson makes of metadata. */

#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gstclipregionmeta.h"
#include "meta-test.h"

typedef struct {
  GstHarness *harness;
  ClvPrompts *prompts;
  guint n_pushed;
} Fixture;

static void
set_up (Fixture *self, gconstpointer properties)
{
  g_autofree gchar *line =
      g_strconcat ("cliptojson ", (const gchar *) properties, NULL);

  self->harness = gst_harness_new_parse (line);
  self->prompts = meta_test_prompts ("dog; \"cat\" é");
  gst_harness_set_src_caps_str (self->harness,
      "video/x-raw,format=RGB,width=16,height=16,framerate=10/1");
  self->n_pushed = 0;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gst_harness_teardown (self->harness);
  g_object_unref (self->prompts);
}

/* The next frame, 10 a second; `score`: of dog. */
static GstBuffer *
make_frame (Fixture *self)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = self->n_pushed++ * (GST_SECOND / 10);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 10;
  return buffer;
}

static void
push (Fixture *self, gfloat score, const MetaTest *how)
{
  const gfloat scores[] = { score, 0.25f };
  GstBuffer *buffer = make_frame (self);

  meta_test_add (buffer, self->prompts, scores, how);
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
}

/* A line, parsed and checked; transfer full. */
static JsonObject *
pull (Fixture *self, GstClockTime pts)
{
  GstBuffer *buffer = gst_harness_try_pull (self->harness);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  GstMapInfo map;

  g_assert_nonnull (buffer);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, pts);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpint (map.data[map.size - 1], ==, '\n');
  g_assert_null (memchr (map.data, '\n', map.size - 1));
  json_parser_load_from_data (
      parser, (const gchar *) map.data, (gssize) map.size, &error);
  g_assert_no_error (error);
  object =
      json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  g_assert_cmpint (json_object_get_int_member (object, "version"), ==, 1);
  g_assert_cmpuint (json_object_get_int_member (object, "pts"), ==, pts);
  return object;
}

static void
expect_none (Fixture *self)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (self->harness);

  g_assert_null (buffer);
}

static void
test_a_line_has_all_labels (Fixture *self, gconstpointer data)
{
  g_autoptr (JsonObject) line = NULL;
  JsonObject *tag;
  JsonArray *tags;

  push (self, 0.75f, NULL);
  line = pull (self, 0);
  g_assert_cmpstr (json_object_get_string_member (line, "model"), ==, "none");
  g_assert_cmpstr (json_object_get_string_member (line, "media"), ==, "m");
  g_assert_cmpfloat (json_object_get_double_member (line, "time"), ==, 0);
  tags = json_object_get_array_member (line, "tags");
  g_assert_cmpuint (json_array_get_length (tags), ==, 2);
  tag = json_array_get_object_element (tags, 0);
  g_assert_cmpstr (json_object_get_string_member (tag, "label"), ==, "dog");
  g_assert_cmpfloat (json_object_get_double_member (tag, "score"), ==, 0.75);
  g_assert_true (json_object_get_boolean_member (tag, "active"));
  tag = json_array_get_object_element (tags, 1);
  g_assert_cmpstr (
      json_object_get_string_member (tag, "label"), ==, "\"cat\" é");
  g_assert_false (json_object_get_boolean_member (tag, "active"));
}

static void
test_caps_and_gaps_are_those_of_lines (Fixture *self, gconstpointer data)
{
  g_autoptr (GstCaps) caps = NULL;
  GstEvent *event;
  guint n_gaps = 0;

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (
        gst_harness_push (self->harness, make_frame (self)), ==, GST_FLOW_OK);
  expect_none (self);
  while ((event = gst_harness_try_pull_event (self->harness)) != NULL) {
    n_gaps += GST_EVENT_TYPE (event) == GST_EVENT_GAP;
    gst_event_unref (event);
  }
  g_assert_cmpuint (n_gaps, ==, 3);
  caps = gst_pad_get_current_caps (self->harness->sinkpad);
  g_assert_nonnull (caps);
  g_assert_true (
      gst_structure_has_name (gst_caps_get_structure (caps, 0), "text/x-json"));
}

/* Frames that reuse a result give no second line. */
static void
test_each_inferred_frame_gives_a_line (Fixture *self, gconstpointer data)
{
  const gfloat scores[] = { 0.75f, 0 };

  for (guint i = 0; i < 3; i++) {
    GstBuffer *first = make_frame (self);
    GstBuffer *second = make_frame (self);
    GstClipMeta *meta;

    meta_test_add (first, self->prompts, scores, NULL);
    meta = gst_buffer_get_clip_meta (first);
    gst_buffer_add_clip_meta (
        second, meta->result, FALSE, FALSE, GST_SECOND / 10);
    gst_harness_push (self->harness, first);
    json_object_unref (pull (self, i * 2 * (GST_SECOND / 10)));
    gst_harness_push (self->harness, second);
    expect_none (self);
  }
}

/* Mode live: the line has the time of the picture that the scores are of. */
static void
test_an_old_result_has_its_own_time (Fixture *self, gconstpointer data)
{
  const MetaTest old = { .pts = 0 };
  g_autoptr (JsonObject) line = NULL;

  gst_harness_push (self->harness, make_frame (self));
  push (self, 0.75f, &old);
  line = pull (self, 0);
  g_assert_cmpfloat (json_object_get_double_member (line, "time"), ==, 0);
}

static void
test_changes_give_lines (Fixture *self, gconstpointer data)
{
  const gfloat scores[] = { 0.1f, 0.2f, 0.6f, 0.7f, 0.4f };

  for (guint i = 0; i < G_N_ELEMENTS (scores); i++) {
    push (self, scores[i], NULL);
    if (i == 0 || i == 2 || i == 4)
      json_object_unref (pull (self, i * (GST_SECOND / 10)));
    else
      expect_none (self);
  }
}

static void
test_each_cliptag_gives_a_line (Fixture *self, gconstpointer data)
{
  GstBuffer *buffer = make_frame (self);

  meta_test_add (buffer, self->prompts, (gfloat[]){ 1, 0 }, NULL);
  meta_test_add (buffer, self->prompts, (gfloat[]){ 0, 1 }, NULL);
  gst_harness_push (self->harness, buffer);
  json_object_unref (pull (self, 0));
  json_object_unref (pull (self, 0));
  expect_none (self);
}

/* `active`: the second label is. */
static GstClipResult *
make_result (ClvPrompts *prompts, GstClockTime pts, gboolean active)
{
  const ClvScore scores[2] = { { .score = 0.5f },
    { .score = 0.25f, .active = active } };

  return gst_clip_result_new (prompts, "none", "none", pts, scores, NULL, 0);
}

static void
add_region (GstBuffer *buffer, ClvPrompts *prompts, const GstClipRegion *region)
{
  g_autoptr (GstClipResult) result = make_result (prompts, 0, FALSE);

  gst_buffer_add_clip_region_meta (buffer, region, result, TRUE, FALSE, 0);
}

static const GstClipRegion place = { 1, 2, 5, 6, 0, 7, -1, -1 };

/* A frame of which only regions were scored, as with roi-list; results[1] may be
 * NULL. */
static void
push_regions (Fixture *self, GstClipResult *const results[2], gboolean fresh)
{
  GstBuffer *buffer = make_frame (self);

  for (guint i = 0; i < 2 && results[i] != NULL; i++) {
    GstClipRegion region = place;

    region.roi_id += (gint) i;
    gst_buffer_add_clip_region_meta (
        buffer, &region, results[i], fresh, FALSE, 0);
  }
  gst_harness_push (self->harness, buffer);
}

static void
expect_regions (Fixture *self, GstClockTime pts, guint n)
{
  g_autoptr (JsonObject) line = pull (self, pts);
  JsonArray *regions = json_object_get_array_member (line, "regions");

  g_assert_cmpstr (json_object_get_string_member (line, "model"), ==, "none");
  g_assert_cmpuint (
      json_array_get_length (json_object_get_array_member (line, "tags")), ==,
      0);
  g_assert_cmpuint (json_array_get_length (regions), ==, n);
  for (guint i = 0; i < n; i++) {
    JsonObject *region = json_array_get_object_element (regions, i);

    g_assert_cmpint (json_object_get_int_member (region, "id"), ==, 7 + i);
    g_assert_cmpuint (
        json_array_get_length (json_object_get_array_member (region, "tags")),
        ==, 2);
  }
}

/* A line where at least one region is new, with the time of the newest. */
static void
test_regions_alone_give_lines (Fixture *self, gconstpointer data)
{
  const GstClockTime step = GST_SECOND / 10;
  g_autoptr (GstClipResult) first = make_result (self->prompts, 0, FALSE);
  g_autoptr (GstClipResult) second = make_result (self->prompts, step, FALSE);

  push_regions (self, (GstClipResult *[2]){ first }, TRUE);
  expect_regions (self, 0, 1);
  push_regions (self, (GstClipResult *[2]){ first }, FALSE);
  expect_none (self);
  push_regions (self, (GstClipResult *[2]){ first, second }, FALSE);
  expect_regions (self, step, 2);
  push_regions (self, (GstClipResult *[2]){ NULL }, FALSE);
  push_regions (self, (GstClipResult *[2]){ first, second }, FALSE);
  expect_none (self);
}

static void
test_changes_in_regions_give_lines (Fixture *self, gconstpointer data)
{
  g_autoptr (GstClipResult) quiet = make_result (self->prompts, 0, FALSE);
  g_autoptr (GstClipResult) other = make_result (self->prompts, 0, FALSE);
  g_autoptr (GstClipResult) active = make_result (self->prompts, 0, TRUE);

  push_regions (self, (GstClipResult *[2]){ quiet }, TRUE);
  expect_regions (self, 0, 1);
  push_regions (self, (GstClipResult *[2]){ other }, TRUE);
  expect_none (self);
  push_regions (self, (GstClipResult *[2]){ active }, TRUE);
  expect_regions (self, 2 * (GST_SECOND / 10), 1);
  push_regions (self, (GstClipResult *[2]){ active, quiet }, TRUE);
  expect_regions (self, 3 * (GST_SECOND / 10), 2);
  expect_none (self);
}

/* Those of another cliptag are not in its line. */
static void
test_a_line_has_the_regions_of_its_cliptag (Fixture *self, gconstpointer data)
{
  const GstClipRegion tile = { 8, 4, 2, 3, 0, -1, 1, 0 };
  const GstClipRegion car = { 1, 2, 5, 6, g_quark_from_string ("car"), 7, -1,
    -1 };
  g_autoptr (ClvPrompts) others = meta_test_prompts ("a; b");
  g_autoptr (JsonObject) line = NULL;
  GstBuffer *buffer = make_frame (self);
  JsonArray *regions, *tags;
  JsonObject *region;

  meta_test_add (buffer, self->prompts, (gfloat[]){ 1, 0 }, NULL);
  add_region (buffer, self->prompts, &tile);
  add_region (buffer, others, &tile);
  add_region (buffer, self->prompts, &car);
  gst_harness_push (self->harness, buffer);
  line = pull (self, 0);
  regions = json_object_get_array_member (line, "regions");
  g_assert_cmpuint (json_array_get_length (regions), ==, 2);
  region = json_array_get_object_element (regions, 0);
  g_assert_cmpint (json_object_get_int_member (region, "x"), ==, 8);
  g_assert_cmpint (json_object_get_int_member (region, "height"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (region, "column"), ==, 1);
  g_assert_false (json_object_has_member (region, "id"));
  tags = json_object_get_array_member (region, "tags");
  g_assert_cmpuint (json_array_get_length (tags), ==, 2);
  region = json_array_get_object_element (regions, 1);
  g_assert_cmpstr (json_object_get_string_member (region, "type"), ==, "car");
  g_assert_cmpint (json_object_get_int_member (region, "id"), ==, 7);
  g_assert_false (json_object_has_member (region, "column"));
}

int
main (int argc, char **argv)
{
#define ADD(name, properties, function)                                        \
  g_test_add (                                                                 \
      "/cliptojson/" name, Fixture, properties, set_up, function, tear_down)

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("a line has all labels", "media=m", test_a_line_has_all_labels);
  ADD ("caps and gaps are those of lines", "",
      test_caps_and_gaps_are_those_of_lines);
  ADD ("each inferred frame gives a line", "",
      test_each_inferred_frame_gives_a_line);
  ADD ("an old result has its own time", "",
      test_an_old_result_has_its_own_time);
  ADD ("changes give lines", "lines=changes", test_changes_give_lines);
  ADD ("each cliptag gives a line", "", test_each_cliptag_gives_a_line);
  ADD ("a line has the regions of its cliptag", "",
      test_a_line_has_the_regions_of_its_cliptag);
  ADD ("regions alone give lines", "", test_regions_alone_give_lines);
  ADD ("changes in regions give lines", "lines=changes",
      test_changes_in_regions_give_lines);
  return g_test_run ();
}

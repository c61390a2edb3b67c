/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The prompts file: what it says, and what is said about a wrong one. */

#include <clv/clv-prompts.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "score/clv-prompts-private.h"

typedef struct {
  gchar *dir;
  gchar *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("clv-prompts-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  self->path = g_build_filename (self->dir, "prompts.json", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_rmdir (self->dir);
  g_free (self->path);
  g_free (self->dir);
}

static ClvPrompts *
load (Fixture *self, const gchar *json, gssize size, GError **error)
{
  /* Nothing here needs to outlive a power cut. GLib 2.74 leaves the end of a
   * longer file in place. */
  g_unlink (self->path);
  g_assert_true (g_file_set_contents_full (
      self->path, json, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  return clv_prompts_new_from_file (self->path, NULL, error);
}

static const gchar documented[] =
    "{ \"template\": [\"a photo of {}.\", \"a video frame of {}.\"],\n"
    "  \"groups\": [\n"
    "    { \"name\": \"gate\", \"scoring\": \"softmax\",\n"
    "      \"prompts\": [\n"
    "        { \"label\": \"open\", \"text\": [\"an open gate\"] },\n"
    "        { \"label\": \"closed\", \"text\": [\"a closed gate\",\n"
    "          \"a shut gate\"] } ] },\n"
    "    { \"name\": \"alarm\", \"scoring\": \"sigmoid\",\n"
    "      \"prompts\": [ { \"label\": \"smoke\", \"text\": [\"smoke\",\n"
    "        \"a room full of smoke\"], \"negative\": [\"fog\", \"steam\"],\n"
    "        \"threshold\": 0.6, \"off-threshold\": 0.4,\n"
    "        \"min-duration\": 1.5, \"cool-down\": 10 } ] } ] }\n";

static void
test_documented (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = load (self, documented, -1, &error);
  const ClvPromptRow wanted[] = { { 0, 0, -1, FALSE }, { 0, 1, -1, FALSE },
    { 1, 2, -1, FALSE }, { 1, -1, 2, FALSE }, { 1, -1, 2, FALSE } };
  const ClvLabel *smoke, *closed;

  g_assert_no_error (error);
  g_assert_cmpuint (clv_prompts_get_n_labels (prompts), ==, 3);
  g_assert_cmpuint (clv_prompts_get_n_groups (prompts), ==, 2);
  g_assert_cmpuint (clv_prompts_get_n_rows (prompts), ==, 5);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    const ClvPromptRow *row = &clv_prompts_get_rows (prompts)[i];

    g_assert_cmpuint (row->group, ==, wanted[i].group);
    g_assert_cmpint (row->label, ==, wanted[i].label);
    g_assert_cmpint (row->against, ==, wanted[i].against);
  }
  closed = clv_prompts_get_label (prompts, 1);
  g_assert_cmpstr (closed->label, ==, "closed");
  g_assert_cmpstr (closed->group, ==, "gate");
  g_assert_cmpfloat (closed->threshold, ==, 0.5f);
  g_assert_cmpfloat (closed->off_threshold, ==, 0.5f);
  smoke = clv_prompts_get_label (prompts, 2);
  g_assert_cmpstr (smoke->label, ==, "smoke");
  g_assert_cmpstr (smoke->group, ==, "alarm");
  g_assert_cmpuint (smoke->group_index, ==, 1);
  g_assert_cmpint (smoke->scoring, ==, CLV_SCORING_SIGMOID);
  g_assert_cmpfloat (smoke->threshold, ==, 0.6f);
  g_assert_cmpfloat (smoke->off_threshold, ==, 0.4f);
  g_assert_cmpfloat (smoke->min_duration, ==, 1.5);
  g_assert_cmpfloat (smoke->cool_down, ==, 10);
  g_assert_cmpfloat (closed->cool_down, ==, 0);
}

/* Every text is a unit vector of its own; only the texts are looked at. */
static gboolean
collect (const gchar *const *texts, guint n, gfloat *ret_rows, gpointer seen,
    GError **error)
{
  for (guint i = 0; i < n; i++) {
    ret_rows[i] = 1;
    g_ptr_array_add (seen, g_strdup (texts[i]));
  }
  return TRUE;
}

static void
test_templates (Fixture *self, gconstpointer data)
{
  const gchar *json =
      "{\"template\":\"top {}\",\"groups\":["
      "{\"name\":\"a\",\"prompts\":[\"one\",{\"text\":\" two \",\"template\":"
      "[\"own {}\",\"{} more\"],\"negative\":\"not two\"}]},"
      "{\"name\":\"b\",\"template\":\"group {}\",\"prompts\":[\"three\","
      "{\"label\":\"four\",\"text\":[\"4\",\"IV\"],\"template\":\"{}\"}]}]}";
  const gchar *const wanted[] = { "top one", "own two", "two more",
    "own not two", "not two more", "group three", "4", "IV" };
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = load (self, json, -1, &error);

  g_assert_no_error (error);
  g_assert_true (
      clv_prompts_encode (prompts, NULL, 1, collect, NULL, seen, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < seen->len; i++)
    g_assert_true (
        g_ptr_array_find_with_equal_func (seen, wanted[i], g_str_equal, NULL));
  g_assert_cmpstr (clv_prompts_get_label (prompts, 1)->label, ==, "two");
  g_assert_cmpstr (clv_prompts_get_label (prompts, 3)->label, ==, "four");
}

static void
test_auto (Fixture *self, gconstpointer data)
{
  const gchar *json =
      "\xef\xbb\xbf{\"groups\":["
      "{\"name\":\"alone\",\"prompts\":[\"x\"]},"
      "{\"name\":\"against\",\"prompts\":[{\"text\":\"x\",\"negative\":\"y\"}]}"
      ","
      "{\"name\":\"many\",\"scoring\":\"auto\",\"prompts\":[\"x\",\"y\"]},"
      "{\"name\":\"told\",\"scoring\":\"cosine\",\"prompts\":[\"x\",\"y\"]}]}";
  const ClvScoring wanted[] = { CLV_SCORING_COSINE, CLV_SCORING_SOFTMAX,
    CLV_SCORING_SOFTMAX, CLV_SCORING_SOFTMAX, CLV_SCORING_COSINE,
    CLV_SCORING_COSINE };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = load (self, json, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (
      clv_prompts_get_n_labels (prompts), ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    const ClvLabel *label = clv_prompts_get_label (prompts, i);

    g_assert_cmpint (label->scoring, ==, wanted[i]);
    g_assert_cmpfloat (
        label->threshold, ==, wanted[i] == CLV_SCORING_COSINE ? 0.25f : 0.5f);
  }
}

/* PROMPT in a group, for the rows below. */
#define G0(prompt) "{\"groups\":[{\"prompts\":[" prompt "]}]}"
#define G1(prompt)                                                             \
  "{\"groups\":[{\"name\":\"a\",\"prompts\":[\"x\"]},"                         \
  "{\"name\":\"b\",\"prompts\":[" prompt "]}]}"

static const struct {
  const gchar *json;
  const gchar *message; /* a pattern for what follows the file's name */
} bad_files[] = {
  { "", ": wanted a JSON object, found an empty file" },
  { " \n\n ", ": wanted a JSON object, found an empty file" },
  { "{\n\"groups\":\n}", ": not JSON: *:3:*" },
  { "{\"groups\":[", ": not JSON: *:1:*" },
  { "{}\n{}", ":2: wanted the end of the file, found more" },
  { "{\n// no\n}", ":2: *no comments*" },
  { "{'groups':[]}", ":1: *double quotes*" },
  { "{\n\"a\":\"\xff\"}", ":2: wanted UTF-8*" },
  { "[\"a\"]", ": $: wanted an object, found an array" },
  { "\"a cat\"", ": $: wanted an object, found a string" },
  { "null", ": $: wanted an object, found null" },
  { "{}", ": $: wanted the key \"groups\", found none" },
  { "{\"prompts\":[\"a\"]}", ": $: wanted only the keys*found \"prompts\"" },
  { "{\"groups\":{}}", ": $.groups: wanted an array, found an object" },
  { "{\"groups\":[]}", ": $.groups: wanted at least one*empty array" },
  { "{\"groups\":[3]}", ": $.groups[0]: wanted an object, found 3" },
  { "{\"groups\":[{\"name\":\"a\"}]}", ": $.groups[0]: *\"prompts\"*none" },
  { "{\"groups\":[{\"prompts\":[]}]}", ": $.groups[0].prompts: *empty*" },
  { "{\"groups\":[{\"prompts\":[\"a\"]},{\"prompts\":[\"b\"]}]}",
      ": $.groups[0]: wanted the key \"name\"*" },
  { "{\"groups\":[{\"name\":\"a\",\"prompts\":[\"a\"]},"
    "{\"name\":\"a\",\"prompts\":[\"b\"]}]}",
      ": $.groups[1].name: *no other group*\"a\" again" },
  { "{\"groups\":[{\"name\":7,\"prompts\":[\"a\"]}]}",
      ": $.groups[0].name: wanted a string, found 7" },
  { "{\"groups\":[{\"scoring\":\"best\",\"prompts\":[\"a\"]}]}",
      ": $.groups[0].scoring: wanted \"auto\"*found \"best\"" },
  { "{\"groups\":[{\"scoring\":1,\"prompts\":[\"a\"]}]}",
      ": $.groups[0].scoring: wanted \"auto\"*found 1" },
  { "{\"template\":\"a photo\",\"groups\":[{\"prompts\":[\"a\"]}]}",
      ": $.template: wanted a template with one {}*none" },
  { "{\"template\":[\"{}\",\"{}{}\"],\"groups\":[{\"prompts\":[\"a\"]}]}",
      ": $.template[1]: wanted a template with one {}*several" },
  { "{\"template\":[],\"groups\":[{\"prompts\":[\"a\"]}]}",
      ": $.template: wanted at least one string*" },
  { "{\"template\":{},\"groups\":[{\"prompts\":[\"a\"]}]}",
      ": $.template: wanted a string or an array*found an object" },
  { "{\"groups\":[{\"template\":5,\"prompts\":[\"a\"]}]}",
      ": $.groups[0].template: wanted a string*found 5" },
  { G0 ("{\"text\":\"a\",\"template\":\"x\"}"),
      ": $.groups[0].prompts[0].template: *found none" },
  { G0 ("{\"label\":\"a\"}"), ": $.groups[0].prompts[0]: *\"text\"*none" },
  { G0 ("{}"), ": $.groups[0].prompts[0]: *\"text\"*none" },
  { G0 ("\"\""), ": $.groups[0].prompts[0]: *found no text in it" },
  { G0 ("null"), ": $.groups[0].prompts[0]: *found null" },
  { G0 ("[\"a\"]"), ": $.groups[0].prompts[0]: *found an array" },
  { G0 ("{\"text\":[]}"), ": $.groups[0].prompts[0].text: *empty array" },
  { G0 ("{\"text\":[\"a\",\" \\n\"]}"),
      ": $.groups[0].prompts[0].text[1]: wanted a string, found no*" },
  { G0 ("{\"text\":[\"a\",null]}"),
      ": $.groups[0].prompts[0].text[1]: wanted a string, found null" },
  { G0 ("{\"text\":true}"), ": $.groups[0].prompts[0].text: *found true" },
  { G0 ("{\"label\":[],\"text\":\"a\"}"),
      ": $.groups[0].prompts[0].label: wanted a string*an array" },
  { G0 ("{\"label\":\"\",\"text\":\"a\"}"),
      ": $.groups[0].prompts[0].label: *no text in it" },
  { G0 ("{\"text\":\"a\",\"negative\":{}}"),
      ": $.groups[0].prompts[0].negative: *found an object" },
  { G0 ("{\"text\":\"a\",\"thresold\":0.5}"),
      ": $.groups[0].prompts[0]: *label, text, image,*found \"thresold\"" },
  { G0 ("\"a\",{\"label\":\"a\",\"text\":\"b\"}"),
      ": $.groups[0].prompts[1]: *once in its group, found \"a\" again" },
  { G1 ("{\"text\":\"a\",\"threshold\":\"high\"}"),
      ": $.groups[1].prompts[0].threshold: wanted a number from -1 to 1, "
      "found \"high\"" },
  { G0 ("{\"text\":\"a\",\"threshold\":1.5}"),
      ": $.groups[0].prompts[0].threshold: *-1 to 1, found 1.5" },
  { G0 ("{\"text\":\"a\",\"threshold\":1e999}"),
      ": $.groups[0].prompts[0].threshold: *found inf" },
  { "\n" G0 ("{\"text\":\"a\",\"threshold\":99999999999999999999}"),
      ":2: wanted a number, found more than 18 digits" },
  { "\n" G0 ("{\"text\":\"a\",\"text\":\"b\"}"),
      ": the key \"text\" comes twice in one object" },
  { G0 ("{\"text\":\"a\",\"threshold\":NaN}"), ": not JSON: *:1:*N*" },
  { G0 ("{\"text\":\"a\",\"threshold\":[0.5]}"),
      ": $.groups[0].prompts[0].threshold: *found an array" },
  { G0 ("{\"text\":\"a\",\"threshold\":0.4,\"off-threshold\":0.5}"),
      ": $.groups[0].prompts[0].off-threshold: *0.4, found 0.5" },
  { G0 ("\"b\",{\"text\":\"a\",\"off-threshold\":0.6}"),
      ": $.groups[0].prompts[1].off-threshold: *0.5, found 0.6" },
  { G0 ("{\"text\":\"a\",\"off-threshold\":-2}"),
      ": $.groups[0].prompts[0].off-threshold: *-1 to 1, found -2" },
  { G0 ("{\"text\":\"a\",\"min-duration\":-1}"),
      ": $.groups[0].prompts[0].min-duration: *0 to 86400, found -1" },
  { G0 ("{\"label\":\"a\",\"image\":7}"),
      ": $.groups[0].prompts[0].image: wanted a string or an array*found 7" },
  { G0 ("{\"label\":\"a\",\"image\":[\"prompts.json\",\"no.png\"]}"),
      ": $.groups[0].prompts[0].image: wanted a picture*found no "
      "file*no.png*" },
  { G0 ("{\"image\":\"prompts.json\"}"),
      ": $.groups[0].prompts[0]: wanted the key \"label\"*without text*none" },
  { G0 ("{\"text\":\"a\",\"weight\":0.5}"),
      ": $.groups[0].prompts[0].weight: wanted both*found only text" },
  { G0 ("{\"label\":\"a\",\"image\":\"prompts.json\",\"weight\":1}"),
      ": $.groups[0].prompts[0].weight: wanted both*found only image" },
  { G0 ("{\"text\":\"a\",\"image\":\"prompts.json\",\"weight\":2}"),
      ": $.groups[0].prompts[0].weight: wanted a number from 0 to 1, found 2" },
  { "{\"calibration\":\"scene\",\"groups\":[{\"prompts\":[\"a\"]}]}",
      ": $.calibration: wanted \"none\", \"model\" or \"stream\", found "
      "\"scene\"" },
  { "{\"groups\":[{\"calibration\":true,\"prompts\":[\"a\"]}]}",
      ": $.groups[0].calibration: wanted \"none\", *found true" },
  { "{\"groups\":[{\"background\":1,\"prompts\":[\"a\"]}]}",
      ": $.groups[0].background: wanted true, false, a string or*found 1" },
  { "{\"groups\":[{\"background\":[],\"prompts\":[\"a\"]}]}",
      ": $.groups[0].background: *found an empty array" },
  { "{\"groups\":[{\"background\":[\"x\",null],\"prompts\":[\"a\"]}]}",
      ": $.groups[0].background[1]: wanted a string, found null" },
  { "{\"groups\":[{\"background\":true,\"scoring\":\"cosine\","
    "\"prompts\":[\"a\"]}]}",
      ": $.groups[0].background: *compete*found the scoring cosine" },
  { G0 ("{\"text\":\"a\",\"cool-down\":90000}"),
      ": $.groups[0].prompts[0].cool-down: *0 to 86400, found 90000" },
  { G0 ("{\"text\":\"a\",\"min-duration\":\"1s\"}"),
      ": $.groups[0].prompts[0].min-duration: *found \"1s\"" },
};

static void
test_bad_files (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvPrompts) prompts = load (self, bad_files[i].json, -1, &error);

    g_assert_null (prompts);
    g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    g_assert_true (g_str_has_prefix (error->message, self->path));
    if (!g_pattern_match_simple (
            bad_files[i].message, error->message + strlen (self->path)))
      g_error ("row %u: wanted %s, found %s", i, bad_files[i].message,
          error->message);
  }
}

static void
test_missing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) dir_error = NULL;

  g_assert_null (clv_prompts_new_from_file (self->path, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, self->path));
  g_assert_null (clv_prompts_new_from_file (self->dir, NULL, &dir_error));
  g_assert_error (dir_error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
}

/* A pipe that somebody writes to is a file like any other, as with the shell's
 * <(command); one that nobody opens would be waited for without an end. */
static void
test_pipes (Fixture *self, gconstpointer data)
{
  static const gchar json[] = "{\"groups\":[{\"prompts\":[\"a\"]}]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autofree gchar *path = NULL;
  gint fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, &error));
  path = g_strdup_printf ("/dev/fd/%d", fds[0]);
  g_assert_cmpint (
      write (fds[1], json, strlen (json)), ==, (gssize) strlen (json));
  close (fds[1]);
  prompts = clv_prompts_new_from_file (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (clv_prompts_get_n_labels (prompts), ==, 1);
  close (fds[0]);

  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  g_assert_null (clv_prompts_new_from_file (self->path, NULL, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_true (g_str_has_prefix (error->message, self->path));
}

/* What would take all memory or all stack if it were taken as it comes. */
static void
test_huge (Fixture *self, gconstpointer data)
{
  const gsize size = 8 << 20;
  g_autofree gchar *brackets = g_malloc (size);
  g_autoptr (GString) product = g_string_new ("{\"template\":[\"{}\"");
  const struct {
    const gchar *json;
    gssize size;
    const gchar *message;
  } rows[] = {
    { brackets, (gssize) size, "*: JSON is nested deeper than 64*" },
    { product->str, -1, "*$.groups[0].prompts[0]: wanted at most*texts*" },
  };
  g_autoptr (GError) endless = NULL;

  memset (brackets, '[', size);
  for (guint i = 0; i < 5000; i++)
    g_string_append (product, ",\"{}\"");
  g_string_append (product, "],\"groups\":[{\"prompts\":[{\"text\":[\"a\"");
  for (guint i = 0; i < 5000; i++)
    g_string_append (product, ",\"a\"");
  g_string_append (product, "]}]}]}");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    const gchar *json = i == 1 ? product->str : rows[i].json;

    g_assert_null (load (self, json, rows[i].size, &error));
    g_assert_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE);
    if (!g_pattern_match_simple (rows[i].message, error->message))
      g_error ("row %u: %s", i, error->message);
  }
  g_assert_null (clv_prompts_new_from_file ("/dev/zero", NULL, &endless));
  g_assert_error (endless, CLV_ERROR, CLV_ERROR_BAD_FILE);
  g_assert_cmpstr (
      endless->message, ==, "/dev/zero: wanted at most 16 MiB, found more");
}

/* A file cut anywhere, or with any byte changed, is an error or a set. */
static void
test_mutations (Fixture *self, gconstpointer data)
{
  const gsize size = strlen (documented);
  GRand *rand = g_rand_new_with_seed (4);
  guint n_sets = 0;

  for (guint i = 0; i < 2000; i++) {
    g_autofree gchar *json = g_strdup (documented);
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvPrompts) prompts = NULL;
    gsize length = i < size ? i : size;

    if (i >= size)
      json[g_rand_int_range (rand, 0, (gint32) size)] =
          (gchar) g_rand_int_range (rand, 1, 256);
    prompts = load (self, json, (gssize) length, &error);
    g_assert_true ((prompts == NULL) == (error != NULL));
    n_sets += prompts != NULL;
  }
  g_assert_cmpuint (n_sets, >, 0);
  g_rand_free (rand);
}

#define ADD(name, func)                                                        \
  g_test_add ("/prompts-file/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("the documented example means what it says", test_documented);
  ADD ("the nearest template is used", test_templates);
  ADD ("auto looks at how many phrases compete", test_auto);
  ADD ("a bad file is an error that names the place", test_bad_files);
  ADD ("a missing file is a file error", test_missing);
  ADD ("a pipe is read if somebody writes to it", test_pipes);
  ADD ("a file without end, depth or measure is refused", test_huge);
  ADD ("a damaged file never crashes", test_mutations);
  return g_test_run ();
}

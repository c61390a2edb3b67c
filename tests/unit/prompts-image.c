/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Example pictures in a prompt set: what becomes of them, and the cache. */

#include <clv/clv-prompts.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "score/clv-prompts-private.h"
#include "score/clv-text-cache.h"

#define WIDTH 5

typedef struct {
  gchar *dir;
  GPtrArray *asked; /* paths */
  gboolean fail;
  gboolean nan;
} Fixture;

static void
write_file (Fixture *self, const gchar *name, const gchar *content)
{
  g_autofree gchar *path = g_build_filename (self->dir, name, NULL);

  g_unlink (path);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
remove_files (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("clv-images-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  self->asked = g_ptr_array_new_with_free_func (g_free);
  write_file (self, "red.png", "red");
  write_file (self, "blue.png", "blue");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  remove_files (self->dir);
  g_free (self->dir);
  g_ptr_array_unref (self->asked);
}

/* A unit vector for any content. */
static void
embed (const gchar *content, gsize size, gdouble *ret_row)
{
  g_autofree gchar *text = g_strndup (content, size);
  GRand *rand = g_rand_new_with_seed (g_str_hash (text));
  gdouble sum = 0;

  for (guint d = 0; d < WIDTH; d++) {
    ret_row[d] = g_rand_double_range (rand, -1, 1);
    sum += ret_row[d] * ret_row[d];
  }
  for (guint d = 0; d < WIDTH; d++)
    ret_row[d] /= sqrt (sum);
  g_rand_free (rand);
}

static gboolean
encode_text (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  for (guint i = 0; i < n; i++) {
    gdouble row[WIDTH];

    embed (texts[i], strlen (texts[i]), row);
    for (guint d = 0; d < WIDTH; d++)
      ret_rows[i * WIDTH + d] = (gfloat) row[d];
  }
  return TRUE;
}

static gboolean
encode_image (const gchar *path, GBytes *bytes, gfloat *ret_row,
    gpointer user_data, GError **error)
{
  Fixture *self = user_data;
  gdouble row[WIDTH];

  g_ptr_array_add (self->asked, g_path_get_basename (path));
  if (self->fail) {
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_BAD_FILE, "is no picture");
    return FALSE;
  }
  embed (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), row);
  for (guint d = 0; d < WIDTH; d++)
    ret_row[d] = self->nan ? NAN : (gfloat) row[d];
  return TRUE;
}

static ClvPrompts *
load (Fixture *self, const gchar *prompt)
{
  g_autofree gchar *path = g_build_filename (self->dir, "set.json", NULL);
  g_autofree gchar *json =
      g_strdup_printf ("{\"groups\":[{\"prompts\":[%s]}]}", prompt);
  g_autoptr (GError) error = NULL;
  ClvPrompts *prompts;

  write_file (self, "set.json", json);
  prompts = clv_prompts_new_from_file (path, NULL, &error);
  g_assert_no_error (error);
  return prompts;
}

static void
assert_row (ClvPrompts *prompts, guint row, const gdouble *wanted)
{
  const gfloat *matrix = clv_prompts_get_matrix (prompts, NULL);
  gdouble sum = 0;

  for (guint d = 0; d < WIDTH; d++)
    sum += wanted[d] * wanted[d];
  for (guint d = 0; d < WIDTH; d++)
    g_assert_cmpfloat_with_epsilon (
        matrix[row * WIDTH + d], wanted[d] / sqrt (sum), 1e-6);
}

static void
test_mix (Fixture *self, gconstpointer data)
{
  g_autoptr (ClvPrompts) prompts = load (self,
      "{\"label\":\"one\",\"image\":\"red.png\"},\"text\","
      "{\"label\":\"mean\",\"image\":[\"red.png\",\"blue.png\"]},"
      "{\"label\":\"half\",\"text\":\"a\",\"image\":\"red.png\"},"
      "{\"label\":\"most\",\"text\":\"a\",\"image\":[\"red.png\",\"./"
      "blue.png\"],"
      "\"weight\":0.9},"
      "{\"label\":\"none\",\"text\":\"a\",\"image\":\"red.png\",\"weight\":0}");
  gdouble red[WIDTH], blue[WIDTH], text[WIDTH], a[WIDTH], mean[WIDTH],
      half[WIDTH], most[WIDTH], length = 0;

  g_assert_true (clv_prompts_encode (
      prompts, NULL, WIDTH, encode_text, encode_image, self, NULL));
  embed ("red", 3, red);
  embed ("blue", 4, blue);
  embed ("text", 4, text);
  embed ("a", 1, a);
  for (guint d = 0; d < WIDTH; d++) {
    mean[d] = (red[d] + blue[d]) / 2;
    length += mean[d] * mean[d];
    half[d] = (a[d] + red[d]) / 2;
  }
  for (guint d = 0; d < WIDTH; d++)
    most[d] = 0.1 * a[d] + 0.9 * mean[d] / sqrt (length);
  assert_row (prompts, 0, red);
  assert_row (prompts, 1, text);
  assert_row (prompts, 2, mean);
  assert_row (prompts, 3, half);
  assert_row (prompts, 4, most);
  assert_row (prompts, 5, a);
}

static void
test_cache (Fixture *self, gconstpointer data)
{
  for (guint round = 0; round < 4; round++) {
    g_autoptr (ClvPrompts) prompts = load (self,
        round == 0 ? "{\"label\":\"x\",\"image\":[\"red.png\",\"blue.png\"]}"
        : round == 1
            ? "{\"label\":\"x\",\"image\":\"red.png\"}"
            : (write_file (self, "copy.png", round == 2 ? "red" : "green"),
                  "{\"label\":\"x\",\"image\":\"copy.png\"}"));

    if (round == 2)
      clv_text_cache_forget (); /* the file is enough */
    g_ptr_array_set_size (self->asked, 0);
    g_assert_true (clv_prompts_encode (
        prompts, "images-model", WIDTH, encode_text, encode_image, self, NULL));
    g_assert_cmpuint (self->asked->len, ==,
        round == 0   ? 2
        : round == 3 ? 1
                     : 0);
    if (round == 3)
      g_assert_cmpstr (g_ptr_array_index (self->asked, 0), ==, "copy.png");
  }
}

static void
test_errors (Fixture *self, gconstpointer data)
{
  const struct {
    gboolean fail, nan, supported, missing;
    GQuark domain;
    gint code;
    const gchar *message;
  } rows[] = {
    { FALSE, FALSE, FALSE, FALSE, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "picture */red.png: nothing here decodes pictures" },
    { TRUE, FALSE, TRUE, FALSE, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "picture */red.png: is no picture" },
    { FALSE, TRUE, TRUE, FALSE, CLV_ERROR, CLV_ERROR_FAILED,
        "picture */red.png: wanted*unit length*" },
    { FALSE, FALSE, TRUE, TRUE, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "*/red.png: *" },
  };
  g_autofree gchar *path = g_build_filename (self->dir, "red.png", NULL);
  g_autoptr (ClvPrompts) prompts =
      load (self, "{\"label\":\"x\",\"image\":\"red.png\"}");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    self->fail = rows[i].fail;
    self->nan = rows[i].nan;
    if (rows[i].missing)
      g_unlink (path);
    g_assert_false (clv_prompts_encode (prompts, NULL, WIDTH, encode_text,
        rows[i].supported ? encode_image : NULL, self, &error));
    g_assert_error (error, rows[i].domain, rows[i].code);
    if (!g_pattern_match_simple (rows[i].message, error->message))
      g_error ("row %u: %s", i, error->message);
    g_assert_null (clv_prompts_get_matrix (prompts, NULL));
  }
}

#define ADD(name, func)                                                        \
  g_test_add ("/prompts-image/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_autofree gchar *cache = g_dir_make_tmp ("clv-image-cache-XXXXXX", NULL);
  int code;

  g_setenv ("CLV_CACHE_DIR", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("pictures and texts are mixed by their weight", test_mix);
  ADD ("a picture is encoded once, whatever it is called", test_cache);
  ADD ("a picture that cannot be used is an error that names it", test_errors);
  code = g_test_run ();
  remove_files (cache);
  return code;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text embeddings are computed once, and never wrong because of the cache. */

#include <clv/clv-prompts.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "score/clv-text-cache-file.h"
#include "score/clv-text-cache.h"

#define WIDTH 24

static gchar *cache_dir;

/* An empty cache, in memory and on disk. */
static void
set_up (void)
{
  g_autoptr (GDir) dir = g_dir_open (cache_dir, 0, NULL);
  const gchar *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (cache_dir, name, NULL);

    g_unlink (path);
  }
  clv_text_cache_forget ();
}

/* The tower of these tests: a text's own unit vector. */
static void
embed (const gchar *text, guint width, gfloat *ret_row)
{
  guint32 state = g_str_hash (text) * 2 + 1;
  gdouble sum = 0;

  for (guint d = 0; d < width; d++) {
    state = state * 1664525u + 1013904223u;
    ret_row[d] = (gfloat) (state >> 8) / (1 << 24) - 0.5f;
    sum += (gdouble) ret_row[d] * ret_row[d];
  }
  for (guint d = 0; d < width; d++)
    ret_row[d] = (gfloat) (ret_row[d] / sqrt (sum));
}

typedef struct {
  guint width;
  guint n_calls;
  guint n_texts;
} Tower;

static gboolean
encode (const gchar *const *texts, guint n, gfloat *ret_rows,
    gpointer user_data, GError **error)
{
  Tower *tower = user_data;

  tower->n_calls++;
  tower->n_texts += n;
  for (guint i = 0; i < n; i++)
    embed (texts[i], tower->width, &ret_rows[(gsize) i * tower->width]);
  return TRUE;
}

/* Asks for texts first … first + n - 1, checks each, and returns how many the
 * tower was asked for. */
static guint
ask (const gchar *model, guint width, guint first, guint n)
{
  g_autofree gfloat *rows = g_new (gfloat, (gsize) n * width);
  g_autofree gfloat *wanted = g_new (gfloat, width);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  Tower tower = { .width = width };

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (texts, g_strdup_printf ("phrase %u", first + i));
  g_assert_true (clv_text_cache_encode (model, width,
      (const gchar *const *) texts->pdata, n, encode, &tower, rows, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++) {
    embed (g_ptr_array_index (texts, i), width, wanted);
    g_assert_cmpmem (&rows[(gsize) i * width], width * sizeof *rows, wanted,
        width * sizeof *wanted);
  }
  g_assert_cmpuint (tower.n_calls, <=, 1);
  return tower.n_texts;
}

static void
test_memory (void)
{
  g_autofree gchar *nowhere = g_build_filename (cache_dir, "file", NULL);

  set_up ();
  /* A file in the place of the directory: nothing can be written. */
  g_assert_true (g_file_set_contents (nowhere, "x", 1, NULL));
  g_setenv ("CLV_CACHE_DIR", nowhere, TRUE);
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 10), ==, 10);
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 5, 10), ==, 5);
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 15), ==, 0);
  clv_text_cache_forget ();
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 10), ==, 10);
  g_setenv ("CLV_CACHE_DIR", cache_dir, TRUE);
}

static void
test_disk (void)
{
  set_up ();
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 10), ==, 10);
  clv_text_cache_forget ();
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 5, 10), ==, 5);
  clv_text_cache_forget ();
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 15), ==, 0);
  /* Only the part that is asked for went to memory; the file has all. */
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 16), ==, 1);
}

static void
test_models (void)
{
  set_up ();
  g_assert_cmpuint (ask ("model-fp32", WIDTH, 0, 4), ==, 4);
  g_assert_cmpuint (ask ("model-fp16", WIDTH, 0, 4), ==, 4);
  g_assert_cmpuint (ask ("model-fp32", WIDTH + 1, 0, 4), ==, 4);
  clv_text_cache_forget ();
  g_assert_cmpuint (ask ("model-fp16", WIDTH, 0, 4), ==, 0);
  g_assert_cmpuint (ask (NULL, WIDTH, 0, 4), ==, 4);
  g_assert_cmpuint (ask (NULL, WIDTH, 0, 4), ==, 4);
}

static void
test_equal_texts (void)
{
  const gchar *const texts[] = { "a", "b", "a", "a", "b" };
  gfloat rows[5][WIDTH];
  Tower tower = { .width = WIDTH };

  set_up ();
  g_assert_true (clv_text_cache_encode (
      "model", WIDTH, texts, 5, encode, &tower, rows[0], NULL));
  g_assert_cmpuint (tower.n_texts, ==, 2);
  g_assert_cmpmem (rows[0], sizeof rows[0], rows[2], sizeof rows[2]);
  g_assert_cmpmem (rows[0], sizeof rows[0], rows[3], sizeof rows[3]);
  g_assert_cmpmem (rows[1], sizeof rows[1], rows[4], sizeof rows[4]);
  g_assert_cmpfloat (rows[0][0], !=, rows[1][0]);
}

/* Cuts the file and flips bits in it; answers stay right, and the file is whole
 * again afterwards. */
static void
test_damage (void)
{
  g_autofree gchar *name = clv_text_cache_file_name ("model");
  g_autofree gchar *path = g_build_filename (cache_dir, name, NULL);
  g_autofree gchar *whole = NULL;
  GRand *rand = g_rand_new_with_seed (16);
  guint n_repaired = 0;
  gsize size;

  set_up ();
  g_assert_cmpuint (ask ("model", WIDTH, 0, 8), ==, 8);
  g_assert_true (g_file_get_contents (path, &whole, &size, NULL));
  g_assert_cmpuint (size, ==,
      sizeof (ClvTextCacheHeader) + 8 * (16 + WIDTH * sizeof (gfloat)));
  for (guint i = 0; i < 200; i++) {
    g_autofree gchar *damaged = g_memdup2 (whole, size);
    gsize length = size;

    if (i % 2 == 0)
      length = (gsize) g_rand_int_range (rand, 0, (gint32) size);
    else /* the high bits of a header field, a key or a number */
      damaged[g_rand_int_range (rand, 0, (gint32) size / 4) * 4 + 3] ^= 0x40;
    g_assert_true (g_file_set_contents (path, damaged, (gssize) length, NULL));
    clv_text_cache_forget ();
    n_repaired += ask ("model", WIDTH, 0, 8) > 0;
    clv_text_cache_forget ();
    g_assert_cmpuint (ask ("model", WIDTH, 0, 8), ==, 0);
  }
  g_assert_cmpuint (n_repaired, >=, 150);
  g_rand_free (rand);
}

static gpointer
ask_often (gpointer data)
{
  guint first = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < 20; i++) {
    if (i % 4 == 0)
      clv_text_cache_forget ();
    ask ("model", WIDTH, first + 3 * i, 10);
  }
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[8];

  set_up ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ask", ask_often, GUINT_TO_POINTER (i * 7));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_many (void)
{
  const guint width = 512;
  GTimer *timer;
  gdouble seconds;

  set_up ();
  g_assert_cmpuint (ask ("model", width, 0, 1000), ==, 1000);
  clv_text_cache_forget ();
  timer = g_timer_new ();
  g_assert_cmpuint (ask ("model", width, 0, 1000), ==, 0);
  seconds = g_timer_elapsed (timer, NULL);
  g_timer_destroy (timer);
  g_test_message ("1,000 cached phrases from disk: %.4f s", seconds);
  g_assert_cmpfloat (seconds, <, 1.0); /* a quiet machine needs 0.02 */
}

/* A set of more than one block, some of it cached from a run that ended. */
static void
test_blocks (void)
{
  const guint n = 9000;
  g_autoptr (GString) string = g_string_new (NULL);
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (ClvPrompts) same = NULL;
  Tower tower = { .width = WIDTH };

  set_up ();
  for (guint i = 0; i < n; i++)
    g_string_append_printf (string, "phrase %u\n", i);
  prompts = clv_prompts_new_from_string (string->str, NULL, NULL);
  same = clv_prompts_new_from_string (string->str, NULL, NULL);
  g_assert_cmpuint (ask ("model", WIDTH, 100, 200), ==, 200);
  g_assert_true (
      clv_prompts_encode (prompts, "model", WIDTH, encode, NULL, &tower, NULL));
  g_assert_cmpuint (tower.n_calls, ==, 3);
  g_assert_cmpuint (tower.n_texts, ==, n - 200);
  clv_text_cache_forget ();
  g_assert_true (
      clv_prompts_encode (same, "model", WIDTH, encode, NULL, &tower, NULL));
  g_assert_cmpuint (tower.n_texts, ==, n - 200);
}

static void
add (const gchar *name, void (*func) (void))
{
  g_autofree gchar *path = g_strdup_printf ("/text-cache/%s", name);

  g_test_add_func (path, func);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  cache_dir = g_dir_make_tmp ("clv-text-cache-XXXXXX", NULL);
  g_assert_nonnull (cache_dir);
  g_setenv ("CLV_CACHE_DIR", cache_dir, TRUE);
  add ("a text is encoded once in a process", test_memory);
  add ("another process finds it on the disk", test_disk);
  add ("models, precisions and widths are kept apart", test_models);
  add ("equal texts are encoded once", test_equal_texts);
  add ("a damaged file is ignored and written anew", test_damage);
  add ("threads share it", test_threads);
  add ("a thousand cached phrases are quick", test_many);
  add ("large sets are encoded in blocks", test_blocks);
  status = g_test_run ();
  set_up ();
  g_rmdir (cache_dir);
  g_free (cache_dir);
  return status;
}

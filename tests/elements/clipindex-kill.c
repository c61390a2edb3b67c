/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process that is killed while it writes to an index, again and again. */

#include "index-element-test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define N_KILLS 6
/* More than are written before a kill, and so many more at the end. */
#define N_ENDLESS 1000000
#define N_MORE    200

/* In the process that will be killed: the same stream, from its start. */
static int
feed (const gchar *path, guint n_moments)
{
  IndexTest self = { 0 };
  g_autofree gchar *properties =
      g_strdup_printf ("location=%s interval=100000000 when-full=wait", path);

  index_test_set_up (&self, NULL);
  index_test_start (&self, properties);
  for (guint i = 0; i < n_moments; i++)
    if (index_test_push (&self, i % 2, NULL) != GST_FLOW_OK)
      return 1;
  if (!gst_harness_push_event (self.harness, gst_event_new_eos ()))
    return 1;
  index_test_tear_down (&self, NULL);
  return 0;
}

static GPid
spawn (IndexTest *self, guint n_moments)
{
  g_autofree gchar *n = g_strdup_printf ("%u", n_moments);
  gchar *arguments[] = { (gchar *) "/proc/self/exe", (gchar *) "--feed",
    self->path, n, NULL };
  g_autoptr (GError) error = NULL;
  GPid child;

  g_spawn_async (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
      &child, &error);
  g_assert_no_error (error);
  return child;
}

static guint
count (IndexTest *self)
{
  g_autofree gchar *n = index_test_sql (self, "SELECT count(*) FROM moments");

  return n != NULL ? (guint) atoi (n) : 0;
}

/* Moments 0 to n - 1, in order, each with its embedding. */
static void
check (IndexTest *self, guint n)
{
  const gfloat axis[INDEX_TEST_WIDTH] = { 1, 0, 0, 0 };
  const ClvIndexQuery query = { .vector = axis, .top = 1 };
  g_autofree gchar *wrong = index_test_sql (
      self, "SELECT count(*) FROM moments WHERE abs(time - id / 10.0) > 0.001");
  g_autofree gchar *n_rows = index_test_sql (self, "SELECT n_rows FROM store");
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = NULL;
  g_autoptr (GPtrArray) hits = NULL;

  if (n == 0)
    return;
  g_assert_cmpstr (wrong, ==, "0");
  g_assert_cmpint (atoi (n_rows), ==, n);
  index = clv_index_open (self->path, &error);
  g_assert_no_error (error);
  hits = clv_index_search (index, &query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hits->len, ==, 1);
  g_assert_cmpfloat (((ClvIndexHit *) hits->pdata[0])->score, >, 0.99);
}

static void
test_whole_moments_survive (IndexTest *self, gconstpointer data)
{
  guint before = 0;
  gint status;

  for (guint i = 0; i < N_KILLS; i++) {
    const GPid child = spawn (self, N_ENDLESS);
    const gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

    /* From the start of the process to the middle of a write. */
    if (i > 0)
      while (count (self) <= before)
        g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep ((gulong) g_random_int_range (0, 30000));
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
    before = count (self);
    g_test_message ("killed at %u moments", before);
    check (self, before);
  }
  waitpid (spawn (self, before + N_MORE), &status, 0);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpuint (count (self), ==, before + N_MORE);
  check (self, before + N_MORE);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (argc == 4 && strcmp (argv[1], "--feed") == 0)
    return feed (argv[2], (guint) atoi (argv[3]));
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/clipindex/what is killed leaves whole moments, and goes on",
      IndexTest, NULL, index_test_set_up, test_whole_moments_survive,
      index_test_tear_down);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of events where the server or the process dies, and that frames never
 * wait. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker-test.h"

#define URI "uri=mqtt://127.0.0.1:%u "

/* A frame that waited for a server or a disk would wait for longer; a machine that is
 * busy takes some of it. */
#define PACE_US (G_USEC_PER_SEC)

#define N_KILLS 4

/* Returns how long the slowest push took. */
static gint64
push_and_time (PublishTest *self, guint n)
{
  gint64 worst = 0;

  for (guint i = 0; i < n; i++) {
    const gint64 start = g_get_monotonic_time ();

    publish_test_push_events (self, 1);
    worst = MAX (worst, g_get_monotonic_time () - start);
  }
  return worst;
}

static void
test_a_server_that_is_killed (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI, broker.port);
  publish_test_push_events (self, 10);
  broker_test_wait_events (&broker, 10, FALSE);
  publish_test_wait_stat (self, "waiting", 0);

  broker_test_kill (&broker, SIGKILL);
  g_assert_cmpint (push_and_time (self, 30), <, PACE_US);
  publish_test_wait_stat (self, "connected", FALSE);
  publish_test_expect (
      self, GST_MESSAGE_WARNING, "^mqtt://127.0.0.1:\\d+: .*(lost|connect)");
  g_assert_cmpint (push_and_time (self, 30), <, PACE_US);
  publish_test_wait_stat (self, "spooled", 60);
  broker_test_restart (&broker);
  broker_test_wait_events (&broker, 70, TRUE);
  publish_test_wait_stat (self, "waiting", 0);
  g_assert_cmpuint (publish_test_get_stat (self, "published"), ==, 70);
  g_assert_cmpuint (publish_test_get_stat (self, "dropped"), ==, 0);
  /* Whatever the server remembers of it. */
  broker_test_wait_heard (&broker, "^clv/door/availability . online$", 2);
  broker_test_end (&broker);
}

/* In the middle of it; it saves what it has acknowledged. */
static void
test_a_server_that_restarts (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI, broker.port);
  publish_test_push_events (self, 400);
  broker_test_wait_heard (&broker, "\"event\"", 20);
  broker_test_kill (&broker, SIGTERM);
  publish_test_push_events (self, 100);
  broker_test_restart (&broker);
  broker_test_wait_events (&broker, 500, TRUE);
  publish_test_wait_stat (self, "waiting", 0);
  broker_test_end (&broker);
}

static void
test_a_server_that_stalls (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI, broker.port);
  publish_test_push_events (self, 5);
  broker_test_wait_events (&broker, 5, FALSE);

  kill (broker.pid, SIGSTOP);
  g_assert_cmpint (push_and_time (self, 2000), <, PACE_US);
  publish_test_wait_stat (self, "spooled", 2000);
  kill (broker.pid, SIGCONT);
  broker_test_wait_events (&broker, 2005, TRUE);
  broker_test_end (&broker);
}

/* The newest are there when somebody listens at last. */
static void
test_no_room (PublishTest *self, gconstpointer properties)
{
  guint64 dropped;
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  broker_test_kill (&broker, SIGTERM);
  publish_test_start (self, URI "%s", broker.port, (const gchar *) properties);
  g_assert_cmpint (push_and_time (self, 500), <, PACE_US);
  publish_test_expect (self, GST_MESSAGE_WARNING, "Cannot|cannot connect");
  publish_test_expect (
      self, GST_MESSAGE_WARNING, "dropped.*`queue-size` or `spool-size`");
  g_assert_cmpuint (publish_test_get_stat (self, "waiting"), >, 10);

  broker_test_restart (&broker);
  broker_test_wait_heard (&broker, "\"id\":\"[0-9a-f-]*-500\"", 1);
  publish_test_wait_stat (self, "waiting", 0);
  dropped = publish_test_get_stat (self, "dropped");
  g_assert_cmpuint (dropped, >, 100);
  g_assert_cmpuint (
      publish_test_get_stat (self, "published"), ==, 500 - dropped);
  broker_test_end (&broker);
}

/* In the process that will be killed. */
static int
feed (const gchar *directory, const gchar *port, guint n)
{
  PublishTest self = { 0 };

  publish_test_set_up (&self, NULL);
  g_free (self.directory);
  self.directory = g_strdup (directory);
  publish_test_start (&self, "uri=mqtt://127.0.0.1:%s", port);
  if (n == 0)
    for (;;) {
      publish_test_push_events (&self, 1);
      g_usleep (2000);
    }
  publish_test_push_events (&self, n);
  publish_test_wait_stat (&self, "spooled", n);
  g_print ("ready\n");
  g_usleep (60 * G_USEC_PER_SEC);
  return 1;
}

static GPid
spawn_feeder (BrokerTest *broker, const gchar *n, gint *ret_output)
{
  g_autofree gchar *port = g_strdup_printf ("%u", broker->port);
  gchar *arguments[] = { (gchar *) "/proc/self/exe", (gchar *) "--feed",
    broker->directory, port, (gchar *) n, NULL };
  g_autoptr (GError) error = NULL;
  GPid child;

  g_spawn_async_with_pipes (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
      broker_test_die_with_us, NULL, &child, NULL, ret_output, NULL, &error);
  g_assert_no_error (error);
  return child;
}

static void
kill_feeder (GPid child)
{
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
}

static void
test_a_process_that_is_killed (PublishTest *self, gconstpointer data)
{
  gchar ready[8] = "";
  BrokerTest broker;
  gint output;
  GPid child;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  broker_test_kill (&broker, SIGTERM);
  child = spawn_feeder (&broker, "50", &output);
  g_assert_cmpint (read (output, ready, 5), ==, 5);
  g_assert_cmpstr (ready, ==, "ready");
  kill_feeder (child);
  close (output);

  broker_test_restart (&broker);
  publish_test_start (self, URI, broker.port);
  broker_test_wait_events (&broker, 50, FALSE);
  publish_test_wait_stat (self, "waiting", 0);
  broker_test_end (&broker);
}

/* At any point, with a server that is there: no gap in what comes, and the last will
 * each time. */
static void
test_kills_at_any_point (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;
  guint n = 0;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  for (guint i = 1; i <= N_KILLS; i++) {
    const GPid child = spawn_feeder (&broker, "0", NULL);

    broker_test_wait_heard (&broker, "\"event\"", n + 10);
    g_usleep ((gulong) g_random_int_range (0, 30000));
    kill_feeder (child);
    broker_test_wait_heard (&broker, "^clv/door/availability . offline$", i);
    n = broker_test_count_heard (&broker, "\"event\"");
  }
  publish_test_start (self, URI, broker.port);
  publish_test_wait_stat (self, "connected", TRUE);
  publish_test_wait_stat (self, "waiting", 0);
  publish_test_push_events (self, 2);
  broker_test_wait_heard (&broker, "-2\".*\"stop\"", N_KILLS + 1);
  broker_test_wait_events (&broker, 1, TRUE); /* and no gaps */
  broker_test_end (&broker);
}

int
main (int argc, char **argv)
{
#define ADD(name, data, function)                                              \
  g_test_add ("/clippublish/outage/" name, PublishTest, data,                  \
      publish_test_set_up, function, publish_test_tear_down)

  gst_init (&argc, &argv);
  if (argc == 5 && strcmp (argv[1], "--feed") == 0)
    return feed (argv[2], argv[3], (guint) atoi (argv[4]));
  g_test_init (&argc, &argv, NULL);
  ADD ("a server that is killed", NULL, test_a_server_that_is_killed);
  ADD ("a server that restarts", NULL, test_a_server_that_restarts);
  ADD ("a server that stalls", NULL, test_a_server_that_stalls);
  ADD ("no room in memory", "spool-size=0 queue-size=20000", test_no_room);
  ADD ("no room on disk", "spool-size=20000", test_no_room);
  ADD ("a process that is killed", NULL, test_a_process_that_is_killed);
  ADD ("kills at any point", NULL, test_kills_at_any_point);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "broker-test.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)

/* What each listener hears at once. */
#define LISTENS "^\\$SYS/broker/version "

/* Debian has it where only root looks. */
static gchar *
find_broker (void)
{
  gchar *path = g_find_program_in_path ("mosquitto");

  if (path == NULL && g_file_test ("/usr/sbin/mosquitto", G_FILE_TEST_EXISTS))
    path = g_strdup ("/usr/sbin/mosquitto");
  return path;
}

gboolean
broker_test_is_there (void)
{
  g_autofree gchar *broker = find_broker ();
  g_autofree gchar *listener = g_find_program_in_path ("mosquitto_sub");

  if (broker != NULL && listener != NULL)
    return TRUE;
  g_test_skip ("there is no mosquitto, or no mosquitto_sub");
  return FALSE;
}

static guint
find_port (void)
{
  g_autoptr (GSocket) socket = g_socket_new (
      G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

static gboolean
answers (BrokerTest *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", (guint16) self->port, NULL, NULL);

  return connection != NULL;
}

void
broker_test_die_with_us (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GPid
spawn (gchar **arguments, const gchar *output)
{
  g_autoptr (GError) error = NULL;
  GPid pid;
  FILE *file = output != NULL ? fopen (output, "ae") : NULL;

  g_spawn_async_with_fds (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
      broker_test_die_with_us, NULL, &pid, -1,
      file != NULL ? fileno (file) : -1, -1, &error);
  g_assert_no_error (error);
  if (file != NULL)
    fclose (file);
  return pid;
}

void
broker_test_restart (BrokerTest *self)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;
  g_autofree gchar *broker = find_broker ();
  gchar *arguments[] = { broker, (gchar *) "-c", self->config, NULL };

  self->pid = spawn (arguments, NULL);
  while (!answers (self)) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (20000);
  }
}

static void
start (BrokerTest *self, PublishTest *test, const gchar *settings)
{
  g_autofree gchar *text = NULL;

  *self = (BrokerTest){ .test = test, .port = find_port () };
  self->directory = g_strdup (test->directory);
  self->config = publish_test_path (test, "mosquitto.conf");
  self->heard = publish_test_path (test, "heard");
  /* Started as root it would be somebody else, who may not write here. */
  text = g_strdup_printf ("listener %u 127.0.0.1\n"
                          "persistence true\n"
                          "persistence_location %s/\n"
                          "autosave_interval 1\n"
                          "autosave_on_changes true\n"
                          "log_dest none\n"
                          "%s"
                          "%s\n",
      self->port, self->directory, geteuid () == 0 ? "user root\n" : "",
      settings != NULL ? settings : "allow_anonymous true");
  g_assert_true (g_file_set_contents (self->config, text, -1, NULL));
  broker_test_restart (self);
}

static void
end_process (GPid *pid, gint signal)
{
  if (*pid == 0)
    return;
  kill (*pid, signal);
  kill (*pid, SIGCONT);
  waitpid (*pid, NULL, 0);
  *pid = 0;
}

void
broker_test_kill (BrokerTest *self, gint signal)
{
  end_process (&self->pid, signal);
}

void
broker_test_end (BrokerTest *self)
{
  publish_test_stop (self->test);
  end_process (&self->listener, SIGTERM);
  end_process (&self->pid, SIGKILL);
  g_free (self->directory);
  g_free (self->config);
  g_free (self->heard);
}

void
broker_test_listen (BrokerTest *self, const gchar *options)
{
  g_autofree gchar *line =
      g_strdup_printf ("mosquitto_sub -h 127.0.0.1 -p %u -q 1 -c -i listener "
                       "-t # -t $SYS/broker/version -F "
                       "%%t\x1f%%r\x1f%%p %s",
          self->port, options != NULL ? options : "");
  g_auto (GStrv) arguments = g_strsplit (g_strchomp (line), " ", -1);
  guint n;

  end_process (&self->listener, SIGTERM);
  n = broker_test_count_heard (self, LISTENS);
  for (guint i = 0; arguments[i] != NULL; i++)
    g_strdelimit (arguments[i], "\x1f", ' ');
  arguments[0] =
      (g_free (arguments[0]), g_find_program_in_path ("mosquitto_sub"));
  self->listener = spawn (arguments, self->heard);
  broker_test_wait_heard (self, LISTENS, n + 1);
}

gboolean
broker_test_begin (BrokerTest *self, PublishTest *test, const gchar *settings,
    const gchar *options)
{
  if (!broker_test_is_there ())
    return FALSE;
  start (self, test, settings);
  broker_test_listen (self, options);
  return TRUE;
}

gchar **
broker_test_get_heard (BrokerTest *self)
{
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents (self->heard, &text, NULL, NULL))
    return g_new0 (gchar *, 1);
  g_strchomp (text);
  return *text == '\0' ? g_new0 (gchar *, 1) : g_strsplit (text, "\n", -1);
}

guint
broker_test_count_heard (BrokerTest *self, const gchar *pattern)
{
  g_auto (GStrv) heard = broker_test_get_heard (self);
  guint n = 0;

  for (guint i = 0; heard[i] != NULL; i++)
    n += g_regex_match_simple (pattern, heard[i], 0, 0);
  return n;
}

void
broker_test_wait_heard (BrokerTest *self, const gchar *pattern, guint n)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;
  guint found;

  while ((found = broker_test_count_heard (self, pattern)) < n) {
    if (g_get_monotonic_time () > end) {
      g_auto (GStrv) heard = broker_test_get_heard (self);
      g_autofree gchar *all = g_strjoinv ("\n", heard);

      g_error ("wanted %u of /%s/, found %u of:\n%s", n, pattern, found, all);
    }
    g_usleep (10000);
  }
}

/* The id of an event, "run-number"; NULL: it is none. */
static gchar *
get_id (const gchar *line)
{
  const gchar *payload = strchr (line, '{');
  g_autoptr (JsonNode) node =
      payload != NULL ? json_from_string (payload, NULL) : NULL;
  JsonObject *object;

  if (node == NULL)
    return NULL;
  object = json_node_get_object (node);
  if (!json_object_has_member (object, "event"))
    return NULL;
  g_assert_cmpstr (json_object_get_string_member (object, "label"), ==, "dog");
  return g_strdup (json_object_get_string_member (object, "id"));
}

/* How many different events there are, which must come without a gap. */
static guint
count_events (BrokerTest *self, gboolean twice)
{
  g_auto (GStrv) heard = broker_test_get_heard (self);
  g_autoptr (GHashTable) newest =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n = 0;

  for (guint i = 0; heard[i] != NULL; i++) {
    gchar *id = get_id (heard[i]), *dash = id ? strrchr (id, '-') : NULL;
    gint number, last;

    if (id == NULL)
      continue;
    *dash = '\0';
    number = atoi (dash + 1);
    last = GPOINTER_TO_INT (g_hash_table_lookup (newest, id));
    if (number > last + 1 || (number <= last && !twice))
      g_error ("wanted event %d, found %s", last + 1, heard[i]);
    n += number > last;
    g_hash_table_replace (newest, id, GINT_TO_POINTER (MAX (last, number)));
  }
  return n;
}

void
broker_test_wait_events (BrokerTest *self, guint n, gboolean twice)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;
  guint found;

  while ((found = count_events (self, twice)) < n) {
    if (g_get_monotonic_time () > end)
      g_error ("wanted %u events, found %u", n, found);
    g_usleep (20000);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clippublish and a real server of MQTT. */

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "broker-test.h"

#define URI "uri=mqtt://127.0.0.1:%u "

static void
test_events_and_states (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI, broker.port);
  publish_test_push_events (self, 3);
  broker_test_wait_events (&broker, 3, FALSE);
  broker_test_wait_heard (&broker, "^clv/door/default/dog 0 {.*\"start\"", 2);
  broker_test_wait_heard (&broker, "^clv/door/default/dog 0 {.*\"stop\"", 1);
  broker_test_wait_heard (&broker, "^clv/door/default/dog/state . ON$", 1);
  broker_test_wait_heard (&broker, "^clv/door/default/cat/state . OFF$", 1);
  broker_test_wait_heard (&broker, "^clv/door/availability . online$", 1);

  /* Who comes later hears what holds now, and no events. */
  g_assert_cmpint (g_unlink (broker.heard), ==, 0);
  broker_test_listen (&broker, "-i later");
  broker_test_wait_heard (&broker, "^clv/door/default/dog/state 1 ON$", 1);
  broker_test_wait_heard (&broker, "^clv/door/availability 1 online$", 1);
  g_assert_cmpuint (broker_test_count_heard (&broker, "\"event\""), ==, 0);
  broker_test_end (&broker);
}

static void
test_a_stop_says_goodbye (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI, broker.port);
  publish_test_push_events (self, 1);
  publish_test_stop (self);
  broker_test_wait_events (&broker, 2, FALSE); /* the tag stops, too */
  broker_test_wait_heard (&broker, "^clv/door/default/dog/state . OFF$", 1);
  broker_test_wait_heard (&broker, "^clv/door/availability . offline$", 1);
  broker_test_end (&broker);
}

static void
test_topics_are_what_was_asked_for (PublishTest *self, gconstpointer data)
{
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  g_clear_object (&self->prompts);
  self->prompts = meta_test_prompts ("a/b +#é; cat");
  publish_test_start (self,
      URI "topic=e/{label} state-topic=s/{label} availability-topic=a/{source} "
          "frame-topic=f/{source} publish=events+states+frames mqtt-qos=2",
      broker.port);
  publish_test_push (self, TRUE);
  broker_test_wait_heard (
      &broker, "^e/a%2Fb %2B%23é 0 {.*\"label\":\"a/b \\+#é\"", 1);
  broker_test_wait_heard (&broker, "^s/a%2Fb %2B%23é . ON$", 1);
  broker_test_wait_heard (&broker, "^a/door . online$", 1);
  broker_test_wait_heard (&broker, "^f/door 0 {.*\"tags\":\\[.*[^ ]$", 1);
  broker_test_end (&broker);
}

/* A file of users; FALSE where they cannot be made. */
static void
make_users (PublishTest *self, const gchar *path)
{
  gchar *arguments[] = { (gchar *) "mosquitto_passwd", (gchar *) "-b",
    (gchar *) "-c", (gchar *) path, (gchar *) "anna", (gchar *) "secret",
    NULL };
  gint status = 1;

  g_assert_true (g_spawn_sync (NULL, arguments, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
          G_SPAWN_STDERR_TO_DEV_NULL,
      NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

static void
test_user_and_password (PublishTest *self, gconstpointer data)
{
  g_autofree gchar *users = publish_test_path (self, "users");
  g_autofree gchar *settings =
      g_strdup_printf ("allow_anonymous false\npassword_file %s", users);
  BrokerTest broker;

  if (!broker_test_is_there ())
    return;
  make_users (self, users);
  broker_test_begin (&broker, self, settings, "-u anna -P secret");
  publish_test_start (
      self, URI "user=anna password=secret-no-more", broker.port);
  publish_test_push_events (self, 2);
  publish_test_expect (self, GST_MESSAGE_WARNING,
      "^mqtt://127.0.0.1:\\d+: .*[Rr]efused.*`user` and `password`");
  g_assert_cmpuint (publish_test_get_stat (self, "waiting"), ==, 2);
  g_object_set (self->element, "flush-timeout", (guint64) 0, NULL);
  publish_test_stop (self);

  publish_test_start (self, URI "user=anna password=secret", broker.port);
  broker_test_wait_events (&broker, 2, FALSE); /* those of before */
  publish_test_wait_stat (self, "waiting", 0);
  broker_test_end (&broker);
}

static void
run_openssl (PublishTest *self, const gchar *arguments)
{
  g_autofree gchar *line = g_strconcat ("openssl ", arguments, NULL);
  g_auto (GStrv) list = g_strsplit (line, " ", -1);
  g_autofree gchar *errors = NULL;
  gint status = 1;

  g_assert_true (g_spawn_sync (self->directory, list, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
      &errors, &status, NULL));
  if (status != 0)
    g_error ("%s: %s", line, errors);
}

static void
make_certificates (PublishTest *self)
{
  static const gchar *const commands[] = {
    "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 "
    "-subj /CN=authority",
    "req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days "
    "2 -subj /CN=other",
    "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "
    "/CN=server",
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out "
    "server.pem -days 2 -extfile names",
    "req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj "
    "/CN=client",
    "x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out "
    "client.pem -days 2",
  };
  g_autofree gchar *names = publish_test_path (self, "names");

  g_assert_true (g_file_set_contents (
      names, "subjectAltName=IP:127.0.0.1,DNS:localhost", -1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    run_openssl (self, commands[i]);
}

/* Both sides show a certificate; another authority is not trusted. The name may be
 * that of two addresses, of which the server has one. */
static void
test_tls (PublishTest *self, gconstpointer data)
{
  const gchar *d = self->directory;
  g_autofree gchar *openssl = g_find_program_in_path ("openssl");
  g_autofree gchar *settings =
      g_strdup_printf ("allow_anonymous true\ncafile %s/ca.pem\n"
                       "certfile %s/server.pem\nkeyfile %s/server.key\n"
                       "require_certificate true",
          d, d, d);
  g_autofree gchar *options =
      g_strdup_printf ("--cafile %s/ca.pem --cert %s/client.pem --key "
                       "%s/client.key",
          d, d, d);
  BrokerTest broker;

  if (!broker_test_is_there ())
    return;
  if (openssl == NULL) {
    g_test_skip ("there is no openssl");
    return;
  }
  make_certificates (self);
  broker_test_begin (&broker, self, settings, options);
  publish_test_start (self,
      "uri=mqtts://localhost:%u ca-file=%s/other.pem cert-file=%s/client.pem "
      "key-file=%s/client.key flush-timeout=0",
      broker.port, d, d, d);
  publish_test_push_events (self, 2);
  publish_test_expect (self, GST_MESSAGE_WARNING,
      "^mqtts://localhost:\\d+: .*(TLS|certificate)");
  g_assert_cmpuint (publish_test_get_stat (self, "connections"), ==, 0);
  publish_test_stop (self);

  publish_test_start (self,
      "uri=mqtts://localhost:%u ca-file=%s/ca.pem cert-file=%s/client.pem "
      "key-file=%s/client.key",
      broker.port, d, d, d);
  broker_test_wait_events (&broker, 2, FALSE);
  broker_test_end (&broker);
}

/* The payload of the first message that was heard of a topic with `part` in it. */
static JsonObject *
parse_heard (BrokerTest *broker, const gchar *part, gchar **ret_topic)
{
  g_auto (GStrv) heard = broker_test_get_heard (broker);

  for (guint i = 0; heard[i] != NULL; i++)
    if (strstr (heard[i], part) != NULL) {
      g_autoptr (JsonNode) node =
          json_from_string (strchr (heard[i], '{'), NULL);

      *ret_topic = g_strndup (heard[i], strcspn (heard[i], " "));
      return json_node_dup_object (node);
    }
  g_error ("wanted a message with %s, found none", part);
}

/* What Home Assistant's documentation asks of a binary sensor, and that the topics are
 * those where something comes. */
static void
test_home_assistant (PublishTest *self, gconstpointer data)
{
  static const gchar *const texts[][2] = { { "name", "dog" },
    { "state_topic", "clv/door/default/dog/state" }, { "payload_on", "ON" },
    { "payload_off", "OFF" }, { "availability_topic", "clv/door/availability" },
    { "payload_available", "online" }, { "payload_not_available", "offline" },
    { "json_attributes_topic", "clv/door/default/dog" } };
  g_autoptr (JsonObject) config = NULL;
  g_autofree gchar *topic = NULL, *wanted = NULL, *gone = NULL;
  JsonObject *device;
  BrokerTest broker;

  if (!broker_test_begin (&broker, self, NULL, NULL))
    return;
  publish_test_start (self, URI "discovery-prefix=ha", broker.port);
  publish_test_push_events (self, 1);
  broker_test_wait_heard (&broker, "^ha/binary_sensor/.*/config ", 2);
  config = parse_heard (&broker, "\"name\":\"dog\"", &topic);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_cmpstr (
        json_object_get_string_member (config, texts[i][0]), ==, texts[i][1]);
  g_assert_cmpint (json_object_get_int_member (config, "qos"), ==, 1);
  device = json_object_get_object_member (config, "device");
  g_assert_cmpstr (json_object_get_string_member (device, "name"), ==, "door");
  g_assert_cmpuint (json_array_get_length (
                        json_object_get_array_member (device, "identifiers")),
      ==, 1);
  g_assert_true (json_object_has_member (
      json_object_get_object_member (config, "origin"), "name"));
  wanted = g_strdup_printf ("ha/binary_sensor/%s/config",
      json_object_get_string_member (config, "unique_id"));
  g_assert_cmpstr (topic, ==, wanted);
  g_assert_true (g_regex_match_simple (
      "^ha/binary_sensor/[a-zA-Z0-9_-]+/config$", topic, 0, 0));

  /* A label that is looked for no more is a sensor no more. */
  g_clear_object (&self->prompts);
  self->prompts = meta_test_prompts ("horse; cat");
  publish_test_push_events (self, 310);
  gone = g_strdup_printf ("^%s . *$", topic);
  broker_test_wait_heard (&broker, gone, 1);
  broker_test_end (&broker);
}

int
main (int argc, char **argv)
{
#define ADD(name, function)                                                    \
  g_test_add ("/clippublish/mqtt/" name, PublishTest, NULL,                    \
      publish_test_set_up, function, publish_test_tear_down)

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("events come, states are kept", test_events_and_states);
  ADD ("a stop says goodbye", test_a_stop_says_goodbye);
  ADD ("topics are what was asked for", test_topics_are_what_was_asked_for);
  ADD ("a user needs the right password", test_user_and_password);
  ADD ("TLS with certificates", test_tls);
  ADD ("Home Assistant finds labels", test_home_assistant);
  return g_test_run ();
}

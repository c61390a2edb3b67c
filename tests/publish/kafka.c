/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clippublish and the brokers that librdkafka brings for tests: they speak Kafka's
 * protocol, on this machine only. */

#include <json-glib/json-glib.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>

#include "publish-test.h"

#define TOPIC       "clv-events"
#define PRODUCE     0 /* Kafka's number of the request */
#define PATIENCE_US (30 * G_USEC_PER_SEC)

typedef struct {
  rd_kafka_t *owner;
  rd_kafka_mock_cluster_t *cluster;
  const gchar *servers;
} Cluster;

static void
start_cluster (Cluster *self)
{
  gchar why[256];

  self->owner =
      rd_kafka_new (RD_KAFKA_PRODUCER, rd_kafka_conf_new (), why, sizeof (why));
  g_assert_nonnull (self->owner);
  self->cluster = rd_kafka_mock_cluster_new (self->owner, 1);
  g_assert_nonnull (self->cluster);
  g_assert_cmpint (
      rd_kafka_mock_topic_create (self->cluster, TOPIC, 1, 1), ==, 0);
  self->servers = rd_kafka_mock_cluster_bootstraps (self->cluster);
}

static void
end_cluster (Cluster *self)
{
  rd_kafka_mock_cluster_destroy (self->cluster);
  rd_kafka_destroy (self->owner);
}

static rd_kafka_t *
start_consumer (Cluster *self)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (1);
  gchar why[256];
  rd_kafka_t *consumer;

  rd_kafka_conf_set (conf, "bootstrap.servers", self->servers, NULL, 0);
  rd_kafka_conf_set (conf, "group.id", "test", NULL, 0);
  consumer = rd_kafka_new (RD_KAFKA_CONSUMER, conf, why, sizeof (why));
  g_assert_nonnull (consumer);
  rd_kafka_poll_set_consumer (consumer);
  rd_kafka_topic_partition_list_add (list, TOPIC, 0)->offset =
      RD_KAFKA_OFFSET_BEGINNING;
  g_assert_cmpint (rd_kafka_assign (consumer, list), ==, 0);
  rd_kafka_topic_partition_list_destroy (list);
  return consumer;
}

/* The number behind the last dash of an event's id. */
static guint
get_number (const rd_kafka_message_t *message)
{
  g_autofree gchar *text = g_strndup (message->payload, message->len);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  const gchar *id;

  g_assert_nonnull (node);
  id = json_object_get_string_member (json_node_get_object (node), "id");
  return (guint) atoi (strrchr (id, '-') + 1);
}

/* Events 1 to n, each once and in order. */
static void
expect_events (Cluster *self, guint n)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_US;
  rd_kafka_t *consumer = start_consumer (self);
  guint found = 0;

  while (found < n) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll (consumer, 100);

    if (message != NULL && message->err == 0) {
      g_autofree gchar *key = g_strndup (message->key, message->key_len);

      g_assert_cmpstr (key, ==, "door/default/dog");
      g_assert_cmpuint (get_number (message), ==, ++found);
    }
    if (message != NULL)
      rd_kafka_message_destroy (message);
    if (g_get_monotonic_time () > end)
      g_error ("wanted %u events, found %u", n, found);
  }
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
}

static void
test_events_come (PublishTest *self, gconstpointer data)
{
  Cluster cluster;

  start_cluster (&cluster);
  publish_test_start (self, "uri=kafka://%s", cluster.servers);
  publish_test_push_events (self, 100);
  publish_test_wait_stat (self, "published", 100);
  publish_test_wait_stat (self, "spooled", 0);
  expect_events (&cluster, 100);
  publish_test_stop (self);
  end_cluster (&cluster);
}

/* From its side: answers that say that a request is to be tried again. */
static void
test_a_broker_with_errors (PublishTest *self, gconstpointer data)
{
  Cluster cluster;

  start_cluster (&cluster);
  rd_kafka_mock_push_request_errors (cluster.cluster, PRODUCE, 3,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  publish_test_start (self, "uri=kafka://%s", cluster.servers);
  publish_test_push_events (self, 50);
  publish_test_wait_stat (self, "published", 50);
  expect_events (&cluster, 50);
  publish_test_stop (self);
  end_cluster (&cluster);
}

static void
test_a_broker_that_is_down (PublishTest *self, gconstpointer data)
{
  Cluster cluster;

  start_cluster (&cluster);
  publish_test_start (self, "uri=kafka://%s", cluster.servers);
  publish_test_push_events (self, 10);
  publish_test_wait_stat (self, "published", 10);
  rd_kafka_mock_broker_set_down (cluster.cluster, 1);
  publish_test_push_events (self, 40);
  publish_test_wait_stat (self, "spooled", 40);
  rd_kafka_mock_broker_set_up (cluster.cluster, 1);
  publish_test_wait_stat (self, "published", 50);
  expect_events (&cluster, 50);
  publish_test_stop (self);
  end_cluster (&cluster);
}

/* A start without a broker, a stop; and what the spool holds comes with the next
 * start. */
static void
test_what_is_left_comes_later (PublishTest *self, gconstpointer data)
{
  Cluster cluster;

  start_cluster (&cluster);
  publish_test_start (self, "uri=kafka://127.0.0.1:1 flush-timeout=0");
  publish_test_push_events (self, 20);
  publish_test_wait_stat (self, "spooled", 20);
  publish_test_stop (self);
  publish_test_start (self, "uri=kafka://%s", cluster.servers);
  publish_test_wait_stat (self, "waiting", 0);
  expect_events (&cluster, 20);
  publish_test_stop (self);
  end_cluster (&cluster);
}

int
main (int argc, char **argv)
{
#define ADD(name, function)                                                    \
  g_test_add ("/clippublish/kafka/" name, PublishTest, NULL,                   \
      publish_test_set_up, function, publish_test_tear_down)

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("events come", test_events_come);
  ADD ("a broker with errors", test_a_broker_with_errors);
  ADD ("a broker that is down", test_a_broker_that_is_down);
  ADD ("what is left comes later", test_what_is_left_comes_later);
  return g_test_run ();
}

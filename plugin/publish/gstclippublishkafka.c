/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kafka with librdkafka, which finds the brokers of each partition, and tries again by
 * itself without an end. An idempotent producer: what it tries again comes once, and in
 * order. It is made anew only where it says that it is beyond repair. */

#include <librdkafka/rdkafka.h>
#include <string.h>

#include <clv/clv-error.h>

#include "gstclippublishlink.h"

#define WINDOW 500

/* How long an interruption may go unnoticed; what is acknowledged is told at once. */
#define TURN_MS 250

/* Until a broker answers. */
#define CONNECT_US (10 * G_USEC_PER_SEC)

typedef struct {
  GstClipPublishTransport parent;
  rd_kafka_conf_t *conf; /* to be copied */

  GMutex lock;    /* of what follows */
  rd_kafka_t *rk; /* NULL: not connected */
  gboolean broken;
  gboolean interrupted;
} Kafka;

static void
on_delivery (rd_kafka_t *rk, const rd_kafka_message_t *message, void *data)
{
  Kafka *self = data;
  const guint64 id = (guint64) (guintptr) message->_private;
  g_autoptr (GError) refused = NULL;

  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE: /* it is to be sent again */
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__FATAL:
      return;
    default:
      if (rd_kafka_fatal_error (rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
      g_set_error (&refused, CLV_ERROR, CLV_ERROR_FAILED, "topic \"%s\": %s",
          rd_kafka_topic_name (message->rkt), rd_kafka_err2str (message->err));
  }
  gst_clip_publish_link_done (self->parent.link, id, refused);
}

static void
on_error (rd_kafka_t *rk, int code, const char *reason, void *data)
{
  Kafka *self = data;

  switch (code) {
    case RD_KAFKA_RESP_ERR__FATAL:
      g_mutex_lock (&self->lock);
      self->broken = TRUE;
      g_mutex_unlock (&self->lock);
      break;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      gst_clip_publish_link_complain (
          self->parent.link, rd_kafka_err2str (code));
      break;
    default:
      break;
  }
}

static gboolean
is_over (Kafka *self, gboolean *ret_broken)
{
  gboolean over;

  g_mutex_lock (&self->lock);
  *ret_broken = self->broken;
  over = self->broken || self->interrupted;
  g_mutex_unlock (&self->lock);
  return over;
}

static gboolean
wait_for_broker (Kafka *self, rd_kafka_t *rk, GError **error)
{
  const gint64 end = g_get_monotonic_time () + CONNECT_US;
  rd_kafka_resp_err_t code;
  gboolean broken;

  do {
    const struct rd_kafka_metadata *metadata;

    code = rd_kafka_metadata (rk, 0, NULL, &metadata, TURN_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy (metadata);
      return TRUE;
    }
    rd_kafka_poll (rk, TURN_MS);
  } while (!is_over (self, &broken) && g_get_monotonic_time () < end);
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "cannot connect: no broker has answered: %s", rd_kafka_err2str (code));
  return FALSE;
}

static void
set_producer (Kafka *self, rd_kafka_t *rk)
{
  g_mutex_lock (&self->lock);
  self->rk = rk;
  g_mutex_unlock (&self->lock);
}

/* Until it is beyond repair (FALSE) or interrupted. */
static gboolean
serve (Kafka *self, rd_kafka_t *rk, GError **error)
{
  gboolean broken;
  gchar why[256] = "the queue of librdkafka is full";

  while (!is_over (self, &broken))
    rd_kafka_poll (rk, TURN_MS);
  if (!broken)
    return TRUE;
  rd_kafka_fatal_error (rk, why, sizeof (why));
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "begins anew: %s", why);
  return FALSE;
}

static gboolean
kafka_run (GstClipPublishTransport *transport, GError **error)
{
  Kafka *self = (Kafka *) transport;
  rd_kafka_conf_t *conf = rd_kafka_conf_dup (self->conf);
  gchar why[256] = "";
  rd_kafka_t *rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof (why));
  gboolean good = FALSE;

  if (rk == NULL) {
    rd_kafka_conf_destroy (conf);
    g_set_error (
        error, CLV_ERROR, CLV_ERROR_FAILED, "cannot be set up: %s", why);
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  self->broken = FALSE;
  g_mutex_unlock (&self->lock);
  if (wait_for_broker (self, rk, error)) {
    set_producer (self, rk);
    gst_clip_publish_link_up (transport->link);
    good = serve (self, rk, error);
    set_producer (self, NULL);
  }
  rd_kafka_purge (rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                          RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy (rk);
  return good;
}

/* What cannot be taken now comes again when a new producer is up. */
static GstClipPublishFate
kafka_send (GstClipPublishTransport *transport,
    const GstClipPublishMessage *message, guint64 id, GError **error)
{
  Kafka *self = (Kafka *) transport;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__FATAL;

  g_mutex_lock (&self->lock);
  if (self->rk != NULL)
    code = rd_kafka_producev (self->rk, RD_KAFKA_V_TOPIC (message->topic),
        RD_KAFKA_V_KEY (message->key, strlen (message->key)),
        RD_KAFKA_V_VALUE (message->payload, message->payload_size),
        RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE ((gpointer) (guintptr) id), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    self->broken = TRUE;
  g_mutex_unlock (&self->lock);

  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return GST_CLIP_PUBLISH_SENT;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return GST_CLIP_PUBLISH_NOT_NOW;
    default:
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "topic \"%s\": %s",
          message->topic, rd_kafka_err2str (code));
      return GST_CLIP_PUBLISH_NEVER;
  }
}

static void
kafka_interrupt (GstClipPublishTransport *transport, gboolean in_peace)
{
  Kafka *self = (Kafka *) transport;

  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  g_mutex_unlock (&self->lock);
}

static void
kafka_free (GstClipPublishTransport *transport)
{
  Kafka *self = (Kafka *) transport;

  rd_kafka_conf_destroy (self->conf);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The library's text may repeat the value, so that it is not shown. */
static gboolean
set (Kafka *self, const gchar *name, const gchar *value, const gchar *property,
    GError **error)
{
  if (value == NULL ||
      rd_kafka_conf_set (self->conf, name, value, NULL, 0) == RD_KAFKA_CONF_OK)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "property `%s`: librdkafka does not take it for %s", property, name);
  return FALSE;
}

static gboolean
configure (Kafka *self, const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, GError **error)
{
  const gboolean sasl = settings->user != NULL;
  const gchar *protocol = uri->tls ? (sasl ? "sasl_ssl" : "ssl")
                                   : (sasl ? "sasl_plaintext" : "plaintext");

  return set (self, "bootstrap.servers", uri->servers, "uri", error) &&
         set (self, "security.protocol", protocol, "uri", error) &&
         set (self, "client.id",
             settings->client_id != NULL ? settings->client_id : "clv",
             "client-id", error) &&
         set (self, "sasl.mechanism", sasl ? "PLAIN" : NULL, "user", error) &&
         set (self, "sasl.username", settings->user, "user", error) &&
         set (self, "sasl.password", settings->password, "password", error) &&
         set (self, "ssl.ca.location", settings->ca_file, "ca-file", error) &&
         set (self, "ssl.certificate.location", settings->cert_file,
             "cert-file", error) &&
         set (
             self, "ssl.key.location", settings->key_file, "key-file", error) &&
         set (self, "enable.idempotence", "true", "uri", error) &&
         set (self, "message.timeout.ms", "0", "uri", error);
}

GstClipPublishTransport *
gst_clip_publish_kafka_new (const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, GError **error)
{
  static const GstClipPublishTransportClass klass = { WINDOW, kafka_run,
    kafka_send, kafka_interrupt, kafka_free };
  Kafka *self = g_new0 (Kafka, 1);

  self->parent.klass = &klass;
  self->conf = rd_kafka_conf_new ();
  g_mutex_init (&self->lock);
  rd_kafka_conf_set_opaque (self->conf, self);
  rd_kafka_conf_set_log_cb (self->conf, NULL);
  rd_kafka_conf_set_error_cb (self->conf, on_error);
  rd_kafka_conf_set_dr_msg_cb (self->conf, on_delivery);
  if (configure (self, uri, settings, error))
    return &self->parent;
  kafka_free (&self->parent);
  return NULL;
}

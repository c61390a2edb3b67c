/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MQTT 3.1.1 with libmosquitto. A connection is a client of its own, so that nothing
 * of the one before is sent again by the library: what is sent again, and in which
 * order, is decided in one place. */

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <string.h>
#include <sys/select.h>

#include <clv/clv-error.h>

#include "gstclippublishlink.h"

/* As many as the library has under way by itself. */
#define WINDOW 20

/* A server that is silent for twice as long is lost. */
#define KEEPALIVE_S 15

/* Until a connection is accepted. */
#define CONNECT_US (10 * G_USEC_PER_SEC)

/* Until the server has been told that this is the end. */
#define GOODBYE_US (G_USEC_PER_SEC)

/* How long an interruption may go unnoticed; what is sent is, at once. */
#define TURN_MS 250

typedef struct {
  GstClipPublishTransport parent;
  gchar *host;
  gint port;
  gboolean tls;
  gint qos;
  gchar *client_id;
  gchar *user;
  gchar *password;
  gchar *ca_file;
  gchar *cert_file;
  gchar *key_file;
  gchar *availability;

  GMutex lock;            /* of what follows */
  struct mosquitto *mosq; /* NULL: not connected */
  GHashTable *sent;       /* library's number -> id */
  gboolean interrupted;
  gboolean in_peace;

  /* The link's thread. */
  gboolean ipv4; /* the next try; or whatever address comes first */
  gint answer;   /* to the CONNECT; -1: none yet */
  gchar *detail; /* what the library said of TLS */
} Mqtt;

static void
on_connect (struct mosquitto *mosq, void *data, int answer)
{
  ((Mqtt *) data)->answer = answer;
}

static void
on_publish (struct mosquitto *mosq, void *data, int number)
{
  Mqtt *self = data;
  gpointer id;
  gboolean known;

  g_mutex_lock (&self->lock);
  known = g_hash_table_steal_extended (
      self->sent, GINT_TO_POINTER (number), NULL, &id);
  g_mutex_unlock (&self->lock);
  if (!known)
    return;
  gst_clip_publish_link_done (self->parent.link, *(guint64 *) id, NULL);
  g_free (id);
}

/* "OpenSSL Error[0]: error:0A000086:…:certificate verify failed" */
static void
on_log (struct mosquitto *mosq, void *data, int level, const char *text)
{
  Mqtt *self = data;

  if (level != MOSQ_LOG_ERR || self->detail != NULL)
    return;
  self->detail = g_strdup (text);
}

static const gchar *
describe (int code)
{
  return code == MOSQ_ERR_ERRNO ? g_strerror (errno)
                                : mosquitto_strerror (code);
}

static gboolean
fail (Mqtt *self, const gchar *what, int code, GError **error)
{
  g_autofree gchar *why = g_strdup (describe (code));

  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "%s: %s%s%s%s", what, why,
      self->detail != NULL ? " (" : "",
      self->detail != NULL ? self->detail : "",
      self->detail != NULL ? ")" : "");
  return FALSE;
}

static int
set_tls (Mqtt *self, struct mosquitto *mosq)
{
  int code = MOSQ_ERR_SUCCESS;

  if (!self->tls)
    return code;
  if (self->ca_file == NULL)
    code = mosquitto_int_option (mosq, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  if (code == MOSQ_ERR_SUCCESS)
    code = mosquitto_tls_set (
        mosq, self->ca_file, NULL, self->cert_file, self->key_file, NULL);
  return code;
}

static struct mosquitto *
make_client (Mqtt *self, GError **error)
{
  struct mosquitto *mosq = mosquitto_new (self->client_id, true, self);
  int code = MOSQ_ERR_NOMEM;

  if (mosq == NULL) {
    fail (self, "no client", MOSQ_ERR_ERRNO, error);
    return NULL;
  }
  mosquitto_threaded_set (mosq, true);
  mosquitto_connect_callback_set (mosq, on_connect);
  mosquitto_publish_callback_set (mosq, on_publish);
  mosquitto_log_callback_set (mosq, on_log);
  mosquitto_max_inflight_messages_set (mosq, WINDOW);
  code = set_tls (self, mosq);
  if (code == MOSQ_ERR_SUCCESS && self->user != NULL)
    code = mosquitto_username_pw_set (mosq, self->user, self->password);
  if (code == MOSQ_ERR_SUCCESS && self->availability != NULL)
    code = mosquitto_will_set (mosq, self->availability, strlen ("offline"),
        "offline", self->qos, true);
  if (code == MOSQ_ERR_SUCCESS)
    return mosq;
  fail (self, "cannot be set up", code, error);
  mosquitto_destroy (mosq);
  return NULL;
}

static gboolean
is_interrupted (Mqtt *self)
{
  gboolean interrupted;

  g_mutex_lock (&self->lock);
  interrupted = self->interrupted;
  g_mutex_unlock (&self->lock);
  return interrupted;
}

/* FALSE where it was refused, lost or took too long, with a reason. */
static gboolean
wait_for_answer (Mqtt *self, struct mosquitto *mosq, GError **error)
{
  const gint64 end = g_get_monotonic_time () + CONNECT_US;
  int code = MOSQ_ERR_SUCCESS;

  while (self->answer < 0 && code == MOSQ_ERR_SUCCESS) {
    if (is_interrupted (self) || g_get_monotonic_time () >= end)
      break;
    code = mosquitto_loop (mosq, TURN_MS, 1);
  }
  if (self->answer == 0)
    return TRUE;
  if (self->answer > 0)
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "%s%s",
        mosquitto_connack_string (self->answer),
        self->answer == CONNACK_REFUSED_BAD_USERNAME_PASSWORD ||
                self->answer == CONNACK_REFUSED_NOT_AUTHORIZED
            ? " See the properties `user` and `password`."
            : "");
  else if (code != MOSQ_ERR_SUCCESS)
    fail (self, self->tls ? "cannot connect with TLS" : "cannot connect", code,
        error);
  else
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "cannot connect: the server has not answered for %d s",
        (gint) (CONNECT_US / G_USEC_PER_SEC));
  return FALSE;
}

/* The socket is waited for with select(). */
static gboolean
check_socket (struct mosquitto *mosq, GError **error)
{
  if (mosquitto_socket (mosq) < FD_SETSIZE)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "wanted less than %d open files in this process, found more", FD_SETSIZE);
  return FALSE;
}

/* From now on NULL, or a client that is connected. */
static void
set_client (Mqtt *self, struct mosquitto *mosq)
{
  g_mutex_lock (&self->lock);
  self->mosq = mosq;
  g_hash_table_remove_all (self->sent);
  g_mutex_unlock (&self->lock);
}

/* Until it is lost (FALSE) or interrupted. */
static gboolean
serve (Mqtt *self, struct mosquitto *mosq, GError **error)
{
  int code = MOSQ_ERR_SUCCESS;

  while (code == MOSQ_ERR_SUCCESS && !is_interrupted (self))
    code = mosquitto_loop (mosq, TURN_MS, 1);
  if (code == MOSQ_ERR_SUCCESS)
    return TRUE;
  return fail (self, "the connection is lost", code, error);
}

/* Otherwise the server would tell the last will. */
static void
say_goodbye (Mqtt *self, struct mosquitto *mosq)
{
  const gint64 end = g_get_monotonic_time () + GOODBYE_US;
  gboolean in_peace;

  g_mutex_lock (&self->lock);
  in_peace = self->in_peace;
  g_mutex_unlock (&self->lock);
  if (!in_peace || mosquitto_disconnect (mosq) != MOSQ_ERR_SUCCESS)
    return;
  while (g_get_monotonic_time () < end &&
         mosquitto_loop (mosq, TURN_MS, 1) == MOSQ_ERR_SUCCESS &&
         mosquitto_socket (mosq) >= 0)
    ;
}

static gboolean
mqtt_run (GstClipPublishTransport *transport, GError **error)
{
  Mqtt *self = (Mqtt *) transport;
  struct mosquitto *mosq = make_client (self, error);
  gboolean good = FALSE;
  int code;

  if (mosq == NULL)
    return FALSE;
  self->answer = -1;
  g_clear_pointer (&self->detail, g_free);
  /* Looks a name up, but does not wait for the connection. It knows by then only
   * that of the first address; a local one of IPv4 leaves out those of IPv6. */
  code = mosquitto_connect_bind_async (
      mosq, self->host, self->port, KEEPALIVE_S, self->ipv4 ? "0.0.0.0" : NULL);
  if (code != MOSQ_ERR_SUCCESS)
    fail (self, "cannot connect", code, error);
  else if (check_socket (mosq, error) && wait_for_answer (self, mosq, error)) {
    set_client (self, mosq);
    gst_clip_publish_link_up (transport->link);
    good = serve (self, mosq, error);
    set_client (self, NULL);
    if (good)
      say_goodbye (self, mosq);
  }
  /* A server may be reached by one of a name's two families only. */
  if (self->answer < 0)
    self->ipv4 = !self->ipv4;
  mosquitto_destroy (mosq);
  return good;
}

static GstClipPublishFate
mqtt_send (GstClipPublishTransport *transport,
    const GstClipPublishMessage *message, guint64 id, GError **error)
{
  Mqtt *self = (Mqtt *) transport;
  int number, code = MOSQ_ERR_NO_CONN;

  g_mutex_lock (&self->lock);
  if (self->mosq != NULL)
    code = mosquitto_publish (self->mosq, &number, message->topic,
        (gint) message->payload_size, message->payload, self->qos,
        message->retain);
  /* The answer waits for the lock. */
  if (code == MOSQ_ERR_SUCCESS)
    g_hash_table_replace (
        self->sent, GINT_TO_POINTER (number), g_memdup2 (&id, sizeof (id)));
  g_mutex_unlock (&self->lock);

  switch (code) {
    case MOSQ_ERR_SUCCESS:
      return GST_CLIP_PUBLISH_SENT;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_OVERSIZE_PACKET:
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "topic \"%s\": %s",
          message->topic, mosquitto_strerror (code));
      return GST_CLIP_PUBLISH_NEVER;
    default:
      return GST_CLIP_PUBLISH_NOT_NOW;
  }
}

static void
mqtt_interrupt (GstClipPublishTransport *transport, gboolean in_peace)
{
  Mqtt *self = (Mqtt *) transport;

  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  self->in_peace = in_peace;
  g_mutex_unlock (&self->lock);
}

static void
mqtt_free (GstClipPublishTransport *transport)
{
  Mqtt *self = (Mqtt *) transport;

  g_hash_table_unref (self->sent);
  g_mutex_clear (&self->lock);
  g_free (self->host);
  g_free (self->client_id);
  g_free (self->user);
  g_free (self->password);
  g_free (self->ca_file);
  g_free (self->cert_file);
  g_free (self->key_file);
  g_free (self->availability);
  g_free (self->detail);
  g_free (self);
}

GstClipPublishTransport *
gst_clip_publish_mqtt_new (const GstClipPublishUri *uri,
    const GstClipPublishSettings *settings, const gchar *availability,
    GError **error)
{
  static const GstClipPublishTransportClass klass = { WINDOW, mqtt_run,
    mqtt_send, mqtt_interrupt, mqtt_free };
  static gsize ready = 0;
  Mqtt *self = g_new0 (Mqtt, 1);
  struct mosquitto *trial;

  if (g_once_init_enter (&ready)) {
    mosquitto_lib_init ();
    g_once_init_leave (&ready, 1);
  }
  self->parent.klass = &klass;
  self->host = g_strdup (uri->host);
  self->port = (gint) uri->port;
  self->tls = uri->tls;
  self->qos = (gint) settings->mqtt_qos;
  self->client_id = g_strdup (settings->client_id);
  self->user = g_strdup (settings->user);
  self->password = g_strdup (settings->password);
  self->ca_file = g_strdup (settings->ca_file);
  self->cert_file = g_strdup (settings->cert_file);
  self->key_file = g_strdup (settings->key_file);
  self->availability = g_strdup (availability);
  self->sent = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_mutex_init (&self->lock);

  /* What the library does not like of the settings is told at the start. */
  trial = make_client (self, error);
  if (trial == NULL) {
    mqtt_free (&self->parent);
    return NULL;
  }
  mosquitto_destroy (trial);
  return &self->parent;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishtopic.h"

#include <string.h>

#include <clv/clv-error.h>

/* MQTT 3.1.1, 1.5.3: two bytes say how long a string is. */
#define MAX_MQTT 65535
/* org.apache.kafka.common.internals.Topic, as are the characters. */
#define MAX_KAFKA 249

/* The name that a variable stands for; NULL where there is none such. `end`:
 * behind it. */
static const gchar *
find_name (
    const gchar *text, const GstClipPublishNames *names, const gchar **ret_end)
{
  const struct {
    const gchar *variable, *name;
  } all[] = {
    { "{source}", names->source },
    { "{host}", names->host },
    { "{group}", names->group },
    { "{label}", names->label },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (g_str_has_prefix (text, all[i].variable)) {
      *ret_end = text + strlen (all[i].variable);
      return all[i].name;
    }
  return NULL;
}

static gboolean
is_kafka (gchar c)
{
  return g_ascii_isalnum (c) || c == '.' || c == '_' || c == '-';
}

static void
append_mqtt (GString *topic, const gchar *name)
{
  g_autofree gchar *valid = g_utf8_make_valid (name, -1);

  for (const gchar *c = valid; *c != '\0'; c++)
    if (strchr ("+#/$%", *c) != NULL || g_ascii_iscntrl (*c))
      g_string_append_printf (topic, "%%%02X", (guchar) *c);
    else
      g_string_append_c (topic, *c);
}

static void
append_kafka (GString *topic, const gchar *name)
{
  for (const gchar *c = name; *c != '\0'; c = g_utf8_next_char (c))
    g_string_append_c (topic, is_kafka (*c) ? *c : '_');
}

gchar *
gst_clip_publish_topic_expand (const gchar *template, GstClipPublishKind kind,
    const GstClipPublishNames *names)
{
  const gboolean kafka = kind == GST_CLIP_PUBLISH_KAFKA;
  GString *topic = g_string_new (NULL);
  const gchar *c = template;

  while (*c != '\0') {
    const gchar *end = c + 1;
    const gchar *name = *c == '{' ? find_name (c, names, &end) : NULL;

    if (name == NULL)
      g_string_append_len (topic, c, end - c);
    else if (kafka)
      append_kafka (topic, name);
    else
      append_mqtt (topic, name);
    c = end;
  }
  if (topic->len > (kafka ? MAX_KAFKA : MAX_MQTT)) {
    g_string_truncate (topic, kafka ? MAX_KAFKA : MAX_MQTT);
    while (!g_utf8_validate (topic->str, (gssize) topic->len, NULL))
      g_string_truncate (topic, topic->len - 1);
  }
  return g_string_free (topic, FALSE);
}

static gboolean
fail (const gchar *property, const gchar *wanted, const gchar *found,
    GError **error)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "property `%s`: wanted %s, found \"%s\"", property, wanted, found);
  return FALSE;
}

static gboolean
check_names (const gchar *property, const gchar *template, gboolean of_labels,
    GError **error)
{
  const gchar *of = of_labels ? "label" : NULL;
  const GstClipPublishNames names = { "source", "host", of, of };

  for (const gchar *c = strpbrk (template, "{}"); c != NULL;
       c = strpbrk (c, "{}"))
    if (find_name (c, &names, &c) == NULL)
      return fail (property,
          of_labels
              ? "only {source}, {host}, {group} and {label} in braces"
              : "only {source} and {host} in braces, as it is not of a label",
          template, error);
  return TRUE;
}

gboolean
gst_clip_publish_topic_check (const gchar *property, const gchar *template,
    GstClipPublishKind kind, gboolean of_labels, GError **error)
{
  const GstClipPublishNames names = { "s", "h", "g", "l" };
  g_autofree gchar *topic = NULL;

  if (!g_utf8_validate (template, -1, NULL))
    return fail (property, "UTF-8", "something else", error);
  if (!check_names (property, template, of_labels, error))
    return FALSE;
  topic = gst_clip_publish_topic_expand (template, kind, &names);
  if (*topic == '\0')
    return fail (property, "a topic", template, error);
  if (kind == GST_CLIP_PUBLISH_MQTT)
    return strpbrk (topic, "+#") == NULL ||
           fail (property, "a topic of MQTT, without + and #", template, error);
  for (const gchar *c = topic; *c != '\0'; c++)
    if (!is_kafka (*c))
      return fail (property,
          "a topic of Kafka, with no other characters than A-Z a-z 0-9 . _ -",
          template, error);
  return TRUE;
}

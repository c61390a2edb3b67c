/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-prompts-reader.h"

#include <clv/clv-error.h>

#include "clv-prompts-json.h"

gboolean
clv_reader_fail (
    ClvPromptsReader *self, const gchar *path, const gchar *format, ...)
{
  g_autofree gchar *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (self->error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: %s: %s",
      self->file, path, message);
  return FALSE;
}

gboolean
clv_reader_fail_found (ClvPromptsReader *self, const gchar *path,
    const gchar *wanted, JsonNode *node)
{
  g_autofree gchar *found = clv_prompts_json_describe (node);

  return clv_reader_fail (self, path, "wanted %s, found %s", wanted, found);
}

gboolean
clv_reader_check_keys (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *const *keys)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; l != NULL; l = l->next) {
    g_autofree gchar *known = NULL;
    g_autofree gchar *key = NULL;

    if (g_strv_contains (keys, l->data))
      continue;
    known = g_strjoinv (", ", (gchar **) keys);
    key = clv_prompts_json_shorten (l->data);
    return clv_reader_fail (
        self, path, "wanted only the keys %s, found \"%s\"", known, key);
  }
  return TRUE;
}

JsonObject *
clv_reader_get_object (ClvPromptsReader *self, JsonNode *node,
    const gchar *path, const gchar *wanted, const gchar *const *keys)
{
  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    clv_reader_fail_found (self, path, wanted, node);
    return NULL;
  }
  if (!clv_reader_check_keys (self, json_node_get_object (node), path, keys))
    return NULL;
  return json_node_get_object (node);
}

gchar *
clv_reader_get_text (ClvPromptsReader *self, JsonNode *node, const gchar *path,
    const gchar *wanted)
{
  g_autofree gchar *text = NULL;

  if (!JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING) {
    clv_reader_fail_found (self, path, wanted, node);
    return NULL;
  }
  text = g_strstrip (json_node_dup_string (node));
  if (*text == '\0') {
    clv_reader_fail (self, path, "wanted %s, found no text in it", wanted);
    return NULL;
  }
  return g_steal_pointer (&text);
}

GPtrArray *
clv_reader_get_texts (ClvPromptsReader *self, JsonNode *node, const gchar *path)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    gchar *text = clv_reader_get_text (
        self, node, path, "a string or an array of strings");

    if (text == NULL)
      return NULL;
    g_ptr_array_add (texts, text);
    return g_steal_pointer (&texts);
  }
  array = json_node_get_array (node);
  if (json_array_get_length (array) == 0) {
    clv_reader_fail (
        self, path, "wanted at least one string, found an empty array");
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    g_autofree gchar *at = g_strdup_printf ("%s[%u]", path, i);
    gchar *text = clv_reader_get_text (
        self, json_array_get_element (array, i), at, "a string");

    if (text == NULL)
      return NULL;
    g_ptr_array_add (texts, text);
  }
  return g_steal_pointer (&texts);
}

gboolean
clv_reader_get_number (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key, gdouble low, gdouble high,
    gdouble *value)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  g_autofree gchar *wanted = NULL;
  JsonNode *node = json_object_get_member (object, key);
  gdouble number;

  if (node == NULL)
    return TRUE;
  wanted = g_strdup_printf ("a number from %g to %g", low, high);
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return clv_reader_fail_found (self, at, wanted, node);
  number = json_node_get_double (node);
  if (!(number >= low && number <= high))
    return clv_reader_fail_found (self, at, wanted, node);
  *value = number;
  return TRUE;
}

/* "a", "b" or "c" */
static gchar *
list_words (const gchar *const *words)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (list, "%s\"%s\"",
        i == 0                 ? ""
        : words[i + 1] == NULL ? " or "
                               : ", ",
        words[i]);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

gboolean
clv_reader_get_word (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key, const gchar *const *words,
    guint *index)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  g_autofree gchar *wanted = list_words (words);
  g_autofree gchar *word = NULL;
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  word = clv_reader_get_text (self, node, at, wanted);
  if (word == NULL)
    return FALSE;
  for (guint i = 0; words[i] != NULL; i++) {
    if (g_str_equal (word, words[i])) {
      *index = i;
      return TRUE;
    }
  }
  return clv_reader_fail_found (self, at, wanted, node);
}

JsonArray *
clv_reader_get_array (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    clv_reader_fail (self, path, "wanted the key \"%s\", found none", key);
  else if (!JSON_NODE_HOLDS_ARRAY (node))
    clv_reader_fail_found (self, at, "an array", node);
  else if (json_array_get_length (json_node_get_array (node)) == 0)
    clv_reader_fail (
        self, at, "wanted at least one element, found an empty array");
  else
    return json_node_get_array (node);
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-json.h"

#include <string.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"

#define MAX_DEPTH 64

/* Vocabularies are the largest; those of a quarter million tokens have 35 MB. */
#define MAX_BYTES (256 << 20)

/* What the parser does not notice: it recurses into brackets, whose match is for
 * the parser, and a string ends where it has a zero. */
static gboolean
check_text (
    const gchar *data, gsize size, const gchar *file_name, GError **error)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < size; i++) {
    gchar c = data[i];

    if (in_string) {
      if (c == '\\' && size - i > 5 && memcmp (data + i, "\\u0000", 6) == 0) {
        g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
            "%s: a string holds \\u0000 at byte %" G_GSIZE_FORMAT, file_name,
            i);
        return FALSE;
      }
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = FALSE;
    } else if (c == '"') {
      in_string = TRUE;
    } else if (c == '{' || c == '[') {
      if (++depth > MAX_DEPTH) {
        g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
            "%s: JSON is nested deeper than %u at byte %" G_GSIZE_FORMAT,
            file_name, MAX_DEPTH, i);
        return FALSE;
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return TRUE;
}

/* The parser reports each member it sets; an object that ends with fewer
 * members than were reported had one of them twice. */
typedef struct {
  GHashTable *counts; /* JsonObject → members reported */
  gchar *duplicate;   /* a key of the first such object */
} DuplicateCheck;

static void
object_member (JsonParser *parser, JsonObject *object, const gchar *key,
    DuplicateCheck *check)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (check->counts, object)) + 1;

  g_hash_table_insert (check->counts, object, GUINT_TO_POINTER (n));
  if (check->duplicate == NULL && n > json_object_get_size (object))
    check->duplicate = g_strdup (key);
}

static void
object_end (JsonParser *parser, JsonObject *object, DuplicateCheck *check)
{
  g_hash_table_remove (check->counts, object);
}

static gboolean
parse (JsonParser *parser, const gchar *data, gsize size,
    const gchar *file_name, GError **error)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  DuplicateCheck check = { .counts = counts };
  g_autoptr (GError) cause = NULL;

  g_signal_connect (
      parser, "object-member", G_CALLBACK (object_member), &check);
  g_signal_connect (parser, "object-end", G_CALLBACK (object_end), &check);
  if (!json_parser_load_from_data (parser, data, size, &cause)) {
    g_free (check.duplicate);
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: not JSON: %s",
        file_name, cause->message);
    return FALSE;
  }
  if (check.duplicate != NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the key \"%s\" comes twice in one object", file_name,
        check.duplicate);
    g_free (check.duplicate);
    return FALSE;
  }
  return TRUE;
}

JsonNode *
clv_json_parse_any (
    const gchar *data, gsize size, const gchar *file_name, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (size > G_MAXSSIZE || !g_utf8_validate_len (data, size, NULL)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: not JSON: not UTF-8 text", file_name);
    return NULL;
  }
  if (!check_text (data, size, file_name, error) ||
      !parse (parser, data, size, file_name, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $: wanted a value, found nothing", file_name);
    return NULL;
  }
  return json_node_ref (root);
}

JsonObject *
clv_json_parse (
    const gchar *data, gsize size, const gchar *file_name, GError **error)
{
  g_autoptr (JsonNode) root = clv_json_parse_any (data, size, file_name, error);

  if (root == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $: wanted an object, found %s", file_name,
        clv_json_type_name (root));
    return NULL;
  }
  return json_object_ref (json_node_get_object (root));
}

JsonObject *
clv_json_read (const gchar *path, GError **error)
{
  g_autoptr (GByteArray) data = clv_check_plain_file (path, error)
                                    ? clv_read_file (path, MAX_BYTES, error)
                                    : NULL;

  return data != NULL ? clv_json_parse (
                            (const gchar *) data->data, data->len, path, error)
                      : NULL;
}

const gchar *
clv_json_type_name (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return "an object";
  if (JSON_NODE_HOLDS_ARRAY (node))
    return "an array";
  if (JSON_NODE_HOLDS_NULL (node))
    return "null";
  switch (json_node_get_value_type (node)) {
    case G_TYPE_INT64:
      return "an integer";
    case G_TYPE_DOUBLE:
      return "a fraction";
    case G_TYPE_BOOLEAN:
      return "a boolean";
    default:
      return "a string";
  }
}

void
clv_json_set_wrong_type (const ClvJsonPlace *place, const gchar *key,
    const gchar *wanted, JsonNode *found, GError **error)
{
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: %s.%s: wanted %s, found %s", place->file_name, place->json_path, key,
      wanted, clv_json_type_name (found));
}

JsonNode *
clv_json_get_member (const ClvJsonPlace *place, const gchar *key)
{
  JsonNode *node = place->object != NULL
                       ? json_object_get_member (place->object, key)
                       : NULL;

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

/* The member if it is a plain value of the type; NULL with *ret_ok = TRUE where
 * it is left out. */
static JsonNode *
get_value (const ClvJsonPlace *place, const gchar *key, GType type,
    const gchar *wanted, gboolean *ret_ok, GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);

  *ret_ok = TRUE;
  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node)) {
    GType found = json_node_get_value_type (node);

    if (found == type || (type == G_TYPE_DOUBLE && found == G_TYPE_INT64))
      return node;
  }
  *ret_ok = FALSE;
  clv_json_set_wrong_type (place, key, wanted, node, error);
  return NULL;
}

gboolean
clv_json_get_uint (const ClvJsonPlace *place, const gchar *key, guint min,
    guint max, guint *value, GError **error)
{
  gboolean ok;
  JsonNode *node =
      get_value (place, key, G_TYPE_INT64, "an integer", &ok, error);
  gint64 number;

  if (node == NULL)
    return ok;
  number = json_node_get_int (node);
  if (number < min || number > max) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.%s: wanted %u to %u, found %" G_GINT64_FORMAT, place->file_name,
        place->json_path, key, min, max, number);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

gboolean
clv_json_get_number (const ClvJsonPlace *place, const gchar *key, gdouble min,
    gdouble max, gdouble *value, GError **error)
{
  gboolean ok;
  JsonNode *node =
      get_value (place, key, G_TYPE_DOUBLE, "a number", &ok, error);
  gdouble number;

  if (node == NULL)
    return ok;
  number = json_node_get_double (node);
  if (!(number >= min && number <= max)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.%s: wanted %g to %g, found %g", place->file_name,
        place->json_path, key, min, max, number);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

gboolean
clv_json_get_boolean (const ClvJsonPlace *place, const gchar *key,
    gboolean *value, GError **error)
{
  gboolean ok;
  JsonNode *node =
      get_value (place, key, G_TYPE_BOOLEAN, "a boolean", &ok, error);

  if (node != NULL)
    *value = json_node_get_boolean (node);
  return ok;
}

gboolean
clv_json_get_string (const ClvJsonPlace *place, const gchar *key,
    const gchar **value, GError **error)
{
  gboolean ok;
  JsonNode *node =
      get_value (place, key, G_TYPE_STRING, "a string", &ok, error);

  if (node != NULL)
    *value = json_node_get_string (node);
  return ok;
}

gboolean
clv_json_get_object (const ClvJsonPlace *place, const gchar *key,
    JsonObject **value, GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    clv_json_set_wrong_type (place, key, "an object", node, error);
    return FALSE;
  }
  *value = json_node_get_object (node);
  return TRUE;
}

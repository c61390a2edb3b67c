/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-prompts-json.h"

#include <clv/clv-error.h>
#include <string.h>

#include "base/clv-read-file.h"
#include "text/clv-json.h"

#define SHOWN_CHARACTERS 60

static gboolean
fail_at (const gchar *path, guint line, const gchar *message, GError **error)
{
  g_set_error (
      error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s:%u: %s", path, line, message);
  return FALSE;
}

/* The parser takes comments, single quotes and whatever follows the root, which
 * JSON has not, and wraps large integers: in a file that a person writes these
 * are mistakes to speak about. */
static gboolean
check_shape (const gchar *path, const gchar *text, gsize size, GError **error)
{
  gboolean in_string = FALSE, ended = FALSE;
  guint depth = 0, line = 1;
  gint digits = 0;

  for (gsize i = 0; i < size; i++) {
    gchar c = text[i];

    if (c == '\n')
      line++;
    if (ended && !g_ascii_isspace (c))
      return fail_at (
          path, line, "wanted the end of the file, found more", error);
    if (!g_ascii_isdigit (c))
      digits = c == '.' ? -1000 : 0;
    else if (!in_string && ++digits > 18)
      return fail_at (
          path, line, "wanted a number, found more than 18 digits", error);
    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = FALSE;
    } else if (c == '"') {
      in_string = TRUE;
    } else if (c == '[' || c == '{') {
      depth++;
    } else if (c == ']' || c == '}') {
      depth -= depth > 0;
      ended = depth == 0;
    } else if (c == '/' || c == '#' || c == '\'' || c == '\0') {
      return fail_at (path, line,
          c == '\0' ? "wanted JSON, found a zero byte"
                    : "wanted JSON, which has no comments and only double "
                      "quotes, found something else",
          error);
    }
  }
  return TRUE;
}

JsonObject *
clv_prompts_json_load (const gchar *path, GError **error)
{
  g_autoptr (GByteArray) bytes =
      clv_read_file (path, CLV_PROMPTS_MAX_FILE, error);
  const gchar *text, *bad;
  gsize size;
  guint line = 1;

  if (bytes == NULL)
    return NULL;
  g_byte_array_append (bytes, (const guint8 *) "", 1); /* never NULL */
  text = (const gchar *) bytes->data;
  size = bytes->len - 1;
  if (size >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0) {
    text += 3; /* a byte order mark */
    size -= 3;
  }
  if (!g_utf8_validate_len (text, size, &bad) && *bad != '\0') {
    for (const gchar *p = text; p < bad; p++)
      line += *p == '\n';
    fail_at (path, line, "wanted UTF-8, found other bytes", error);
    return NULL;
  }
  if (strspn (text, " \t\r\n") == size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a JSON object, found an empty file", path);
    return NULL;
  }
  if (!check_shape (path, text, size, error))
    return NULL;
  return clv_json_parse (text, size, path, error);
}

gchar *
clv_prompts_json_shorten (const gchar *text)
{
  g_autofree gchar *start = NULL;

  if (g_utf8_strlen (text, -1) <= SHOWN_CHARACTERS)
    return g_strdup (text);
  start = g_utf8_substring (text, 0, SHOWN_CHARACTERS);
  return g_strconcat (start, "…", NULL);
}

gchar *
clv_prompts_json_describe (JsonNode *node)
{
  g_autofree gchar *text = NULL;

  if (JSON_NODE_HOLDS_NULL (node))
    return g_strdup ("null");
  if (JSON_NODE_HOLDS_OBJECT (node))
    return g_strdup ("an object");
  if (JSON_NODE_HOLDS_ARRAY (node))
    return g_strdup ("an array");
  if (json_node_get_value_type (node) == G_TYPE_STRING) {
    text = clv_prompts_json_shorten (json_node_get_string (node));
    return g_strdup_printf ("\"%s\"", text);
  }
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? "true" : "false");
  return g_strdup_printf ("%g", json_node_get_double (node));
}

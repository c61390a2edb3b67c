/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-tool.h"

#include <stdio.h>
#include <string.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "text/clv-json.h"

/* Of a file of phrases. */
#define MAX_BYTES (64 << 20)

static guint
count_separators (gchar **words)
{
  guint n = 0;

  for (guint i = 0; words[i] != NULL; i++)
    n += strcmp (words[i], "--") == 0;
  return n;
}

/* GOption leaves the first one where something with a - in front follows. */
static void
drop_separator (gchar **words, gchar **given)
{
  guint i = 0;

  if (count_separators (words) == 0 ||
      count_separators (words) < count_separators (given))
    return;
  while (strcmp (words[i], "--") != 0)
    i++;
  g_free (words[i]);
  for (; words[i] != NULL; i++)
    words[i] = words[i + 1];
}

gboolean
tool_parse (const ToolUsage *usage, const GOptionEntry *entries, int argc,
    gchar **argv, gchar ***ret_rest)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (usage->arguments);
  g_autofree gchar *prgname = g_strdup_printf ("clv %s", usage->name);
  g_auto (GStrv) args = g_new0 (gchar *, argc + 1);

  for (int i = 0; i < argc; i++)
    args[i] = g_strdup (argv[i]);

  /* The help's first line shows it. */
  g_set_prgname (prgname);
  g_option_context_set_summary (context, usage->summary);
  g_option_context_set_description (context, usage->description);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse_strv (context, &args, &error)) {
    tool_usage_error (usage->name, "%s", error->message);
    return FALSE;
  }
  drop_separator (args, argv);
  *ret_rest = g_strdupv (args + 1);
  return TRUE;
}

gchar *
tool_printable (const gchar *text)
{
  GString *out = g_string_new (NULL);

  for (const guint8 *c = (const guint8 *) text; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (out, "\\n");
    else if (*c == '\t')
      g_string_append (out, "\\t");
    else if (*c < 0x20 || *c == 0x7f)
      g_string_append_printf (out, "\\x%02x", *c);
    else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
      g_string_append_printf (out, "\\u%04x", *++c);
    else
      g_string_append_c (out, (gchar) *c);
  return g_string_free (out, FALSE);
}

/* "clv: MESSAGE", or "clv NAME: MESSAGE". */
static void
print_message (const gchar *name, const gchar *format, va_list args)
{
  g_autofree gchar *message = g_strdup_vprintf (format, args);
  g_autofree gchar *printable = tool_printable (message);

  fprintf (stderr, "clv%s%s: %s\n", name != NULL ? " " : "",
      name != NULL ? name : "", printable);
}

int
tool_usage_error (const gchar *name, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  print_message (name, format, args);
  va_end (args);
  fprintf (stderr, "Try 'clv %s --help'.\n", name);
  return TOOL_USAGE;
}

int
tool_fail (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  print_message (NULL, format, args);
  va_end (args);
  return TOOL_FAILED;
}

int
tool_parse_precision (
    const gchar *name, const gchar *word, ClvPrecision *ret_precision)
{
  static const struct {
    const gchar *word;
    ClvPrecision precision;
  } words[] = {
    { "auto", CLV_PRECISION_AUTO },
    { "fp32", CLV_PRECISION_FP32 },
    { "fp16", CLV_PRECISION_FP16 },
  };

  if (word == NULL)
    return TOOL_OK;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (word, words[i].word) == 0) {
      *ret_precision = words[i].precision;
      return TOOL_OK;
    }
  return tool_usage_error (
      name, "--precision: wanted auto, fp32 or fp16, found '%s'", word);
}

static GByteArray *
read_stdin (GError **error)
{
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (fileno (stdin));
  gchar *data = NULL;
  gsize size;

  if (g_io_channel_set_encoding (input, NULL, error) != G_IO_STATUS_NORMAL ||
      g_io_channel_read_to_end (input, &data, &size, error) !=
          G_IO_STATUS_NORMAL)
    return NULL;
  return g_byte_array_new_take ((guint8 *) data, size);
}

GStrv
tool_read_strings (const gchar *path, GError **error)
{
  const gboolean from_stdin = strcmp (path, "-") == 0;
  const gchar *name = from_stdin ? "standard input" : path;
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) data =
      from_stdin ? read_stdin (error) : clv_read_file (path, MAX_BYTES, error);
  g_autoptr (JsonNode) root = NULL;
  JsonArray *array;

  if (data == NULL)
    return NULL;
  root =
      clv_json_parse_any ((const gchar *) data->data, data->len, name, error);
  if (root == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_ARRAY (root)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $: wanted an array of strings, found %s", name,
        clv_json_type_name (root));
    return NULL;
  }
  array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (json_node_get_value_type (node) != G_TYPE_STRING) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: $[%u]: wanted a string, found %s", name, i,
          clv_json_type_name (node));
      return NULL;
    }
    g_ptr_array_add (strings, g_strdup (json_node_get_string (node)));
  }
  g_ptr_array_add (strings, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&strings), FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "html-page.h"

#include <gio/gio.h>
#include <string.h>

#include "clv-html-resources.h"
#include "plugin/gstclipjson.h"

static GBytes *
load (const gchar *name)
{
  g_autofree gchar *path = g_strconcat ("/clv/html/", name, NULL);

  /* It is in the program. */
  return g_resource_lookup_data (
      clv_html_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static void
write_part (FILE *out, const gchar *name)
{
  g_autoptr (GBytes) bytes = load (name);
  gsize size;
  gconstpointer text = g_bytes_get_data (bytes, &size);

  fwrite (text, 1, size, out);
}

/* "<" is only ever within strings of JSON, and \u003c is the same there; so no
 * text can end the script element, or begin a comment in it (HTML, 4.12.1.3). */
static void
write_data (FILE *out, JsonNode *data)
{
  g_autofree gchar *text = json_to_string (data, FALSE);

  for (const gchar *c = text; *c != '\0'; c++)
    if (*c == '<')
      fputs ("\\u003c", out);
    else
      fputc (*c, out);
}

void
html_page_write (FILE *out, const gchar *script, JsonNode *data)
{
  g_autoptr (GBytes) bytes = load ("page.html");
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  g_autofree gchar *page = g_strndup (text, size);
  g_auto (GStrv) parts = g_strsplit (page, "@", -1);

  /* Between two @ is the name of what comes there. */
  for (guint i = 0; parts[i] != NULL; i++) {
    if (strcmp (parts[i], "STYLE") == 0)
      write_part (out, "page.css");
    else if (strcmp (parts[i], "DATA") == 0)
      write_data (out, data);
    else if (strcmp (parts[i], "SCRIPT") == 0) {
      write_part (out, "page.js");
      write_part (out, script);
    } else
      fputs (parts[i], out);
  }
}

void
html_page_add_media (JsonBuilder *builder, const gchar *location)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (location);
  g_autofree gchar *uri = g_file_get_uri (file);

  gst_clip_json_add_text (builder, "name", location);
  gst_clip_json_add_text (builder, "uri", uri);
}

void
html_page_add_picture (JsonBuilder *builder, GBytes *jpeg)
{
  g_autofree gchar *text = NULL;
  gsize size;
  gconstpointer data;

  json_builder_set_member_name (builder, "picture");
  if (jpeg == NULL) {
    json_builder_add_null_value (builder);
    return;
  }
  data = g_bytes_get_data (jpeg, &size);
  text = g_base64_encode (data, size);
  json_builder_add_string_value (builder, text);
}

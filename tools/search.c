/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv search: finds moments of an index by a sentence or a picture. */

#include "clv-tool.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "media.h"
#include "output.h"
#include "search-output.h"
#include "search-query.h"

/* The command line. */
typedef struct {
  gchar *db;
  gchar *model;
  gchar *device;
  gchar *precision;
  gchar *after;
  gchar *before;
  gchar *media;
  gchar *format;
  gchar *output;
  gchar *thumbnails;
  GStrv images;
  GStrv nots;
  gint top;
  GStrv text;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->db);
  g_free (self->model);
  g_free (self->device);
  g_free (self->precision);
  g_free (self->after);
  g_free (self->before);
  g_free (self->media);
  g_free (self->format);
  g_free (self->output);
  g_free (self->thumbnails);
  g_strfreev (self->images);
  g_strfreev (self->nots);
  g_strfreev (self->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const ToolUsage search_usage = { "search", "\"A SENTENCE\"",
  "Finds the moments of an index that are most like a sentence or a picture.",
  "Formats:\n"
  "  table  for people (default)\n"
  "  json   one object with all hits\n"
  "  html   a page with the hits' pictures, and the player at a click\n\n"
  "Something is always most alike: look at the scores before you trust a "
  "hit.\n\n"
  "Examples:\n"
  "  clv search \"a red car at night\"\n"
  "  clv search \"a dog\" --not \"a dog in snow\" --media '*/2024/*' --top 3\n"
  "  clv search --image bicycle.jpg --after 1:30:00 --format json\n"
  "  clv search \"a dog\" --format html --output dogs.html\n" };

static gboolean
parse_options (Options *o, int argc, gchar **argv)
{
  const GOptionEntry entries[] = {
    { "db", 0, 0, G_OPTION_ARG_FILENAME, &o->db,
        "the index, a file or postgresql://… (default: the user's own)",
        "INDEX" },
    { "image", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->images,
        "a picture of what is looked for; may come several times, and with a "
        "sentence",
        "PICTURE" },
    { "not", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->nots,
        "what is not looked for; may come several times", "\"A SENTENCE\"" },
    { "top", 'n', 0, G_OPTION_ARG_INT, &o->top,
        "at most so many hits (default: 10)", "N" },
    { "media", 0, 0, G_OPTION_ARG_FILENAME, &o->media,
        "only media with such a path or URI; * and ? stand for any text and "
        "any character",
        "PATTERN" },
    { "after", 0, 0, G_OPTION_ARG_FILENAME, &o->after,
        "only from this time of a media on: seconds, M:S or H:M:S", "TIME" },
    { "before", 0, 0, G_OPTION_ARG_FILENAME, &o->before,
        "only before this time of a media", "TIME" },
    { "format", 'f', 0, G_OPTION_ARG_FILENAME, &o->format,
        "table, json or html", "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output,
        "write to FILE instead of standard output", "FILE" },
    { "thumbnails", 0, 0, G_OPTION_ARG_FILENAME, &o->thumbnails,
        "write the pictures of the hits there: 1.jpg, …", "DIRECTORY" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o->model,
        "where the index's model is, if not in the model path", "MODEL" },
    TOOL_DEVICE_ENTRY (&o->device),
    TOOL_PRECISION_ENTRY (&o->precision, "auto"),
    G_OPTION_ENTRY_NULL,
  };

  return tool_parse (&search_usage, entries, argc, argv, &o->text);
}

/* [[H:]M:]S, S with a fraction. */
static gboolean
parse_time (const gchar *word, gdouble *ret_seconds)
{
  g_auto (GStrv) parts = NULL;
  gdouble seconds = 0;

  if (word == NULL)
    return TRUE;
  parts = g_strsplit (word, ":", 0);
  if (parts[0] == NULL || g_strv_length (parts) > 3)
    return FALSE;
  for (guint i = 0; parts[i] != NULL; i++) {
    gchar *end;
    const gdouble part = g_ascii_strtod (parts[i], &end);

    if (!g_ascii_isdigit (*parts[i]) || *end != '\0' || !isfinite (part) ||
        (i > 0 && part >= 60))
      return FALSE;
    seconds = seconds * 60 + part;
  }
  *ret_seconds = seconds;
  return TRUE;
}

static gboolean
is_utf8 (GStrv texts)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    if (!g_utf8_validate (texts[i], -1, NULL))
      return FALSE;
  return TRUE;
}

static int
check_options (
    const Options *o, ClvIndexQuery *ret_query, ClvPrecision *ret_precision)
{
  static const gchar *const formats[] = { "table", "json", "html", NULL };

  if (o->text[0] == NULL && o->images == NULL)
    return tool_usage_error ("search", "which \"SENTENCE\", or --image?");
  if (o->text[0] != NULL && o->text[1] != NULL)
    return tool_usage_error ("search",
        "wanted one sentence, found also '%s': put quotes around it",
        o->text[1]);
  if (o->text[0] != NULL && *g_strstrip (o->text[0]) == '\0')
    return tool_usage_error ("search", "the sentence is empty");
  if (!is_utf8 (o->text) || !is_utf8 (o->nots))
    return tool_usage_error ("search", "the sentence is not UTF-8");
  if (o->top < 1)
    return tool_usage_error (
        "search", "--top: wanted 1 or more, found %d", o->top);
  if (!parse_time (o->after, &ret_query->after))
    return tool_usage_error ("search",
        "--after: wanted seconds, M:S or H:M:S, found '%s'", o->after);
  if (!parse_time (o->before, &ret_query->before) ||
      (o->before != NULL && ret_query->before <= ret_query->after))
    return tool_usage_error ("search",
        "--before: wanted seconds, M:S or H:M:S behind --after, found '%s'",
        o->before);
  if (tool_parse_precision ("search", o->precision, ret_precision) != TOOL_OK)
    return TOOL_USAGE;
  if (o->format != NULL && !g_strv_contains (formats, o->format))
    return tool_usage_error ("search",
        "--format: wanted table, json or html, found '%s'", o->format);
  ret_query->top = (guint) o->top;
  ret_query->media = o->media;
  return TOOL_OK;
}

static ClvIndex *
open_index (const Options *o, GError **error)
{
  g_autofree gchar *path =
      o->db != NULL ? g_strdup (o->db) : clv_index_get_default_path (error);
  g_autoptr (GError) failed = NULL;
  ClvIndex *index = path != NULL ? clv_index_open (path, &failed) : NULL;

  if (g_error_matches (failed, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: there is no index; clv index makes one", path);
  else if (failed != NULL)
    g_propagate_error (error, g_steal_pointer (&failed));
  return index;
}

/* The model of the index, wherever --model says it is. */
static ClvEngine *
open_engine (
    const Options *o, ClvIndex *index, ClvPrecision precision, GError **error)
{
  const gchar *name =
      o->model != NULL ? o->model : clv_index_get_model_name (index);
  g_autoptr (ClvEngine) engine =
      clv_engine_get (name, o->device, precision, error);
  ClvModel *model = engine != NULL ? clv_engine_get_model (engine) : NULL;

  if (engine == NULL || !clv_index_check_model (index, clv_model_get_id (model),
                            clv_model_get_name (model),
                            clv_model_get_embedding_width (model), error))
    return NULL;
  return g_steal_pointer (&engine);
}

/* Whole, or with an error and not at all. */
static gboolean
write_hits (const Options *o, ClvIndex *index, GPtrArray *hits,
    GPtrArray *thumbnails, GError **error)
{
  const gchar *query = o->text[0] != NULL ? o->text[0] : o->images[0];
  g_auto (Output) output = { 0 };

  if (!output_open (&output, o->output, error))
    return FALSE;
  errno = 0;
  if (g_strcmp0 (o->format, "html") == 0) {
    if (!search_print_html (output.out, index, hits, query, error))
      return FALSE;
  } else if (g_strcmp0 (o->format, "json") == 0)
    search_print_json (output.out, index, hits, thumbnails);
  else
    search_print_table (output.out, hits);
  return output_commit (&output, error);
}

static int
run (const Options *o, ClvIndexQuery *query, ClvPrecision precision)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvIndex) index = open_index (o, &error);
  g_autoptr (ClvEngine) engine =
      index != NULL ? open_engine (o, index, precision, &error) : NULL;
  g_autofree gfloat *vector = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GPtrArray) thumbnails = NULL;

  if (engine == NULL)
    return tool_fail ("%s", error->message);
  vector = search_query_new (engine, o->text[0],
      (const gchar *const *) o->images, (const gchar *const *) o->nots, &error);
  if (vector == NULL)
    return tool_fail ("%s", error->message);
  query->vector = vector;
  hits = clv_index_search (index, query, &error);
  if (hits != NULL && o->thumbnails != NULL)
    thumbnails = search_write_thumbnails (index, hits, o->thumbnails, &error);
  if (error != NULL || !write_hits (o, index, hits, thumbnails, &error))
    return tool_fail ("%s", error->message);
  return TOOL_OK;
}

int
tool_search_main (int argc, gchar **argv)
{
  g_auto (Options) options = { .top = 10 };
  ClvIndexQuery query = { 0 };
  ClvPrecision precision = CLV_PRECISION_AUTO;
  int code;

  if (!parse_options (&options, argc, argv))
    return TOOL_USAGE;
  code = check_options (&options, &query, &precision);
  return code != TOOL_OK ? code : run (&options, &query, precision);
}

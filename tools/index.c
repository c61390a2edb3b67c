/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv index: keeps moments of media, so that clv search finds them. */

#include "clv-tool.h"

#include <gio/gio.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "index-files.h"
#include "index-media.h"

/* The command line. */
typedef struct {
  gchar *db;
  gchar *model;
  gchar *device;
  gchar *precision;
  GStrv directories;
  gdouble interval;
  gdouble scene_change;
  gboolean thumbnails;
  GStrv media;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->db);
  g_free (self->model);
  g_free (self->device);
  g_free (self->precision);
  g_strfreev (self->directories);
  g_strfreev (self->media);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const ToolUsage index_usage = { "index", "MEDIA…",
  "Keeps moments of videos and pictures (files or URIs) for clv search.",
  "A media is taken up where it was left; one that has not changed since is\n"
  "skipped. A file that cannot be read is named, the others are still "
  "indexed,\n"
  "and the exit code is 1.\n\n"
  "Examples:\n"
  "  clv index holiday.mp4\n"
  "  clv index --db tapes.db --dir /srv/tapes --interval 2 --thumbnails\n"
  "  clv search --db tapes.db \"a red car at night\"\n" };

static gboolean
parse_options (Options *o, int argc, gchar **argv)
{
  const GOptionEntry entries[] = {
    { "db", 0, 0, G_OPTION_ARG_FILENAME, &o->db,
        "the index, a file or postgresql://…; made if it is missing (default: "
        "the user's own)",
        "INDEX" },
    { "dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->directories,
        "all media files below it; may come several times", "DIRECTORY" },
    { "interval", 'n', 0, G_OPTION_ARG_DOUBLE, &o->interval,
        "a moment every S seconds of the media (default: 1)", "S" },
    { "scene-change", 0, 0, G_OPTION_ARG_DOUBLE, &o->scene_change,
        "of these only those whose picture differs from the last one by more "
        "than T, 0 to 1, e.g. 0.05",
        "T" },
    { "thumbnails", 0, 0, G_OPTION_ARG_NONE, &o->thumbnails,
        "keep a small picture of each moment", NULL },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o->model,
        "a directory, or a name in the model path (default: demo)", "MODEL" },
    TOOL_DEVICE_ENTRY (&o->device),
    TOOL_PRECISION_ENTRY (&o->precision, "auto"),
    G_OPTION_ENTRY_NULL,
  };

  return tool_parse (&index_usage, entries, argc, argv, &o->media);
}

static int
check_options (const Options *o, ClvPrecision *ret_precision)
{
  if (o->media[0] == NULL && o->directories == NULL)
    return tool_usage_error ("index", "which MEDIA, or --dir?");
  if (!isfinite (o->interval) || o->interval <= 0.0)
    return tool_usage_error (
        "index", "--interval: wanted more than 0, found %g", o->interval);
  if (!(o->scene_change >= 0.0 && o->scene_change < 1.0))
    return tool_usage_error ("index",
        "--scene-change: wanted 0 to below 1, found %g", o->scene_change);
  if (tool_parse_precision ("index", o->precision, ret_precision) != TOOL_OK)
    return TOOL_USAGE;
  return TOOL_OK;
}

/* What was given, and what the directories hold. */
static GPtrArray *
list_media (const Options *o, guint *n_failed, GError **error)
{
  g_autoptr (GPtrArray) media = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; o->media[i] != NULL; i++)
    g_ptr_array_add (media, g_strdup (o->media[i]));
  for (guint i = 0; o->directories != NULL && o->directories[i] != NULL; i++)
    if (!index_files_add (media, o->directories[i], n_failed, error))
      return NULL;
  return g_steal_pointer (&media);
}

typedef struct {
  guint n_indexed;
  guint n_unchanged;
  guint n_failed;
} Totals;

static void
print_totals (const IndexJob *job, const Totals *totals)
{
  printf ("%s: %u media indexed, %" G_GUINT64_FORMAT " moment%s added",
      clv_index_get_path (job->index), totals->n_indexed, job->n_moments,
      job->n_moments == 1 ? "" : "s");
  if (totals->n_unchanged > 0)
    printf ("; %u unchanged", totals->n_unchanged);
  if (totals->n_failed > 0)
    printf ("; %u failed", totals->n_failed);
  printf ("\n");
}

/* Others would fare no better. */
static gboolean
is_the_end (const GError *error)
{
  return g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

/* What waits for a server that was away. */
static int
finish (const IndexJob *job, const Totals *totals)
{
  g_autoptr (GError) error = NULL;
  const gboolean sent = clv_index_flush (job->index, &error);

  print_totals (job, totals);
  if (!sent)
    return tool_fail ("%s", error->message);
  return totals->n_failed > 0 ? TOOL_FAILED : TOOL_OK;
}

/* Goes on after a bad media. */
static int
index_all (IndexJob *job, GPtrArray *media, guint n_failed)
{
  Totals totals = { .n_failed = n_failed };

  for (guint i = 0; i < media->len; i++) {
    const gchar *location = media->pdata[i];
    g_autofree gchar *title = media->len > 1 ? g_strdup_printf ("%u/%u %s",
                                                   i + 1, media->len, location)
                                             : g_strdup (location);
    g_autoptr (GError) error = NULL;
    gboolean unchanged;
    const MediaStatus status =
        index_media (job, location, title, &unchanged, &error);

    if (status == MEDIA_INTERRUPTED) {
      print_totals (job, &totals);
      return TOOL_INTERRUPTED;
    }
    if (status == MEDIA_ERROR) {
      tool_fail ("%s", error->message);
      totals.n_failed++;
      if (is_the_end (error))
        break;
    } else if (unchanged)
      totals.n_unchanged++;
    else
      totals.n_indexed++;
  }
  return finish (job, &totals);
}

static int
run (const Options *o, ClvPrecision precision)
{
  g_autoptr (GError) error = NULL;
  guint n_failed = 0;
  g_autoptr (GPtrArray) media = list_media (o, &n_failed, &error);
  g_autofree gchar *path = NULL;
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvIndex) index = NULL;
  ClvModel *model;
  IndexJob job;

  if (media == NULL || !media_init (&error))
    return tool_fail ("%s", error->message);
  path = o->db != NULL ? g_strdup (o->db) : clv_index_get_default_path (&error);
  engine = path != NULL ? clv_engine_get (o->model != NULL ? o->model : "demo",
                              o->device, precision, &error)
                        : NULL;
  if (engine == NULL)
    return tool_fail ("%s", error->message);
  model = clv_engine_get_model (engine);
  index = clv_index_open_writable (path, clv_model_get_id (model),
      clv_model_get_name (model), clv_model_get_embedding_width (model),
      &error);
  if (index == NULL)
    return tool_fail ("%s", error->message);

  signal (SIGINT, media_interrupt);
  signal (SIGTERM, media_interrupt);
  job = (IndexJob){
    .engine = engine,
    .index = index,
    .interval = o->interval,
    .scene_change = o->scene_change,
    .thumbnails = o->thumbnails,
  };
  return index_all (&job, media, n_failed);
}

int
tool_index_main (int argc, gchar **argv)
{
  g_auto (Options) options = { .interval = 1.0 };
  ClvPrecision precision = CLV_PRECISION_AUTO;
  int code;

  if (!parse_options (&options, argc, argv))
    return TOOL_USAGE;
  code = check_options (&options, &precision);
  return code != TOOL_OK ? code : run (&options, precision);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv tag: which phrases match which parts of a video. */

#include "clv-tool.h"

#include <math.h>
#include <signal.h>
#include <string.h>

#include "plugin/gstclippicture.h"
#include "plugin/gstcliptiles.h"
#include "tag-media.h"

#define RATE_NOT_GIVEN -1.0

/* The command line. */
typedef struct {
  gchar *model;
  gchar *device;
  gchar *precision;
  gchar *prompts;
  gchar *prompts_file;
  GStrv templates;
  gchar *scoring;
  gchar *threshold;
  gchar *calibration;
  gchar *tiles;
  gboolean background;
  gchar *format;
  gchar *output;
  gint interval;
  gdouble rate;
  gdouble smoothing;
  GStrv media;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->model);
  g_free (self->device);
  g_free (self->precision);
  g_free (self->prompts);
  g_free (self->prompts_file);
  g_strfreev (self->templates);
  g_free (self->scoring);
  g_free (self->threshold);
  g_free (self->calibration);
  g_free (self->tiles);
  g_free (self->format);
  g_free (self->output);
  g_strfreev (self->media);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const ToolUsage tag_usage = { "tag", "MEDIA…",
  "Tags videos and pictures (files or URIs) with phrases in plain words.",
  "Formats:\n"
  "  table  a timeline of tags, for people (default)\n"
  "  jsonl  one JSON object for each inferred frame, with all labels\n"
  "  csv    one row for each inferred frame and label\n"
  "  vtt    WebVTT, one cue for each span in which a tag was active\n"
  "  html   a page: time lines, pictures, and the player at a click\n"
  "  chapters     WebVTT, one chapter for each stretch with the same tags\n"
  "  ffmetadata   the same chapters for FFmpeg\n"
  "  edl          a list for mpv, which plays these stretches only\n\n"
  "Times are stream time in seconds. A file that cannot be read is named, the\n"
  "others are still tagged, and the exit code is 1.\n\n"
  "Examples:\n"
  "  clv tag --prompts \"colour bars; snow; a black screen\" tape.mkv\n"
  "  clv tag --prompts-file gate.json --rate 2 --format vtt \\\n"
  "      --output gate.vtt gate.mp4\n" };

static gboolean
parse_options (Options *o, int argc, gchar **argv)
{
  const GOptionEntry entries[] = {
    { "prompts", 'q', 0, G_OPTION_ARG_FILENAME, &o->prompts,
        "phrases, separated by ; or lines; commas are text", "\"A; B\"" },
    { "prompts-file", 'Q', 0, G_OPTION_ARG_FILENAME, &o->prompts_file,
        "prompts with groups, as JSON; see docs/prompts.md", "FILE.json" },
    { "template", 't', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->templates,
        "a sentence with {} for the phrase; may come several times", "TEXT" },
    { "scoring", 's', 0, G_OPTION_ARG_FILENAME, &o->scoring,
        "auto, softmax, sigmoid or cosine", "HOW" },
    { "threshold", 0, 0, G_OPTION_ARG_FILENAME, &o->threshold,
        "a tag is active from this score on", "SCORE" },
    { "calibration", 'c', 0, G_OPTION_ARG_FILENAME, &o->calibration,
        "what scores are measured against: none, model or stream", "HOW" },
    { "background", 'b', 0, G_OPTION_ARG_NONE, &o->background,
        "neutral phrases compete, so that no tag may be there", NULL },
    { "smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &o->smoothing,
        "time constant of the scores' mean (default: 0, none)", "SECONDS" },
    { "interval", 'n', 0, G_OPTION_ARG_INT, &o->interval,
        "infer every N-th frame (default: 1, all)", "N" },
    { "rate", 'r', 0, G_OPTION_ARG_DOUBLE, &o->rate,
        "infer at most R frames for each second of the media", "R" },
    { "tiles", 0, 0, G_OPTION_ARG_FILENAME, &o->tiles,
        "score each part of a grid, too, e.g. 3x2; with --format jsonl",
        "COLUMNSxROWS" },
    { "format", 'f', 0, G_OPTION_ARG_FILENAME, &o->format,
        "table, jsonl, csv, vtt, html, chapters, ffmetadata or edl", "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output,
        "a file instead of standard output", "FILE" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o->model,
        "a directory, or a name in the model path (default: demo)", "MODEL" },
    TOOL_DEVICE_ENTRY (&o->device),
    TOOL_PRECISION_ENTRY (&o->precision, "auto"),
    G_OPTION_ENTRY_NULL,
  };

  return tool_parse (&tag_usage, entries, argc, argv, &o->media);
}

/* The index of a word; *ret_index stays as it is where there is none. */
static gboolean
parse_word (
    const gchar *word, const gchar *const *words, guint n, guint *ret_index)
{
  if (word == NULL)
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (strcmp (word, words[i]) == 0) {
      *ret_index = i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_scoring (const gchar *word, ClvScoring *ret_scoring)
{
  static const gchar *const words[] = {
    [CLV_SCORING_AUTO] = "auto",
    [CLV_SCORING_SOFTMAX] = "softmax",
    [CLV_SCORING_SIGMOID] = "sigmoid",
    [CLV_SCORING_COSINE] = "cosine",
  };
  guint index = *ret_scoring;

  if (!parse_word (word, words, G_N_ELEMENTS (words), &index))
    return FALSE;
  *ret_scoring = index;
  return TRUE;
}

static gboolean
parse_calibration (const gchar *word, ClvCalibration *ret_calibration)
{
  static const gchar *const words[] = {
    [CLV_CALIBRATION_NONE] = "none",
    [CLV_CALIBRATION_MODEL] = "model",
    [CLV_CALIBRATION_STREAM] = "stream",
  };
  guint index = *ret_calibration;

  if (!parse_word (word, words, G_N_ELEMENTS (words), &index))
    return FALSE;
  *ret_calibration = index;
  return TRUE;
}

/* Thresholds are given as text: 0 and "not given" must differ. */
static gboolean
parse_threshold (const gchar *word, gfloat *ret_threshold)
{
  gchar *end;
  gdouble value;

  if (word == NULL)
    return TRUE;
  value = g_ascii_strtod (word, &end);
  if (end == word || *end != '\0' || !isfinite (value) || value < 0.0 ||
      value > 1.0)
    return FALSE;
  *ret_threshold = (gfloat) value;
  return TRUE;
}

/* TOOL_OK, or the code after a message. */
static int
check_tiles (const Options *o, const TagFormat *format)
{
  g_autoptr (GError) error = NULL;
  guint columns, rows;

  if (o->tiles == NULL)
    return TOOL_OK;
  if (!gst_clip_tiles_parse (o->tiles, &columns, &rows, &error))
    return tool_usage_error ("tag", "--tiles: %s", error->message);
  if (format != &tag_format_jsonl)
    return tool_usage_error ("tag",
        "--tiles: only --format jsonl says where, found '%s'", format->name);
  return TOOL_OK;
}

/* TOOL_OK, or the code after a message. */
static int
check_options (const Options *o, ClvPromptsDefaults *ret_defaults,
    ClvPrecision *ret_precision, const TagFormat **ret_format)
{
  if (o->media[0] == NULL)
    return tool_usage_error ("tag", "which MEDIA?");
  if ((o->prompts != NULL) == (o->prompts_file != NULL))
    return tool_usage_error ("tag", "give one of --prompts and --prompts-file");
  if (o->prompts != NULL && !g_utf8_validate (o->prompts, -1, NULL))
    return tool_usage_error ("tag", "--prompts: is not UTF-8");
  if (!parse_scoring (o->scoring, &ret_defaults->scoring))
    return tool_usage_error ("tag",
        "--scoring: wanted auto, softmax, sigmoid or cosine, found '%s'",
        o->scoring);
  if (!parse_calibration (o->calibration, &ret_defaults->calibration))
    return tool_usage_error ("tag",
        "--calibration: wanted none, model or stream, found '%s'",
        o->calibration);
  ret_defaults->background = o->background;
  if (!parse_threshold (o->threshold, &ret_defaults->threshold))
    return tool_usage_error (
        "tag", "--threshold: wanted 0 to 1, found '%s'", o->threshold);
  if (tool_parse_precision ("tag", o->precision, ret_precision) != TOOL_OK)
    return TOOL_USAGE;
  if (o->interval < 1)
    return tool_usage_error (
        "tag", "--interval: wanted 1 or more, found %d", o->interval);
  if (o->rate != RATE_NOT_GIVEN && (!isfinite (o->rate) || o->rate <= 0.0))
    return tool_usage_error (
        "tag", "--rate: wanted more than 0, found %g", o->rate);
  if (o->interval > 1 && o->rate > 0.0)
    return tool_usage_error ("tag", "give one of --interval and --rate");
  if (!isfinite (o->smoothing) || o->smoothing < 0.0)
    return tool_usage_error (
        "tag", "--smoothing: wanted 0 or more, found %g", o->smoothing);
  *ret_format = tag_format_find (o->format != NULL ? o->format : "table");
  if (*ret_format == NULL)
    return tool_usage_error ("tag",
        "--format: wanted table, jsonl, csv, vtt, html, chapters, ffmetadata "
        "or edl, found '%s'",
        o->format);
  if ((*ret_format)->one_media && o->media[1] != NULL)
    return tool_usage_error ("tag",
        "--format %s: is about one MEDIA, found also '%s'", o->format,
        o->media[1]);
  return check_tiles (o, *ret_format);
}

/* Goes on after a bad media; says at the end how many there were. */
static int
tag_all (TagJob *job, gchar **media)
{
  const guint n_media = g_strv_length (media);
  g_autoptr (GString) failed = g_string_new (NULL);
  guint n_failed = 0;

  for (guint i = 0; i < n_media; i++) {
    g_autoptr (GError) error = NULL;
    const MediaStatus status = tag_media (job, media[i], &error);

    if (status == MEDIA_INTERRUPTED)
      return TOOL_INTERRUPTED;
    if (status == MEDIA_ERROR) {
      tool_fail ("%s", error->message);
      g_string_append_printf (
          failed, "%s%s", n_failed++ > 0 ? ", " : "", media[i]);
    }
  }
  if (n_failed > 0 && n_media > 1)
    tool_fail ("%u of %u media failed: %s", n_failed, n_media, failed->str);
  return n_failed > 0 ? TOOL_FAILED : TOOL_OK;
}

static ClvPrompts *
make_prompts (const Options *o, const ClvPromptsDefaults *defaults,
    ClvEngine *engine, GError **error)
{
  g_autoptr (ClvPrompts) prompts =
      o->prompts != NULL
          ? clv_prompts_new_from_string (o->prompts, defaults, error)
          : clv_prompts_new_from_file (o->prompts_file, defaults, error);

  if (prompts == NULL || !clv_engine_encode_prompts (
                             engine, prompts, gst_clip_picture_encode, error))
    return NULL;
  return g_steal_pointer (&prompts);
}

static int
run (const Options *o, const ClvPromptsDefaults *defaults,
    ClvPrecision precision, const TagFormat *format)
{
  g_autoptr (ClvEngine) engine = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  g_auto (TagWriter) writer = { 0 };
  g_autoptr (GError) error = NULL;
  TagJob job;
  int code;

  if (!media_init (&error))
    return tool_fail ("%s", error->message);
  engine = clv_engine_get (
      o->model != NULL ? o->model : "demo", o->device, precision, &error);
  prompts = engine ? make_prompts (o, defaults, engine, &error) : NULL;
  if (prompts == NULL || !tag_writer_open (&writer, format, o->output, prompts,
                             clv_model_get_name (clv_engine_get_model (engine)),
                             g_strv_length (o->media), &error))
    return tool_fail ("%s", error->message);

  signal (SIGINT, media_interrupt);
  signal (SIGTERM, media_interrupt);
  job = (TagJob){
    .engine = engine,
    .prompts = prompts,
    .writer = &writer,
    .interval = (guint) o->interval,
    .rate = MAX (o->rate, 0.0),
    .smoothing = o->smoothing,
  };
  if (o->tiles != NULL)
    gst_clip_tiles_parse (o->tiles, &job.columns, &job.rows, NULL);
  code = tag_all (&job, o->media);
  /* A file without a single frame would only look like a result. */
  if (job.n_inferred > 0 && !tag_writer_commit (&writer, &error))
    return tool_fail ("%s", error->message);
  return code;
}

int
tool_tag_main (int argc, gchar **argv)
{
  g_auto (Options) options = { .interval = 1, .rate = RATE_NOT_GIVEN };
  ClvPromptsDefaults defaults = { .threshold = -1.0f };
  ClvPrecision precision = CLV_PRECISION_AUTO;
  const TagFormat *format = NULL;
  int code;

  if (!parse_options (&options, argc, argv))
    return TOOL_USAGE;
  code = check_options (&options, &defaults, &precision, &format);
  if (code != TOOL_OK)
    return code;
  defaults.templates = (const gchar *const *) options.templates;
  return run (&options, &defaults, precision, format);
}

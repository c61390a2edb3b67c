/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagactions.h"

#include "gstcliperror.h"
#include "gstclippicture.h"

enum {
  SIGNAL_TAGS_CHANGED,
  SIGNAL_ENCODE_TEXT,
  SIGNAL_ENCODE_PICTURE,
  SIGNAL_SCORE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];
static const GstClipTagActionFuncs *functions;

static GBytes *
fail (GstElement *element, const gchar *what, GError *error)
{
  gst_clip_post_error (element, GST_MESSAGE_WARNING, what, error);
  return NULL;
}

/* The engine, or NULL after a warning. */
static ClvEngine *
ref_engine (GstElement *element, const gchar *what)
{
  ClvEngine *engine = functions->ref_engine (element);
  g_autoptr (GError) error = NULL;

  if (engine != NULL)
    return engine;
  error = g_error_new_literal (CLV_ERROR, CLV_ERROR_FAILED,
      "wanted an element in the state PAUSED or PLAYING, found it stopped");
  fail (element, what, error);
  return NULL;
}

static GBytes *
encode_text (GstElement *element, const gchar *text)
{
  const gchar *what = "Cannot encode a text";
  g_autoptr (ClvEngine) engine = ref_engine (element, what);
  g_autofree gfloat *embedding = NULL;
  g_autoptr (GError) error = NULL;
  guint width;

  if (engine == NULL)
    return NULL;
  if (text == NULL || !g_utf8_validate (text, -1, NULL)) {
    error = g_error_new (CLV_ERROR, CLV_ERROR_BAD_FILE,
        "encode-text: wanted a text in UTF-8, found %s",
        text == NULL ? "none" : "bytes that are not");
    return fail (element, what, error);
  }
  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  embedding = g_new (gfloat, width);
  if (!clv_engine_encode_texts (engine, &text, 1, embedding, &error))
    return fail (element, what, error);
  return g_bytes_new_take (
      g_steal_pointer (&embedding), width * sizeof (gfloat));
}

static GBytes *
encode_picture (GstElement *element, GstSample *sample)
{
  const gchar *what = "Cannot encode a picture";
  g_autoptr (ClvEngine) engine = ref_engine (element, what);
  g_autofree gfloat *embedding = NULL;
  g_autoptr (GError) error = NULL;
  guint width;

  if (engine == NULL)
    return NULL;
  width = clv_model_get_embedding_width (clv_engine_get_model (engine));
  embedding = g_new (gfloat, width);
  if (!gst_clip_picture_encode_sample (engine, sample, embedding, &error))
    return fail (element, what, error);
  return g_bytes_new_take (
      g_steal_pointer (&embedding), width * sizeof (gfloat));
}

static void
append_double (GValue *array, gdouble number)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_DOUBLE);
  g_value_set_double (&value, number);
  gst_value_array_append_and_take_value (array, &value);
}

/* A structure with the labels that hold, or with all. */
static GstStructure *
describe (const gchar *name, ClvPrompts *prompts, const ClvScore *scores,
    gboolean only_active)
{
  const guint n_labels = scores ? clv_prompts_get_n_labels (prompts) : 0;
  g_autoptr (GStrvBuilder) labels = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) groups = g_strv_builder_new ();
  g_auto (GStrv) label_names = NULL;
  g_auto (GStrv) group_names = NULL;
  GValue numbers = G_VALUE_INIT, cosines = G_VALUE_INIT;
  GstStructure *structure;

  g_value_init (&numbers, GST_TYPE_ARRAY);
  g_value_init (&cosines, GST_TYPE_ARRAY);
  for (guint i = 0; i < n_labels; i++) {
    const ClvLabel *label = clv_prompts_get_label (prompts, i);

    if (only_active && !scores[i].active)
      continue;
    g_strv_builder_add (labels, label->label);
    g_strv_builder_add (groups, label->group);
    append_double (
        &numbers, only_active ? scores[i].smoothed : scores[i].score);
    append_double (&cosines, scores[i].cosine);
  }
  label_names = g_strv_builder_end (labels);
  group_names = g_strv_builder_end (groups);
  structure = gst_structure_new (name, "generation", G_TYPE_UINT64,
      clv_prompts_get_generation (prompts), "labels", G_TYPE_STRV, label_names,
      "groups", G_TYPE_STRV, group_names, NULL);
  gst_structure_take_value (structure, "scores", &numbers);
  gst_structure_take_value (structure, "cosines", &cosines);
  return structure;
}

static GstStructure *
score (GstElement *element, GBytes *embedding)
{
  const gchar *what = "Cannot score an embedding";
  g_autoptr (ClvEngine) engine = ref_engine (element, what);
  g_autoptr (ClvPrompts) prompts = functions->ref_prompts (element);
  g_autoptr (ClvScorer) scorer = NULL;
  g_autofree ClvScore *scores = NULL;
  g_autofree gfloat *aligned = NULL;
  g_autoptr (GError) error = NULL;
  gsize size = embedding ? g_bytes_get_size (embedding) : 0, wanted;

  if (engine == NULL || prompts == NULL)
    return NULL;
  wanted = clv_prompts_get_width (prompts) * sizeof (gfloat);
  if (size != wanted) {
    error = g_error_new (CLV_ERROR, CLV_ERROR_BAD_FILE,
        "score: wanted an embedding of %" G_GSIZE_FORMAT
        " bytes, found %" G_GSIZE_FORMAT,
        wanted, size);
    fail (element, what, error);
    return NULL;
  }
  aligned = g_memdup2 (g_bytes_get_data (embedding, NULL), size);
  scorer = clv_scorer_new (
      prompts, clv_model_get_logit_scale (clv_engine_get_model (engine)), 0, 0);
  scores = g_new0 (ClvScore, clv_prompts_get_n_labels (prompts));
  clv_scorer_score (scorer, aligned, 0, scores, NULL);
  return describe ("clip-scores", prompts, scores, FALSE);
}

void
gst_clip_tag_actions_install (
    GObjectClass *klass, const GstClipTagActionFuncs *funcs)
{
  const GType type = G_TYPE_FROM_CLASS (klass);
  const GSignalFlags action = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  functions = funcs;
  signals[SIGNAL_TAGS_CHANGED] =
      g_signal_new ("tags-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, GST_TYPE_STRUCTURE);
  signals[SIGNAL_ENCODE_TEXT] = g_signal_new_class_handler ("encode-text", type,
      action, G_CALLBACK (encode_text), NULL, NULL, NULL, G_TYPE_BYTES, 1,
      G_TYPE_STRING);
  signals[SIGNAL_ENCODE_PICTURE] = g_signal_new_class_handler ("encode-picture",
      type, action, G_CALLBACK (encode_picture), NULL, NULL, NULL, G_TYPE_BYTES,
      1, GST_TYPE_SAMPLE);
  signals[SIGNAL_SCORE] =
      g_signal_new_class_handler ("score", type, action, G_CALLBACK (score),
          NULL, NULL, NULL, GST_TYPE_STRUCTURE, 1, G_TYPE_BYTES);
}

GstStructure *
gst_clip_tag_actions_describe_changed (GstElement *element, ClvPrompts *prompts,
    const ClvScore *scores, GstClockTime pts, GstClockTime stream_time)
{
  GstStructure *tags;

  if (!g_signal_has_handler_pending (
          element, signals[SIGNAL_TAGS_CHANGED], 0, FALSE))
    return NULL;
  tags = describe ("clip-tags", prompts, scores, TRUE);
  gst_structure_set (tags, "pts", G_TYPE_UINT64, pts, "stream-time",
      G_TYPE_UINT64, stream_time, NULL);
  return tags;
}

void
gst_clip_tag_actions_emit_changed (GstElement *element, GstStructure *tags)
{
  g_signal_emit (element, signals[SIGNAL_TAGS_CHANGED], 0, tags);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagsettings.h"

#include "gstclipprecision.h"

#define DEFAULT_MODEL     "demo"
#define DEFAULT_DEVICE    "auto"
#define DEFAULT_THRESHOLD (-1.0)

GType
gst_clip_scoring_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { CLV_SCORING_AUTO,
        "Softmax in groups of several phrases, cosine in groups of one",
        "auto" },
    { CLV_SCORING_SOFTMAX,
        "The phrases of a group compete; their scores sum to 1", "softmax" },
    { CLV_SCORING_SIGMOID,
        "Each phrase by itself, 0 to 1, for models trained with it",
        "sigmoid" },
    { CLV_SCORING_COSINE, "The plain cosine, -1 to 1", "cosine" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipScoring", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_clip_calibration_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { CLV_CALIBRATION_NONE, "Scores of the cosine as it is", "none" },
    { CLV_CALIBRATION_MODEL,
        "How far the cosine stands out from those of phrases for common things",
        "model" },
    { CLV_CALIBRATION_STREAM,
        "How far the cosine stands out from its running mean in this stream",
        "stream" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipCalibration", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_tag_settings_init (GstClipTagSettings *self)
{
  *self = (GstClipTagSettings){
    .model = g_strdup (DEFAULT_MODEL),
    .device = g_strdup (DEFAULT_DEVICE),
    .scoring = CLV_SCORING_AUTO,
    .precision = CLV_PRECISION_AUTO,
    .threshold = DEFAULT_THRESHOLD,
    .post_messages = TRUE,
    .attach_analytics = GST_CLIP_ANALYTICS_DEFAULT,
  };
  gst_clip_tag_timing_init (&self->timing);
  gst_clip_tag_scope_settings_init (&self->scope);
}

void
gst_clip_tag_settings_clear (GstClipTagSettings *self)
{
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->prompts, g_free);
  g_clear_pointer (&self->prompts_file, g_free);
  g_clear_pointer (&self->template, g_free);
  g_clear_pointer (&self->device, g_free);
  gst_clip_tag_scope_settings_clear (&self->scope);
}

void
gst_clip_tag_settings_copy (
    const GstClipTagSettings *self, GstClipTagSettings *ret_copy)
{
  *ret_copy = *self;
  ret_copy->model = g_strdup (self->model);
  ret_copy->prompts = g_strdup (self->prompts);
  ret_copy->prompts_file = g_strdup (self->prompts_file);
  ret_copy->template = g_strdup (self->template);
  ret_copy->device = g_strdup (self->device);
  gst_clip_tag_scope_settings_copy (&self->scope, &ret_copy->scope);
}

#define READY                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING                                                                \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_prompt_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_PROMPTS,
      g_param_spec_string ("prompts", "Prompts",
          "What to look for: phrases with ; or a line end between them, e.g. "
          "\"a cat; a dog\". Replaces prompts-file",
          NULL, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_PROMPTS_FILE,
      g_param_spec_string ("prompts-file", "Prompts file",
          "JSON file with what to look for, in groups, with thresholds and "
          "more for each label. Replaces prompts",
          NULL, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_WATCH_PROMPTS,
      g_param_spec_boolean ("watch-prompts", "Watch prompts",
          "Look twice a second whether the prompts file has changed, and take "
          "it over; a broken edit is a warning and the old set stays",
          FALSE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_TEMPLATE,
      g_param_spec_string ("template", "Template",
          "Sentence to put each phrase into, in the place of {}, e.g. \"a "
          "photo of {}.\"; several, with ; or a line end between them, are "
          "averaged. A prompts file may have its own",
          NULL, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_SCORING,
      g_param_spec_enum ("scoring", "Scoring",
          "How a phrase's match becomes a score, where a prompts file does "
          "not say",
          GST_TYPE_CLIP_SCORING, CLV_SCORING_AUTO, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_THRESHOLD,
      g_param_spec_double ("threshold", "Threshold",
          "Score from which a label is active, where a prompts file does not "
          "say; negative: 0.5, or 0.25 for cosine without calibration",
          -1, 1, DEFAULT_THRESHOLD, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_CALIBRATION,
      g_param_spec_enum ("calibration", "Calibration",
          "What scores are measured against, so that one threshold serves "
          "several phrases, where a prompts file does not say",
          GST_TYPE_CLIP_CALIBRATION, CLV_CALIBRATION_NONE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_BACKGROUND,
      g_param_spec_boolean ("background", "Background",
          "Let neutral phrases compete, so that none of the labels may hold, "
          "where a prompts file does not say; not with scoring cosine",
          FALSE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_TOP_K,
      g_param_spec_uint ("top-k", "Top k",
          "Only the k best labels of each group can be active; 0: all of them",
          0, G_MAXUINT, 0, PLAYING));
}

static void
install_engine_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Directory of a CLIP model (config.json, model.safetensors, "
          "vocabulary), or the name of one in $CLV_MODEL_PATH or in clv/models "
          "of the user's and the system's data directories",
          DEFAULT_MODEL, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "Vulkan device to compute on: auto, or an index, a UUID or a part of "
          "a name from the list that `clv info` prints",
          DEFAULT_DEVICE, READY));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_PRECISION,
      g_param_spec_enum ("precision", "Precision",
          "How weights are stored on the device", GST_TYPE_CLIP_PRECISION,
          CLV_PRECISION_AUTO, READY));
}

void
gst_clip_tag_settings_install (GObjectClass *klass)
{
  install_engine_properties (klass);
  install_prompt_properties (klass);
  gst_clip_tag_timing_install (klass);
  gst_clip_tag_scope_install (klass);
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_SMOOTHING,
      g_param_spec_double ("smoothing", "Smoothing",
          "Time constant in seconds of the running mean that thresholds are "
          "compared with; 0: none. A change ends active tags",
          0, G_MAXFLOAT, 0, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post a clip-tag message on the bus when a tag starts and when it "
          "stops",
          TRUE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_ATTACH_EMBEDDING,
      g_param_spec_boolean ("attach-embedding", "Attach embedding",
          "Attach the picture's embedding to the frame, beside the scores",
          FALSE, PLAYING));
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_ATTACH_HEATMAP,
      g_param_spec_boolean ("attach-heatmap", "Attach heat map",
          "Attach where in the picture phrases fit, as small grey pictures: "
          "those of the eight best labels, active ones first",
          FALSE, PLAYING));
#ifdef HAVE_ANALYTICS
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_ATTACH_ANALYTICS,
      g_param_spec_enum ("attach-analytics", "Attach analytics",
          "Which labels to attach as GstAnalyticsClsMtd, too, for elements "
          "that "
          "know no GstClipMeta",
          GST_TYPE_CLIP_ANALYTICS, GST_CLIP_ANALYTICS_DEFAULT, PLAYING));
#endif
  g_object_class_install_property (klass, GST_CLIP_TAG_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames since the start (frames, inferred, reused), milliseconds "
          "that the last 1024 inferred frames took (encode and score: p50, "
          "p95, "
          "p99), and what computes (model, device, driver, precision, kernels)",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
take_string (gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

/* Prompts and prompts-file replace each other, so that one assignment changes a
 * running element from one to the other. */
static gboolean
set_prompt_setting (GstClipTagSettings *self, guint id, const GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_PROMPTS:
      take_string (&self->prompts, value);
      if (self->prompts != NULL)
        g_clear_pointer (&self->prompts_file, g_free);
      break;
    case GST_CLIP_TAG_PROP_PROMPTS_FILE:
      take_string (&self->prompts_file, value);
      if (self->prompts_file != NULL && *self->prompts_file == '\0')
        g_clear_pointer (&self->prompts_file, g_free); /* no file */
      if (self->prompts_file != NULL)
        g_clear_pointer (&self->prompts, g_free);
      break;
    case GST_CLIP_TAG_PROP_TEMPLATE:
      take_string (&self->template, value);
      break;
    case GST_CLIP_TAG_PROP_SCORING:
      self->scoring = g_value_get_enum (value);
      break;
    case GST_CLIP_TAG_PROP_THRESHOLD:
      self->threshold = g_value_get_double (value);
      break;
    case GST_CLIP_TAG_PROP_CALIBRATION:
      self->calibration = g_value_get_enum (value);
      break;
    case GST_CLIP_TAG_PROP_BACKGROUND:
      self->background = g_value_get_boolean (value);
      break;
    default:
      return FALSE;
  }
  self->serial++;
  return TRUE;
}

gboolean
gst_clip_tag_settings_set (
    GstClipTagSettings *self, guint id, const GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_MODEL:
      take_string (&self->model, value);
      return TRUE;
    case GST_CLIP_TAG_PROP_DEVICE:
      take_string (&self->device, value);
      return TRUE;
    case GST_CLIP_TAG_PROP_PRECISION:
      self->precision = g_value_get_enum (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_TOP_K:
      self->top_k = g_value_get_uint (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_SMOOTHING:
      self->smoothing = g_value_get_double (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_POST_MESSAGES:
      self->post_messages = g_value_get_boolean (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_EMBEDDING:
      self->attach_embedding = g_value_get_boolean (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_HEATMAP:
      self->attach_heatmap = g_value_get_boolean (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_ANALYTICS:
      self->attach_analytics = g_value_get_enum (value);
      return TRUE;
    case GST_CLIP_TAG_PROP_WATCH_PROMPTS:
      self->watch_prompts = g_value_get_boolean (value);
      return TRUE;
    default:
      return gst_clip_tag_timing_set (&self->timing, id, value) ||
             gst_clip_tag_scope_set (&self->scope, id, value) ||
             set_prompt_setting (self, id, value);
  }
}

gboolean
gst_clip_tag_settings_get (
    const GstClipTagSettings *self, guint id, GValue *value)
{
  switch (id) {
    case GST_CLIP_TAG_PROP_MODEL:
      g_value_set_string (value, self->model);
      return TRUE;
    case GST_CLIP_TAG_PROP_PROMPTS:
      g_value_set_string (value, self->prompts);
      return TRUE;
    case GST_CLIP_TAG_PROP_PROMPTS_FILE:
      g_value_set_string (value, self->prompts_file);
      return TRUE;
    case GST_CLIP_TAG_PROP_TEMPLATE:
      g_value_set_string (value, self->template);
      return TRUE;
    case GST_CLIP_TAG_PROP_DEVICE:
      g_value_set_string (value, self->device);
      return TRUE;
    case GST_CLIP_TAG_PROP_SCORING:
      g_value_set_enum (value, self->scoring);
      return TRUE;
    case GST_CLIP_TAG_PROP_PRECISION:
      g_value_set_enum (value, self->precision);
      return TRUE;
    case GST_CLIP_TAG_PROP_THRESHOLD:
      g_value_set_double (value, self->threshold);
      return TRUE;
    case GST_CLIP_TAG_PROP_CALIBRATION:
      g_value_set_enum (value, self->calibration);
      return TRUE;
    case GST_CLIP_TAG_PROP_BACKGROUND:
      g_value_set_boolean (value, self->background);
      return TRUE;
    case GST_CLIP_TAG_PROP_SMOOTHING:
      g_value_set_double (value, self->smoothing);
      return TRUE;
    case GST_CLIP_TAG_PROP_TOP_K:
      g_value_set_uint (value, self->top_k);
      return TRUE;
    case GST_CLIP_TAG_PROP_POST_MESSAGES:
      g_value_set_boolean (value, self->post_messages);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_EMBEDDING:
      g_value_set_boolean (value, self->attach_embedding);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_HEATMAP:
      g_value_set_boolean (value, self->attach_heatmap);
      return TRUE;
    case GST_CLIP_TAG_PROP_ATTACH_ANALYTICS:
      g_value_set_enum (value, self->attach_analytics);
      return TRUE;
    case GST_CLIP_TAG_PROP_WATCH_PROMPTS:
      g_value_set_boolean (value, self->watch_prompts);
      return TRUE;
    default:
      return gst_clip_tag_timing_get (&self->timing, id, value) ||
             gst_clip_tag_scope_get (&self->scope, id, value);
  }
}

/* The parts between ; and line ends, without those that are only white space.
 * NULL if none is left. */
static gchar **
split_templates (const gchar *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit_set (text, ";\n", -1);
  guint n_templates = 0;

  for (guint i = 0; parts[i] != NULL; i++) {
    if (*g_strstrip (parts[i]) == '\0')
      continue;
    g_strv_builder_add (builder, parts[i]);
    n_templates++;
  }
  return n_templates == 0 ? NULL : g_strv_builder_end (builder);
}

ClvPrompts *
gst_clip_tag_settings_make_prompts (
    const GstClipTagSettings *self, GError **error)
{
  g_auto (GStrv) templates =
      self->template == NULL ? NULL : split_templates (self->template);
  ClvPromptsDefaults defaults = {
    .templates = (const gchar *const *) templates,
    .scoring = self->scoring,
    .threshold = self->threshold,
    .calibration = self->calibration,
    .background = self->background,
  };

  if (self->prompts_file != NULL)
    return clv_prompts_new_from_file (self->prompts_file, &defaults, error);
  if (self->prompts != NULL)
    return clv_prompts_new_from_string (self->prompts, &defaults, error);

  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "prompts: wanted phrases to look for, e.g. \"a cat; a dog\", or a "
      "prompts-file; found neither");
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-prompts-builder.h"

#include <math.h>
#include <string.h>

#include "clv-prompts-phrases.h"
#include "clv-prompts-private.h"

struct _ClvPromptsBuilder {
  ClvPrompts *prompts;
  gfloat default_threshold;
  guint first_label;        /* of the group that is open */
  guint first_row;          /* of that group */
  GHashTable *labels;       /* set of the labels of that group */
  GHashTable *groups;       /* set of all names */
  GArray *given_thresholds; /* two gdoubles for each label of that group */
  guint64 n_texts;
  guint64 n_bytes;
};

void
clv_group_spec_init (ClvGroupSpec *self, const ClvPromptsDefaults *defaults,
    GPtrArray *templates)
{
  *self = (ClvGroupSpec){ .templates = templates };
  if (defaults == NULL)
    return;
  self->scoring = defaults->scoring;
  self->calibration = defaults->calibration;
  self->background =
      defaults->background ? clv_prompts_background_phrases : NULL;
}

ClvPromptsBuilder *
clv_prompts_builder_new (gfloat default_threshold)
{
  ClvPromptsBuilder *self = g_new0 (ClvPromptsBuilder, 1);

  self->prompts = g_object_new (CLV_TYPE_PROMPTS, NULL);
  self->default_threshold = default_threshold;
  self->labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->given_thresholds = g_array_new (FALSE, FALSE, 2 * sizeof (gdouble));
  return self;
}

void
clv_prompts_builder_free (ClvPromptsBuilder *self)
{
  g_clear_object (&self->prompts);
  g_hash_table_unref (self->labels);
  g_hash_table_unref (self->groups);
  g_array_unref (self->given_thresholds);
  g_free (self);
}

gboolean
clv_prompts_builder_begin_group (ClvPromptsBuilder *self, const gchar *where,
    const gchar *name, GError **error)
{
  if (!g_hash_table_add (self->groups, g_strdup (name))) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s.name: wanted a name that no other group has, found \"%s\" again",
        where, name);
    return FALSE;
  }
  g_ptr_array_add (self->prompts->groups, g_strdup (name));
  g_hash_table_remove_all (self->labels);
  g_array_set_size (self->given_thresholds, 0);
  self->first_label = self->prompts->labels->len;
  self->first_row = self->prompts->rows->len;
  return TRUE;
}

/* Texts times templates is what has to be encoded and held; a small file can
 * ask for terabytes of it. */
static gboolean
count_texts (ClvPromptsBuilder *self, const gchar *where,
    const gchar *const *texts, GPtrArray *templates, GError **error)
{
  guint64 n = 0, text_bytes = 0, template_bytes = 0;

  for (; texts != NULL && texts[n] != NULL; n++)
    text_bytes += strlen (texts[n]);
  for (guint i = 0; i < templates->len; i++)
    template_bytes += strlen (g_ptr_array_index (templates, i));
  /* No overflow: both factors come from a file of at most 16 MiB. */
  self->n_texts += n * templates->len;
  self->n_bytes += text_bytes * templates->len + template_bytes * n;
  if (self->n_texts <= CLV_PROMPTS_MAX_TEXTS &&
      self->n_bytes <= CLV_PROMPTS_MAX_BYTES)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: wanted at most %u texts and %" G_GUINT64_FORMAT
      " bytes, each text counted in each template, found %" G_GUINT64_FORMAT
      " texts and %" G_GUINT64_FORMAT " bytes up to here",
      where, CLV_PROMPTS_MAX_TEXTS, CLV_PROMPTS_MAX_BYTES, self->n_texts,
      self->n_bytes);
  return FALSE;
}

static void
add_row (ClvPromptsBuilder *self, ClvPromptRow row, const gchar *const *texts,
    GPtrArray *templates)
{
  ClvPrompts *prompts = self->prompts;
  ClvPromptTexts row_texts = {
    .texts = g_strdupv ((gchar **) texts),
    .templates = g_ptr_array_ref (templates),
  };

  row.group = prompts->groups->len - 1;
  g_array_append_val (prompts->rows, row);
  g_array_append_val (prompts->row_texts, row_texts);
}

/* Each phrase is a row of its own. */
static gboolean
add_phrases (ClvPromptsBuilder *self, const gchar *where, ClvPromptRow row,
    const gchar *const *phrases, GPtrArray *templates, GError **error)
{
  if (!count_texts (self, where, phrases, templates, error))
    return FALSE;
  for (guint i = 0; phrases != NULL && phrases[i] != NULL; i++) {
    const gchar *texts[] = { phrases[i], NULL };

    add_row (self, row, texts, templates);
  }
  return TRUE;
}

gboolean
clv_prompts_builder_add (ClvPromptsBuilder *self, const gchar *where,
    const ClvPromptSpec *spec, GError **error)
{
  ClvPrompts *prompts = self->prompts;
  gint index = (gint) prompts->labels->len;
  gdouble thresholds[2] = { spec->threshold, spec->off_threshold };
  ClvPromptTexts *texts;
  ClvLabel label = {
    .group = g_ptr_array_index (prompts->groups, prompts->groups->len - 1),
    .group_index = prompts->groups->len - 1,
    .min_duration = spec->min_duration,
    .cool_down = spec->cool_down,
  };

  if (!g_hash_table_add (self->labels, g_strdup (spec->label))) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a label that comes once in its group, found \"%s\" again",
        where, spec->label);
    return FALSE;
  }
  if (!count_texts (self, where, spec->texts, spec->templates, error))
    return FALSE;
  label.label = g_strdup (spec->label);
  g_array_append_val (prompts->labels, label);
  g_array_append_val (self->given_thresholds, thresholds);
  add_row (self, (ClvPromptRow){ .label = index, .against = -1 }, spec->texts,
      spec->templates);
  texts = &g_array_index (
      prompts->row_texts, ClvPromptTexts, prompts->row_texts->len - 1);
  texts->images = g_strdupv ((gchar **) spec->images);
  texts->image_weight = spec->image_weight;
  return add_phrases (self, where,
      (ClvPromptRow){ .label = -1, .against = index }, spec->negatives,
      spec->templates, error);
}

/* A softmax over one row is always 1. */
static ClvScoring
choose_scoring (ClvPromptsBuilder *self, const ClvGroupSpec *spec)
{
  if (spec->scoring != CLV_SCORING_AUTO)
    return spec->scoring;
  return spec->background != NULL ||
                 self->prompts->rows->len - self->first_row > 1
             ? CLV_SCORING_SOFTMAX
             : CLV_SCORING_COSINE;
}

static gboolean
add_group_phrases (ClvPromptsBuilder *self, const gchar *where,
    const ClvGroupSpec *spec, ClvScoring scoring, GError **error)
{
  if (spec->background_asked && spec->background != NULL &&
      scoring == CLV_SCORING_COSINE) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s.background: wanted a group in which phrases compete (scoring auto, "
        "softmax or sigmoid), found the scoring cosine",
        where);
    return FALSE;
  }
  if (scoring != CLV_SCORING_COSINE &&
      !add_phrases (self, where, (ClvPromptRow){ .label = -1, .against = -1 },
          spec->background, spec->templates, error))
    return FALSE;
  return spec->calibration != CLV_CALIBRATION_MODEL ||
         add_phrases (self, where,
             (ClvPromptRow){ .label = -1, .against = -1, .is_null = TRUE },
             clv_prompts_null_phrases, spec->templates, error);
}

static gfloat
default_threshold (
    ClvPromptsBuilder *self, ClvScoring scoring, ClvCalibration calibration)
{
  if (self->default_threshold >= 0)
    return self->default_threshold;
  return scoring == CLV_SCORING_COSINE && calibration == CLV_CALIBRATION_NONE
             ? 0.25f
             : 0.5f;
}

gboolean
clv_prompts_builder_end_group (ClvPromptsBuilder *self, const gchar *where,
    const ClvGroupSpec *spec, GError **error)
{
  ClvPrompts *prompts = self->prompts;
  ClvScoring scoring = choose_scoring (self, spec);

  if (!add_group_phrases (self, where, spec, scoring, error))
    return FALSE;
  for (guint i = self->first_label; i < prompts->labels->len; i++) {
    ClvLabel *label = &g_array_index (prompts->labels, ClvLabel, i);
    const gdouble *given =
        &((const gdouble *) (gpointer)
                self->given_thresholds->data)[2 * (i - self->first_label)];

    label->scoring = scoring;
    label->calibration = spec->calibration;
    label->threshold =
        isnan (given[0]) ? default_threshold (self, scoring, spec->calibration)
                         : given[0];
    label->off_threshold = isnan (given[1]) ? label->threshold : given[1];
    if (label->off_threshold > label->threshold) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s.prompts[%u].off-threshold: wanted a number from -1 to the "
          "threshold, which is %g, found %g",
          where, i - self->first_label, label->threshold, label->off_threshold);
      return FALSE;
    }
  }
  return TRUE;
}

ClvPrompts *
clv_prompts_builder_finish (ClvPromptsBuilder *self)
{
  return g_steal_pointer (&self->prompts);
}

gboolean
clv_prompts_template_check (
    const gchar *where, const gchar *template, GError **error)
{
  const gchar *hole = strstr (template, "{}");

  if (hole != NULL && strstr (hole + 2, "{}") == NULL)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: wanted a template with one {} for the phrase, found %s", where,
      hole == NULL ? "none" : "several");
  return FALSE;
}

GPtrArray *
clv_prompts_default_templates (
    const ClvPromptsDefaults *defaults, GError **error)
{
  g_autoptr (GPtrArray) templates = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0;
       defaults != NULL && defaults->templates && defaults->templates[i]; i++) {
    if (!g_utf8_validate (defaults->templates[i], -1, NULL)) {
      g_set_error_literal (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "template: wanted UTF-8, found other bytes");
      return NULL;
    }
    if (!clv_prompts_template_check ("template", defaults->templates[i], error))
      return NULL;
    g_ptr_array_add (templates, g_strdup (defaults->templates[i]));
  }
  if (templates->len == 0)
    g_ptr_array_add (templates, g_strdup ("{}"));
  return g_steal_pointer (&templates);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The prompts file: JSON to a prompt set. docs/prompts.md describes the form. */

#include <clv/clv-prompts.h>

#include <json-glib/json-glib.h>
#include <math.h>

#include "clv-prompts-builder.h"
#include "clv-prompts-json.h"
#include "clv-prompts-phrases.h"
#include "clv-prompts-reader.h"

#define MAX_SECONDS 86400.0

static const gchar *const file_keys[] = { "template", "calibration",
  "background", "groups", NULL };
static const gchar *const group_keys[] = { "name", "scoring", "calibration",
  "background", "template", "prompts", NULL };
static const gchar *const prompt_keys[] = { "label", "text", "image", "weight",
  "negative", "template", "threshold", "off-threshold", "min-duration",
  "cool-down", NULL };

/* In the order of ClvScoring and of ClvCalibration. */
static const gchar *const scorings[] = { "auto", "softmax", "sigmoid", "cosine",
  NULL };
static const gchar *const calibrations[] = { "none", "model", "stream", NULL };

/* The templates of an object, or those of what it is in. */
static GPtrArray *
get_templates (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    GPtrArray *outer)
{
  g_autoptr (GPtrArray) templates = NULL;
  g_autofree gchar *at = g_strdup_printf ("%s.template", path);
  JsonNode *node = json_object_get_member (object, "template");

  if (node == NULL)
    return g_ptr_array_ref (outer);
  templates = clv_reader_get_texts (self, node, at);
  if (templates == NULL)
    return NULL;
  for (guint i = 0; i < templates->len; i++) {
    g_autofree gchar *where =
        JSON_NODE_HOLDS_ARRAY (node)
            ? g_strdup_printf ("%s: %s[%u]", self->file, at, i)
            : g_strdup_printf ("%s: %s", self->file, at);

    if (!clv_prompts_template_check (
            where, g_ptr_array_index (templates, i), self->error))
      return NULL;
  }
  return g_steal_pointer (&templates);
}

/* Calibration and background phrases of an object, or those of what it is in.
 * *ret_phrases owns what spec->background borrows. */
static gboolean
get_baselines (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    ClvGroupSpec *spec, GPtrArray **ret_phrases)
{
  g_autofree gchar *at = g_strdup_printf ("%s.background", path);
  JsonNode *node = json_object_get_member (object, "background");
  guint calibration = spec->calibration;

  if (!clv_reader_get_word (
          self, object, path, "calibration", calibrations, &calibration))
    return FALSE;
  spec->calibration = (ClvCalibration) calibration;
  if (node == NULL)
    return TRUE;
  spec->background_asked = TRUE;
  if (JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_BOOLEAN) {
    spec->background =
        json_node_get_boolean (node) ? clv_prompts_background_phrases : NULL;
    return TRUE;
  }
  if (!JSON_NODE_HOLDS_ARRAY (node) &&
      (!JSON_NODE_HOLDS_VALUE (node) ||
          json_node_get_value_type (node) != G_TYPE_STRING))
    return clv_reader_fail_found (
        self, at, "true, false, a string or an array of strings", node);
  *ret_phrases = clv_reader_get_texts (self, node, at);
  if (*ret_phrases == NULL)
    return FALSE;
  g_ptr_array_add (*ret_phrases, NULL);
  spec->background = (const gchar *const *) (*ret_phrases)->pdata;
  return TRUE;
}

/* The strings under a key with a NULL behind them; *ret is NULL where there is
 * no such key. */
static gboolean
get_strings (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    const gchar *key, GPtrArray **ret)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  *ret = clv_reader_get_texts (self, node, at);
  if (*ret == NULL)
    return FALSE;
  g_ptr_array_add (*ret, NULL);
  return TRUE;
}

/* Makes the names of pictures paths; they are relative to the prompts file. That
 * there is such a file is checked here, where the JSON path is known. */
static gboolean
find_images (ClvPromptsReader *self, const gchar *path, GPtrArray *images)
{
  g_autofree gchar *dir = g_path_get_dirname (self->file);
  g_autofree gchar *absolute = g_canonicalize_filename (dir, NULL);

  for (guint i = 0; i + 1 < images->len; i++) {
    gchar *found =
        g_canonicalize_filename (g_ptr_array_index (images, i), absolute);

    g_free (g_ptr_array_index (images, i));
    g_ptr_array_index (images, i) = found;
    if (!g_file_test (found, G_FILE_TEST_IS_REGULAR))
      return clv_reader_fail (self, path,
          "wanted a picture, relative to this file, found no file \"%s\"",
          found);
  }
  return TRUE;
}

/* Pictures and their weight beside the texts. */
static gboolean
get_images (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    gboolean has_text, GPtrArray **ret_images, gdouble *ret_weight)
{
  g_autofree gchar *image_path = g_strdup_printf ("%s.image", path);
  g_autofree gchar *weight_path = g_strdup_printf ("%s.weight", path);

  if (!get_strings (self, object, path, "image", ret_images))
    return FALSE;
  if (*ret_images != NULL && !find_images (self, image_path, *ret_images))
    return FALSE;
  if (json_object_has_member (object, "weight") &&
      (!has_text || *ret_images == NULL))
    return clv_reader_fail (self, weight_path,
        "wanted both text and image to weigh, found only %s",
        has_text ? "text" : "image");
  *ret_weight = has_text ? 0.5 : 1;
  return clv_reader_get_number (self, object, path, "weight", 0, 1, ret_weight);
}

static gboolean
get_numbers (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    ClvPromptSpec *spec)
{
  return clv_reader_get_number (
             self, object, path, "threshold", -1, 1, &spec->threshold) &&
         clv_reader_get_number (self, object, path, "off-threshold", -1, 1,
             &spec->off_threshold) &&
         clv_reader_get_number (self, object, path, "min-duration", 0,
             MAX_SECONDS, &spec->min_duration) &&
         clv_reader_get_number (
             self, object, path, "cool-down", 0, MAX_SECONDS, &spec->cool_down);
}

static gboolean
add_prompt (ClvPromptsReader *self, const gchar *path, ClvPromptSpec *spec)
{
  g_autofree gchar *where = g_strdup_printf ("%s: %s", self->file, path);

  return clv_prompts_builder_add (self->builder, where, spec, self->error);
}

static gboolean
read_prompt_object (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, ClvPromptSpec *spec)
{
  g_autofree gchar *label = NULL;
  g_autofree gchar *label_path = g_strdup_printf ("%s.label", path);
  g_autoptr (GPtrArray) texts = NULL;
  g_autoptr (GPtrArray) negatives = NULL;
  g_autoptr (GPtrArray) images = NULL;
  const gchar *no_text[] = { NULL };
  JsonNode *node = json_object_get_member (object, "label");

  if (node != NULL &&
      !(label = clv_reader_get_text (self, node, label_path, "a string")))
    return FALSE;
  if (!get_strings (self, object, path, "text", &texts) ||
      !get_strings (self, object, path, "negative", &negatives) ||
      !get_images (
          self, object, path, texts != NULL, &images, &spec->image_weight) ||
      !get_numbers (self, object, path, spec))
    return FALSE;
  if (texts == NULL && images == NULL)
    return clv_reader_fail (
        self, path, "wanted the key \"text\" or \"image\", found none");
  if (texts == NULL && label == NULL)
    return clv_reader_fail (self, path,
        "wanted the key \"label\", which a prompt without text needs, found "
        "none");
  spec->texts = texts ? (const gchar *const *) texts->pdata : no_text;
  spec->negatives = negatives ? (const gchar *const *) negatives->pdata : NULL;
  spec->images = images ? (const gchar *const *) images->pdata : NULL;
  spec->label = label != NULL ? label : spec->texts[0];
  return add_prompt (self, path, spec);
}

static gboolean
read_prompt (
    ClvPromptsReader *self, JsonNode *node, const gchar *path, GPtrArray *outer)
{
  g_autoptr (GPtrArray) templates = NULL;
  ClvPromptSpec spec = { .threshold = NAN, .off_threshold = NAN };
  JsonObject *object;

  /* A plain string is a label that is its own text. */
  if (JSON_NODE_HOLDS_VALUE (node)) {
    g_autofree gchar *text =
        clv_reader_get_text (self, node, path, "a string or an object");
    const gchar *texts[] = { text, NULL };

    if (text == NULL)
      return FALSE;
    spec.label = text;
    spec.texts = texts;
    spec.templates = outer;
    return add_prompt (self, path, &spec);
  }
  object = clv_reader_get_object (
      self, node, path, "a string or an object", prompt_keys);
  if (object == NULL)
    return FALSE;
  templates = get_templates (self, object, path, outer);
  if (templates == NULL)
    return FALSE;
  spec.templates = templates;
  return read_prompt_object (self, object, path, &spec);
}

/* Only a group that is alone may have no name. */
static gchar *
get_group_name (ClvPromptsReader *self, JsonObject *object, const gchar *path,
    gboolean alone)
{
  g_autofree gchar *at = g_strdup_printf ("%s.name", path);
  JsonNode *node = json_object_get_member (object, "name");

  if (node != NULL)
    return clv_reader_get_text (self, node, at, "a string");
  if (alone)
    return g_strdup ("default");
  clv_reader_fail (self, path,
      "wanted the key \"name\", which each of several groups needs, found "
      "none");
  return NULL;
}

static gboolean
read_group (ClvPromptsReader *self, JsonNode *node, const gchar *path,
    gboolean alone, const ClvGroupSpec *outer)
{
  g_autofree gchar *where = g_strdup_printf ("%s: %s", self->file, path);
  g_autofree gchar *name = NULL;
  g_autoptr (GPtrArray) templates = NULL;
  g_autoptr (GPtrArray) phrases = NULL;
  JsonObject *object =
      clv_reader_get_object (self, node, path, "an object", group_keys);
  ClvGroupSpec spec = *outer;
  guint scoring = outer->scoring;
  JsonArray *prompts;

  spec.background_asked = FALSE;
  if (object == NULL || !(name = get_group_name (self, object, path, alone)) ||
      !clv_reader_get_word (
          self, object, path, "scoring", scorings, &scoring) ||
      !get_baselines (self, object, path, &spec, &phrases) ||
      !(templates = get_templates (self, object, path, outer->templates)) ||
      !(prompts = clv_reader_get_array (self, object, path, "prompts")) ||
      !clv_prompts_builder_begin_group (
          self->builder, where, name, self->error))
    return FALSE;
  spec.scoring = (ClvScoring) scoring;
  spec.templates = templates;
  for (guint i = 0; i < json_array_get_length (prompts); i++) {
    g_autofree gchar *at = g_strdup_printf ("%s.prompts[%u]", path, i);

    if (!read_prompt (self, json_array_get_element (prompts, i), at, templates))
      return FALSE;
  }
  return clv_prompts_builder_end_group (
      self->builder, where, &spec, self->error);
}

static gboolean
read_root (ClvPromptsReader *self, JsonObject *object, ClvGroupSpec *spec)
{
  g_autoptr (GPtrArray) templates = NULL;
  g_autoptr (GPtrArray) phrases = NULL;
  JsonArray *groups;
  guint n_groups;

  if (!clv_reader_check_keys (self, object, "$", file_keys) ||
      !(templates = get_templates (self, object, "$", spec->templates)) ||
      !get_baselines (self, object, "$", spec, &phrases) ||
      !(groups = clv_reader_get_array (self, object, "$", "groups")))
    return FALSE;
  spec->templates = templates;
  n_groups = json_array_get_length (groups);
  for (guint i = 0; i < n_groups; i++) {
    g_autofree gchar *at = g_strdup_printf ("$.groups[%u]", i);

    if (!read_group (
            self, json_array_get_element (groups, i), at, n_groups == 1, spec))
      return FALSE;
  }
  return TRUE;
}

ClvPrompts *
clv_prompts_new_from_file (
    const gchar *path, const ClvPromptsDefaults *defaults, GError **error)
{
  g_autoptr (JsonObject) root = NULL;
  g_autoptr (GPtrArray) templates = NULL;
  g_autoptr (ClvPromptsBuilder) builder = NULL;
  ClvGroupSpec spec = { 0 };
  ClvPromptsReader reader;

  g_return_val_if_fail (path != NULL, NULL);

  templates = clv_prompts_default_templates (defaults, error);
  if (templates == NULL)
    return NULL;
  root = clv_prompts_json_load (path, error);
  if (root == NULL)
    return NULL;
  builder = clv_prompts_builder_new (defaults ? defaults->threshold : -1);
  reader = (ClvPromptsReader){
    .file = path,
    .builder = builder,
    .error = error,
  };
  clv_group_spec_init (&spec, defaults, templates);
  if (!read_root (&reader, root, &spec))
    return NULL;
  return clv_prompts_builder_finish (builder);
}

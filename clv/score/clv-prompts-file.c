/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The prompts file: JSON to a prompt set. docs/prompts.md describes the form. */

#include <clv/clv-prompts.h>

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "clv-prompts-builder.h"
#include "clv-prompts-json.h"

#define MAX_SECONDS 86400.0

typedef struct {
  const gchar *file;
  ClvPromptsBuilder *builder;
  ClvScoring default_scoring;
  GError **error;
} Reader;

static const gchar *const file_keys[] = { "template", "groups", NULL };
static const gchar *const group_keys[] = { "name", "scoring", "template",
  "prompts", NULL };
static const gchar *const prompt_keys[] = { "label", "text", "negative",
  "template", "threshold", "off-threshold", "min-duration", "cool-down", NULL };

G_GNUC_PRINTF (3, 4)
static gboolean
fail (Reader *self, const gchar *path, const gchar *format, ...)
{
  g_autofree gchar *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (self->error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: %s: %s",
      self->file, path, message);
  return FALSE;
}

static gboolean
fail_found (
    Reader *self, const gchar *path, const gchar *wanted, JsonNode *node)
{
  g_autofree gchar *found = clv_prompts_json_describe (node);

  return fail (self, path, "wanted %s, found %s", wanted, found);
}

/* An object may have no member but those in `keys`. */
static gboolean
check_keys (Reader *self, JsonObject *object, const gchar *path,
    const gchar *const *keys)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; l != NULL; l = l->next) {
    g_autofree gchar *known = NULL;
    g_autofree gchar *key = NULL;

    if (g_strv_contains (keys, l->data))
      continue;
    if (keys == prompt_keys && g_str_equal (l->data, "image")) {
      g_set_error (self->error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "%s: %s.image: a prompt needs text; example pictures are not "
          "supported yet by this version",
          self->file, path);
      return FALSE;
    }
    known = g_strjoinv (", ", (gchar **) keys);
    key = clv_prompts_json_shorten (l->data);
    return fail (
        self, path, "wanted only the keys %s, found \"%s\"", known, key);
  }
  return TRUE;
}

/* The object of a node, its keys checked. */
static JsonObject *
get_object (Reader *self, JsonNode *node, const gchar *path,
    const gchar *wanted, const gchar *const *keys)
{
  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    fail_found (self, path, wanted, node);
    return NULL;
  }
  if (!check_keys (self, json_node_get_object (node), path, keys))
    return NULL;
  return json_node_get_object (node);
}

/* A string with something in it; without the white space around it. */
static gchar *
get_text (Reader *self, JsonNode *node, const gchar *path, const gchar *wanted)
{
  g_autofree gchar *text = NULL;

  if (!JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING) {
    fail_found (self, path, wanted, node);
    return NULL;
  }
  text = g_strstrip (json_node_dup_string (node));
  if (*text == '\0') {
    fail (self, path, "wanted %s, found no text in it", wanted);
    return NULL;
  }
  return g_steal_pointer (&text);
}

/* A string or an array of strings. */
static GPtrArray *
get_texts (Reader *self, JsonNode *node, const gchar *path)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    gchar *text =
        get_text (self, node, path, "a string or an array of strings");

    if (text == NULL)
      return NULL;
    g_ptr_array_add (texts, text);
    return g_steal_pointer (&texts);
  }
  array = json_node_get_array (node);
  if (json_array_get_length (array) == 0) {
    fail (self, path, "wanted at least one string, found an empty array");
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    g_autofree gchar *at = g_strdup_printf ("%s[%u]", path, i);
    gchar *text =
        get_text (self, json_array_get_element (array, i), at, "a string");

    if (text == NULL)
      return NULL;
    g_ptr_array_add (texts, text);
  }
  return g_steal_pointer (&texts);
}

/* The templates of an object, or those of what it is in. */
static GPtrArray *
get_templates (
    Reader *self, JsonObject *object, const gchar *path, GPtrArray *outer)
{
  g_autoptr (GPtrArray) templates = NULL;
  g_autofree gchar *at = g_strdup_printf ("%s.template", path);
  JsonNode *node = json_object_get_member (object, "template");

  if (node == NULL)
    return g_ptr_array_ref (outer);
  templates = get_texts (self, node, at);
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

/* Leaves *value as it is where there is no such key. */
static gboolean
get_number (Reader *self, JsonObject *object, const gchar *path,
    const gchar *key, gdouble low, gdouble high, gdouble *value)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  g_autofree gchar *wanted = NULL;
  JsonNode *node = json_object_get_member (object, key);
  gdouble number;

  if (node == NULL)
    return TRUE;
  wanted = g_strdup_printf ("a number from %g to %g", low, high);
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return fail_found (self, at, wanted, node);
  number = json_node_get_double (node);
  if (!(number >= low && number <= high))
    return fail_found (self, at, wanted, node);
  *value = number;
  return TRUE;
}

static gboolean
get_scoring (Reader *self, JsonObject *object, const gchar *path,
    ClvScoring *ret_scoring)
{
  static const gchar *const names[] = { "auto", "softmax", "sigmoid",
    "cosine" };
  const gchar *wanted = "\"auto\", \"softmax\", \"sigmoid\" or \"cosine\"";
  g_autofree gchar *at = g_strdup_printf ("%s.scoring", path);
  g_autofree gchar *name = NULL;
  JsonNode *node = json_object_get_member (object, "scoring");

  *ret_scoring = self->default_scoring;
  if (node == NULL)
    return TRUE;
  name = get_text (self, node, at, wanted);
  if (name == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (name, names[i])) {
      *ret_scoring = (ClvScoring) i;
      return TRUE;
    }
  }
  return fail_found (self, at, wanted, node);
}

static gboolean
add_prompt (Reader *self, const gchar *path, const gchar *label,
    GPtrArray *texts, GPtrArray *negatives, ClvPromptSpec *spec)
{
  g_autofree gchar *where = g_strdup_printf ("%s: %s", self->file, path);

  g_ptr_array_add (texts, NULL);
  if (negatives != NULL)
    g_ptr_array_add (negatives, NULL);
  spec->texts = (const gchar *const *) texts->pdata;
  spec->negatives = negatives ? (const gchar *const *) negatives->pdata : NULL;
  spec->label = label != NULL ? label : spec->texts[0];
  return clv_prompts_builder_add (self->builder, where, spec, self->error);
}

static gboolean
read_prompt_object (
    Reader *self, JsonObject *object, const gchar *path, ClvPromptSpec *spec)
{
  g_autofree gchar *label = NULL;
  g_autofree gchar *label_path = g_strdup_printf ("%s.label", path);
  g_autofree gchar *text_path = g_strdup_printf ("%s.text", path);
  g_autofree gchar *negative_path = g_strdup_printf ("%s.negative", path);
  g_autoptr (GPtrArray) texts = NULL;
  g_autoptr (GPtrArray) negatives = NULL;
  JsonNode *node;

  node = json_object_get_member (object, "label");
  if (node != NULL && !(label = get_text (self, node, label_path, "a string")))
    return FALSE;
  node = json_object_get_member (object, "text");
  if (node == NULL)
    return fail (self, path, "wanted the key \"text\", found none");
  if (!(texts = get_texts (self, node, text_path)))
    return FALSE;
  node = json_object_get_member (object, "negative");
  if (node != NULL && !(negatives = get_texts (self, node, negative_path)))
    return FALSE;
  if (!get_number (self, object, path, "threshold", -1, 1, &spec->threshold) ||
      !get_number (
          self, object, path, "off-threshold", -1, 1, &spec->off_threshold) ||
      !get_number (self, object, path, "min-duration", 0, MAX_SECONDS,
          &spec->min_duration) ||
      !get_number (
          self, object, path, "cool-down", 0, MAX_SECONDS, &spec->cool_down))
    return FALSE;
  return add_prompt (self, path, label, texts, negatives, spec);
}

static gboolean
read_prompt (Reader *self, JsonNode *node, const gchar *path, GPtrArray *outer)
{
  g_autoptr (GPtrArray) templates = NULL;
  ClvPromptSpec spec = { .threshold = NAN, .off_threshold = NAN };
  JsonObject *object;

  /* A plain string is a label that is its own text. */
  if (JSON_NODE_HOLDS_VALUE (node)) {
    g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
    gchar *text = get_text (self, node, path, "a string or an object");

    if (text == NULL)
      return FALSE;
    g_ptr_array_add (texts, text);
    spec.templates = outer;
    return add_prompt (self, path, NULL, texts, NULL, &spec);
  }
  object = get_object (self, node, path, "a string or an object", prompt_keys);
  if (object == NULL)
    return FALSE;
  templates = get_templates (self, object, path, outer);
  if (templates == NULL)
    return FALSE;
  spec.templates = templates;
  return read_prompt_object (self, object, path, &spec);
}

/* The array under a key, which must be there and not empty. */
static JsonArray *
get_array (
    Reader *self, JsonObject *object, const gchar *path, const gchar *key)
{
  g_autofree gchar *at = g_strdup_printf ("%s.%s", path, key);
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    fail (self, path, "wanted the key \"%s\", found none", key);
  else if (!JSON_NODE_HOLDS_ARRAY (node))
    fail_found (self, at, "an array", node);
  else if (json_array_get_length (json_node_get_array (node)) == 0)
    fail (self, at, "wanted at least one element, found an empty array");
  else
    return json_node_get_array (node);
  return NULL;
}

/* Only a group that is alone may have no name. */
static gchar *
get_group_name (
    Reader *self, JsonObject *object, const gchar *path, gboolean alone)
{
  g_autofree gchar *at = g_strdup_printf ("%s.name", path);
  JsonNode *node = json_object_get_member (object, "name");

  if (node != NULL)
    return get_text (self, node, at, "a string");
  if (alone)
    return g_strdup ("default");
  fail (self, path,
      "wanted the key \"name\", which each of several groups needs, found "
      "none");
  return NULL;
}

static gboolean
read_group (Reader *self, JsonNode *node, const gchar *path, gboolean alone,
    GPtrArray *outer)
{
  g_autofree gchar *where = g_strdup_printf ("%s: %s", self->file, path);
  g_autofree gchar *name = NULL;
  g_autoptr (GPtrArray) templates = NULL;
  JsonObject *object = get_object (self, node, path, "an object", group_keys);
  JsonArray *prompts;
  ClvScoring scoring;

  if (object == NULL || !(name = get_group_name (self, object, path, alone)) ||
      !get_scoring (self, object, path, &scoring) ||
      !(templates = get_templates (self, object, path, outer)) ||
      !(prompts = get_array (self, object, path, "prompts")) ||
      !clv_prompts_builder_begin_group (
          self->builder, where, name, scoring, self->error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (prompts); i++) {
    g_autofree gchar *at = g_strdup_printf ("%s.prompts[%u]", path, i);

    if (!read_prompt (self, json_array_get_element (prompts, i), at, templates))
      return FALSE;
  }
  return clv_prompts_builder_end_group (self->builder, where, self->error);
}

static gboolean
read_root (Reader *self, JsonObject *object, GPtrArray *outer)
{
  g_autoptr (GPtrArray) templates = NULL;
  JsonArray *groups;
  guint n_groups;

  if (!check_keys (self, object, "$", file_keys) ||
      !(templates = get_templates (self, object, "$", outer)) ||
      !(groups = get_array (self, object, "$", "groups")))
    return FALSE;
  n_groups = json_array_get_length (groups);
  for (guint i = 0; i < n_groups; i++) {
    g_autofree gchar *at = g_strdup_printf ("$.groups[%u]", i);

    if (!read_group (self, json_array_get_element (groups, i), at,
            n_groups == 1, templates))
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
  Reader reader;

  g_return_val_if_fail (path != NULL, NULL);

  templates = clv_prompts_default_templates (defaults, error);
  if (templates == NULL)
    return NULL;
  root = clv_prompts_json_load (path, error);
  if (root == NULL)
    return NULL;
  builder = clv_prompts_builder_new (defaults ? defaults->threshold : -1);
  reader = (Reader){
    .file = path,
    .builder = builder,
    .default_scoring = defaults ? defaults->scoring : CLV_SCORING_AUTO,
    .error = error,
  };
  if (!read_root (&reader, root, templates))
    return NULL;
  return clv_prompts_builder_finish (builder);
}

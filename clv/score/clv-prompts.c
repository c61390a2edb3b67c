/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-prompts.h>

#include <math.h>
#include <string.h>

#include "clv-prompts-builder.h"
#include "clv-prompts-private.h"

G_DEFINE_FINAL_TYPE (ClvPrompts, clv_prompts, G_TYPE_OBJECT)

static void
clear_label (gpointer data)
{
  g_free ((gchar *) ((ClvLabel *) data)->label);
}

static void
clear_texts (gpointer data)
{
  ClvPromptTexts *texts = data;

  g_strfreev (texts->texts);
  g_strfreev (texts->images);
  g_ptr_array_unref (texts->templates);
}

static void
clv_prompts_finalize (GObject *object)
{
  ClvPrompts *self = CLV_PROMPTS (object);

  g_array_unref (self->labels);
  g_array_unref (self->rows);
  g_array_unref (self->row_texts);
  g_ptr_array_unref (self->groups);
  g_free (self->matrix);
  g_free (self->model_id);
  G_OBJECT_CLASS (clv_prompts_parent_class)->finalize (object);
}

static void
clv_prompts_class_init (ClvPromptsClass *class)
{
  G_OBJECT_CLASS (class)->finalize = clv_prompts_finalize;
}

static void
clv_prompts_init (ClvPrompts *self)
{
  static GMutex mutex;
  static guint64 last_generation;

  g_mutex_lock (&mutex);
  self->generation = ++last_generation;
  g_mutex_unlock (&mutex);

  self->groups = g_ptr_array_new_with_free_func (g_free);
  self->labels = g_array_new (FALSE, TRUE, sizeof (ClvLabel));
  self->rows = g_array_new (FALSE, TRUE, sizeof (ClvPromptRow));
  self->row_texts = g_array_new (FALSE, TRUE, sizeof (ClvPromptTexts));
  g_array_set_clear_func (self->labels, clear_label);
  g_array_set_clear_func (self->row_texts, clear_texts);
}

/* Adds the phrases between ; and newlines. */
static gboolean
add_phrases (ClvPromptsBuilder *builder, const gchar *prompts,
    GPtrArray *templates, GError **error)
{
  g_auto (GStrv) phrases = g_strsplit_set (prompts, ";\n\r", -1);
  guint n = 0;

  for (guint i = 0; phrases[i] != NULL; i++) {
    const gchar *texts[] = { g_strstrip (phrases[i]), NULL };
    const ClvPromptSpec spec = {
      .label = texts[0],
      .texts = texts,
      .templates = templates,
      .threshold = NAN,
      .off_threshold = NAN,
    };

    if (*texts[0] == '\0')
      continue;
    n++;
    if (!clv_prompts_builder_add (builder, "prompts", &spec, error))
      return FALSE;
  }
  if (n == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "prompts: wanted phrases between semicolons or newlines, found %s",
        *prompts == '\0' ? "nothing" : "only separators and white space");
    return FALSE;
  }
  return TRUE;
}

ClvPrompts *
clv_prompts_new_from_string (
    const gchar *prompts, const ClvPromptsDefaults *defaults, GError **error)
{
  g_autoptr (ClvPromptsBuilder) builder = NULL;
  g_autoptr (GPtrArray) templates = NULL;
  ClvGroupSpec group;
  const gchar *bad;

  g_return_val_if_fail (prompts != NULL, NULL);

  if (!g_utf8_validate (prompts, -1, &bad)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "prompts: wanted UTF-8, found another byte (0x%02x) at offset %u",
        (guint8) *bad, (guint) (bad - prompts));
    return NULL;
  }
  templates = clv_prompts_default_templates (defaults, error);
  if (templates == NULL)
    return NULL;
  builder = clv_prompts_builder_new (defaults ? defaults->threshold : -1);
  clv_group_spec_init (&group, defaults, templates);
  if (!clv_prompts_builder_begin_group (builder, "prompts", "default", error) ||
      !add_phrases (builder, prompts, templates, error) ||
      !clv_prompts_builder_end_group (builder, "prompts", &group, error))
    return NULL;
  return clv_prompts_builder_finish (builder);
}

ClvPrompts *
clv_prompts_new_from_labels (const ClvLabel *labels, guint n_labels)
{
  ClvPrompts *self = g_object_new (CLV_TYPE_PROMPTS, NULL);

  for (guint i = 0; i < n_labels; i++) {
    ClvLabel label = labels[i];

    if (i == 0 || !g_str_equal (label.group, labels[i - 1].group))
      g_ptr_array_add (self->groups, g_strdup (label.group));
    label.label = g_strdup (label.label);
    label.group = g_ptr_array_index (self->groups, self->groups->len - 1);
    label.group_index = self->groups->len - 1;
    g_array_append_val (self->labels, label);
  }
  return self;
}

guint
clv_prompts_get_n_labels (ClvPrompts *self)
{
  return self->labels->len;
}

const ClvLabel *
clv_prompts_get_label (ClvPrompts *self, guint index)
{
  g_return_val_if_fail (index < self->labels->len, NULL);
  return &g_array_index (self->labels, ClvLabel, index);
}

guint
clv_prompts_get_width (ClvPrompts *self)
{
  return self->width;
}

guint64
clv_prompts_get_generation (ClvPrompts *self)
{
  return self->generation;
}

guint
clv_prompts_get_n_rows (ClvPrompts *self)
{
  return self->rows->len;
}

const ClvPromptRow *
clv_prompts_get_rows (ClvPrompts *self)
{
  return (const ClvPromptRow *) (gpointer) self->rows->data;
}

guint
clv_prompts_get_n_groups (ClvPrompts *self)
{
  return self->groups->len;
}

const gfloat *
clv_prompts_get_matrix (ClvPrompts *self, guint *ret_width)
{
  if (ret_width != NULL)
    *ret_width = self->width;
  return self->matrix;
}

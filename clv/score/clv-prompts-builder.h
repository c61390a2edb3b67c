/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Collects groups and labels, checks what has to hold between them, and makes
 * the prompt set of them. Both the string form and the file go through here. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* More than this is a mistake or an attack, not a vocabulary: every text in
 * every template is encoded once. */
#define CLV_PROMPTS_MAX_TEXTS 4000000
#define CLV_PROMPTS_MAX_BYTES (G_GUINT64_CONSTANT (512) << 20)

/* One label. Strings are copied; the templates are shared. */
typedef struct {
  const gchar *label;
  const gchar *const *texts;     /* may be empty where there are images */
  const gchar *const *negatives; /* or NULL */
  const gchar *const *images;    /* absolute paths, or NULL */
  gdouble image_weight;          /* share of the pictures, 0 to 1 */
  GPtrArray *templates;          /* of gchar * with one {} each */
  gdouble threshold;             /* NAN: the default */
  gdouble off_threshold;         /* NAN: the same as the threshold */
  gdouble min_duration;
  gdouble cool_down;
} ClvPromptSpec;

/* One group. Strings are copied; the templates are shared. */
typedef struct {
  ClvScoring scoring;
  ClvCalibration calibration;
  GPtrArray *templates;           /* for background and null phrases */
  const gchar *const *background; /* or NULL */
  gboolean background_asked; /* for this very group: cosines are an error */
} ClvGroupSpec;

/* What the defaults (or NULL) say of a group that says nothing itself; the
 * templates are borrowed. */
void clv_group_spec_init (ClvGroupSpec *self,
    const ClvPromptsDefaults *defaults, GPtrArray *templates);

typedef struct _ClvPromptsBuilder ClvPromptsBuilder;

/* default_threshold: as in ClvPromptsDefaults. */
ClvPromptsBuilder *clv_prompts_builder_new (gfloat default_threshold);
void clv_prompts_builder_free (ClvPromptsBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvPromptsBuilder, clv_prompts_builder_free)

/* `where` stands in front of messages: "prompts.json: $.groups[0]". */
gboolean clv_prompts_builder_begin_group (ClvPromptsBuilder *self,
    const gchar *where, const gchar *name, GError **error);
gboolean clv_prompts_builder_add (ClvPromptsBuilder *self, const gchar *where,
    const ClvPromptSpec *spec, GError **error);

/* Decides what AUTO is, and with it the thresholds. */
gboolean clv_prompts_builder_end_group (ClvPromptsBuilder *self,
    const gchar *where, const ClvGroupSpec *spec, GError **error);

/* The set; the builder is empty afterwards. */
ClvPrompts *clv_prompts_builder_finish (ClvPromptsBuilder *self);

/* Whether a template has one {} for the phrase. */
gboolean clv_prompts_template_check (
    const gchar *where, const gchar *template, GError **error);

/* The templates of the defaults, or "{}" alone; NULL and an error if one has no
 * {}. */
GPtrArray *clv_prompts_default_templates (
    const ClvPromptsDefaults *defaults, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Phrases that say as little as possible. docs/prompts.md lists the background
 * phrases, and says what both are for. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a picture shows where none of a group's labels holds; NULL at the end. */
extern const gchar *const clv_prompts_background_phrases[];

/* What pictures show in general: the cosines of a picture with these are what a
 * phrase that has nothing to do with it would have. NULL at the end. */
extern const gchar *const clv_prompts_null_phrases[];

G_END_DECLS
